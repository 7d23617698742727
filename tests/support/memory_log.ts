/**
 * A log in memory, on a clock of the test's own.
 *
 * @module
 */

import { type LocalLog, type LocalLogOptions, openLocalLog } from "../../lib/log/local.ts";
import type { Log } from "../../lib/log/log.ts";
import type { FakeClock } from "./fake_clock.ts";

/**
 * Opens a log in memory.
 *
 * @param clock Its time.
 * @param randomId Makes its ids.
 * @param options Settings other than those of the tests.
 */
export function openMemoryLog(
  clock: FakeClock,
  randomId: () => string,
  options: Partial<LocalLogOptions> = {},
): LocalLog {
  return openLocalLog({
    database: ":memory:",
    durability: "process",
    historyMessagesMax: 1000,
    historyDays: 365,
    clock,
    randomId,
    ...options,
  });
}

/**
 * A log of which some parts are others.
 *
 * @param log The log.
 * @param parts What is different about it.
 */
export function changedLog(log: Log, parts: Partial<Log>): Log {
  return {
    isAvailable: true,
    append: (channel, draft) => log.append(channel, draft),
    watch: (channel, onChange) => log.watch(channel, onChange),
    find: (query, limit) => log.find(query, limit),
    channels: (after, limit, except) => log.channels(after, limit, except),
    close: () => log.close(),
    ...parts,
  };
}
