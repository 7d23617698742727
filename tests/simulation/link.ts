/**
 * The network: one socket between a client and the server, with bytes in buffers, cut anywhere.
 *
 * @module
 */

import type { Connection, ConnectionHandler } from "../../lib/transport/connection.ts";

/** Bytes of a frame's header. */
const HEADER_BYTES = 4;

/** The server's last word. */
export interface CloseFrame {
  readonly code: number;
  readonly reason: string;
}

interface Frame {
  readonly content: string | CloseFrame;
  /** The number of the byte after its last one. */
  readonly end: number;
}

const encoder = new TextEncoder();

/**
 * A socket. What the server sends goes from its buffer onto the wire and from there to the client, both as
 * the simulation says; a frame arrives when its last byte does. What the client says waits on the wire
 * until the server hears it. When the wire is cut, the client knows at once, the server later.
 */
export class Link implements Connection {
  /** A number for the trace. */
  readonly id: number;
  readonly #onSend: (text: string) => void;
  #handler: ConnectionHandler | undefined;
  #isOpen = true;
  readonly #down: Frame[] = [];
  readonly #up: string[] = [];
  #sentBytes = 0;
  #leftBytes = 0;
  #arrivedBytes = 0;
  /** The largest single message that held entries. */
  entriesBytesMax = 0;
  /** The largest one that held none. */
  eventsBytesMax = 0;
  /** How the server closed it. */
  closed: CloseFrame | undefined;
  /** The wire is cut. */
  isCut = false;

  /**
   * @param id A number for the trace.
   * @param onSend Is given what the server sends, when it sends it.
   */
  constructor(id: number, onSend: (text: string) => void) {
    this.id = id;
    this.#onSend = onSend;
  }

  /** Whether the server holds it for open. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get unsentBytes(): number {
    return this.#isOpen ? this.#sentBytes - this.#leftBytes : 0;
  }

  /** Bytes that have left the server. */
  get leftBytes(): number {
    return this.#leftBytes;
  }

  /** Bytes that the client has not got yet. */
  get pendingBytes(): number {
    return this.#sentBytes - this.#arrivedBytes;
  }

  /** Messages of the client that the server has not heard yet. */
  get unheard(): number {
    return this.#isOpen ? this.#up.length : 0;
  }

  send(message: string | Uint8Array): void {
    if (!this.#isOpen) return;
    if (typeof message !== "string") throw new TypeError("The chat sends texts");
    const { length } = encoder.encode(message);
    // Within a body every quotation mark is escaped.
    const hasEntries = /^\{|"type":"(?:message|deletion)"/.test(message);
    if (hasEntries) this.entriesBytesMax = Math.max(this.entriesBytesMax, length);
    else this.eventsBytesMax = Math.max(this.eventsBytesMax, length);
    this.#push(message, length);
    this.#onSend(message);
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.closed = { code, reason };
    this.#push(this.closed, 2 + reason.length);
    this.#leave();
  }

  /**
   * Opens the server's end.
   *
   * @param open What the server does with it.
   * @returns What the server hears it with.
   */
  open(open: (connection: Connection) => ConnectionHandler): ConnectionHandler {
    const handler = open(this);
    if (this.#isOpen) this.#handler = handler;
    else handler.closed();
    return handler;
  }

  /** The client says something. */
  say(message: string): void {
    if (!this.isCut) this.#up.push(message);
  }

  /** The server hears the next message. */
  hear(): void {
    const message = this.#up.shift();
    if (message !== undefined && this.#isOpen) this.#handler?.message(message);
  }

  /**
   * Bytes leave the server's buffer.
   *
   * @param bytes How many at most.
   */
  drain(bytes: number): void {
    if (!this.isCut) this.#leftBytes = Math.min(this.#sentBytes, this.#leftBytes + bytes);
  }

  /**
   * Bytes reach the client.
   *
   * @param bytes How many at most.
   * @returns The frames that are complete with them.
   */
  arrive(bytes: number): (string | CloseFrame)[] {
    if (this.isCut) return [];
    this.#arrivedBytes = Math.min(this.#leftBytes, this.#arrivedBytes + bytes);
    let count = 0;
    while (count < this.#down.length && this.#down[count]!.end <= this.#arrivedBytes) count++;
    return this.#down.splice(0, count).map(({ content }) => content);
  }

  /** Cuts the wire. The server may still hear what is on it. */
  cut(): void {
    this.isCut = true;
  }

  /** The server notices that the client has gone; what was on the wire is lost. */
  notice(): void {
    if (this.#isOpen) this.#leave();
  }

  /** The server has died: nobody is told. */
  abandon(): void {
    this.#isOpen = false;
    this.#handler = undefined;
    this.isCut = true;
  }

  #push(content: string | CloseFrame, bytes: number): void {
    this.#sentBytes += bytes + HEADER_BYTES;
    this.#down.push({ content, end: this.#sentBytes });
  }

  #leave(): void {
    this.#isOpen = false;
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed();
  }
}
