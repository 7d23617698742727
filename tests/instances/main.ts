/**
 * `deno task faults [FIRST [LAST]]`: servers, Redis and faults of many seeds; fifty by default.
 *
 * @module
 */

import { runFaults } from "./faults.ts";

const [first = 1, last = 50] = Deno.args.map(Number);
let failures = 0;
for (let seed = first; seed <= last; seed++) {
  try {
    const { faults, acknowledged, lost, unavailable } = await runFaults(seed);
    const counts = `${acknowledged} acknowledged, ${unavailable} unavailable, ${lost} began anew`;
    console.log(`seed ${seed}: ${faults.join("; ")}: ${counts}`);
  } catch (error) {
    failures++;
    console.error((error as Error).message);
  }
}
console.log(`${last - first + 1} seeds, ${failures} failed`);
Deno.exit(failures === 0 ? 0 : 1);
