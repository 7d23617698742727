/**
 * The log of several processes in Redis.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { RedisLink } from "./redis_link.ts";
import { RedisStore } from "./redis_store.ts";
import { SharedLog } from "./shared.ts";

/** What the log in Redis is opened with. */
export interface RedisLogOptions {
  /** The connections, not started yet; whoever made them closes them, after the log. */
  readonly link: RedisLink;
  /** Entries of a channel that are retained. */
  readonly historyMessagesMax: number;
  /** Days for which an entry is retained. */
  readonly historyDays: number;
  /** Messages a second of one bucket, in the long run; 0: no limit. */
  readonly messagesPerSecond: number;
  /** Messages of one bucket at once. */
  readonly messagesBurst: number;
  /** Time. */
  readonly clock: Clock;
  /** A new random id for an epoch: 1 to 64 of `A-Z a-z 0-9 _ -`, at least 64 bits of randomness. */
  readonly randomId: () => string;
  /** Is given what a watcher threw: a defect of whoever watches. */
  readonly onError: (error: unknown) => void;
}

/**
 * Opens the log; it is available once the link is up.
 *
 * @param options The connections, and the runtime's clock.
 */
export function openRedisLog(options: RedisLogOptions): SharedLog {
  const { clock, onError } = options;
  const store = new RedisStore({ ...options, now: clock.wallNow });
  return new SharedLog({ store, clock, onError });
}
