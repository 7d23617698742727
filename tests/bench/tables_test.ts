import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { limitNote, type Outcomes, pairTable, scenarioTable, table } from "./tables.ts";
import type { Figure, Outcome } from "./job.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SERVERS } from "./servers.ts";

function measured(
  figures: Partial<Record<Figure, number>>,
  faults: readonly string[] = [],
): Outcome {
  return { figures, faults };
}

function rowOf(markdown: string, server: string): string[] {
  const line = markdown.split("\n").find((line) =>
    line.startsWith(`| ${SERVERS[server]!.title} |`)
  );
  assert(line !== undefined, `${server} has no row`);
  return line.slice(2, -2).split(" | ");
}

Deno.test("a table keeps its shape whatever its cells hold", () => {
  assertEquals(
    table(["a", "b", "c"], [["x|y", "1", "two\nlines"]]),
    [
      "| a | b | c |",
      "| --- | --: | --- |",
      "| x\\|y | 1 | two lines |",
    ].join("\n"),
  );
});

Deno.test("a row has medians with their spread, and ratios that were paired in each run", () => {
  const outcomes: Outcomes = new Map([
    ["natter", [100, 300, 200].map((n) => measured({ deliveriesPerSecond: n * 1000 }))],
    ["deno-raw", [50, 100, 100].map((n) => measured({ deliveriesPerSecond: n * 1000 }))],
  ]);
  const markdown = scenarioTable(SCENARIOS["closed-100"]!, outcomes);
  assertEquals(rowOf(markdown, "natter").slice(1, 4), [
    "200.0 (100.0–300.0)",
    "2.00 (2.00–3.00)",
    "1.00 (1.00–1.00)",
  ]);
  assertEquals(rowOf(markdown, "deno-raw")[3], "0.50 (0.33–0.50)");
});

Deno.test("a server that was not run has no row", () => {
  const markdown = scenarioTable(SCENARIOS["idle-2000"]!, new Map([["natter", [measured({})]]]));
  assert(!markdown.includes(SERVERS["bun-pub"]!.title));
});

Deno.test("a failed run is shown with its reason, and the others stand", () => {
  const outcomes: Outcomes = new Map([
    ["natter", [measured({ bytesPerConnection: 2048 }), { failed: "refused" }]],
  ]);
  const row = rowOf(scenarioTable(SCENARIOS["idle-2000"]!, outcomes), "natter");
  assertEquals(row[1], "2.00");
  assertEquals(row.at(-1), "**failed**: refused, in 1 of 2");
});

Deno.test("lost messages are never silent", () => {
  const outcomes: Outcomes = new Map([["natter", [measured({}, ["lost 3"])]]]);
  assertStringIncludes(scenarioTable(SCENARIOS["closed-100"]!, outcomes), "**lost 3**, in 1 of 1");
});

Deno.test("the generator is the limit of a closed loop when it alone was busy", () => {
  const at = (generatorBusy: number, serverBusy: number) =>
    limitNote("closed", measured({ generatorBusy, serverBusy }));
  assertEquals(at(0.9, 0.89), "**the generator was the limit**");
  assertEquals(at(0.9, 0.9), "both were busy");
  assertEquals(at(0.89, 0.9), undefined);
  assertEquals(limitNote("closed", { failed: "refused" }), undefined);
});

Deno.test("a closed loop in which nobody was busy is not called saturated", () => {
  const idle = measured({ generatorBusy: 0.5, serverBusy: 0.89 });
  assertEquals(limitNote("closed", idle), "**not saturated: neither was busy**");
});

Deno.test("the generator is the limit of an open loop when it sent late", () => {
  const at = (sentLateP99Ms: number) =>
    limitNote("open", measured({ sentLateP99Ms, generatorBusy: 1, serverBusy: 0.1 }));
  assertEquals(at(1), undefined);
  assertEquals(at(1.01), "**the generator was the limit**");
});

Deno.test("ratios are against the servers that the scenario names", () => {
  const outcomes: Outcomes = new Map([
    ["natter-rich", [measured({ p50Ms: 3, p99Ms: 8 })]],
    ["bun-pub", [measured({ p50Ms: 2, p99Ms: 4 })]],
  ]);
  const markdown = scenarioTable(SCENARIOS["open-200"]!, outcomes);
  assertStringIncludes(markdown, "| p50 × Bun publish | p99 × Bun publish |");
  assertEquals(rowOf(markdown, "natter-rich").slice(4, 6), ["1.50", "2.00"]);
  assert(!scenarioTable(SCENARIOS["join-50"]!, new Map()).includes("×"));
});

Deno.test("pairs stand side by side, run by run, and a failed run leaves a dash", () => {
  const outcomes: Outcomes = new Map([
    ["bun-pub", [measured({ p50Ms: 1, p99Ms: 4 }), measured({ p50Ms: 2, p99Ms: 5 })]],
    ["natter-rich", [measured({ p50Ms: 3, p99Ms: 6 }), { failed: "refused" }]],
  ]);
  const [head, , ...rows] = pairTable(outcomes).split("\n");
  assertStringIncludes(head!, "| run | Natter, rich: p50, ms | Bun publish: p50, ms |");
  assertEquals(rows, ["| 1 | 3.00 | 1.00 | 6.00 | 4.00 |", "| 2 | – | 2.00 | – | 5.00 |"]);
});
