/**
 * One look at a channel.
 *
 * @module
 */

import type { Channel, Log } from "./log.ts";

/**
 * Opens a channel for as long as it is looked at.
 *
 * @param log Where it is.
 * @param name The channel's name.
 * @param at Looks at it.
 * @returns What that gave.
 * @throws {UnavailableError} If the store is out of reach; and what `at` throws.
 */
export async function look<T>(
  log: Log,
  name: string,
  at: (channel: Channel) => T | Promise<T>,
): Promise<T> {
  const channel = await log.watch(name, () => {});
  try {
    return await at(channel);
  } finally {
    channel.close();
  }
}
