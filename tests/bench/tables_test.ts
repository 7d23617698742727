import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { limitNote, type Outcomes, scenarioTable, table, targetTable } from "./tables.ts";
import type { Figure, Outcome } from "./scenarios.ts";
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
  const markdown = scenarioTable("closed", SERVERS, outcomes);
  assertEquals(rowOf(markdown, "natter").slice(1, 4), [
    "200.0 (100.0–300.0)",
    "2.00 (2.00–3.00)",
    "1.00 (1.00–1.00)",
  ]);
  assertEquals(rowOf(markdown, "deno-raw")[3], "0.50 (0.33–0.50)");
});

Deno.test("a server that was not run has no row", () => {
  const markdown = scenarioTable("idle", SERVERS, new Map([["natter", [measured({})]]]));
  assert(!markdown.includes(SERVERS["bun-pub"]!.title));
});

Deno.test("a failed run is shown with its reason, and the others stand", () => {
  const outcomes: Outcomes = new Map([
    ["natter", [measured({ bytesPerConnection: 2048 }), { failed: "refused" }]],
  ]);
  const row = rowOf(scenarioTable("idle", SERVERS, outcomes), "natter");
  assertEquals(row[1], "2.00");
  assertEquals(row.at(-1), "**failed**: refused, in 1 of 2");
});

Deno.test("lost messages are never silent", () => {
  const outcomes: Outcomes = new Map([["natter", [measured({}, ["lost 3"])]]]);
  assertStringIncludes(scenarioTable("closed", SERVERS, outcomes), "**lost 3**, in 1 of 1");
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

Deno.test("a target is reached by the median of the paired ratios", () => {
  const scenarios = { idle: { kind: "idle", clients: 1 } } as const;
  const verdict = (own: number) =>
    targetTable(
      scenarios,
      new Map([[
        "idle",
        new Map([
          ["natter", [measured({ bytesPerConnection: own })]],
          ["deno-raw", [measured({ bytesPerConnection: 100 })]],
        ]),
      ]]),
    ).split("\n").at(-1);
  assertEquals(verdict(120), "| memory a connection, idle | ≤ 1.2 | 1.20 | yes |");
  assertEquals(verdict(121), "| memory a connection, idle | ≤ 1.2 | 1.21 | **no** |");
});

Deno.test("a target that was not measured is not called reached", () => {
  const markdown = targetTable({ idle: { kind: "idle", clients: 1 } }, new Map());
  assertStringIncludes(markdown, "| – | not measured |");
});
