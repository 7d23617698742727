/**
 * What comes from one peer, a few messages a turn of the event loop.
 *
 * @module
 */

import type { Socket } from "node:net";
import { MESSAGE_FRAGMENTS_MAX, READ_MESSAGES_MAX, READ_PINGS_MAX } from "../limits.ts";
import { Decoder, type DecoderHandler } from "../websocket/decoder.ts";
import { ProtocolError } from "../websocket/protocol_error.ts";
import { joinBytes } from "./shared_frames.ts";

/** Where it goes. */
export interface IncomingSink {
  /** A whole message. */
  message(message: string | Uint8Array<ArrayBuffer>): void;
  /** The peer asks for a pong. The bytes are true for the moment only. */
  pinged(payload: Uint8Array): void;
  /** The peer's close frame. */
  closeReceived(code: number): void;
  /** The peer broke RFC 6455 or a limit. */
  violated(error: ProtocolError): void;
  /** Something else was thrown. */
  failed(error: unknown): void;
  /** There is more to read in the next turn, by {@linkcode Incoming.readOn}. */
  later(): void;
}

/**
 * Reads frames.
 *
 * Of a chunk with many messages or pings a few are read, and the rest is left to the next turn, while the socket is
 * paused. So what commands have set going is under way when the next ones come, and a peer that sends
 * thousands at once does not hold up the others.
 */
export class Incoming implements DecoderHandler {
  readonly #socket: Socket;
  readonly #sink: IncomingSink;
  readonly #decoder: Decoder;
  /** What has been received, and not looked at yet. */
  #rest: Uint8Array | undefined;
  #messagesRead = 0;
  #pingsRead = 0;
  #isStopped = false;

  /**
   * Makes one for a socket that has been upgraded.
   *
   * @param socket The socket.
   * @param sink Where it goes.
   * @param messageBytesMax Bytes that a message may have.
   */
  constructor(socket: Socket, sink: IncomingSink, messageBytesMax: number) {
    this.#socket = socket;
    this.#sink = sink;
    this.#decoder = new Decoder("server", this, {
      frameBytesMax: messageBytesMax,
      messageBytesMax,
      fragmentsMax: MESSAGE_FRAGMENTS_MAX,
    });
  }

  /** Bytes have come. */
  received(chunk: Uint8Array): void {
    if (this.#isStopped) return;
    if (this.#rest !== undefined) this.#rest = joinBytes([this.#rest, chunk]);
    else this.#read(chunk);
  }

  /** Goes on with the rest of a chunk. */
  readOn(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#read(rest);
    if (this.#rest === undefined) this.#socket.resume();
  }

  /** Nothing more is of interest. It is received all the same, or the end behind it would not be seen. */
  stop(): void {
    this.#isStopped = true;
    this.#rest = undefined;
    this.#decoder.stop();
    this.#socket.resume();
  }

  #read(chunk: Uint8Array): void {
    try {
      this.#messagesRead = this.#pingsRead = 0;
      const read = this.#decoder.write(chunk);
      if (read === chunk.length || this.#isStopped) return;
      this.#rest = chunk.subarray(read);
      this.#socket.pause();
      this.#sink.later();
    } catch (error) {
      if (error instanceof ProtocolError) this.#sink.violated(error);
      else this.#sink.failed(error);
    }
  }

  #countMessage(): void {
    if (++this.#messagesRead >= READ_MESSAGES_MAX) this.#decoder.yield();
  }

  text(text: string): void {
    this.#countMessage();
    this.#sink.message(text);
  }

  binary(bytes: Uint8Array): void {
    this.#countMessage();
    // The chunk that it is a view of belongs to the runtime.
    this.#sink.message(new Uint8Array(bytes));
  }

  ping(payload: Uint8Array): void {
    if (++this.#pingsRead >= READ_PINGS_MAX) this.#decoder.yield();
    this.#sink.pinged(payload);
  }

  pong(): void {}

  close(code: number): void {
    this.#sink.closeReceived(code);
  }
}
