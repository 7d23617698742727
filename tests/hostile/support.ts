/**
 * What those who attack share: their keys, and what they say over HTTP.
 *
 * @module
 */

/** Keys of those who attack. */
export const KEYS = [
  "hushed-key-of-the-first-01",
  "hushed-key-of-the-second-2",
  "hushed-key-of-the-third-03",
] as const;

/** The headers of a text of six letters. */
export const HTTP_TEXT = ["Content-Type: text/plain", "Content-Length: 6"];
