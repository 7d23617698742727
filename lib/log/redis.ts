/**
 * The log of several processes in Redis.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { RedisStore, type RedisStoreOptions } from "./redis_store.ts";
import { SharedLog } from "./shared.ts";

/** What the log in Redis is opened with: the store, and time. */
export interface RedisLogOptions extends Omit<RedisStoreOptions, "now"> {
  /** Time. */
  readonly clock: Clock;
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
