/**
 * The frames of one direction of a wire, whole and as they stand there, with what a strict reader
 * makes of them.
 *
 * @module
 */

import { Decoder } from "../websocket/decoder.ts";
import { ProtocolError } from "../websocket/protocol_error.ts";
import {
  applyMask,
  type FrameHeader,
  HEADER_BYTES_MAX,
  OPCODE,
  parseFrameHeader,
} from "../websocket/frame.ts";
import { concatenated } from "./bytes.ts";

/** Who sends: clients mask their frames, servers do not (RFC 6455 §5.1). */
export type Side = "client" | "server";

/** What a frame completes. */
export type Outcome =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "binary" | "ping" | "pong"; readonly bytes: Uint8Array }
  | { readonly type: "close"; readonly code: number; readonly reason: string };

/** A frame, as far as it is there. */
export interface SeenFrame {
  /** Its bytes as they stand on the wire. */
  readonly bytes: Uint8Array;
  /** Its header; where that is cut off, what is missing reads as 0. */
  readonly header: FrameHeader;
  /** The payload as far as it is there, unmasked. */
  readonly payload: Uint8Array;
  /** Whether it is a text, or a part of one. */
  readonly isText: boolean;
  /** How many frames its message has until here, itself included; 1 for a control frame. */
  readonly fragments: number;
  /** What it completes. */
  readonly outcome?: Outcome | undefined;
  /** Why a reader must end the connection here. */
  readonly fault?: ProtocolError | undefined;
  /** Whether its header alone is the fault, so that its payload means nothing. */
  readonly isHeaderRefused?: boolean;
}

/** Cuts bytes into frames, and has each judged by the {@linkcode Decoder} that servers are built of. */
export class FrameReader {
  readonly #decoder: Decoder;
  #buffer: Uint8Array = new Uint8Array(0);
  #outcome: Outcome | undefined;
  #isTextMessage = false;
  #fragments = 0;
  #isJudged = false;
  #isOver = false;

  /**
   * Makes a reader for a connection after its handshake.
   *
   * @param sender Whose frames these are.
   */
  constructor(sender: Side) {
    this.#decoder = new Decoder(sender === "client" ? "server" : "client", {
      text: (text) => this.#outcome = { type: "text", text },
      binary: (bytes) => this.#outcome = { type: "binary", bytes: bytes.slice() },
      ping: (bytes) => this.#outcome = { type: "ping", bytes: bytes.slice() },
      pong: (bytes) => this.#outcome = { type: "pong", bytes: bytes.slice() },
      close: (code, reason) => this.#outcome = { type: "close", code, reason },
    });
  }

  /** Bytes that belong to no frame yet, or come after the last. */
  get restBytes(): number {
    return this.#buffer.length;
  }

  /** Frames of the message that is under way; 0 between messages. */
  get openFragments(): number {
    return this.#fragments;
  }

  /**
   * Takes bytes.
   *
   * @param chunk The next of the wire, split anywhere; it is copied.
   * @returns The frames that are whole now. A close frame or a fault is the last one.
   */
  read(chunk: Uint8Array): SeenFrame[] {
    this.#buffer = concatenated(this.#buffer, chunk);
    const frames: SeenFrame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  /** The frame that is not whole, once its first two bytes are there. */
  partial(): SeenFrame | undefined {
    if (this.#isOver || this.#buffer.length < 2) return undefined;
    const padded = new Uint8Array(HEADER_BYTES_MAX);
    padded.set(this.#buffer.subarray(0, HEADER_BYTES_MAX));
    return this.#seen(parseFrameHeader(padded)!, this.#buffer.length);
  }

  #next(): SeenFrame | undefined {
    const header = this.#isOver ? undefined : parseFrameHeader(this.#buffer);
    if (header === undefined) return undefined;
    const end = header.headerBytes + header.length;
    // The header alone may be forbidden, and then its payload is not waited for.
    if (!this.#isJudged) {
      const fault = this.#judge(0, header.headerBytes);
      if (fault) {
        const frame = this.#cut(header, Math.min(end, this.#buffer.length), fault);
        return { ...frame, isHeaderRefused: true };
      }
      this.#isJudged = true;
    }
    if (this.#buffer.length < end) return undefined;
    return this.#cut(header, end, this.#judge(header.headerBytes, end));
  }

  #judge(start: number, end: number): ProtocolError | undefined {
    try {
      // A copy, for the decoder unmasks in place.
      this.#decoder.write(this.#buffer.slice(start, end));
      return undefined;
    } catch (error) {
      if (error instanceof ProtocolError) return error;
      throw error;
    }
  }

  #cut(header: FrameHeader, end: number, fault: ProtocolError | undefined): SeenFrame {
    const frame = { ...this.#seen(header, end), outcome: this.#outcome, fault };
    this.#isOver = fault !== undefined || this.#outcome?.type === "close";
    if (header.opcode < OPCODE.Close) {
      this.#isTextMessage = frame.isText;
      this.#fragments = header.fin ? 0 : frame.fragments;
    }
    this.#buffer = this.#buffer.subarray(end);
    this.#outcome = undefined;
    this.#isJudged = false;
    return frame;
  }

  #seen(header: FrameHeader, end: number): SeenFrame {
    const { opcode, headerBytes, mask } = header;
    const bytes = this.#buffer.slice(0, end);
    const payload = bytes.slice(headerBytes);
    if (mask !== undefined) applyMask(payload, mask);
    const isContinued = opcode === OPCODE.Continuation;
    return {
      bytes,
      header,
      payload,
      isText: opcode === OPCODE.Text || isContinued && this.#isTextMessage,
      fragments: opcode < OPCODE.Close ? this.#fragments + 1 : 1,
    };
  }
}
