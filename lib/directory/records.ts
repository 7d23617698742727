/**
 * What a directory remembers in the log: the last entry of channels whose names no room can have.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { Entry, Log } from "../log/log.ts";
import { look } from "../log/look.ts";

/** What {@linkcode DirectoryRecords} work with. */
export interface DirectoryRecordsOptions {
  /** Where they are. */
  readonly log: Log;
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
}

/** Claims and bans, one channel each. */
export class DirectoryRecords {
  readonly #options: DirectoryRecordsOptions;

  /**
   * Creates it.
   *
   * @param options What it works with.
   */
  constructor(options: DirectoryRecordsOptions) {
    this.#options = options;
  }

  /**
   * Puts an entry in the place of the last one.
   *
   * @param channel The channel.
   * @param author Whose it is.
   * @param sender A name as it is spelled, or nothing.
   * @param body What is remembered.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async say(channel: string, author: string, sender: string, body: string): Promise<void> {
    const { log, clock, randomId } = this.#options;
    const at = clock.wallNow();
    await log.append(channel, { kind: "message", id: randomId(), author, sender, at, body });
  }

  /**
   * What was said last.
   *
   * @param channelName The channel.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async last(channelName: string): Promise<Entry | undefined> {
    const [last] = await look(
      this.#options.log,
      channelName,
      (channel) => channel.read(channel.head - 1, 1),
    );
    return last;
  }
}

/**
 * Whether a channel of the log is the directory's own: what stands there are claims and bans, no messages.
 *
 * @param name The channel's name.
 */
export function isDirectoryChannel(name: string): boolean {
  return /^[~!]/.test(name);
}

/** Of channels whose names begin with one of these none is a room: inboxes, and the directory's own. */
export const NO_ROOMS = "@~!";

/**
 * Where it stands who has claimed a name.
 *
 * @param key The name's key.
 */
export function claimsChannel(key: string): string {
  return `~${key}`;
}

/**
 * Where it stands until when a name is banned.
 *
 * @param key The name's key.
 */
export function nameBan(key: string): string {
  return `!name/${key}`;
}

/**
 * Where it stands until when somebody is banned, under whichever name.
 *
 * @param author Whose key or token it is.
 */
export function authorBan(author: string): string {
  return `!author/${author}`;
}
