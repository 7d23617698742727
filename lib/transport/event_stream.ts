/**
 * Streams of server-sent events (WHATWG HTML, section 9.2) behind {@linkcode Connection}.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { STREAM_COMMENT_MS } from "../limits.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { Traffic } from "../traffic.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";

/** What proxies must see now and then, so that they keep a silent stream open: a comment. */
const COMMENT = new TextEncoder().encode(":\n\n");

const encoder = new TextEncoder();

/** The streams of one server. */
export class EventStreams {
  /** What goes to clients. */
  readonly traffic: Traffic = new Traffic();
  readonly #clock: Clock;
  readonly #streams = new Set<EventStream>();
  #closing: { readonly code: number; readonly reason: string } | undefined;
  #isSweeping = false;

  /**
   * Creates none.
   *
   * @param clock Time.
   */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are open; not those of which only unsent bytes are left. */
  get size(): number {
    return [...this.#streams].filter(({ isOpen }) => isOpen).length;
  }

  /** Opens one. */
  open(): EventStream {
    const stream = new EventStream(this.traffic, () => void this.#streams.delete(stream));
    this.#streams.add(stream);
    if (this.#closing !== undefined) stream.close(this.#closing.code, this.#closing.reason);
    this.#sweepLater();
    return stream;
  }

  /**
   * Ends all, and from now on those that are still to come.
   *
   * @param code Why, as a close code of WebSockets says it.
   * @param reason The same in words.
   */
  closeAll(code: number, reason: string): void {
    this.#closing = { code, reason };
    for (const stream of [...this.#streams]) stream.close(code, reason);
  }

  #sweepLater(): void {
    if (this.#isSweeping || this.#streams.size === 0) return;
    this.#isSweeping = true;
    this.#clock.after(STREAM_COMMENT_MS, () => {
      this.#isSweeping = false;
      for (const stream of [...this.#streams]) stream.look();
      this.#sweepLater();
    });
  }
}

/**
 * A stream of server-sent events to one client.
 *
 * What the client has not taken is kept here and not in the body's own queue, which cannot be emptied.
 */
export class EventStream implements Connection {
  /** What the client is sent. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #traffic: Traffic;
  readonly #onGone: () => void;
  readonly #unsent: Uint8Array<ArrayBuffer>[] = [];
  #unsentBytes = 0;
  #unsentBytesBefore = 0;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Whether the body's reader waits for the next chunk. */
  #isAwaited = false;
  #handler: ConnectionHandler | undefined;
  #isEnded = false;
  #isGone = false;

  /**
   * Opens one.
   *
   * @param traffic What goes out is counted there.
   * @param onGone Is called once, when it has ended and nothing is unsent.
   */
  constructor(traffic: Traffic, onGone: () => void) {
    this.#traffic = traffic;
    this.#onGone = onGone;
    this.body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: () => this.#gone(),
    }, { highWaterMark: 0 });
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Whether anything may still be sent. */
  get isOpen(): boolean {
    return !this.#isEnded;
  }

  /** Sets what is told of the stream's end; at once, where it has ended already. */
  handle(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#isEnded) handler.closed();
  }

  send(text: string | Uint8Array<ArrayBuffer>): void {
    if (this.#isEnded || typeof text !== "string") return;
    const chunk = encoder.encode(text);
    this.#traffic.sent(chunk.length);
    this.#write(chunk);
  }

  /** Tells the client why as an event `close`, and ends the stream. */
  close(code: number, reason: string): void {
    if (this.#isEnded) return;
    this.#traffic.closed(code);
    // Who takes nothing would keep this from going for ever; the id of the last event says what is missing.
    if (code === CLOSE_CODE.TooFarBehind || code === CLOSE_CODE.Idle) this.#forgetUnsent();
    this.send(`event: close\ndata: ${JSON.stringify({ type: "close", code, reason })}\n\n`);
    this.#end();
    this.#completeIfSent();
  }

  /**
   * Sends a comment, unless the client has taken nothing since the last look: then the stream ends, and where it has
   * ended already, what is unsent is given up.
   */
  look(): void {
    const unsentBytes = this.#unsentBytes;
    const isStuck = unsentBytes > 0 && unsentBytes === this.#unsentBytesBefore;
    this.#unsentBytesBefore = unsentBytes;
    if (isStuck && this.#isEnded) {
      this.#forgetUnsent();
      this.#completeIfSent();
    } else if (isStuck) this.close(CLOSE_CODE.Idle, "no sign of life");
    else if (unsentBytes === 0) this.#write(COMMENT);
  }

  #write(chunk: Uint8Array<ArrayBuffer>): void {
    if (!this.#isAwaited) {
      this.#unsent.push(chunk);
      this.#unsentBytes += chunk.length;
      return;
    }
    this.#isAwaited = false;
    this.#controller.enqueue(chunk);
  }

  #pull(): void {
    const chunk = this.#unsent.shift();
    this.#isAwaited = chunk === undefined;
    if (chunk === undefined) return;
    this.#unsentBytes -= chunk.length;
    this.#controller.enqueue(chunk);
    this.#completeIfSent();
  }

  #completeIfSent(): void {
    if (!this.#isEnded || this.#unsent.length > 0) return;
    this.#controller.close();
    this.#gone();
  }

  #forgetUnsent(): void {
    this.#unsent.length = 0;
    this.#unsentBytes = 0;
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#handler?.closed();
  }

  #gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#end();
    this.#onGone();
  }
}
