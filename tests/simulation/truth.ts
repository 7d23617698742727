/**
 * The truth: what the store has really committed, written down beside it, entry by entry.
 *
 * @module
 */

import { REF_KNOWN_MS_MIN } from "../../lib/limits.ts";
import type { Draft } from "../../lib/log/log.ts";
import type { Addressed, Expiry, Outcome, Store } from "../../lib/log/store.ts";
import type { Position } from "../../lib/protocol/position.ts";
import type { Trace } from "./trace.ts";

/** An entry that has been committed. */
export interface TrueEntry extends Draft {
  readonly offset: number;
  /** When it was committed, in turns of the simulation. */
  readonly committedAt: number;
  /** When its body was deleted, in turns of the simulation. */
  deletedAt: number | undefined;
}

/** A channel as it is stored. */
export interface TrueChannel {
  readonly name: string;
  readonly entries: TrueEntry[];
  /** The offset of the oldest entry that is retained. */
  first: number;
  /** From here on the log may not know what was stored: a commit failed only on its way back. */
  doubtfulAfter: number | undefined;
  /** When the log was last in doubt, in turns of the simulation. */
  doubtfulUntil: number;
}

interface Epoch {
  readonly id: string;
  /** Where each channel stood when the epoch ended; `undefined`: it has not. */
  ends: ReadonlyMap<string, number> | undefined;
}

/** The truth of some earlier moment. */
export interface TruthCopy {
  readonly channels: readonly TrueChannel[];
  readonly epochs: readonly Epoch[];
}

/** All channels, and the epochs in which they were written. */
export class Truth {
  readonly #trace: Trace;
  readonly #channels = new Map<string, TrueChannel>();
  #epochs: Epoch[] = [];
  /** Rises when an older copy of the store takes its place, and something is lost. */
  timeline = 0;
  /** Turns of the simulation so far. */
  turn = 0;
  #restoredAt = -Infinity;
  #isRestored = false;

  /** @param trace Where violations go. */
  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** The epoch of now. */
  get epoch(): string {
    return this.#epochs.at(-1)!.id;
  }

  /** All channels. */
  get channels(): Iterable<TrueChannel> {
    return this.#channels.values();
  }

