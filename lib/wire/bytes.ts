/**
 * Bytes that a person writes or pastes, and bytes for a person to read.
 *
 * @module
 */

/** Between bytes, as programs print them: `81 87`, `81:87`, `0x81, 0x87`. */
const SEPARATORS = /0x|[\s,:;|_-]+/gi;
const HANDSHAKE = /^(?:b?['"])?(?:GET |HTTP\/)/;
/** Python's way of writing bytes; some web pages turn its backslashes. */
const PYTHON = /^b['"]|[\\/]x[0-9a-f]{2}/i;
const PYTHON_BYTE = /[\\/]x([0-9a-f]{2})|\\([0nrt\\'"])|([\x20-\x5b\x5d-\x7e])/giy;
const ESCAPES: Readonly<Record<string, string>> = { 0: "\0", n: "\n", r: "\r", t: "\t" };

/**
 * Reads bytes of frames.
 *
 * @param text Hexadecimal, with or without spaces, colons, commas or `0x`; or bytes as Python prints
 * them, `b'\x81\x05Hello'`.
 * @throws {TypeError} If it is something else; the message is one line.
 */
export function parseBytes(text: string): Uint8Array<ArrayBuffer> {
  const trimmed = text.trim();
  if (HANDSHAKE.test(trimmed)) throw handshake();
  const bytes = PYTHON.test(trimmed) ? parsePython(trimmed) : parseHex(trimmed);
  if (bytes.length === 0) throw new TypeError("There are no bytes to explain");
  if (HANDSHAKE.test(new TextDecoder("latin1").decode(bytes.subarray(0, 5)))) throw handshake();
  return bytes;
}

function parseHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(SEPARATORS, "");
  const stray = /[^0-9a-f]/i.exec(digits)?.[0];
  if (stray !== undefined) throw new TypeError(`"${stray}" is no hexadecimal digit`);
  if (digits.length % 2 === 1) {
    throw new TypeError(`Half a byte is missing: there are ${digits.length} hexadecimal digits`);
  }
  return Uint8Array.fromHex(digits);
}

function parsePython(text: string): Uint8Array<ArrayBuffer> {
  const inner = text.replace(/^b?(['"])([^]*)\1$/, "$2");
  const bytes: number[] = [];
  let at = 0;
  for (const [whole, hex, escaped, plain] of inner.matchAll(PYTHON_BYTE)) {
    at += whole.length;
    const character = plain ?? (escaped === undefined ? undefined : ESCAPES[escaped] ?? escaped);
    bytes.push(character === undefined ? parseInt(hex!, 16) : character.charCodeAt(0));
  }
  if (at < inner.length) {
    throw new TypeError(`This is not how Python writes a byte: ${inner.slice(at, at + 4)}`);
  }
  return new Uint8Array(bytes);
}

function handshake(): TypeError {
  return new TypeError(
    "This is the text of a handshake, and --hex explains the frames after it: " +
      "--accept explains its key",
  );
}

/**
 * Writes bytes down: `81 05`.
 *
 * @param bytes Any.
 */
export function spaced(bytes: Uint8Array): string {
  return bytes.toHex().replace(/..(?!$)/g, "$& ");
}

/**
 * A byte as a character of ASCII, or a dot.
 *
 * @param byte 0 to 255.
 */
export function characterOf(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}

/**
 * Counts: `1 byte`, `2 bytes`.
 *
 * @param count How many.
 * @param one What there is, in the singular.
 */
export function counted(count: number | bigint, one = "byte"): string {
  return `${count} ${one}${Number(count) === 1 ? "" : "s"}`;
}

/**
 * Joins bytes.
 *
 * @param first Some.
 * @param second What follows them.
 */
export function concatenated(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
