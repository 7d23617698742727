import { assert } from "@std/assert";
import { testWithRedis } from "../support/redis.ts";
import { runFaults } from "./faults.ts";

/** Of the fifty of `deno task faults`, those that meet every fault between them. */
const SEEDS = [1, 2, 3, 4];

for (const seed of SEEDS) {
  testWithRedis(`faults: seed ${seed}`, async () => {
    const { acknowledged } = await runFaults(seed);
    assert(acknowledged > 50, `${acknowledged} messages`);
  });
}