  /** A channel; one that nobody has written to is empty. */
  channel(name: string): TrueChannel {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { name, entries: [], first: 1, doubtfulAfter: undefined, doubtfulUntil: -Infinity };
      this.#channels.set(name, channel);
    }
    return channel;
  }

  /** A store has been opened: it must hold exactly what was committed. */
  opened(store: Store): void {
    const last = this.#epochs.at(-1);
    if (last?.id === store.epoch) {
      // It goes on: the older copy was none, if there was one.
      last.ends = undefined;
    } else {
      if (last !== undefined) last.ends ??= this.#heads();
      this.#epochs.push({ id: store.epoch, ends: undefined });
      if (this.#isRestored) this.timeline++;
    }
    this.#isRestored = false;
    this.compare(store);
  }

  /** A transaction has been committed. */
  committed(drafts: readonly Addressed[], outcomes: readonly Outcome[], isKnown: boolean): void {
    for (const [index, outcome] of outcomes.entries()) {
      const { channel: name, draft } = drafts[index]!;
      const channel = this.channel(name);
      if (!isKnown) channel.doubtfulAfter ??= channel.entries.length;
      if (outcome.type === "stored") this.#stored(channel, draft, outcome);
    }
  }

  #stored(
    channel: TrueChannel,
    draft: Draft,
    { entry: { offset }, first }: Extract<Outcome, { type: "stored" }>,
  ): void {
    const { name, entries } = channel;
    if (offset !== entries.length + 1) {
      this.#trace.fail("offsets have no holes", `${name}: ${offset} after ${entries.length}`);
    }
    // No client says the same text twice; only the directory does, in channels of its own.
    const twin = /^[~!]/.test(name)
      ? undefined
      : draft.kind === "deletion"
      ? entries.find(({ author, ref }) =>
        ref !== undefined && ref === draft.ref && author === draft.author
      )
      : entries.find(({ body }) => body === draft.body);
    if (twin && (twin.offset >= channel.first || draft.at - twin.at < REF_KNOWN_MS_MIN)) {
      this.#trace.fail("nothing is stored twice", `${name}: ${twin.offset} again as ${offset}`);
    }
    entries.push({ ...draft, offset, committedAt: this.turn, deletedAt: undefined });
    channel.first = first;
    const target = draft.kind === "deletion" ? entries[draft.target! - 1] : undefined;
    if (target?.kind !== "message") return;
    if (target.author !== draft.author) {
      this.#trace.fail("people delete their own messages", `${name} ${target.offset}`);
    }
    target.deletedAt ??= this.turn;
  }

  /** Retention has moved on. */
  expired({ moved }: Expiry): void {
    if (moved !== undefined) this.channel(moved.channel).first = moved.first;
  }

  /** The log is in order again: it knows all that was stored. */
  cleared(): void {
    for (const channel of this.#channels.values()) {
      if (channel.doubtfulAfter === undefined) continue;
      channel.doubtfulAfter = undefined;
      channel.doubtfulUntil = this.turn;
    }
  }

  /** Whether what was about to be told of a history that was lost may still be on its way. */
  get mayTellOfLost(): boolean {
    return this.turn - this.#restoredAt <= 2;
  }

  /** Whether there is an entry that an answer must know which has been on its way for a turn or two. */
  mustKnow({ entries, doubtfulAfter, doubtfulUntil }: TrueChannel, offset: number): boolean {
    const entry = entries[offset - 1];
    if (entry === undefined || doubtfulAfter !== undefined) return false;
    return this.turn - Math.max(entry.committedAt, doubtfulUntil) > 2;
  }

  /** Whether a position means something in this history, and all after it is retained. */
  canResume(name: string, { epoch: id, offset }: Position): boolean {
    const epoch = this.#epochs.find((epoch) => epoch.id === id);
    if (epoch === undefined) return false;
    const { entries, first, doubtfulAfter } = this.channel(name);
    const end = epoch.ends === undefined ? entries.length : epoch.ends.get(name) ?? 0;
    // What went out of retention with a commit in doubt the log finds out later, and says with a `gap`.
    return offset <= end && (offset >= first - 1 || doubtfulAfter !== undefined);
  }

  /** A copy, for {@linkcode Truth.restore}. */
  copy(): TruthCopy {
    const heads = this.#heads();
    return {
      channels: [...this.#channels.values()].map(cloned),
      epochs: this.#epochs.map(({ id, ends }) => ({ id, ends: ends ?? heads })),
    };
  }

  /** An older copy of the store takes its place. */
  restore(copy: TruthCopy): void {
    this.#isRestored = true;
    this.#restoredAt = this.turn;
    this.#channels.clear();
    for (const channel of copy.channels) this.#channels.set(channel.name, cloned(channel));
    this.#epochs = copy.epochs.map((epoch) => ({ ...epoch }));
  }

  #heads(): ReadonlyMap<string, number> {
    return new Map([...this.#channels].map(([name, { entries }]) => [name, entries.length]));
  }

  /** Compares what is stored with what was committed. */
  compare(store: Store): void {
    for (const { name, entries, first } of this.#channels.values()) {
      const stored = store.channel(name);
      if (stored.head !== entries.length || stored.first !== first) {
        const [is, should] = [`${stored.first}–${stored.head}`, `${first}–${entries.length}`];
        this.#trace.fail("what is committed is stored", `${name} holds ${is}, not ${should}`);
      }
      for (let after = first - 1; after < stored.head;) {
        const page = store.read(name, after, 1000, Infinity);
        if (page.length === 0) {
          this.#trace.fail("what is committed is stored", `${name} lacks ${after + 1}`);
        }
        for (const { offset, id, author, body, kind } of page) {
          const entry = entries[after++];
          const text = entry?.deletedAt === undefined ? entry?.body : "";
          if (
            entry?.offset !== offset || entry.id !== id || entry.author !== author ||
            entry.kind !== kind || text !== body
          ) {
            this.#trace.fail("what is committed is stored", `${name} has another ${offset}`);
          }
        }
      }
    }
  }
}

function cloned(channel: TrueChannel): TrueChannel {
  return {
    ...channel,
    doubtfulAfter: undefined,
    entries: channel.entries.map((entry) => ({ ...entry })),
  };
}
