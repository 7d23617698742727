/**
 * `deno task simulate --seed N --runs N --steps N`: runs simulations, one seed after the other.
 *
 * @module
 */

import { simulate, SimulationError } from "./simulation.ts";

const options = { seed: 1, runs: 100, steps: 300 };
for (let at = 0; at < Deno.args.length; at += 2) {
  const [flag, value] = [Deno.args[at]!, Number(Deno.args[at + 1])];
  const name = flag.slice(2) as keyof typeof options;
  if (flag.slice(0, 2) !== "--" || !Object.hasOwn(options, name) || !Number.isSafeInteger(value)) {
    console.error("Usage: deno task simulate [--seed N] [--runs N] [--steps N]");
    Deno.exit(2);
  }
  options[name] = value;
}

const startedAt = performance.now();
const counts = new Map<string, number>();
const { seed: first, runs, steps } = options;
let failures = 0;
let hash = "";
for (let seed = first; seed < first + runs; seed++) {
  try {
    const result = await simulate({ seed, steps });
    hash = result.hash;
    for (const [what, count] of result.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    failures++;
    console.error(error.message);
  }
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`${runs} runs of ${steps} steps from seed ${first}: ${failures} failed, ${seconds} s`);
for (const [what, count] of [...counts].sort()) {
  console.log(`  ${String(count).padStart(8)} ${what}`);
}
console.log(`  the last one's hash: ${hash}`);
if (failures > 0) Deno.exit(1);
