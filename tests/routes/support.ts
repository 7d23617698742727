/**
 * What the tests of several interfaces share: the keys of who asks, and an answer.
 *
 * @module
 */

/** The key of the operator's programs. */
export const API_KEY = "the-api-key-of-the-programs";

/** The key of a user. */
export const KEY = "a".repeat(22);

/** The key of another one. */
export const OTHER_KEY = "b".repeat(22);

/** What a request is answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}
