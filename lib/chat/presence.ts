/**
 * Presence: who is in a room, as a snapshot and then as differences.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { PRESENCE_INTERVAL_MS, PRESENCE_USERS_MAX } from "../limits.ts";
import type { Name } from "../protocol/name.ts";

/** What changed since the last time; above {@linkcode PRESENCE_USERS_MAX} users only their number. */
export interface PresenceChange {
  /** Names that came, sorted. */
  readonly joins?: readonly string[];
  /** Names that went, sorted. */
  readonly leaves?: readonly string[];
  /** All names, in place of what was known: the list was too long before, and no longer is. */
  readonly users?: readonly string[];
  /** How many there are. */
  readonly userCount: number;
}

/** Who is in a room at the moment of a {@linkcode PresenceChange}. */
export interface PresenceSnapshot {
  /** The first names, sorted. */
  readonly users: readonly string[];
  /** How many there are. */
  readonly userCount: number;
}

interface Present {
  readonly name: string;
  sessions: number;
  /** When it shows at the earliest that all have gone: each of them may still be expected back. */
  stayUntil: number;
  /** Takes back the alarm that lets the user go. */
  stay: (() => void) | undefined;
}

/**
 * Who is in one room.
 *
 * What is shown changes only with a {@linkcode PresenceChange}, at most one in 250 ms: a snapshot is what
 * the last change left, so that snapshot and later changes together are always the truth. A user who
 * leaves shows as gone after the grace that {@linkcode Presence.leave} was given, unless back by then.
 */
export class Presence {
  readonly #clock: Clock;
  readonly #onChange: (change: PresenceChange) => void;
  readonly #onHere: (user: Name, isHere: boolean) => void;
  /** Who is here, in this process. */
  readonly #present = new Map<string, Present>();
  /** Who is here in others, and in how many. */
  readonly #elsewhere = new Map<string, { readonly name: string; places: number }>();
  /** Who is shown: name by key. */
  readonly #shown = new Map<string, string>();
  /** Keys that are shown and gone, or present and not shown. */
  readonly #changed = new Set<string>();
  /** The snapshot, until the next change: thousands may join between two. */
  #snapshot: PresenceSnapshot | undefined;
  #cancel: (() => void) | undefined;
  #lastChangeAt = -Infinity;

  /**
   * Creates the presence of an empty room.
   *
   * @param clock Time.
   * @param onChange Called with each change, to tell everybody in the room.
   * @param onHere Called when somebody begins or ceases to be here in this process, their grace included.
   */
  constructor(
    clock: Clock,
    onChange: (change: PresenceChange) => void,
    onHere: (user: Name, isHere: boolean) => void = () => {},
  ) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#onHere = onHere;
  }

  /** How many users are shown. */
  get userCount(): number {
    return this.#shown.size;
  }

  /** A session of a user has come. */
  enter(user: Name): void {
    const present = this.#present.get(user.key);
    if (present === undefined) {
      this.#present.set(user.key, { name: user.text, sessions: 1, stayUntil: 0, stay: undefined });
      this.#onHere(user, true);
      this.#change(user.key);
      return;
    }
    present.sessions++;
    present.stay?.();
    present.stay = undefined;
  }

  /**
   * A session of a user has gone.
   *
   * @param user Whose.
   * @param graceMs Milliseconds before it shows, unless the user is back by then; 0: whatever was to be waited
   *   for, the user will not be back.
   */
  leave(user: Name, graceMs: number): void {
    const present = this.#present.get(user.key);
    if (present === undefined) return;
    const now = this.#clock.now();
    present.stayUntil = graceMs === 0 ? now : Math.max(present.stayUntil, now + graceMs);
    if (--present.sessions > 0) return;
    present.stay = this.#clock.after(present.stayUntil - now, () => {
      this.#present.delete(user.key);
      this.#onHere(user, false);
      this.#change(user.key);
    });
  }

  /** A user is here in another process; to be called once for each. */
  enterElsewhere(user: Name): void {
    const known = this.#elsewhere.get(user.key);
    if (known !== undefined) known.places++;
    else this.#elsewhere.set(user.key, { name: user.text, places: 1 });
    this.#change(user.key);
  }

  /** A user is not here any more in another process, which has waited for their grace. */
  leaveElsewhere(user: Name): void {
    const known = this.#elsewhere.get(user.key);
    if (known === undefined || --known.places > 0) return;
    this.#elsewhere.delete(user.key);
    this.#change(user.key);
  }

  #nameOf(key: string): string | undefined {
    return (this.#present.get(key) ?? this.#elsewhere.get(key))?.name;
  }

  /** Who is shown. */
  snapshot(): PresenceSnapshot {
    this.#snapshot ??= {
      users: [...this.#shown.values()].sort().slice(0, PRESENCE_USERS_MAX),
      userCount: this.#shown.size,
    };
    return this.#snapshot;
  }

  /** Stops all alarms. */
  close(): void {
    this.#cancel?.();
    for (const { stay } of this.#present.values()) stay?.();
  }

  #change(key: string): void {
    // Who comes and goes between two changes was never seen.
    if ((this.#nameOf(key) !== undefined) === this.#shown.has(key)) this.#changed.delete(key);
    else this.#changed.add(key);
    if (this.#cancel !== undefined) return;
    const ms = Math.max(0, this.#lastChangeAt + PRESENCE_INTERVAL_MS - this.#clock.now());
    this.#cancel = this.#clock.after(ms, () => this.#flush());
  }

  #flush(): void {
    this.#cancel = undefined;
    if (this.#changed.size === 0) return;
    this.#lastChangeAt = this.#clock.now();
    this.#snapshot = undefined;
    const wereTooMany = this.#shown.size > PRESENCE_USERS_MAX;
    const joins: string[] = [], leaves: string[] = [];
    for (const key of this.#changed) {
      const name = this.#nameOf(key);
      if (name !== undefined) {
        joins.push(name);
        this.#shown.set(key, name);
      } else {
        leaves.push(this.#shown.get(key)!);
        this.#shown.delete(key);
      }
    }
    this.#changed.clear();
    const userCount = this.#shown.size;
    if (userCount > PRESENCE_USERS_MAX) this.#onChange({ userCount });
    else if (wereTooMany) this.#onChange(this.snapshot());
    else this.#onChange({ joins: joins.sort(), leaves: leaves.sort(), userCount });
  }
}
