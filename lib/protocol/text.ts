/**
 * Lengths of texts in UTF-8.
 *
 * @module
 */

import { TOKEN_CHARS_MAX } from "../limits.ts";

/** Bytes of a JSON object beside the body or token in it. */
const OTHER_BYTES = 1024;

const encoder = new TextEncoder();

/**
 * Bytes of a JSON object in which a body stands: it may be six times as long there, where every character is
 * escaped.
 *
 * @param bodyBytesMax The most bytes that the body may have.
 */
export function jsonBytesMax(bodyBytesMax: number): number {
  return 6 * bodyBytesMax + OTHER_BYTES;
}

/**
 * Bytes that a message on a session's socket may have: a body, or the largest command, be it with a body or a token.
 *
 * @param isPlain Whether it speaks the plain protocol, else the rich one.
 * @param bodyBytesMax A message's body, in bytes of UTF-8.
 */
export function messageBytesMax(isPlain: boolean, bodyBytesMax: number): number {
  if (isPlain) return bodyBytesMax;
  return Math.max(jsonBytesMax(bodyBytesMax), TOKEN_CHARS_MAX + OTHER_BYTES);
}

/**
 * Tells whether a text is longer than a number of bytes in UTF-8, without encoding it where its length
 * in UTF-16 already decides: a code unit is one to three bytes.
 *
 * @param text Any text.
 * @param bytesMax The most bytes it may have.
 */
export function exceedsBytes(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  if (text.length * 3 <= bytesMax) return false;
  return encoder.encode(text).length > bytesMax;
}
