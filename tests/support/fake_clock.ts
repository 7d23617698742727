/**
 * A clock that stands still until it is moved.
 *
 * @module
 */

import type { Clock } from "../../lib/clock.ts";

/** Turns of the microtask queue after which everything that was resolved has been heard. */
const MICROTASK_TURNS = 30;

/** Time as the test says. */
export class FakeClock implements Clock {
  #now = 0;
  #soon: (() => void)[] = [];
  /** Alarms by the order in which they were set, which is that of those at one time. */
  readonly #alarms = new Map<number, { readonly at: number; readonly call: () => void }>();
  #alarmCount = 0;

  /** Milliseconds since 1970 at the clock's beginning. */
  wallBeginning = 1_800_000_000_000;

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.wallBeginning + this.#now;
  }

  soon(call: () => void): void {
    this.#soon.push(call);
  }

  after(ms: number, call: () => void): () => void {
    const id = this.#alarmCount++;
    this.#alarms.set(id, { at: this.#now + ms, call });
    return () => void this.#alarms.delete(id);
  }

  /** Alarms that are set. */
  get alarmCount(): number {
    return this.#alarms.size;
  }

  /** Runs one turn: what was to be called soon, and all that follows from it at once. */
  async turn(): Promise<void> {
    const calls = this.#soon;
    this.#soon = [];
    for (const call of calls) {
      call();
      for (let i = 0; i < MICROTASK_TURNS; i++) await undefined;
    }
  }

  /** Runs turns until nothing is to be called any more. */
  async settle(): Promise<void> {
    for (let i = 0; i < MICROTASK_TURNS; i++) await undefined;
    while (this.#soon.length > 0) await this.turn();
  }

  /**
   * Lets time pass: alarms ring in their order, and what follows from each happens before the next.
   *
   * @param ms Milliseconds.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    while (await this.ring(until - this.#now)) await this.settle();
    this.#now = until;
  }

  /**
   * Lets time pass up to the next alarm, which rings; what is to be called soon has to wait for its turn.
   *
   * @param ms Milliseconds at most.
   * @returns Whether there was one.
   */
  async ring(ms: number): Promise<boolean> {
    const until = this.#now + ms;
    const next = [...this.#alarms].filter(([, { at }]) => at <= until)
      .sort(([a, { at: aAt }], [b, { at: bAt }]) => aAt - bAt || a - b)[0];
    if (next === undefined) return false;
    this.#alarms.delete(next[0]);
    this.#now = Math.max(this.#now, next[1].at);
    next[1].call();
    for (let i = 0; i < MICROTASK_TURNS; i++) await undefined;
    return true;
  }
}
