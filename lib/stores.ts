/**
 * Where everything is: the log and the directory, of this process alone or of all that share a Redis.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Directory } from "./directory/directory.ts";
import { LocalDirectory } from "./directory/local.ts";
import { type LocalLog, type LocalLogEvent, openLocalLog } from "./log/local.ts";
import type { SharedLog } from "./log/shared.ts";
import type { Logger } from "./logger.ts";

/** A log, a directory, and what ends both. */
export interface Stores {
  /** What was said. */
  readonly log: LocalLog | SharedLog;
  /** Who is who. */
  readonly directory: Directory;
  /** Stores what is under way, and ends. */
  readonly close: () => Promise<void>;
}

/** What they work with. */
export interface StoresOptions extends Config {
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
  /** Is told what an operator should know. */
  readonly logger: Logger;
}

/**
 * Opens those that the settings name.
 *
 * @param options The settings, and what they work with.
 * @throws {StoreError} If the file of a local log cannot be opened. Redis need not be in reach: the log says that it
 * is not available, and tries again.
 */
export async function openStores(options: StoresOptions): Promise<Stores> {
  const { redisUrl } = options;
  return redisUrl === undefined ? openLocal(options) : await openRedis(options, redisUrl);
}

function openLocal(options: StoresOptions): Stores {
  const log = openLocalLog({ ...options, report: (event) => report(options.logger, event) });
  return { log, directory: new LocalDirectory({ ...options, log }), close: () => log.close() };
}

async function openRedis(options: StoresOptions, url: string): Promise<Stores> {
  const { logger, redisPrefix } = options;
  // Nobody else needs the client library.
  const { RedisLink } = await import("./log/redis_link.ts");
  const { openRedisLog } = await import("./log/redis.ts");
  const { RedisDirectory } = await import("./directory/redis.ts");
  let isDown = false;
  const link = new RedisLink({
    ...options,
    url,
    prefix: redisPrefix,
    onDown(error) {
      isDown = true;
      logger.error("Redis is out of reach", { error: String(error) });
    },
    onUp() {
      if (isDown) logger.info("Redis is in reach again");
      isDown = false;
    },
  });
  const onError = (error: unknown) => report(logger, { type: "watcher_threw", error });
  const log = openRedisLog({ ...options, link, onError });
  const directory = new RedisDirectory({ ...options, link });
  await link.start();
  return {
    log,
    directory,
    async close() {
      await log.close();
      await directory.close();
      link.close();
    },
  };
}

function report(logger: Logger, event: LocalLogEvent): void {
  switch (event.type) {
    case "store_failed":
      return logger.error("The store failed", { error: String(event.error) });
    case "store_recovered":
      return logger.info("The store works again");
    case "epoch_changed":
      return logger.error("The store has lost messages that were acknowledged", {
        epoch: event.epoch,
      });
    case "watcher_threw":
      return logger.error("A watcher of the log failed", { error: String(event.error) });
  }
}
