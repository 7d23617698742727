/**
 * Logs in a Redis of the test's own, and what the tests of several over one share.
 *
 * @module
 */

import { RedisLink } from "../../lib/log/redis_link.ts";
import { RedisStore, type RedisStoreOptions } from "../../lib/log/redis_store.ts";
import { SharedLog } from "../../lib/log/shared.ts";
import { systemClock } from "../../lib/system_clock.ts";
import { type Keeping, TestRedis, testWithRedis } from "../support/redis.ts";

/** A log in Redis, and the connections that it hangs on. */
export interface TestRedisLog {
  readonly log: SharedLog;
  readonly link: RedisLink;
  readonly store: RedisStore;
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
  options: Partial<RedisStoreOptions> & { readonly prefix?: string } = {},
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
  const store = new RedisStore({
    link,
    historyMessagesMax: 100_000,
    historyDays: 365,
    messagesPerSecond: 0,
    messagesBurst: 30,
    now: systemClock.wallNow,
    randomId,
    ...options,
  });
  const log = new SharedLog({ store, clock: systemClock });
  await link.start();
  return {
    log,
    link,
    store,
    async close() {
      await log.close();
      link.close();
    },
  };
}

/** Some logs of one Redis, which go with the test. */
export class RedisLogs implements AsyncDisposable {
  readonly #opened: TestRedisLog[] = [];

  /** @param redis Where they are. */
  constructor(readonly redis: Pick<TestRedis, "url">) {}

  /** Opens one more. */
  async open(
    ...[options, at = this.redis]: [
      Parameters<typeof openRedisTestLog>[1]?,
      Pick<TestRedis, "url">?,
    ]
  ): Promise<TestRedisLog> {
    const opened = await openRedisTestLog(at, options);
    this.#opened.push(opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { close } of this.#opened) await close();
  }
}

/** A test of logs over a Redis of their own. */
export function test(
  sentence: string,
  run: (redis: TestRedis, logs: RedisLogs) => Promise<void>,
  keeping: Keeping = "nothing",
): void {
  testWithRedis(`log in Redis: ${sentence}`, async () => {
    await using redis = await TestRedis.start(keeping);
    await using logs = new RedisLogs(redis);
    await run(redis, logs);
  });
}

/** Where entries are. */
export const offsetsOf = (entries: readonly { readonly offset: number }[]) =>
  entries.map(({ offset }) => offset);

/** All offsets up to a head. */
export const upTo = (head: number) => Array.from({ length: head }, (_, index) => index + 1);
