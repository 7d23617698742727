/**
 * The contract of the log, as tests that every log has to pass.
 *
 * @module
 */

import type { Log } from "../../lib/log/log.ts";
import { testDeletion } from "./deletion_contract.ts";
import { testEntries } from "./entries_contract.ts";
import { testFailure } from "./failure_contract.ts";
import { testLookups } from "./lookup_contract.ts";
import { testPositions } from "./positions_contract.ts";
import { testRefs } from "./refs_contract.ts";
import { testWatching } from "./watching_contract.ts";

/** A store, and the logs that are opened on it one after the other. */
export interface LogHarness {
  /** Opens a log on the store; the one of before has been closed. */
  open(options?: { historyMessagesMax?: number }): Promise<Log>;
  /** Puts the store out of reach. */
  breakStore(): void;
  /** Puts it back; the log finds that out by itself. */
  mendStore(): void;
  /** Gives everything back, after the last log has been closed. */
  dispose(): Promise<void>;
}

/** What a log is, for its tests. */
export interface LogUnderTest {
  /** Whether what was appended is still there when a log is opened again. */
  readonly outlivesClose: boolean;
  /** Whether its tests are left out. */
  readonly ignore?: boolean;
  /** Makes an empty store. */
  create(): Promise<LogHarness>;
}

/** Defines a test that has a log of its own, and what puts the store out of reach. */
export type TestWithLog = (
  sentence: string,
  run: (log: Log, harness: LogHarness) => Promise<void>,
) => void;

/** The same, with what closes the log and opens the next one; nothing where a log does not outlive that. */
export type TestWithRestart = (
  sentence: string,
  run: (log: Log, restart: (max?: number) => Promise<Log>) => Promise<void>,
) => void;

/**
 * Tests a log.
 *
 * @param name How the tests call it.
 * @param under The log.
 */
export function testLog(name: string, under: LogUnderTest): void {
  const define = (sentence: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}: ${sentence}`, ignore: under.ignore === true, fn });

  function test(sentence: string, run: (log: Log, harness: LogHarness) => Promise<void>): void {
    define(sentence, async () => {
      const harness = await under.create();
      const log = await harness.open();
      try {
        await run(log, harness);
      } finally {
        await log.close();
        await harness.dispose();
      }
    });
  }

  function testRestart(
    sentence: string,
    run: (log: Log, restart: (max?: number) => Promise<Log>) => Promise<void>,
  ): void {
    if (!under.outlivesClose) return;
    define(sentence, async () => {
      const harness = await under.create();
      let log = await harness.open();
      try {
        await run(log, async (historyMessagesMax) => {
          await log.close();
          return log = await harness.open(
            historyMessagesMax === undefined ? {} : { historyMessagesMax },
          );
        });
      } finally {
        await log.close();
        await harness.dispose();
      }
    });
  }

  testEntries(test);
  testWatching(test);
  testRefs(test);
  testDeletion(test);
  testPositions(test, testRestart);
  testFailure(test);
  testLookups(test, testRestart);
}
