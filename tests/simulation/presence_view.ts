/**
 * Who a reader believes is in a room, from a snapshot and the differences since.
 *
 * @module
 */

import { PRESENCE_USERS_MAX } from "../../lib/limits.ts";
import type { Event } from "../../lib/protocol/event.ts";
import type { Trace } from "./trace.ts";

/** One reader's view of one room. */
export class PresenceView {
  readonly #room: string;
  readonly #trace: Trace;
  #userCount = 0;
  /** `undefined`: too many, only their number is told. */
  #users: Set<string> | undefined = new Set();

  /**
   * @param room The room's name.
   * @param trace Where violations go.
   */
  constructor(room: string, trace: Trace) {
    this.#room = room;
    this.#trace = trace;
  }

  /** Who is there; where there are too many, how many. */
  get users(): readonly string[] | number {
    return this.#users === undefined ? this.#userCount : [...this.#users];
  }

  /** Takes a snapshot. */
  snapshot(users: readonly string[], userCount: number): void {
    const isSorted = [...new Set(users)].sort().join() === users.join();
    if (!isSorted || users.length !== Math.min(userCount, PRESENCE_USERS_MAX)) {
      this.#fail(`${userCount} users: ${users}`);
    }
    this.#userCount = userCount;
    this.#users = users.length === userCount ? new Set(users) : undefined;
  }

  /** Takes a difference. */
  change(event: Extract<Event, { type: "presence" }>): void {
    const { users, userCount, joins, leaves } = event;
    if (users !== undefined) return this.snapshot(users, userCount);
    this.#userCount = userCount;
    if (joins === undefined && leaves === undefined) {
      this.#users = undefined;
      return;
    }
    const known = this.#users ?? this.#fail("a difference after a mere number");
    for (const name of joins ?? []) {
      if (known.has(name)) this.#fail(`${name} comes twice`);
      known.add(name);
    }
    for (const name of leaves ?? []) {
      if (!known.delete(name)) this.#fail(`${name} goes and was not there`);
    }
    if (known.size !== userCount) this.#fail(`${userCount} users: ${[...known]}`);
  }

  #fail(detail: string): never {
    this.#trace.fail("presence is a snapshot and its differences", `${this.#room}: ${detail}`);
  }
}
