import { assert, assertEquals, assertRejects } from "@std/assert";
import { simulate, SimulationError } from "./simulation.ts";
import { writeBehind } from "./broken.ts";

const RUNS = 500;

/** What must have happened in all runs together, so that they are worth something. */
const WITNESSED = [
  "acks",
  "acks of repeats",
  "closes with 1011",
  "closes with 4000",
  "closes with 4001",
  "closes with 4501",
  "commits: one dies after",
  "commits: one dies before",
  "commits: one fails",
  "commits: one fails after",
  "direct messages",
  "error busy",
  "error forbidden",
  "error rate_limited",
  "error unavailable",
  "gaps",
  "joined anew after a loss",
  "not recovered",
  "older stores",
  "pages of history",
  "recovered",
  "restarts",
] as const;

Deno.test(`${RUNS} runs of people, failures and restarts break no promise`, async () => {
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= RUNS; seed++) {
    const result = await simulate({ seed, steps: 300 });
    for (const [what, count] of result.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  }
  assertEquals(WITNESSED.filter((what) => (counts.get(what) ?? 0) < 10), []);
});

Deno.test("the same seed gives the same run, another one another", async () => {
  const hashes = new Map<string, number>();
  for (const seed of [1, 2, 3, 44]) {
    const first = await simulate({ seed, steps: 400 });
    const second = await simulate({ seed, steps: 400 });
    assertEquals(first.hash, second.hash, `seed ${seed}`);
    hashes.set(first.hash, seed);
  }
  assertEquals(hashes.size, 4);
});

Deno.test("a failure says what broke, how to see it again, and what happened last", async () => {
  const error = await assertRejects(
    () => simulate({ seed: 1, steps: 300, sabotage: { store: writeBehind } }),
    SimulationError,
  );
  const lines = error.message.split("\n");
  assertEquals(lines[0]?.startsWith(`seed 1: ${error.invariant}: `), true, lines[0]);
  assertEquals(lines[1]?.trim(), "again: deno task simulate --seed 1 --runs 1 --steps 300");
  assert(lines.length > 10, error.message);
});
