/**
 * What a plain socket is sent: the others' messages from joining on, in order, without holes.
 *
 * @module
 */

import { isGone, type Stream, type StreamContext } from "./stream.ts";
import type { TrueChannel, TrueEntry } from "./truth.ts";

/** A plain socket's stream. */
export class PlainStream implements Stream {
  readonly #context: StreamContext;
  readonly #said = new Set<string>();
  readonly #room: string;
  #timeline: number;
  #hasBegun = false;
  /** Everything up to here has been sent, or was there before the reader. */
  #offset = 0;
  /** The reader began no later than here: when exactly it is not told. */
  #beginsUntil = 0;

  /** @param context What is known. */
  constructor(context: StreamContext) {
    this.#context = context;
    this.#room = context.facts.rooms[0]!;
    this.#timeline = context.truth.timeline;
    this.observe(false);
  }

  /**
   * Notes where the room stands while the reader joins, and has just joined.
   *
   * @param isReading Whether it has.
   */
  observe(isReading: boolean): void {
    if (this.#hasBegun) return;
    const { entries, doubtfulAfter } = this.#channel;
    this.#beginsUntil = entries.length;
    if (isReading) this.#hasBegun = true;
    else this.#offset = Math.min(doubtfulAfter ?? Infinity, entries.length);
  }

  /** The user says something on this very socket. */
  say(body: string): void {
    this.#said.add(body);
  }

  sent(text: string): void {
    const { trace } = this.#context;
    this.observe(true);
    const message: unknown = JSON.parse(text);
    const keys = Object.keys(message as object).join();
    if (keys !== "sender,msg") trace.fail("plain readers get sender and msg", text);
    const { sender, msg } = message as { sender: string; msg: string };
    const { entries } = this.#channel;
    this.#restart();
    const entry = entries.findLast((entry) => entry.body === msg && entry.sender === sender) ??
      trace.fail("nothing is delivered before it is committed", text);
    if (this.#isOwn(entry)) trace.fail("a plain sender never hears itself", text);
    if (isGone(this.#context.truth, this.#channel, entry)) {
      trace.fail("a deleted body is not told", text);
    }
    if (entry.offset <= this.#offset) {
      trace.fail("nothing comes twice", `${this.#room} ${entry.offset} after ${this.#offset}`);
    }
    this.#skipTo(entry.offset);
    this.#offset = entry.offset;
  }

  get isBehind(): boolean {
    return this.#channel.entries.slice(this.#offset).some((entry) =>
      entry.kind === "message" && !this.#isOwn(entry)
    );
  }

  atRest(): void {
    this.#restart();
    this.#skipTo(this.#channel.entries.length + 1);
  }

  /** Nothing that lies before an offset may be missing. */
  #skipTo(offset: number): void {
    const { entries } = this.#channel;
    for (let at = Math.max(this.#offset, this.#beginsUntil) + 1; at < offset; at++) {
      const skipped = entries[at - 1]!;
      if (skipped.kind !== "message" || skipped.deletedAt !== undefined) continue;
      if (!this.#isOwn(skipped)) {
        this.#context.trace.fail("plain readers miss nothing", `${this.#room} ${at}`);
      }
    }
    this.#beginsUntil = 0;
    this.#offset = offset - 1;
  }

  /** After a loss of the store's tail a plain reader goes on at whatever head there is. */
  #restart(): void {
    const { timeline } = this.#context.truth;
    if (timeline === this.#timeline) return;
    this.#timeline = timeline;
    this.#offset = 0;
    this.#beginsUntil = this.#channel.entries.length;
  }

  #isOwn({ author, body }: TrueEntry): boolean {
    return author === this.#context.facts.author || this.#said.has(body);
  }

  get #channel(): TrueChannel {
    return this.#context.truth.channel(this.#room);
  }
}
