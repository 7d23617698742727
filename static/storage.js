// @ts-check
/// <reference lib="dom" />
/** What the browser remembers for the next visit; nothing, where storage is blocked or full. */

const PREFIX = "natter.";

/**
 * @param {"nickname" | "language"} key
 * @returns {string | null}
 */
export function recall(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/**
 * @param {"nickname" | "language"} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // A page that cannot remember still works.
  }
}
