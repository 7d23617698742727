/**
 * Time, and what is to happen in it: handed in, so that a simulation can drive everything.
 *
 * @module
 */

/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** A clock and its alarms. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Milliseconds since 1970. */
  wallNow(): number;
  /** Calls a function after the current turn of the event loop, in the order of the calls. */
  soon(call: () => void): void;
  /**
   * Calls a function after a time.
   *
   * @param ms Milliseconds.
   * @param call What to call.
   * @returns Takes the alarm back.
   */
  after(ms: number, call: () => void): () => void;
}
