import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "./options.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SERVERS } from "./servers.ts";

Deno.test("without options, everything is run five times and the report is kept", () => {
  assertEquals(parseOptions([], "docs/benchmarks.md"), {
    runs: 5,
    servers: Object.keys(SERVERS),
    scenarios: Object.keys(SCENARIOS),
    seconds: 2,
    out: "docs/benchmarks.md",
  });
});

Deno.test("a run with any option does not overwrite the report, unless it is told where", () => {
  assertEquals(parseOptions(["--runs", "1"], "docs/benchmarks.md").out, undefined);
  assertEquals(parseOptions(["--runs=1", "--out=x.md"], "docs/benchmarks.md").out, "x.md");
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
  ]
) {
  Deno.test(`${args.join(" ")} is refused`, () => {
    assertThrows(() => parseOptions(args, ""), RangeError);
  });
}

Deno.test("an option that does not exist is refused", () => {
  assertThrows(() => parseOptions(["--run", "1"], ""), TypeError);
});
