/**
 * WebSocket frames as bytes (RFC 6455 section 5): headers read, frames written, masks applied.
 *
 * Writing obeys: it takes any opcode and any reserved bits, so that tests can send what is
 * forbidden. Judging what arrives is the work of `decoder.ts`.
 *
 * @module
 */

import { isValidCloseCode, truncateReason } from "./close_code.ts";

/** The opcodes that RFC 6455 §5.2 defines; 3–7 and 11–15 are reserved. */
export const OPCODE = {
  /** A further fragment of a text or binary message. */
  Continuation: 0x0,
  /** A text message, or its first fragment. */
  Text: 0x1,
  /** A binary message, or its first fragment. */
  Binary: 0x2,
  /** The last frame of a direction (§5.5.1). */
  Close: 0x8,
  /** Asks for a pong (§5.5.2). */
  Ping: 0x9,
  /** Answers a ping with its payload, or is a sign of life (§5.5.3). */
  Pong: 0xa,
} as const;

/** Bytes of the longest frame header: 2, a 64-bit length and a masking key (RFC 6455 §5.2). */
export const HEADER_BYTES_MAX = 14;

/** A frame to write. */
export interface Frame {
  /** 0–15; see {@linkcode OPCODE}. */
  readonly opcode: number;
  /** What the frame carries, unmasked: bytes, or a text to be written as UTF-8. Empty by default. */
  readonly payload?: Uint8Array | string;
  /** Whether this is a message's last frame; true by default. */
  readonly fin?: boolean;
  /** The reserved bits as a number 0–7, RSV1 being 4; 0 by default. */
  readonly rsv?: number;
  /**
   * The masking key as a number, first octet highest: `37 fa 21 3d` is `0x37fa213d`. Clients need
   * one (§5.1), new and unpredictable for each frame (§5.3): {@linkcode createMask} makes it.
   * Unmasked by default.
   */
  readonly mask?: number | undefined;
}

/** A frame header that was read. */
export interface FrameHeader {
  /** Whether this is a message's last frame. */
  readonly fin: boolean;
  /** The reserved bits as a number 0–7, RSV1 being 4. */
  readonly rsv: number;
  /** 0–15; see {@linkcode OPCODE}. */
  readonly opcode: number;
  /** The masking key as in {@linkcode Frame}; undefined when the frame is not masked. */
  readonly mask: number | undefined;
  /** Bytes of payload that follow; exact up to 2^53, above that the nearest number. */
  readonly length: number;
  /** Bits of the field that holds the length. */
  readonly lengthBits: 7 | 16 | 64;
  /** What RFC 6455 §5.2 forbids about the length field, if it does: a longer form than needed, or the top bit of 64. */
  readonly lengthFault: "not minimal" | "top bit set" | undefined;
  /** Bytes of the header itself, 2–14. */
  readonly headerBytes: number;
}

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/**
 * Makes a masking key that a peer can't predict (RFC 6455 §5.3, §10.3).
 *
 * @returns The key as a number, 0 to 2^32 − 1.
 */
export function createMask(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/**
 * Reads a frame header (RFC 6455 §5.2). Forbidden headers are read like others.
 *
 * @param bytes Bytes received.
 * @param offset Where in `bytes` the header begins.
 * @returns The header, or undefined when more bytes are needed.
 */
export function parseFrameHeader(bytes: Uint8Array, offset = 0): FrameHeader | undefined {
  const available = bytes.length - offset;
  if (available < 2) return undefined;
  const first = bytes[offset]!;
  const second = bytes[offset + 1]!;
  const masked = (second & 0x80) !== 0;
  let length = second & 0x7f;
  const lengthBits = length < 126 ? 7 : length === 126 ? 16 : 64;
  const maskOffset = lengthBits === 7 ? 2 : lengthBits === 16 ? 4 : 10;
  const headerBytes = masked ? maskOffset + 4 : maskOffset;
  if (available < headerBytes) return undefined;

  let lengthFault: FrameHeader["lengthFault"];
  if (lengthBits === 16) {
    length = bytes[offset + 2]! << 8 | bytes[offset + 3]!;
    if (length < 126) lengthFault = "not minimal";
  } else if (lengthBits === 64) {
    const high = readUint32(bytes, offset + 2);
    length = high * 0x1_0000_0000 + readUint32(bytes, offset + 6);
    if (high >= 0x8000_0000) lengthFault = "top bit set";
    else if (length < 0x1_0000) lengthFault = "not minimal";
  }
  return {
    fin: (first & 0x80) !== 0,
    rsv: first >> 4 & 0x07,
    opcode: first & 0x0f,
    mask: masked ? readUint32(bytes, offset + maskOffset) : undefined,
    length,
    lengthBits,
    lengthFault,
    headerBytes,
  };
}

/**
 * Encodes a frame, its length in the shortest form (RFC 6455 §5.2).
 *
 * @example A server's greeting, and the same from a client
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeFrame, OPCODE } from "./frame.ts";
 *
 * const hello = encodeFrame({ opcode: OPCODE.Text, payload: "Hello" });
 * assertEquals(hello.toHex(), "810548656c6c6f");
 *
 * const masked = encodeFrame({ opcode: OPCODE.Text, payload: "Hello", mask: 0x37fa213d });
 * assertEquals(masked.toHex(), "818537fa213d7f9f4d5158");
 * ```
 *
 * @param frame The frame; its payload is not modified.
 * @returns The bytes, header and payload, in a buffer of exactly their size.
 * @throws {RangeError} If the opcode or the reserved bits don't fit in their field.
 */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const payload = typeof frame.payload === "string"
    ? encoder.encode(frame.payload)
    : frame.payload ?? EMPTY;
  const bytes = new Uint8Array(headerSize(payload.length, frame.mask) + payload.length);
  encodeInto({ ...frame, payload }, bytes, 0);
  return bytes;
}

