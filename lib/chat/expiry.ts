/**
 * Ends what has expired, on one timer for all.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { EXPIRY_SWEEP_MS } from "../limits.ts";

/** Watches over things that expire. */
export class Expiry<T> {
  readonly #clock: Clock;
  readonly #onExpired: (thing: T) => void;
  readonly #expiresAt = new Map<T, number>();
  #isSweeping = false;

  /**
   * Creates one with nothing to watch.
   *
   * @param clock Time.
   * @param onExpired Is given what has expired, once, at most a second late.
   */
  constructor(clock: Clock, onExpired: (thing: T) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** How many are watched. */
  get size(): number {
    return this.#expiresAt.size;
  }

  /**
   * Watches something, or changes when it expires.
   *
   * @param thing What.
   * @param expiresAt When, in milliseconds since 1970; `undefined`: never.
   */
  set(thing: T, expiresAt: number | undefined): void {
    if (expiresAt === undefined) return this.forget(thing);
    this.#expiresAt.set(thing, expiresAt);
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    this.#clock.after(EXPIRY_SWEEP_MS, () => this.#sweep());
  }

  /** Watches something no longer. */
  forget(thing: T): void {
    this.#expiresAt.delete(thing);
  }

  #sweep(): void {
    const now = this.#clock.wallNow();
    for (const [thing, expiresAt] of this.#expiresAt) {
      if (expiresAt > now) continue;
      this.#expiresAt.delete(thing);
      this.#onExpired(thing);
    }
    this.#isSweeping = this.#expiresAt.size > 0;
    if (this.#isSweeping) this.#clock.after(EXPIRY_SWEEP_MS, () => this.#sweep());
  }
}
