/**
 * The registry: from a username to its sockets.
 *
 * @module
 */

import type { Session } from "./session.ts";

/** The sessions of each user. Only open connections are in it. */
export class Registry {
  /** Most users have one session, which needs no set. */
  readonly #sessions = new Map<string, Session | Set<Session>>();

  /** How many users there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Adds a session under its user's name. */
  add(session: Session): void {
    const { key } = session.identity.user;
    const known = this.#sessions.get(key);
    if (known === undefined) this.#sessions.set(key, session);
    else if (known instanceof Set) known.add(session);
    else this.#sessions.set(key, new Set([known, session]));
  }

  /** Removes a session; without effect where it is not here. */
  remove(session: Session): void {
    const { key } = session.identity.user;
    const known = this.#sessions.get(key);
    if (known === session || (known instanceof Set && known.delete(session) && known.size === 0)) {
      this.#sessions.delete(key);
    }
  }

  /** All sessions. */
  *[Symbol.iterator](): Iterator<Session> {
    for (const known of this.#sessions.values()) {
      if (known instanceof Set) yield* known;
      else yield known;
    }
  }

  /**
   * The sessions of a user: tabs and devices.
   *
   * @param key The key of the user's name.
   */
  of(key: string): Iterable<Session> {
    const known = this.#sessions.get(key);
    if (known === undefined) return [];
    return known instanceof Set ? known : [known];
  }
}
