/**
 * Many WebSocket clients in one thread, reading by headers only.
 *
 * @module
 */

import { createMask, encodeFrame, OPCODE } from "../../lib/websocket/frame.ts";
import {
  checkHandshakeResponse,
  createKey,
  encodeHandshakeRequest,
  parseResponseHead,
  type ResponseHead,
} from "../../lib/websocket/handshake.ts";
import type { Request } from "./conversation.ts";
import { connectTo, Poller, receiveNow, sendNow } from "./libc.ts";
import { FRAME_BYTES_MAX, walkFrames } from "./walker.ts";

/** Most bytes that one read takes. */
const READ_BYTES_MAX = 256 * 1024;

const decoder = new TextDecoder();

/**
 * Told of each text.
 *
 * @param client The number of the client that received it.
 * @param bytes A buffer that is overwritten after the call.
 * @param start Where in it the text begins.
 * @param end Where it ends, exclusive.
 */
export type OnText = (client: number, bytes: Uint8Array, start: number, end: number) => void;

/** A handshake under way. */
interface Handshake {
  readonly client: number;
  readonly key: string;
  readonly subprotocols: readonly string[];
  head?: ResponseHead | undefined;
}

/** The clients of a run, numbered from 0 in the order in which they connected. */
export class Crowd {
  readonly #onText: OnText;
  readonly #poller = new Poller();
  readonly #descriptors: number[] = [];
  readonly #handshakes = new Map<number, Handshake>();
  /** What each client has of an incomplete frame. */
  readonly #left: (Uint8Array | undefined)[] = [];
  /** One buffer for all: an incomplete frame is put right before the place to read into. */
  readonly #bytes = new Uint8Array(FRAME_BYTES_MAX + READ_BYTES_MAX);
  readonly #target = this.#bytes.subarray(FRAME_BYTES_MAX);
  #current = 0;

  /**
   * Makes a crowd of nobody.
   *
   * @param onText Told of each text that a client receives.
   */
  constructor(onText: OnText) {
    this.#onText = onText;
  }

  /** How many clients have begun to connect. */
  get size(): number {
    return this.#descriptors.length;
  }

  /** Handshakes under way. */
  get opening(): number {
    return this.#handshakes.size;
  }

  /**
   * Connects one more client, and asks for the upgrade.
   *
   * @param port Where the server listens on this machine.
   * @param request What it asks for.
   * @throws {Error} If the connection is refused.
   */
  begin(port: number, { path, subprotocols = [] }: Request): void {
    const client = this.size;
    const descriptor = connectTo(port);
    this.#descriptors.push(descriptor);
    this.#left.push(undefined);
    const key = createKey();
    this.#handshakes.set(client, { client, key, subprotocols });
    const host = `127.0.0.1:${port}`;
    this.#write(client, encodeHandshakeRequest({ path, host, key, subprotocols }));
    this.#poller.add(descriptor, client);
  }

  /**
   * Looks at the answers to handshakes that have come.
   *
   * @returns The clients whose handshakes are done.
   * @throws {Error} If one was refused.
   */
  async finish(): Promise<number[]> {
    const answered = [...this.#handshakes.values()].filter(({ head }) => head !== undefined);
    for (const { client, key, subprotocols, head } of answered) {
      const fault = await checkHandshakeResponse(head!, key, subprotocols);
      if (fault !== undefined) throw new Error(`The handshake of client ${client}: ${fault}`);
      this.#handshakes.delete(client);
    }
    return answered.map(({ client }) => client);
  }

  /**
   * Sends a text.
   *
   * @param client Who.
   * @param text What.
   * @throws {Error} If it can't be written at once: the server does not read, or is gone.
   */
  send(client: number, text: string): void {
    this.#write(client, encodeFrame({ opcode: OPCODE.Text, payload: text, mask: createMask() }));
  }

  /**
   * Waits for bytes and handles what has come.
   *
   * @param timeoutMs The longest wait, in whole milliseconds; 0 only looks.
   * @throws {Error} If a connection ended or the server sent what it must not.
   */
  poll(timeoutMs: number): void {
    this.#poller.wait(timeoutMs, this.#onReadable);
  }

  #write(client: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (sendNow(this.#descriptors[client]!, bytes)) return;
    throw new Error(`The server does not read from client ${client}, or has dropped it`);
  }

  readonly #onReadable = (client: number): void => {
    const count = receiveNow(this.#descriptors[client]!, this.#target);
    if (count === 0) throw new Error(`The server ended the connection of client ${client}`);
    const to = FRAME_BYTES_MAX + count;
    let from = FRAME_BYTES_MAX;
    const left = this.#left[client];
    if (left !== undefined) {
      from -= left.length;
      this.#bytes.set(left, from);
      this.#left[client] = undefined;
    }
    if (this.#handshakes.size > 0) {
      const handshake = this.#handshakes.get(client);
      if (handshake !== undefined && handshake.head === undefined) {
        handshake.head = parseResponseHead(this.#bytes.subarray(from, to));
        if (handshake.head === undefined) {
          this.#left[client] = this.#bytes.slice(from, to);
          return;
        }
        from += handshake.head.headBytes;
      }
    }
    this.#current = client;
    const at = walkFrames(this.#bytes, from, to, this.#onFrame);
    if (at < to) this.#left[client] = this.#bytes.slice(at, to);
  };

  readonly #onFrame = (first: number, start: number, end: number): void => {
    // A whole text without reserved bits; nothing here negotiates extensions or sends fragments.
    if (first === 0x81) this.#onText(this.#current, this.#bytes, start, end);
    else this.#onOther(this.#current, first, this.#bytes.slice(start, end));
  };

  #onOther(client: number, first: number, payload: Uint8Array): void {
    if (first === (0x80 | OPCODE.Ping)) {
      this.#write(client, encodeFrame({ opcode: OPCODE.Pong, payload, mask: createMask() }));
    } else if (first === (0x80 | OPCODE.Close)) {
      const code = payload.length < 2 ? "no code" : payload[0]! << 8 | payload[1]!;
      const reason = decoder.decode(payload.subarray(2));
      throw new Error(`The server closed client ${client}: ${code} ${reason}`.trim());
    } else if (first !== (0x80 | OPCODE.Pong)) {
      throw new Error(`Client ${client} got a frame that begins with 0x${first.toString(16)}`);
    }
  }
}
