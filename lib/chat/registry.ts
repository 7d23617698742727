/**
 * The registry: from a username to its socket.
 *
 * @module
 */

import type { Member } from "./room.ts";

/** Who holds which name. Only open connections are in it. */
export class Registry {
  readonly #holders = new Map<string, Member>();

  /** How many names are held. */
  get size(): number {
    return this.#holders.size;
  }

  /**
   * Gives a user its name, if it is free. Check and claim are one synchronous step, so that of many
   * that ask at once one has it.
   *
   * @param member Who asks.
   * @returns Whether the name is the member's now.
   */
  claim(member: Member): boolean {
    if (this.#holders.has(member.user.key)) return false;
    this.#holders.set(member.user.key, member);
    return true;
  }

  /**
   * Takes a user's name back. Without effect where it is not, or no longer, this very member's.
   *
   * @param member Who leaves.
   */
  release(member: Member): void {
    if (this.#holders.get(member.user.key) === member) this.#holders.delete(member.user.key);
  }
}
