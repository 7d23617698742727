/**
 * What the tests of frames share: bytes written down, and what a decoder makes of them.
 *
 * @module
 */

import { Decoder, type DecoderLimits } from "../../lib/websocket/decoder.ts";
import { ProtocolError } from "../../lib/websocket/protocol_error.ts";
import { encodeFrame, type Frame } from "../../lib/websocket/frame.ts";

/** Who reads. */
export type Role = "server" | "client";

/** Both. */
export const ROLES = ["server", "client"] as const;

/** The mask of RFC 6455's examples. */
export const MASK = 0x37fa213d;

/** Writes bytes down, long ones by length and a sum, so that failures stay readable. */
export function show(bytes: Uint8Array): string {
  if (bytes.length <= 200) return bytes.toHex();
  return `${bytes.length} bytes, ${bytes.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)}`;
}

/** A handler that writes down what it is handed. */
export const handlerInto = (events: string[]) => ({
  text: (text: string) => events.push(`text ${text}`),
  binary: (bytes: Uint8Array) => events.push(`binary ${show(bytes)}`),
  ping: (bytes: Uint8Array) => events.push(`ping ${show(bytes)}`),
  pong: (bytes: Uint8Array) => events.push(`pong ${show(bytes)}`),
  close: (code: number, reason: string) => events.push(`close ${code} ${reason}`),
});

/** Reads chunks, which are copied since decoding unmasks in place; an error is the last event. */
export function read(role: Role, chunks: Iterable<Uint8Array>, limits?: DecoderLimits): string[] {
  const events: string[] = [];
  const decoder = new Decoder(role, handlerInto(events), limits);
  for (const chunk of chunks) {
    try {
      decoder.write(chunk.slice());
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      events.push(`error ${error.closeCode}`);
    }
  }
  return events;
}

/** Bytes in hexadecimal, with blanks and bars for the eye. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replaceAll(/[ |]/g, ""));
}

/** Pieces as one. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Pieces of a size. */
export function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Encodes frames as the peer of a role sends them. */
export function peer(role: Role, frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
  const mask = role === "server" ? MASK : undefined;
  return concat(frames.map((frame) => encodeFrame({ ...frame, mask })));
}

/** The header of a frame that a client sends, masked by nothing. */
export function head(first: string, length: string): Uint8Array<ArrayBuffer> {
  const field = hex(length);
  field[0]! |= 0x80;
  return concat([hex(first), field, new Uint8Array(4)]);
}
