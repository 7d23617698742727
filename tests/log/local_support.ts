/**
 * What the tests of the local log share beyond its contract.
 *
 * @module
 */

import { openTestLog, type TestLog } from "./support.ts";

/** A test that has a local log of its own. */
export function test(sentence: string, run: (test: TestLog) => Promise<void>): void {
  Deno.test(`local log: ${sentence}`, async () => {
    const test = openTestLog();
    try {
      await run(test);
    } finally {
      await test.log.close();
    }
  });
}
