/**
 * One socket of the transport `frames`: RFC 6455 by hand, behind {@linkcode Connection}.
 *
 * @module
 */

import type { Socket } from "node:net";
import { CLOSE_SECONDS_MAX, PONG_UNSENT_BYTES_MAX } from "../limits.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import type { ProtocolError } from "../websocket/protocol_error.ts";
import { encodeCloseFrame, encodeFrame, OPCODE } from "../websocket/frame.ts";
import type { Traffic } from "../traffic.ts";
import type { Connection, ConnectionHandler, UpgradeOptions } from "./connection.ts";
import { Incoming, type IncomingSink } from "./incoming.ts";
import { SendQueue } from "./send_queue.ts";
import { type SharedFrames, whole } from "./shared_frames.ts";
import { listenToData, listenToEnd, type SocketOwner, tellDrained } from "./socket_listeners.ts";

/** What a {@linkcode FramesConnection} shares with the others of its server. */
export interface FramesHost {
  /** Encodes what is sent. */
  readonly frames: SharedFrames;
  /** What goes to clients and comes from them. */
  readonly traffic: Traffic;
  /** Seconds of silence before a ping; after as long again without a sign of life, 4003. */
  readonly pingSeconds: number;
  /** Whether messages are ignored, since all sockets are about to be closed. */
  readonly isDeaf: boolean;
  /** A connection has something to write at the end of this turn. */
  mark(connection: FramesConnection): void;
  /** A connection has something to read in the next turn. */
  later(connection: FramesConnection): void;
  /** A connection is open. @returns Whether it may stay so. */
  opened(connection: FramesConnection): boolean;
  /** A connection is gone. */
  ended(connection: FramesConnection): void;
  /** A handler threw. */
  failed(error: unknown): void;
}

const PING = whole(encodeFrame({ opcode: OPCODE.Ping }));

/** One socket. */
export class FramesConnection implements Connection, IncomingSink, SocketOwner {
  readonly #socket: Socket;
  readonly #host: FramesHost;
  readonly #messageBytesMax: number;
  #open: UpgradeOptions["open"] | undefined;
  readonly #ended: UpgradeOptions["ended"];
  #handler: ConnectionHandler | undefined;
  #state: "opening" | "open" | "closing" | "ended" = "opening";
  /** Made with the first byte: who only reads needs none. */
  #incoming: Incoming | undefined;
  readonly #queue: SendQueue;
  /** The answer to the last ping, where those before it have not gone yet. */
  #pong: Uint8Array<ArrayBuffer> | undefined;
  #isMarked = false;
  /** Whether TCP's direction to the peer ends when everything has been written. */
  #isLast = false;
  #isHeard = false;
  /** Seconds without a sign of life; while closing, without its end. */
  #silentSeconds = 0;
  #unsentBytesBefore = 0;

  /**
   * Makes one of a socket whose request has been checked.
   *
   * @param socket The socket.
   * @param options What to do with it.
   * @param host What it shares.
   */
  constructor(socket: Socket, options: UpgradeOptions, host: FramesHost) {
    this.#socket = socket;
    this.#host = host;
    this.#messageBytesMax = options.messageBytesMax;
    this.#open = options.open;
    this.#ended = options.ended;
    this.#queue = new SendQueue(socket, host.frames, tellDrained);
    listenToEnd(socket, this);
  }

  get unsentBytes(): number {
    return this.#queue.unsentBytes;
  }

