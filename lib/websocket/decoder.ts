/**
 * WebSocket frames from bytes: an incremental, strict decoder (RFC 6455 sections 5 to 8).
 *
 * It is a state machine with one method a state. Bytes go in as they arrive, split anywhere;
 * messages and control frames come out through a {@linkcode DecoderHandler}. What RFC 6455 forbids
 * or a limit refuses is a {@linkcode ProtocolError}, thrown as soon as the bytes leave no doubt:
 * a header before its payload is waited for, a text at the first byte that can't be UTF-8.
 *
 * @module
 */

import {
  applyMask,
  type FrameHeader,
  HEADER_BYTES_MAX,
  OPCODE,
  parseFrameHeader,
} from "./frame.ts";
import { checkFrame, CONTROL_BYTES_MAX, isControl, parseClose } from "./frame_rules.ts";
import { Gathering } from "./gathering.ts";
import { excess, violation } from "./protocol_error.ts";
import { decodeUtf8, Utf8Check } from "./utf8.ts";

/**
 * Receives what a {@linkcode Decoder} reads, in the order of the wire.
 *
 * Bytes passed in may be a view of the chunk given to {@linkcode Decoder.write}: they stay true for
 * as long as the caller leaves that chunk alone, so copy them to keep them longer. A handler may
 * call {@linkcode Decoder.stop}. What a handler throws stops the decoder and leaves `write`.
 */
export interface DecoderHandler {
  /** A whole text message; a byte order mark at its beginning is part of it. */
  text(text: string): void;
  /** A whole binary message. */
  binary(bytes: Uint8Array): void;
  /** A ping, to be answered by a pong with the same payload (RFC 6455 §5.5.2). */
  ping(payload: Uint8Array): void;
  /** A pong. */
  pong(payload: Uint8Array): void;
  /** A close frame; nothing comes after it. The code is 1005 when the frame had none (§7.1.5). */
  close(code: number, reason: string): void;
}

/** What a {@linkcode Decoder} accepts at most; all are inclusive, and more is refused with 1009. */
export interface DecoderLimits {
  /** Bytes of payload of a data frame, by its declared length. */
  readonly frameBytesMax: number;
  /** Bytes of payload of a message, by the declared lengths of its frames. */
  readonly messageBytesMax: number;
  /** Frames of a message, its first included: many empty ones cost work, yet no bytes. */
  readonly fragmentsMax: number;
}

/** Limits for a decoder that is given none: 1 MiB a frame and message, 1024 fragments. */
export const DECODER_LIMITS: DecoderLimits = {
  frameBytesMax: 1_048_576,
  messageBytesMax: 1_048_576,
  fragmentsMax: 1024,
};

/**
 * Decodes the frames of one direction of one connection.
 *
 * Memory grows with the bytes that really came, not with declared lengths: at most twice the
 * unfinished message, nothing between messages. A message that lies in one frame in one chunk is
 * decoded from the chunk without a copy.
 *
 * @example A client's greeting in two pieces
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Decoder } from "./decoder.ts";
 *
 * const texts: string[] = [];
 * const ignore = () => {};
 * const decoder = new Decoder("server", {
 *   text: (text) => texts.push(text),
 *   binary: ignore,
 *   ping: ignore,
 *   pong: ignore,
 *   close: ignore,
 * });
 * decoder.write(Uint8Array.fromHex("818537fa21"));
 * decoder.write(Uint8Array.fromHex("3d7f9f4d5158"));
 * assertEquals(texts, ["Hello"]);
 * ```
 */
export class Decoder {
  readonly #role: "server" | "client";
  readonly #handler: DecoderHandler;
  readonly #limits: DecoderLimits;
  #state: "header" | "message" | "control" | "stopped" = "header";
  #writing = false;
  #isYielding = false;

  /** The beginning of a header that a chunk ended in. */
  #headerPart: Gathering | undefined;

  // The frame being read.
  #opcode = 0;
  #fin = false;
  #mask: number | undefined;
  #bytesLeft = 0;
  #controlPart: Gathering | undefined;

  // The message being read, between whose frames control frames may come (RFC 6455 §5.4).
  #messageOpcode: number | undefined;
  #messageBytes = 0;
  #fragments = 0;
  #messagePart: Gathering | undefined;
  #utf8: Utf8Check | undefined;

  /**
   * Makes a decoder for a new connection, after its handshake.
   *
   * @param role Who reads: a server requires masked frames, a client unmasked ones (RFC 6455 §5.1).
   * @param handler Receives what is read.
   * @param limits What to accept at most; one object may serve all connections.
   */
  constructor(
    role: "server" | "client",
    handler: DecoderHandler,
    limits: DecoderLimits = DECODER_LIMITS,
  ) {
    this.#role = role;
    this.#handler = handler;
    this.#limits = limits;
  }

