/**
 * Of what the cases of the conformance suite are made: frames of a client, and what comes of them.
 *
 * @module
 */

import { encodeFrame, type Frame, OPCODE } from "../../lib/websocket/frame.ts";
import { joinBytes } from "../../lib/transport/shared_frames.ts";
import type { RawEvent } from "../support/raw_client.ts";
import { hex, MASK } from "./support.ts";

const { Continuation, Text } = OPCODE;

const encoder = new TextEncoder();

/** One case. */
export interface ConformanceCase {
  /** Its number in the suite. */
  readonly id: string;
  /** What is sent. */
  readonly what: string;
  /** The bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What comes back before the close frame. */
  readonly events: readonly RawEvent[];
  /** The code of the close frame. Where it is absent the client has to end it itself, with 1000. */
  readonly close?: number;
}

/** A frame of a client. */
export function frame(
  opcode: number,
  payload: Uint8Array | string = "",
  more: Partial<Frame> = {},
) {
  return encodeFrame({ opcode, payload, mask: MASK, ...more });
}

/** A message in parts. */
export function fragments(opcode: number, parts: readonly (Uint8Array | string)[]) {
  return parts.map((part, i) =>
    frame(i === 0 ? opcode : Continuation, part, { fin: i === parts.length - 1 })
  );
}

/** Parts of so many bytes. */
export function split(bytes: Uint8Array, size: number): Uint8Array[] {
  const parts = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.subarray(i * size, (i + 1) * size),
  );
  return parts.length === 0 ? [bytes] : parts;
}

/** A text that comes back. */
export const text = (text: string): RawEvent => ({ type: "text", text });

/** Bytes that come back. */
export const binary = (bytes: Uint8Array): RawEvent => ({ type: "binary", bytes });

/** A pong that comes back. */
export const pong = (payload: Uint8Array | string = ""): RawEvent => ({
  type: "pong",
  payload: typeof payload === "string" ? encoder.encode(payload) : payload,
});

/** A case's id, what it sends, the frames, what comes of them, and how it is closed. */
export function entry(
  id: string,
  what: string,
  frames: readonly Uint8Array[],
  events: readonly RawEvent[] = [],
  close?: number,
): ConformanceCase {
  const bytes = joinBytes(frames);
  return close === undefined ? { id, what, bytes, events } : { id, what, bytes, events, close };
}

/** As many bytes as a case needs. */
export const BYTES = Uint8Array.from({ length: 65_536 }, (_, i) => i * 31 & 0xff);

/** Bytes that are no text. */
export const NOT_UTF8 = hex("00 ff fe fd fc fb 00 ff");

/** What a close frame holds. */
export const closePayload = (code: number, reason: string | Uint8Array = "") =>
  joinBytes([
    Uint8Array.of(code >> 8, code),
    typeof reason === "string" ? encoder.encode(reason) : reason,
  ]);

/** A text in two frames. */
export const two = fragments(Text, ["fragment1", "fragment2"]);
