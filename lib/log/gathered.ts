/**
 * Questions that are gathered: all of one turn are asked at once.
 *
 * @module
 */

import type { Clock } from "../clock.ts";

/** Gathers questions about things. */
export class Gathered<T> {
  readonly #clock: Clock;
  readonly #askAll: (things: readonly T[]) => Promise<void>;
  #next: { readonly things: Set<T>; readonly answer: Promise<void> } | undefined;

  /**
   * Creates it with no question.
   *
   * @param clock Time.
   * @param askAll Asks about all of them; what it rejects with, all who asked are given.
   */
  constructor(clock: Clock, askAll: (things: readonly T[]) => Promise<void>) {
    this.#clock = clock;
    this.#askAll = askAll;
  }

  /**
   * Asks about something, in the next turn of the event loop.
   *
   * @param thing What.
   */
  async ask(thing: T): Promise<void> {
    if (this.#next === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const things = new Set<T>();
      const answer = promise.then(() => this.#askAll([...things]));
      answer.catch(() => {});
      this.#next = { things, answer };
      this.#clock.soon(() => {
        this.#next = undefined;
        resolve();
      });
    }
    this.#next.things.add(thing);
    await this.#next.answer;
  }
}