  /**
   * Takes the next bytes of the connection. After an error, a close frame or
   * {@linkcode Decoder.stop} they are ignored (RFC 6455 §1.4, §7.1.7).
   *
   * @param chunk Bytes received, at any split. Masked payloads are **unmasked in place**; the
   * decoder keeps no reference.
   * @returns How many were read: all, unless a handler called {@linkcode Decoder.yield}.
   * @throws {ProtocolError} If the peer broke RFC 6455 or a limit; frames before that one have been
   * handed over.
   * @throws {Error} If called from a handler of this decoder: those bytes would overtake the rest
   * of the chunk.
   */
  write(chunk: Uint8Array): number {
    if (this.#writing) throw new Error("Cannot write to the decoder from one of its handlers");
    this.#writing = true;
    this.#isYielding = false;
    try {
      let at = 0;
      while (at < chunk.length && this.#state !== "stopped" && !this.#isYielding) {
        if (this.#state === "header") at = this.#readHeader(chunk, at);
        else if (this.#state === "message") at = this.#readMessage(chunk, at);
        else at = this.#readControl(chunk, at);
      }
      return this.#state === "stopped" ? chunk.length : at;
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      this.#writing = false;
    }
  }

  /**
   * Lets {@linkcode Decoder.write} return after the frame at hand, so that a handler is not overrun by a chunk
   * of many. The caller keeps the rest of the chunk, and writes it later.
   */
  yield(): void {
    this.#isYielding = true;
  }

  /** Ends decoding: buffers are let go, and whatever is still to come is ignored. */
  stop(): void {
    this.#state = "stopped";
    this.#headerPart = this.#controlPart = undefined;
    this.#messagePart = this.#utf8 = undefined;
  }

  // Each state's method takes bytes of the chunk from `at` and returns where it stopped.

  #readHeader(chunk: Uint8Array, at: number): number {
    let header: FrameHeader | undefined;
    if (this.#headerPart === undefined) {
      header = parseFrameHeader(chunk, at);
      if (header === undefined) {
        this.#headerPart = new Gathering();
        this.#headerPart.append(chunk.subarray(at), HEADER_BYTES_MAX);
        return chunk.length;
      }
      at += header.headerBytes;
    } else {
      const before = this.#headerPart.length;
      const piece = chunk.subarray(at, at + HEADER_BYTES_MAX - before);
      header = parseFrameHeader(this.#headerPart.append(piece, HEADER_BYTES_MAX));
      if (header === undefined) return at + piece.length;
      this.#headerPart = undefined;
      at += header.headerBytes - before;
    }
    this.#checkHeader(header);
    this.#opcode = header.opcode;
    this.#fin = header.fin;
    this.#mask = header.mask;
    this.#bytesLeft = header.length;

    // Go on at once: the payload may be empty, and then no byte of it will call.
    if (isControl(header.opcode)) {
      this.#state = "control";
      return this.#readControl(chunk, at);
    }
    if (header.opcode !== OPCODE.Continuation) this.#messageOpcode = header.opcode;
    this.#messageBytes += header.length;
    this.#fragments++;
    this.#state = "message";
    return this.#readMessage(chunk, at);
  }

  #checkHeader(header: FrameHeader): void {
    checkFrame(header, this.#role);
    const { opcode, length } = header;
    if (isControl(opcode)) return;
    if (opcode === OPCODE.Continuation) { // §5.4
      if (this.#messageOpcode === undefined) throw violation("there is no message to continue");
    } else if (this.#messageOpcode !== undefined) {
      throw violation("a message begins inside another");
    }
    const { frameBytesMax, messageBytesMax, fragmentsMax } = this.#limits;
    if (length > frameBytesMax) {
      throw excess(`frame has ${length} bytes, at most ${frameBytesMax} are allowed`);
    }
    if (this.#messageBytes + length > messageBytesMax) {
      throw excess(`message has more than ${messageBytesMax} bytes`);
    }
    if (this.#fragments >= fragmentsMax) {
      throw excess(`message has more than ${fragmentsMax} fragments`);
    }
  }

  #readMessage(chunk: Uint8Array, at: number): number {
    const piece = this.#takePayload(chunk, at);
    const isFrameEnd = this.#bytesLeft === 0;
    if (!isFrameEnd || !this.#fin) {
      this.#keep(piece);
      if (isFrameEnd) this.#state = "header";
      return at + piece.length;
    }
    const payload = this.#messagePart?.append(piece, this.#messageBytes) ?? piece;
    const isText = this.#messageOpcode === OPCODE.Text;
    this.#state = "header";
    this.#messageOpcode = undefined;
    this.#messageBytes = 0;
    this.#fragments = 0;
    this.#messagePart = undefined;
    this.#utf8 = undefined;
    if (isText) this.#handler.text(decodeUtf8(payload));
    else this.#handler.binary(payload);
    return at + piece.length;
  }

  /** Keeps a piece of an unfinished message, and checks whether it can be text (RFC 6455 §8.1). */
  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    if (this.#messageOpcode === OPCODE.Text) {
      this.#utf8 ??= new Utf8Check();
      this.#utf8.take(piece);
    }
    this.#messagePart ??= new Gathering();
    this.#messagePart.append(piece, this.#fin ? this.#messageBytes : Infinity);
  }

  #readControl(chunk: Uint8Array, at: number): number {
    const piece = this.#takePayload(chunk, at);
    const next = at + piece.length;
    if (this.#bytesLeft > 0) {
      this.#controlPart ??= new Gathering();
      this.#controlPart.append(piece, CONTROL_BYTES_MAX);
      return next;
    }
    const payload = this.#controlPart?.append(piece, CONTROL_BYTES_MAX) ?? piece;
    this.#controlPart = undefined;
    this.#state = "header";
    if (this.#opcode === OPCODE.Ping) this.#handler.ping(payload);
    else if (this.#opcode === OPCODE.Pong) this.#handler.pong(payload);
    else {
      const { code, reason } = parseClose(payload);
      this.stop();
      this.#handler.close(code, reason);
    }
    return next;
  }

  /** Takes what the chunk has of the frame's payload, unmasked. */
  #takePayload(chunk: Uint8Array, at: number): Uint8Array {
    const end = Math.min(at + this.#bytesLeft, chunk.length);
    this.#bytesLeft -= end - at;
    if (this.#mask !== undefined) this.#mask = applyMask(chunk, this.#mask, at, end);
    return chunk.subarray(at, end);
  }
}
