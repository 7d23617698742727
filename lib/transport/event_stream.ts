/**
 * Streams of server-sent events (WHATWG HTML, section 9.2) behind {@linkcode Connection}.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { STREAM_COMMENT_MS } from "../limits.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";

/** What proxies must see now and then, so that they keep a silent stream open: a comment. */
const COMMENT = new TextEncoder().encode(":\n\n");

const encoder = new TextEncoder();

/** The streams of one server. */
export class EventStreams {
  readonly #clock: Clock;
  readonly #streams = new Set<EventStream>();
  #isSweeping = false;

  /**
   * Creates none.
   *
   * @param clock Time.
   */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens one.
   *
   * @param onEnd Is called once, when it has ended.
   */
  open(onEnd: () => void): EventStream {
    const stream = new EventStream(() => {
      this.#streams.delete(stream);
      onEnd();
    });
    this.#streams.add(stream);
    this.#sweepLater();
    return stream;
  }

  /**
   * Ends all.
   *
   * @param code Why, as a close code of WebSockets says it.
   * @param reason The same in words.
   */
  closeAll(code: number, reason: string): void {
    for (const stream of [...this.#streams]) stream.close(code, reason);
  }

  #sweepLater(): void {
    if (this.#isSweeping || this.#streams.size === 0) return;
    this.#isSweeping = true;
    this.#clock.after(STREAM_COMMENT_MS, () => {
      this.#isSweeping = false;
      for (const stream of [...this.#streams]) stream.keepAlive();
      this.#sweepLater();
    });
  }
}

/** A stream of server-sent events to one client. */
export class EventStream implements Connection {
  /** What the client is sent. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #onEnd: () => void;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #handler: ConnectionHandler | undefined;
  #isEnded = false;
  #unsentBytesBefore = 0;

  /**
   * Opens one.
   *
   * @param onEnd Is called once, when it has ended.
   */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
    this.body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => this.#end(),
    }, { highWaterMark: 0, size: ({ length }) => length });
  }

  get unsentBytes(): number {
    return -(this.#controller.desiredSize ?? 0);
  }

  /** Sets what is told of the stream's end; at once, where it has ended already. */
  handle(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#isEnded) handler.closed();
  }

  send(text: string | Uint8Array<ArrayBuffer>): void {
    if (!this.#isEnded && typeof text === "string") this.#controller.enqueue(encoder.encode(text));
  }

  /** Tells the client why as an event `close`, and ends the stream. */
  close(code: number, reason: string): void {
    if (this.#isEnded) return;
    const event = JSON.stringify({ type: "close", code, reason });
    this.send(`event: close\ndata: ${event}\n\n`);
    this.#controller.close();
    this.#end();
  }

  /** Sends a comment, unless the client has taken nothing since the last one: then the stream ends. */
  keepAlive(): void {
    const { unsentBytes } = this;
    if (unsentBytes > 0 && unsentBytes === this.#unsentBytesBefore) {
      return this.close(CLOSE_CODE.Idle, "no sign of life");
    }
    if (unsentBytes === 0) this.#controller.enqueue(COMMENT);
    this.#unsentBytesBefore = unsentBytes;
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#handler?.closed();
    this.#onEnd();
  }
}
