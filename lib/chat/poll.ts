/**
 * A poll: a session that ends with the first thing that it is told.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { FRAME_CHARS_MAX } from "../limits.ts";
import type { Cursor } from "../protocol/position.ts";
import type { Connection, ConnectionHandler } from "../transport/connection.ts";
import { PollWire } from "./wire.ts";

/** What a poll is answered with. */
export interface PollAnswer {
  /** Where to go on. */
  readonly cursor: string;
  /** Whether there is more already. */
  readonly more: boolean;
  /** The events, as JSON each. */
  readonly events: readonly string[];
}

/** The connection of a poll: gathers what is sent in one turn. */
export class Poll implements Connection {
  /** How its events are encoded. */
  readonly wire: PollWire;
  readonly #clock: Clock;
  readonly #sendBufferBytesMax: number;
  readonly #answered = Promise.withResolvers<void>();
  readonly #events: string[] = [];
  #chars = 0;
  #handler: ConnectionHandler | undefined;

  /**
   * Creates one that has been told nothing.
   *
   * @param clock Time.
   * @param cursor The client's cursor.
   * @param sendBufferBytesMax Unsent bytes above which any connection has to wait.
   */
  constructor(clock: Clock, cursor: Cursor, sendBufferBytesMax: number) {
    this.#clock = clock;
    this.#sendBufferBytesMax = sendBufferBytesMax;
    this.wire = new PollWire(cursor);
  }

  /** One page is enough: then entries have to wait, while events of its session's own still come. */
  get unsentBytes(): number {
    return this.#chars >= FRAME_CHARS_MAX ? this.#sendBufferBytesMax : 0;
  }

  /** The events that it has been told, as JSON each. */
  get events(): readonly string[] {
    return this.#events;
  }

  send(event: string | Uint8Array): void {
    if (typeof event !== "string") return;
    // What else there is comes in the same turn: other rooms, and the rest of a page.
    if (this.#events.length === 0) this.#clock.soon(this.#answered.resolve);
    this.#events.push(event);
    this.#chars += event.length;
  }

  /** Sets what is told of its end. */
  handle(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  close(code: number, reason: string): void {
    this.send(JSON.stringify({ type: "close", code, reason }));
    this.#handler?.closed();
  }

  /**
   * Waits until it has been told something; not at all where it has been.
   *
   * @param ms How long, in milliseconds.
   * @param signal Ends the wait: the client has gone.
   */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(ms, resolve);
    const abort = () => resolve();
    signal.addEventListener("abort", abort, { once: true });
    await Promise.race([promise, this.#answered.promise]);
    signal.removeEventListener("abort", abort);
    cancel();
  }
}
