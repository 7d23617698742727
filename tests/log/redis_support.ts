/**
 * Logs in a Redis of the test's own.
 *
 * @module
 */

import { RedisLink } from "../../lib/log/redis_link.ts";
import { openRedisLog, type RedisLogOptions } from "../../lib/log/redis.ts";
import type { SharedLog } from "../../lib/log/shared.ts";
import { systemClock } from "../../lib/system_clock.ts";
import type { TestRedis } from "../support/redis.ts";

/** A log in Redis, and the connections that it hangs on. */
export interface TestRedisLog {
  readonly log: SharedLog;
  readonly link: RedisLink;
  /** Closes both. */
  close(): Promise<void>;
}

/**
 * Opens a log in Redis, and waits for the first attempt to reach it.
 *
 * @param url Where Redis is.
 * @param options Other settings than usual, and another prefix.
 */
export async function openRedisTestLog(
  { url }: Pick<TestRedis, "url">,
  options: Partial<RedisLogOptions> & { readonly prefix?: string } = {},
): Promise<TestRedisLog> {
  const randomId = () => crypto.randomUUID();
  const link = new RedisLink({
    url,
    prefix: options.prefix ?? "test:",
    clock: systemClock,
    randomId,
    onDown: () => {},
    onUp: () => {},
  });
  const log = openRedisLog({
    link,
    historyMessagesMax: 100_000,
    historyDays: 365,
    messagesPerSecond: 0,
    messagesBurst: 30,
    clock: systemClock,
    randomId,
    ...options,
  });
  await link.start();
  return {
    log,
    link,
    async close() {
      await log.close();
      link.close();
    },
  };
}
