import { assertEquals } from "@std/assert";
import type { Outcome } from "./job.ts";
import { measureAll, turned } from "./runs.ts";

Deno.test("in every run everyone is measured once in each scenario that is for somebody", async () => {
  const asked: string[] = [], told: string[] = [];
  const outcome: Outcome = { figures: {}, faults: [] };
  const results = await measureAll({
    runs: 2,
    scenarios: new Map([["one", ["a", "b"]], ["none", []], ["two", ["b"]]]),
    tell: (line) => told.push(line),
    measure: (server, scenario) => {
      asked.push(`${scenario} ${server}`);
      return Promise.resolve(outcome);
    },
  });
  assertEquals(asked, ["one a", "one b", "two b", "one b", "one a", "two b"]);
  assertEquals(told[0], 'run 1/2 one a {"figures":{},"faults":[]}');
  assertEquals([...results.keys()], ["one", "two"]);
  assertEquals([...results.get("one")!], [["a", [outcome, outcome]], ["b", [outcome, outcome]]]);
});

Deno.test("nobody always comes first, or after the same one", () => {
  const orders = [0, 1, 2, 3].map((run) => turned(["a", "b", "c"], run).join(""));
  assertEquals(orders, ["abc", "cba", "bca", "acb"]);
});
