import { assert, assertEquals } from "@std/assert";
import type { Outcome } from "./job.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SERVERS } from "./servers.ts";
import { type Target, TARGETS, targetTable } from "./targets.ts";

const BASE = { server: "natter-rich", scenario: "open-200" };
const target: Target = {
  title: "p99",
  scenario: "rooms-10000",
  server: "natter-rich",
  figure: "p99Ms",
  against: BASE,
  bound: { atMost: 1.2 },
};

function verdict(target: Target, own: Outcome[], base: Outcome[]): string[] {
  const results = new Map([
    [target.scenario, new Map([[target.server, own]])],
    [BASE.scenario, new Map([[BASE.server, base]])],
  ]);
  return targetTable([target], results).split("\n").at(-1)!.slice(2, -2).split(" | ").slice(-2);
}

function p99(...values: number[]): Outcome[] {
  return values.map((p99Ms) => ({ figures: { p99Ms }, faults: [] }));
}

Deno.test("every target names what is measured", () => {
  for (const { scenario, server, against } of TARGETS) {
    const measured = (scenario: string, server: string) =>
      server in SERVERS && SCENARIOS[scenario]!.servers.includes(server);
    assert(measured(scenario, server), `${server} in ${scenario}`);
    if ("units" in against) continue;
    assert(measured(against.scenario ?? scenario, against.server), `against ${against.server}`);
  }
});

Deno.test("a target is reached by the median of the ratios of the same run", () => {
  assertEquals(verdict(target, p99(12, 1, 90), p99(10, 10, 10)), ["1.20 (0.10–9.00)", "yes"]);
  assertEquals(verdict(target, p99(13), p99(10)), ["1.30", "**no**"]);
  const least = { ...target, bound: { atLeast: 1.3 } };
  assertEquals(verdict(least, p99(13), p99(10)), ["1.30", "yes"]);
  assertEquals(verdict(least, p99(12), p99(10)), ["1.20", "**no**"]);
});

Deno.test("a target is not reached by a server that lost something or failed in any run", () => {
  const lossy: Outcome = { figures: { p99Ms: 1 }, faults: ["lost 1"] };
  const no = "**no**: a run was faulty";
  assertEquals(verdict(target, [...p99(1), lossy], p99(10, 10)), ["0.10 (0.10–0.10)", no]);
  assertEquals(verdict(target, [{ failed: "refused" }], p99(10)), ["–", no]);
});

Deno.test("a target may be a number of units", () => {
  const absolute = { ...target, against: { units: 1000, title: "s" }, bound: { atMost: 8 } };
  assertEquals(verdict(absolute, p99(8000, 7000, 9000), []), ["8.00 (7.00–9.00)", "yes"]);
  assertEquals(verdict(absolute, p99(8100), []), ["8.10", "**no**"]);
});

Deno.test("a verdict says in how many runs something else may have set the figures", () => {
  const late: Outcome = { figures: { p99Ms: 10, sentLateP99Ms: 5 }, faults: [] };
  assertEquals(verdict(target, [late, late], [late, ...p99(10)]), [
    "1.00 (1.00–1.00)",
    "yes; 3 runs have a note",
  ]);
});

Deno.test("a target that was not measured is not called reached", () => {
  assertEquals(verdict(target, [], []), ["–", "not measured"]);
  assert(
    targetTable(TARGETS, new Map()).split("\n").slice(2).every((row) =>
      row.endsWith("| – | not measured |")
    ),
  );
});
