/**
 * Names of users and rooms: what may be a name, and when two names are one (docs/protocol.md,
 * "Names, keys, tokens").
 *
 * @module
 */

import {
  KEY_CODE_POINTS_MAX,
  MARKS_PER_BASE_MAX,
  NAME_BYTES_MAX,
  NAME_CODE_POINTS_MAX,
} from "../limits.ts";

/** A checked name. */
export interface Name {
  /** The spelling to show: as given, in NFC. */
  readonly text: string;
  /** What makes two names one: `Alice` and `alice`, `straße` and `STRASSE` have the same key. */
  readonly key: string;
}

// An emoji may carry a joiner, a selector or a tag; a letter may not: outside of emoji these are
// default-ignorable, and make two names that look alike.
const EMOJI = String.raw`\p{RGI_Emoji}|\p{Extended_Pictographic}`;
const LETTER_OR_DIGIT = String.raw`[[\p{L}\p{Nd}]--\p{Default_Ignorable_Code_Point}]`;
const MARK = String.raw`[\p{M}--\p{Default_Ignorable_Code_Point}]`;
// Sticky, one character after the other: a pattern for the whole name would backtrack through all ways
// to split a run of emoji.
const CHARACTER = new RegExp(`(?<substance>${EMOJI}|${LETTER_OR_DIGIT})|[_\\-.]`, "vy");
const MARKS = new RegExp(`${MARK}*`, "vy");
const LATIN = /\p{Script=Latin}/u;
const CYRILLIC_OR_GREEK = /[\p{Script=Cyrillic}\p{Script=Greek}]/u;

const encoder = new TextEncoder();

/**
 * Reads a username.
 *
 * 1 to 32 code points after NFC: letters, marks, digits of any script, emoji, `_ - .` and single
 * inner spaces; at least one letter, digit or emoji; at most 4 marks on one base; nothing invisible;
 * not Latin mixed with Cyrillic or Greek (UTS #39, section 5); at most 128 bytes of UTF-8.
 *
 * @param value The name as it came from the client.
 * @returns The name, or `undefined` where it cannot be one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseUsername } from "./name.ts";
 *
 * assertEquals(parseUsername("Straße")?.key, parseUsername("STRASSE")?.key);
 * assertEquals(parseUsername(" alice"), undefined);
 * ```
 */
export function parseUsername(value: string): Name | undefined {
  return parseName(value, NAME_CODE_POINTS_MAX, true);
}

/**
 * Reads a room's name: as a username, without spaces, up to 64 code points.
 *
 * @param value The name as it came from the client.
 * @returns The name, or `undefined` where it cannot be one.
 */
export function parseRoomName(value: string): Name | undefined {
  return parseName(value, KEY_CODE_POINTS_MAX, false);
}

function parseName(value: string, codePointsMax: number, spaces: boolean): Name | undefined {
  // NFC may shorten a text, though never to less than a third: what is far too long is not normalised.
  if (value.length > 8 * codePointsMax) return undefined;
  const text = value.normalize("NFC");
  if (codePoints(text) > codePointsMax || encoder.encode(text).length > NAME_BYTES_MAX) {
    return undefined;
  }
  if (!isWellShaped(text, spaces)) return undefined;
  const key = nameKey(text);
  if (codePoints(key) > KEY_CODE_POINTS_MAX) return undefined;
  // The key is looked at too: compatibility forms (a fullwidth Latin letter, say) do not hide a mix.
  const scripts = text + key;
  if (LATIN.test(scripts) && CYRILLIC_OR_GREEK.test(scripts)) return undefined;
  return { text, key };
}

function isWellShaped(text: string, spaces: boolean): boolean {
  let hasSubstance = false;
  let afterSpace = true; // a space may neither begin a name nor follow another
  for (let at = 0; at < text.length;) {
    if (spaces && !afterSpace && text[at] === " ") {
      afterSpace = true;
      at++;
      continue;
    }
    CHARACTER.lastIndex = at;
    const character = CHARACTER.exec(text);
    if (character === null) return false;
    hasSubstance ||= character.groups?.["substance"] !== undefined;
    afterSpace = false;
    MARKS.lastIndex = CHARACTER.lastIndex;
    const marks = MARKS.exec(text)?.[0] ?? "";
    if (codePoints(marks) > MARKS_PER_BASE_MAX) return false;
    at = MARKS.lastIndex;
  }
  return hasSubstance && !afterSpace;
}

/**
 * Folds a text to what makes two names one: NFKC(lower(upper(NFKC(name)))), upper first, so that `ß` and
 * `ſ` meet `ss` and `s`.
 *
 * @param text A name or a part of one; it is not checked.
 * @returns The key.
 */
export function nameKey(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
