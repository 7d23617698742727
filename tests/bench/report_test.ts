import { assert, assertStringIncludes } from "@std/assert";
import { type Findings, reportOf } from "./report.ts";
import { SCENARIOS, titleOf } from "./scenarios.ts";

const findings: Findings = {
  machine: "- one machine",
  runs: 3,
  seconds: 2,
  isPinned: true,
  results: new Map([["idle-2000", new Map([["natter", [{ failed: "refused" }]]])]]),
};

Deno.test("the report names the machine, the day and the number of runs", () => {
  const report = reportOf(findings, new Date("2026-01-02T03:04:05Z"));
  for (const part of ["- one machine", "2026-01-02", "Runs: 3", "for 2 s"]) {
    assertStringIncludes(report, part);
  }
});

Deno.test("the report has a table for each scenario that was run, and no other", () => {
  const report = reportOf(findings);
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    assert(report.includes(`## ${titleOf(scenario)}\n`) === findings.results.has(name), name);
  }
  assertStringIncludes(report, "**failed**: refused");
});

Deno.test("the report says when processes had no core of their own", () => {
  assert(!reportOf(findings).includes("**not**"));
  assertStringIncludes(reportOf({ ...findings, isPinned: false }), "**not** kept on a core");
});
