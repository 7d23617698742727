import { assert } from "@std/assert";
import type { Sabotage } from "./server.ts";
import { simulate, SimulationError } from "./simulation.ts";
import { VARIANTS } from "./variants.ts";

/** Seeds within which every variant must have been found. */
const SEEDS_MAX = 200;

for (const { name, foundBy, sabotage = {}, patch } of VARIANTS) {
  Deno.test(`the simulation finds it when ${name}`, async () => {
    const restore = patch?.();
    try {
      const found = await firstFailure(sabotage);
      assert(found !== undefined, `not found within ${SEEDS_MAX} seeds`);
      assert(foundBy.includes(found.invariant), found.message);
    } finally {
      restore?.();
    }
  });
}

async function firstFailure(sabotage: Sabotage): Promise<SimulationError | undefined> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    try {
      await simulate({ seed, steps: 300, sabotage });
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      return error;
    }
  }
  return undefined;
}