/**
 * Encodes a frame into a buffer of the caller; a text goes there without a copy on the way.
 *
 * @param frame The frame; its payload is not modified.
 * @param target The buffer to write to.
 * @param offset Where in `target` the frame begins.
 * @returns The number of bytes written, or 0 if the frame does not fit; then the bytes of `target`
 * from `offset` on are undefined.
 * @throws {RangeError} If the opcode or the reserved bits don't fit in their field.
 */
export function encodeInto(frame: Frame, target: Uint8Array, offset: number): number {
  const { opcode, payload = EMPTY, fin = true, rsv = 0, mask } = frame;
  if (opcode >>> 4 !== 0) throw new RangeError(`Cannot encode frame: opcode is ${opcode}`);
  if (rsv >>> 3 !== 0) throw new RangeError(`Cannot encode frame: reserved bits are ${rsv}`);

  // UTF-8 has at least a byte for each UTF-16 unit, and in ASCII exactly one.
  let start = offset + headerSize(payload.length, mask);
  let length = payload.length;
  if (start + length > target.length) return 0;
  if (typeof payload !== "string") {
    target.set(payload, start);
  } else {
    const { read, written } = encoder.encodeInto(payload, target.subarray(start));
    if (read < payload.length) return 0;
    const trueStart = offset + headerSize(written, mask);
    if (trueStart + written > target.length) return 0;
    if (trueStart !== start) target.copyWithin(trueStart, start, start + written);
    start = trueStart;
    length = written;
  }
  target[offset] = (fin ? 0x80 : 0) | rsv << 4 | opcode;
  writeLength(target, offset + 1, length, mask !== undefined);
  if (mask !== undefined) {
    writeUint32(target, start - 4, mask);
    applyMask(target, mask, start, start + length);
  }
  return start + length - offset;
}

/**
 * Encodes a close frame (RFC 6455 §5.5.1).
 *
 * @param code The close code; without one the frame is empty, which the peer reads as 1005.
 * @param reason Why, for a person; cut to 123 bytes of UTF-8.
 * @param mask The masking key, for a client.
 * @returns The bytes of the frame.
 * @throws {RangeError} If the code may not appear on the wire (§7.4).
 */
export function encodeCloseFrame(
  code?: number,
  reason = "",
  mask?: number,
): Uint8Array<ArrayBuffer> {
  if (code === undefined) return encodeFrame({ opcode: OPCODE.Close, mask });
  if (!isValidCloseCode(code)) {
    throw new RangeError(`Cannot encode close frame: code is ${code}`);
  }
  const text = encoder.encode(truncateReason(reason));
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code;
  payload.set(text, 2);
  return encodeFrame({ opcode: OPCODE.Close, payload, mask });
}

/** Below this many bytes, a loop over bytes is done before a view of words is made. */
const MASK_BY_WORDS_BYTES_MIN = 128;

/** Turns the four octets of a masking key into a word of this machine's byte order. */
const wordOctets = new Uint8Array(4);
const word = new Uint32Array(wordOctets.buffer);

/**
 * Masks or unmasks bytes in place (RFC 6455 §5.3; twice is as never).
 *
 * @param bytes The buffer to modify.
 * @param mask The masking key; its first octet meets the byte at `start`.
 * @param start Where to begin.
 * @param end Where to stop, exclusive.
 * @returns The key turned so that its first octet meets the byte at `end`: what a payload that
 * comes in pieces needs for its next piece.
 */
export function applyMask(
  bytes: Uint8Array,
  mask: number,
  start = 0,
  end: number = bytes.length,
): number {
  let at = start;
  if (end - start >= MASK_BY_WORDS_BYTES_MIN) {
    for (; (bytes.byteOffset + at & 3) !== 0; at++) {
      bytes[at]! ^= mask >>> 24;
      mask = mask << 8 | mask >>> 24;
    }
    writeUint32(wordOctets, 0, mask);
    const wordMask = word[0]!;
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, end - at >>> 2);
    for (let i = 0; i < words.length; i++) words[i]! ^= wordMask;
    at += words.length * 4;
  }
  for (; at < end; at++) {
    bytes[at]! ^= mask >>> 24;
    mask = mask << 8 | mask >>> 24;
  }
  return mask >>> 0;
}

function headerSize(length: number, mask: number | undefined): number {
  return (length < 126 ? 2 : length < 0x1_0000 ? 4 : 10) + (mask === undefined ? 0 : 4);
}

function writeLength(target: Uint8Array, offset: number, length: number, masked: boolean): void {
  const maskBit = masked ? 0x80 : 0;
  if (length < 126) {
    target[offset] = maskBit | length;
  } else if (length < 0x1_0000) {
    target[offset] = maskBit | 126;
    target[offset + 1] = length >> 8;
    target[offset + 2] = length;
  } else {
    target[offset] = maskBit | 127;
    writeUint32(target, offset + 1, Math.floor(length / 0x1_0000_0000));
    writeUint32(target, offset + 5, length);
  }
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 24 | bytes[offset + 1]! << 16 | bytes[offset + 2]! << 8 |
    bytes[offset + 3]!) >>> 0;
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}
