/**
 * Bans of one process.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { authorBan, type DirectoryRecords, nameBan } from "./records.ts";

/** Who is banned, by name and by key or token. */
export class LocalBans {
  readonly #records: DirectoryRecords;
  readonly #clock: Clock;
  /** Until when, as far as that was said since the start. */
  readonly #said = new Map<string, number>();

  /**
   * Creates it.
   *
   * @param records Where bans are remembered.
   * @param clock Time.
   */
  constructor(records: DirectoryRecords, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  /**
   * Bans a name, and who has it. From the first moment on nobody is let in who asks later.
   *
   * @param key The name's key.
   * @param author Who has it, if anybody.
   * @param untilMs Until when, in milliseconds since 1970; what has passed lifts the ban.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async ban(key: string, author: string | undefined, untilMs: number): Promise<void> {
    const now = this.#clock.wallNow();
    for (const [ban, until] of this.#said) if (until <= now) this.#said.delete(ban);
    const isLifted = untilMs <= now;
    this.#said.set(nameBan(key), untilMs);
    await Promise.all([
      this.#records.say(nameBan(key), "ban", "", `${untilMs}`),
      author === undefined ? undefined : this.#banAuthor(author, untilMs, isLifted),
    ]);
  }

  /** A short ban under one name leaves a longer one under another as it is; lifting lifts both. */
  async #banAuthor(author: string, untilMs: number, isLifted: boolean): Promise<void> {
    const ban = authorBan(author);
    const before = isLifted ? 0 : this.#until(ban);
    this.#said.set(ban, untilMs);
    const until = Math.max(untilMs, await before);
    this.#said.set(ban, until);
    await this.#records.say(ban, "ban", "", `${until}`);
  }

  /**
   * Whether a name, or somebody, is banned.
   *
   * @param key The name's key, if that is to be looked at.
   * @param author Whose key or token it is, if that is to be looked at.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async isBanned(key: string | undefined, author: string | undefined): Promise<boolean> {
    const bans = [];
    if (key !== undefined) bans.push(nameBan(key));
    if (author !== undefined) bans.push(authorBan(author));
    for (const ban of bans) {
      if (await this.#until(ban) > this.#clock.wallNow()) return true;
    }
    return false;
  }

  /**
   * Whether there is a ban that was said since the start: for those whom the store let in before it.
   *
   * @param key The name's key.
   * @param author Whose key or token it is.
   */
  isBannedNow(key: string, author: string): boolean {
    const now = this.#clock.wallNow();
    return [nameBan(key), authorBan(author)].some((ban) => (this.#said.get(ban) ?? 0) > now);
  }

  async #until(ban: string): Promise<number> {
    return this.#said.get(ban) ?? Number((await this.#records.last(ban))?.body ?? 0);
  }
}
