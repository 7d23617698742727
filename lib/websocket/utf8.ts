/**
 * Texts from bytes: UTF-8, strictly, and with a byte order mark as part of the text (RFC 6455 section 8.1).
 *
 * @module
 */

import { notUtf8 } from "./protocol_error.ts";

const UTF8_STRICT: TextDecoderOptions = { fatal: true, ignoreBOM: true };
const strictDecoder = new TextDecoder("utf-8", UTF8_STRICT);
const lenientDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether the pieces of an unfinished text can still become one. */
export class Utf8Check {
  readonly #decoder = new TextDecoder("utf-8", UTF8_STRICT);

  /**
   * Takes the next piece.
   *
   * @param piece Bytes, split anywhere.
   * @throws {ProtocolError} 1007, as soon as the bytes leave no doubt.
   */
  take(piece: Uint8Array): void {
    try {
      this.#decoder.decode(piece, { stream: true });
    } catch {
      throw notUtf8();
    }
  }
}

/**
 * Decodes a whole text. The lenient decoder is several times faster and makes one-byte strings of
 * ASCII; only a replacement character calls for the strict one, which knows a sent U+FFFD from a
 * wrong byte.
 *
 * @param bytes The text, complete.
 * @throws {ProtocolError} 1007.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = lenientDecoder.decode(bytes);
  if (!text.includes("\uFFFD")) return text;
  try {
    return strictDecoder.decode(bytes);
  } catch {
    throw notUtf8();
  }
}
