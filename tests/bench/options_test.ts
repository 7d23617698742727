import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "./options.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SERVERS } from "./servers.ts";
import { CLUSTER_SCENARIOS, SETUPS } from "./setups.ts";

Deno.test("without options, everything is run five times and the report is kept", () => {
  assertEquals(parseOptions([], "docs"), {
    isCluster: false,
    runs: 5,
    servers: Object.keys(SERVERS),
    scenarios: Object.keys(SCENARIOS),
    seconds: 2,
    out: "docs/benchmarks.md",
  });
});

Deno.test("a run with any option does not overwrite the report, unless it is told where", () => {
  assertEquals(parseOptions(["--runs", "1"], "docs").out, undefined);
  assertEquals(parseOptions(["--runs=1", "--out=x.md"], "docs").out, "x.md");
});

Deno.test("servers and scenarios are chosen by name, and keep the order of the report", () => {
  const options = parseOptions(["--only", "deno-raw,natter", "--scenario", "open-100"], "");
  assertEquals(options.servers, ["natter", "deno-raw"]);
  assertEquals(options.scenarios, ["open-100"]);
});

for (
  const args of [
    ["--runs", "0"],
    ["--runs", "1.5"],
    ["--runs", "x"],
    ["--seconds=-1"],
    ["--seconds", "1001"],
    ["--only", "natter,nginx"],
    ["--scenario", ""],
    ["cluster", "--runs", "0"],
    ["cluster", "--only", "natter"],
    ["--only", "redis-2"],
  ]
) {
  Deno.test(`${args.join(" ")} is refused`, () => {
    assertThrows(() => parseOptions(args, ""), RangeError);
  });
}

Deno.test("several instances have names and a report of their own", () => {
  assertEquals(parseOptions(["cluster"], "docs"), {
    isCluster: true,
    runs: 5,
    servers: Object.keys(SETUPS),
    scenarios: Object.keys(CLUSTER_SCENARIOS),
    seconds: 2,
    out: "docs/benchmarks-cluster.md",
  });
  const chosen = parseOptions(["cluster", "--only", "redis-2,local", "--scenario=hop"], "docs");
  assertEquals([chosen.servers, chosen.scenarios], [["local", "redis-2"], ["hop"]]);
  assertEquals(chosen.out, undefined);
});

Deno.test("a word that is no option is refused, wherever it stands", () => {
  assertThrows(() => parseOptions(["clusters"], ""), TypeError);
  assertThrows(() => parseOptions(["--runs", "1", "cluster"], ""), TypeError);
});

Deno.test("an option that does not exist is refused", () => {
  assertThrows(() => parseOptions(["--run", "1"], ""), TypeError);
});
