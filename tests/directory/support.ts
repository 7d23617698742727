/**
 * What the directory's tests share: names, and a local directory with its clock and its log.
 *
 * @module
 */

import type { Identity } from "../../lib/directory/directory.ts";
import { LocalDirectory, type LocalDirectoryOptions } from "../../lib/directory/local.ts";
import type { Log } from "../../lib/log/log.ts";
import { parseUsername } from "../../lib/protocol/name.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { changedLog, openMemoryLog } from "../support/memory_log.ts";

/** A directory in memory, its clock, and a log whose reads can be held up. */
export function createDirectory(options: Partial<LocalDirectoryOptions> = {}) {
  const clock = new FakeClock();
  let ids = 0;
  const randomId = () => `id${++ids}`;
  const log = openMemoryLog(clock, randomId);
  const open = (over: Log) =>
    new LocalDirectory({
      log: over,
      clock,
      randomId,
      nameHoldSeconds: 300,
      claimsPerMinute: 0,
      historyDays: 365,
      ...options,
    });
  /** The log, whose reads wait for the gate while there is one. */
  const gate: { promise?: Promise<void> } = {};
  const gated = changedLog(log, {
    watch: async (channel, onChange) => {
      await gate.promise;
      return await log.watch(channel, onChange);
    },
  });
  return { clock, log, open, gate, gated, directory: open(log) };
}

/** A name that is one. */
export const name = (text: string) => parseUsername(text)!;

/** Claims a name: who it is then, or `undefined` where it is refused. */
export async function claim(
  directory: LocalDirectory,
  text: string,
  author?: string,
  address = "192.0.2.1",
): Promise<Identity | undefined> {
  const claimed = await directory.claim({ user: name(text), author, address });
  return "identity" in claimed ? claimed.identity : undefined;
}

/** What becomes of a claim: `in`, or why not; what is in goes again. */
export async function fares(
  directory: LocalDirectory,
  text: string,
  author?: string,
  address = "192.0.2.1",
): Promise<string> {
  const claimed = await directory.claim({ user: name(text), author, address });
  if (!("identity" in claimed)) return claimed.refused;
  directory.release(claimed.identity);
  return "in";
}

/** What a promise gives, while the clock's turns go by. */
export async function settled<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isOpen = true;
  promise.catch(() => {}).finally(() => isOpen = false);
  for (let i = 0; isOpen && i < 1000; i++) await clock.settle();
  return await promise;
}
