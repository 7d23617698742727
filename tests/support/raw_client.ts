/**
 * A WebSocket client over plain TCP, made of the project's own RFC 6455 helpers: it can send any bytes,
 * and reads only when it is asked to.
 *
 * @module
 */

import { Decoder } from "../../lib/websocket/decoder.ts";
import {
  createMask,
  encodeCloseFrame,
  encodeFrame,
  type Frame,
  OPCODE,
} from "../../lib/websocket/frame.ts";
import {
  checkHandshakeResponse,
  createKey,
  encodeHandshakeRequest,
  type HandshakeRequest,
  parseResponseHead,
  type ResponseHead,
} from "../../lib/websocket/handshake.ts";
import { within } from "./deadline.ts";

/** What came from the server, as one value to compare with. `end`: the stream's end; `reset`: a broken one. */
export type RawEvent =
  | { type: "text"; text: string }
  | { type: "binary"; bytes: Uint8Array }
  | { type: "ping" | "pong"; payload: Uint8Array }
  | { type: "close"; code: number; reason: string }
  | { type: "end" }
  | { type: "reset" };

const LIMITS = { frameBytesMax: 2 ** 30, messageBytesMax: 2 ** 30, fragmentsMax: 2 ** 20 };

/** An open TCP connection to a server. */
export class RawClient implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(65_536);
  readonly #events: RawEvent[] = [];
  readonly #decoder = new Decoder("client", {
    text: (text) => this.#events.push({ type: "text", text }),
    binary: (bytes) => this.#events.push({ type: "binary", bytes: bytes.slice() }),
    ping: (payload) => this.#events.push({ type: "ping", payload: payload.slice() }),
    pong: (payload) => this.#events.push({ type: "pong", payload: payload.slice() }),
    close: (code, reason) => this.#events.push({ type: "close", code, reason }),
  }, LIMITS);

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Connects without saying anything. */
  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Connects and makes a WebSocket of it; fails the test where the server's answer is not right. */
  static async open(
    port: number,
    path: string,
    request: Partial<HandshakeRequest> = {},
  ): Promise<RawClient> {
    const client = await RawClient.connect(port);
    const key = createKey();
    const head = await client.request({ path, host: `127.0.0.1:${port}`, key, ...request });
    const wrong = await checkHandshakeResponse(head, key, request.subprotocols ?? []);
    if (wrong !== undefined) throw new Error(`Cannot open ${path}: ${wrong}`);
    return client;
  }

  /** Sends a handshake and reads the head of the answer; what follows it is left for {@linkcode next}. */
  async request(request: HandshakeRequest): Promise<ResponseHead> {
    await this.write(encodeHandshakeRequest(request));
    return await this.readHead();
  }

  /** Reads the head of an HTTP response. */
  async readHead(): Promise<ResponseHead> {
    let bytes = new Uint8Array();
    while (true) {
      const read = await within(this.#conn.read(this.#buffer), "a response");
      if (read === null) throw new Error("The connection ended before a response");
      bytes = new Uint8Array([...bytes, ...this.#buffer.subarray(0, read)]);
      const head = parseResponseHead(bytes);
      if (head === undefined) continue;
      if (head.status === 101) this.#decoder.write(bytes.subarray(head.headBytes));
      return head;
    }
  }

  /** Writes bytes as they are; what a server that has closed does not take is no failure. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    } catch (error) {
      const isGone = error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset ||
        error instanceof Deno.errors.ConnectionAborted;
      if (!isGone) throw error;
    }
  }

  /** Sends one masked frame. */
  async send(frame: Frame): Promise<void> {
    await this.write(encodeFrame({ mask: createMask(), ...frame }));
  }

  /** Sends a text message. */
  async sendText(text: string): Promise<void> {
    await this.send({ opcode: OPCODE.Text, payload: text });
  }

  /** Sends a close frame. */
  async sendClose(code?: number, reason?: string): Promise<void> {
    await this.write(encodeCloseFrame(code, reason, createMask()));
  }

  /** The next that came from the server. */
  async next(): Promise<RawEvent> {
    while (this.#events.length === 0) {
      let read: number | null;
      try {
        read = await within(this.#conn.read(this.#buffer), "a frame");
      } catch (error) {
        if (error instanceof Deno.errors.ConnectionReset) return { type: "reset" };
        throw error;
      }
      if (read === null) return { type: "end" };
      this.#decoder.write(this.#buffer.slice(0, read));
    }
    return this.#events.shift()!;
  }

  /** Reads on until the server closes; returns its close frame, or how the stream ended without one. */
  async untilClosed(): Promise<RawEvent> {
    while (true) {
      const event = await this.next();
      if (event.type === "close" || event.type === "end" || event.type === "reset") return event;
    }
  }

  /** Ends the TCP connection, without a closing handshake. */
  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}
