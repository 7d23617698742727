// @ts-check
/** Names of people: what can be seen of them before the server decides, and what else they may be. */

import { nameKey } from "./natter.js";

const NAME_CODE_POINTS_MAX = 32;

/**
 * A light check that saves a round trip. Names of dots alone are refused here because a URL cannot
 * carry them: `.` and `..` are path segments with a meaning of their own.
 *
 * @param {string} name
 * @returns {import("./languages.js").TextKey | undefined} what is wrong with it
 */
export function checkName(name) {
  const normal = name.normalize("NFC");
  if (normal === "") return "nameEmpty";
  if ([...normal].length > NAME_CODE_POINTS_MAX) return "nameTooLong";
  if (/^\.+$/.test(normal) || !normal.isWellFormed()) return "nameInvalid";
  return undefined;
}

const ENDINGS = ["2", "-too", " 🌿", " 🪁"];

/**
 * @param {string} name one that is taken
 * @returns {string[]} others like it
 */
export function suggestNames(name) {
  return ENDINGS.map((ending) => {
    const points = [...name.normalize("NFC")];
    return points.slice(0, NAME_CODE_POINTS_MAX - [...ending].length).join("").trimEnd() + ending;
  });
}

/**
 * Whether a text speaks of somebody: by `@name`, or by the name as a word of its own.
 *
 * @param {string} body
 * @param {string} name
 */
export function mentions(body, name) {
  const text = nameKey(body);
  const key = nameKey(name);
  for (let at = text.indexOf(key); key !== "" && at >= 0; at = text.indexOf(key, at + 1)) {
    const before = text.slice(Math.max(0, at - 2), at);
    const after = text.slice(at + key.length, at + key.length + 2);
    const isWord = !/[\p{L}\p{N}_]$/u.test(before) && !/^[\p{L}\p{N}_]/u.test(after);
    if (isWord || before.endsWith("@")) return true;
  }
  return false;
}