  /**
   * Answers the handshake, and opens.
   *
   * @param response The bytes of the answer.
   * @param head What came behind the request in its own packet.
   */
  start(response: Uint8Array<ArrayBuffer>, head: Uint8Array): void {
    if (this.#state === "ended") return; // the peer has left meanwhile
    this.#state = "open";
    this.#write(response);
    const open = this.#open!;
    this.#open = undefined; // and with it the request that it remembers
    if (this.#host.opened(this)) {
      this.#guard(() => this.#handler = open(this));
      // Closed while opening: `close` had no handler to tell yet.
      if (this.#state !== "open") this.#leave();
    }
    this.received(head);
    listenToData(this.#socket);
  }

  send(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#state !== "open") return;
    const frame = this.#host.frames.encode(message);
    this.#host.traffic.sent(frame.end - frame.start);
    this.#queue.add(frame);
    this.#mark();
  }

  sendAll(texts: readonly string[], from: number, to: number): void {
    if (this.#state !== "open") return;
    let bytes = 0;
    for (const frames of this.#host.frames.encodeAll(texts, from, to)) {
      bytes += frames.end - frames.start;
      this.#queue.add(frames);
    }
    this.#host.traffic.sent(bytes, to - from);
    this.#mark();
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#host.traffic.closed(code);
    this.#beginClosing();
    this.#write(encodeCloseFrame(code, reason));
  }

  /** Writes what has gathered. To be called at the end of a turn in which the host was told. */
  flush(): void {
    this.#isMarked = false;
    if (this.#state === "ended") return;
    this.#queue.flush();
    if (!this.#queue.isEmpty) return;
    if (this.#pong !== undefined && this.#queue.unsentBytes === 0) {
      this.#queue.add(whole(this.#pong));
      this.#pong = undefined;
      this.#queue.flush();
    }
    if (this.#isLast && this.#socket.writable) this.#socket.end();
  }

  /** Looks for a sign of life. To be called once a second. */
  tick(): void {
    const { unsentBytes } = this;
    // A peer that takes bytes is alive, though its pong stands behind them.
    const isAlive = this.#isHeard || unsentBytes < this.#unsentBytesBefore;
    this.#isHeard = false;
    this.#unsentBytesBefore = unsentBytes;
    this.#silentSeconds = isAlive && this.#state === "open" ? 0 : this.#silentSeconds + 1;
    const { pingSeconds } = this.#host;
    if (this.#state === "closing") {
      if (this.#silentSeconds >= CLOSE_SECONDS_MAX) this.#socket.destroy();
    } else if (this.#state === "open" && this.#silentSeconds === pingSeconds) {
      this.#queue.add(PING);
      this.#mark();
    } else if (this.#silentSeconds >= 2 * pingSeconds) {
      this.close(CLOSE_CODE.Idle, "no sign of life");
    }
  }

  /** Bytes have come. */
  received(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#host.traffic.bytesReceived += chunk.length;
    this.#isHeard = true;
    if (this.#isLast) return; // nothing more is of interest, but it must be received
    this.#incoming ??= new Incoming(this.#socket, this, this.#messageBytesMax);
    this.#incoming.received(chunk);
  }

  /** There is more to read in the next turn. */
  later(): void {
    this.#host.later(this);
  }

  /** Goes on reading. To be called in the turn after the host was told. */
  readOn(): void {
    if (this.#state === "ended") return;
    this.#isHeard = true;
    this.#incoming?.readOn();
  }

  /** A whole message has come. */
  message(message: string | Uint8Array<ArrayBuffer>): void {
    this.#host.traffic.framesReceived++;
    if (this.#state !== "open" || this.#host.isDeaf) return;
    try {
      this.#handler?.message(message);
    } catch (error) {
      this.failed(error);
    }
  }

  /** The peer asks for a pong. */
  pinged(payload: Uint8Array): void {
    if (this.#state !== "open") return;
    const pong = encodeFrame({ opcode: OPCODE.Pong, payload });
    // RFC 6455, section 5.5.3: of several pings only the last need be answered.
    if (this.#queue.unsentBytes <= PONG_UNSENT_BYTES_MAX) return this.#write(pong);
    this.#pong = pong;
    this.#mark();
  }

  /** The peer's close frame has come: it is answered, unless it is an answer. */
  closeReceived(code: number): void {
    if (this.#state === "open") {
      this.#beginClosing();
      this.#write(encodeCloseFrame(code === CLOSE_CODE.NoStatus ? undefined : code));
    }
    this.#endWhenWritten();
  }

  /** RFC 6455, section 7.1.7: a close frame that says why, and then the end. */
  violated({ closeCode, message }: ProtocolError): void {
    this.close(closeCode, message);
    this.#endWhenWritten();
  }

  /** The peer sends nothing more. */
  endReceived(): void {
    if (this.#state === "opening") return void this.#socket.destroy();
    if (this.#state === "open") this.#beginClosing();
    this.#endWhenWritten();
  }

  /** The socket is gone. */
  ended(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#incoming?.stop();
    this.#leave();
    this.#host.ended(this);
    this.#guard(this.#ended);
  }

  #write(bytes: Uint8Array<ArrayBuffer>): void {
    this.#queue.add(whole(bytes));
    this.#mark();
  }

  #mark(): void {
    if (this.#isMarked) return;
    this.#isMarked = true;
    this.#host.mark(this);
  }

  #beginClosing(): void {
    this.#state = "closing";
    this.#silentSeconds = 0;
    this.#pong = undefined;
    this.#leave();
  }

  #endWhenWritten(): void {
    this.#isLast = true;
    this.#incoming?.stop();
    this.#mark();
  }

  #leave(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#guard(() => handler?.closed());
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.failed(error);
    }
  }

  /** A handler threw. */
  failed(error: unknown): void {
    this.#host.failed(error);
    this.close(CLOSE_CODE.InternalError, "internal error");
  }
}
