import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { clusterReportOf, roundTripTable } from "./cluster_report.ts";
import type { Figure, Outcome } from "./job.ts";
import type { Findings } from "./report.ts";
import { titleOf } from "./scenarios.ts";
import { CLUSTER_SCENARIOS, SETUPS } from "./setups.ts";

function measured(figures: Partial<Record<Figure, number>>, faults: string[] = []): Outcome {
  return { figures, faults };
}

function reportOn(scenario: string, outcomes: Record<string, Outcome[]>): string {
  const findings: Findings = {
    machine: "- one machine",
    runs: 2,
    seconds: 2,
    isPinned: true,
    results: new Map([[scenario, new Map(Object.entries(outcomes))]]),
  };
  return clusterReportOf(findings, new Date("2026-01-02T03:04:05Z"));
}

/** The cells of a setup's row, by the titles of their columns. */
function cellsOf(report: string, setup: string): Record<string, string> {
  const lines = report.split("\n");
  const cells = (line: string) => line.slice(2, -2).split(" | ");
  const head = cells(lines.find((line) => line.startsWith("| server |"))!);
  const row = cells(lines.find((line) => line.startsWith(`| ${SETUPS[setup]!.title} |`))!);
  return Object.fromEntries(head.map((title, index) => [title, row[index]!]));
}

function verdictOf(...outcomes: Outcome[]): string[] {
  const results = new Map([["redis-2", outcomes]]);
  return roundTripTable(results).split("\n").at(-1)!.slice(2, -2).split(" | ").slice(1);
}

Deno.test("the report names machine, day and runs, and says that everything shares the cores", () => {
  const report = reportOn("hop", { local: [{ failed: "refused" }] });
  for (const part of ["- one machine", "2026-01-02", "Runs: 2", "Everything shares", "refused"]) {
    assertStringIncludes(report, part);
  }
});

Deno.test("each load has a table of its own, and only what was run", () => {
  for (const [name, { servers }] of Object.entries(CLUSTER_SCENARIOS)) {
    const outcomes = Object.fromEntries(servers.map((setup) => [setup, [measured({})]]));
    const report = reportOn(name, outcomes);
    for (const scenario of Object.values(CLUSTER_SCENARIOS)) {
      const isThere = report.includes(`## ${titleOf(scenario)}\n`);
      assertEquals(isThere, scenario === CLUSTER_SCENARIOS[name]);
    }
    for (const [setup, { title }] of Object.entries(SETUPS)) {
      assertEquals(report.includes(`\n| ${title} |`), servers.includes(setup), `${name} ${setup}`);
    }
  }
});

Deno.test("what the way through Redis adds is the difference to the local log in the same run", () => {
  const report = reportOn("hop", {
    "local": [measured({ ackP50Ms: 1, p99Ms: 5 }), measured({ ackP50Ms: 10, p99Ms: 50 })],
    "redis-2": [measured({ ackP50Ms: 3, p99Ms: 4 }), measured({ ackP50Ms: 13, p99Ms: 54 })],
  });
  const cells = cellsOf(report, "redis-2");
  assertEquals(cells["ack p50, ms: more"], "2.50 (2.00–3.00)");
  assertEquals(cells["delivery p99, ms: more"], "1.50 (-1.00–4.00)");
  assertEquals(cellsOf(report, "local")["ack p50, ms: more"], "0.00 (0.00–0.00)");
});

Deno.test("a closed loop has appends, deliveries and what they are of the local log's", () => {
  const report = reportOn("appends", {
    "local": [measured({ appendsPerSecond: 20_000, deliveriesPerSecond: 400_000 })],
    "redis-1": [
      measured({ appendsPerSecond: 10_000, redisBusy: 0.4, serverBusy: 0.9 }, ["lost 1"]),
    ],
  });
  const cells = cellsOf(report, "redis-1");
  assertEquals(cells["appends/s, thousands"], "10.0");
  assertEquals(cells["× the local log"], "0.50");
  assertEquals(cells["Redis, % of a core"], "40");
  assertEquals(cells["notes"], "**lost 1**, in 1 of 1");
  assertEquals(cellsOf(report, "local")["deliveries/s, thousands"], "400.0");
});

Deno.test("a row says when other work may have set its figures, and an open loop who was late", () => {
  const notesOn = (scenario: string, figures: Partial<Record<Figure, number>>) =>
    cellsOf(reportOn(scenario, { local: [measured(figures)] }), "local")["notes"];
  const others = "**other work was the limit**, in 1 of 1";
  assertEquals(notesOn("appends", { othersBusy: 0.2, sentLateP99Ms: 9 }), "");
  assertEquals(notesOn("appends", { othersBusy: 0.21 }), others);
  assertEquals(notesOn("hop", { othersBusy: 0.21, sentLateP99Ms: 9 }), others);
  assertEquals(
    notesOn("hop", { othersBusy: 0.2, sentLateP99Ms: 9 }),
    "**the generator was the limit**, in 1 of 1",
  );
});

Deno.test("round trips are few enough by their median, and not in a faulty run", () => {
  const runs = (...values: number[]) =>
    values.map((roundTripsPerMessage) => measured({ roundTripsPerMessage }));
  assertEquals(verdictOf(...runs(0.1, 0.05, 0.9)), ["≤ 0.1", "0.100 (0.050–0.900)", "yes"]);
  assertEquals(verdictOf(...runs(0.101)), ["≤ 0.1", "0.101", "**no**"]);
  assertEquals(
    verdictOf(measured({ roundTripsPerMessage: 0.01 }, ["lost 1"]))[2]!.slice(0, 6),
    "**no**",
  );
  assertEquals(verdictOf({ failed: "refused" })[2], "**no**: a run was faulty");
  const slow = measured({ roundTripsPerMessage: 0.9 }, ["did not hold the rate"]);
  assertEquals(verdictOf(...runs(0.04), slow), [
    "≤ 0.1",
    "0.040",
    "yes; 1 of 2 runs were at that rate",
  ]);
  assertEquals(verdictOf(slow)[2], "not measured; 0 of 1 runs were at that rate");
  assertEquals(verdictOf(measured({}))[2], "not measured");
  assert(!roundTripTable(undefined).includes("redis"));
});
