/**
 * What is said to Redis, and what it answers.
 *
 * @module
 */

/** A script of Redis's, known by the hash of its text. */
export interface Script {
  /** The text. */
  readonly text: string;
  /** Its SHA-1 in hexadecimal digits, once it is known. */
  sha?: string;
}

/** What Redis answers: `null`, whole numbers, texts, and lists of answers. */
export type Reply = null | number | string | readonly Reply[];
