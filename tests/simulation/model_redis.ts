/**
 * A small model of Redis: what the scripts of the log do, in a few lines each, and connections to it that are slow,
 * break, and lose notices. The suite of the log holds it to the real one.
 *
 * @module
 */

import { DAY_MS } from "../../lib/clock.ts";
import { EPOCHS_MAX, REF_KNOWN_MS_MIN } from "../../lib/limits.ts";
import type { Draft, Entry, ListedChannel, MessageQuery } from "../../lib/log/log.ts";
import type {
  Batch,
  Known,
  Publication,
  RemoteOutcome,
  RemotePage,
} from "../../lib/log/remote_store.ts";
import { withoutBody } from "../../lib/log/ring.ts";
import { createEntry, repeatOf } from "../../lib/log/rows.ts";
import type { EpochStart, Found, History, StoredChannel } from "../../lib/log/store.ts";
import { shorten } from "../../lib/log/watched_channel.ts";

/** A channel in the model. */
interface ModelChannel {
  readonly entries: Map<number, Entry>;
  readonly refs: Map<string, number>;
  readonly starts: EpochStart[];
  head: number;
  first: number;
  stored: number;
}

/** All that a Redis holds: what a copy of its file would be. */
export interface ModelData {
  readonly channels: Map<string, ModelChannel>;
  readonly epochs: Map<string, number>;
  readonly batches: Map<string, { readonly seq: number; readonly outcomes: RemoteOutcome[] }>;
  readonly buckets: Map<string, number>;
  life: number | undefined;
  epoch: string;
}

/** The settings of an instance. */
export interface ModelSettings {
  readonly historyMessagesMax: number;
  readonly historyDays: number;
  readonly messagesPerSecond: number;
  readonly messagesBurst: number;
}

/** What the model tells of an append, to all who are subscribed. */
export type Publish = (channel: string, publication: Publication & { readonly by: string }) => void;

/** An empty Redis. */
export function emptyData(): ModelData {
  return {
    channels: new Map(),
    epochs: new Map(),
    batches: new Map(),
    buckets: new Map(),
    life: undefined,
    epoch: "",
  };
}

/** A Redis, over all its lives. */
export class ModelRedis {
  data = emptyData();
  life = 1;
  /** What has come while it stands still; `undefined`: it does not. */
  #waiting: (() => void)[] | undefined;
  readonly #now: () => number;
  readonly #publish: Publish;
  #epochs = 0;

  /**
   * @param now The time in milliseconds.
   * @param publish Is told what is published.
   */
  constructor(now: () => number, publish: Publish) {
    this.#now = now;
    this.#publish = publish;
  }

  /** It stands still: what comes waits. */
  pause(): void {
    this.#waiting ??= [];
  }

  /** It goes on, with what has come meanwhile. */
  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const work of waiting) work();
  }

  /** Does something, now or when it goes on. */
  do(work: () => void): void {
    if (this.#waiting === undefined) work();
    else this.#waiting.push(work);
  }

  /** It ends, and another one begins with what is given. */
  restart(data: ModelData): void {
    this.data = data;
    this.life++;
    this.#waiting = undefined;
  }

  /** The epochs as they stand; another one begins with another life. */
  history(isLost = false): History {
    const { data } = this;
    if (data.life !== this.life || isLost) {
      data.life = this.life;
      data.epoch = `epoch-${++this.#epochs}`;
      data.epochs.set(data.epoch, Math.max(0, ...data.epochs.values()) + 1);
      for (const epoch of data.epochs.keys()) {
        if (data.epochs.size > EPOCHS_MAX) data.epochs.delete(epoch);
      }
    }
    const { epoch, epochs } = data;
    const known = new Map(epochs);
    return { epoch, ordinal: (epoch) => known.get(epoch) };
  }

  append(
    instance: string,
    { seq, entries }: Batch,
    knownEpoch: string,
    known: readonly Known[],
    settings: ModelSettings,
  ): RemoteOutcome[] {
    const last = this.data.batches.get(instance);
    if (last?.seq === seq) return last.outcomes;
    if (last !== undefined && last.seq > seq) throw new Error("LATE");
    const { epoch } = this.#compare(knownEpoch, known);
    const told = new Map<string, Entry[]>();
    const paid = new Map<object, number>();
    const repeats = new Map<string, RemoteOutcome>();
    const outcomes = entries.map(({ channel: name, draft, toll }): RemoteOutcome => {
      const channel = this.#channel(name, settings);
      const repeat = repeats.get(draft.id) ?? this.#repeat(channel, draft);
      if (repeat !== undefined) {
        repeats.set(draft.id, repeat);
        return repeat;
      }
      if (toll !== undefined) {
        if (!paid.has(toll)) paid.set(toll, this.#pay(toll.bucket, settings));
        const retryAfterMs = paid.get(toll)!;
        if (retryAfterMs > 0) return { type: "limited", retryAfterMs };
      }
      const ordinal = this.data.epochs.get(epoch)!;
      if (channel.starts.at(-1)?.ordinal !== ordinal) {
        channel.starts.push({ ordinal, offset: channel.head + 1 });
      }
      const entry = createEntry(++channel.head, draft);
      channel.entries.set(entry.offset, entry);
      if (draft.ref !== undefined) channel.refs.set(`${draft.author}\0${draft.ref}`, entry.offset);
      channel.first = Math.max(channel.first, channel.head - settings.historyMessagesMax + 1);
      const target = entry.kind === "deletion" ? channel.entries.get(entry.target!) : undefined;
      if (target !== undefined) channel.entries.set(target.offset, withoutBody(target));
      told.set(name, [...told.get(name) ?? [], entry]);
      return { type: "stored", offset: entry.offset, first: channel.first };
    });
    this.data.batches.set(instance, { seq, outcomes });
    for (const [name, entries] of told) {
      const { first } = this.data.channels.get(name)!;
      this.#publish(name, { by: instance, ownSeq: seq, epoch, first, entries });
    }
    return outcomes;
  }

  channels(knownEpoch: string, known: readonly Known[], settings: ModelSettings): StoredChannel[] {
    this.#compare(knownEpoch, known);
    return known.map(({ name }) => {
      const { head, first, starts } = this.#channel(name, settings);
      return { head, first, starts: [...starts] };
    });
  }

  read(name: string, after: number, limit: number, settings: ModelSettings): RemotePage {
    const { head, first, entries } = this.#channel(name, settings);
    const from = Math.max(after, first - 1);
    const page = Array.from(
      { length: Math.max(0, Math.min(limit, head - from)) },
      (_, index) => entries.get(from + 1 + index)!,
    );
    return { epoch: this.history().epoch, head, entries: shorten(page) };
  }

  find({ author, copiesOf, after }: MessageQuery, limit: number, settings: ModelSettings): Found {
    const found = [...this.data.channels.keys()].sort().flatMap((name) => {
      const { entries, first } = this.#channel(name, settings);
      return [...entries.values()].filter((entry) =>
        entry.offset >= first && entry.kind === "message" && entry.deleted !== true &&
        (entry.author === author || entry.author.startsWith(`${author}/`)) &&
        (copiesOf === undefined || (entry.with !== undefined && entry.id === copiesOf.id &&
          entry.at === copiesOf.at))
      ).map(({ offset }) => ({ channel: name, offset }));
    });
    const places = found.filter(({ channel, offset }) =>
      after === undefined || channel > after.channel ||
      (channel === after.channel && offset > after.offset)
    ).slice(0, limit);
    const next = places.length === limit ? places.at(-1) : undefined;
    return { places, next };
  }

  list(after: string, limit: number, except: string, settings: ModelSettings): ListedChannel[] {
    const { epoch } = this.history();
    const bytes = (text: string) => new TextEncoder().encode(text).toHex();
    return [...this.data.channels.keys()].filter((name) =>
      bytes(name) > bytes(after) && !except.includes(name[0] ?? "\0")
    ).sort((a, b) => bytes(a) < bytes(b) ? -1 : 1).flatMap((name) => {
      const { head, first } = this.#channel(name, settings);
      return first > head ? [] : [{ name, epoch, head, first }];
    }).slice(0, limit);
  }

  expire(settings: ModelSettings): boolean {
    const known = this.#now() - REF_KNOWN_MS_MIN;
    const retained = Math.min(known, this.#now() - settings.historyDays * DAY_MS);
    let found = false;
    for (const [name, { entries, refs }] of this.data.channels) {
      const channel = this.#channel(name, settings);
      const { first } = channel;
      while (channel.stored <= channel.head) {
        const { at } = entries.get(channel.stored)!;
        if (at >= retained && (at >= known || channel.stored >= channel.first)) break;
        for (const [ref, offset] of refs) if (offset === channel.stored) refs.delete(ref);
        entries.delete(channel.stored++);
        found = true;
      }
      channel.first = Math.max(first, channel.stored);
      if (channel.first === first) continue;
      const { epoch } = this.history();
      this.#publish(name, { by: "", ownSeq: undefined, epoch, first: channel.first, entries: [] });
    }
    return found;
  }

  #compare(knownEpoch: string, known: readonly Known[]): History {
    const isLost = knownEpoch === this.data.epoch &&
      known.some(({ name, head }) => (this.data.channels.get(name)?.head ?? 0) < head);
    return this.history(isLost);
  }

  #channel(name: string, { historyMessagesMax }: ModelSettings): ModelChannel {
    const channel = this.data.channels.get(name) ??
      { entries: new Map(), refs: new Map(), starts: [], head: 0, first: 1, stored: 1 };
    this.data.channels.set(name, channel);
    channel.first = Math.max(channel.first, channel.head - historyMessagesMax + 1);
    return channel;
  }

  #repeat(channel: ModelChannel, draft: Draft): RemoteOutcome | undefined {
    const offset = channel.refs.get(`${draft.author}\0${draft.ref}`);
    const entry = draft.ref === undefined ? undefined : channel.entries.get(offset!);
    if (entry === undefined) return undefined;
    const { kind, id, at, body, to = null, target = null, deleted = false } = entry;
    const row = { offset: entry.offset, id, at, kind, body, recipient: to, target };
    const outcome = repeatOf(draft, { ...row, deleted: Number(deleted) });
    return outcome.type === "stored" ? undefined : outcome;
  }

  #pay(bucket: string, { messagesPerSecond, messagesBurst }: ModelSettings): number {
    if (messagesPerSecond === 0) return 0;
    const interval = 1000 / messagesPerSecond;
    const full = Math.max(this.#now(), this.data.buckets.get(bucket) ?? 0);
    const waitMs = full - this.#now() - interval * (messagesBurst - 1);
    if (waitMs <= 0) this.data.buckets.set(bucket, full + interval);
    return Math.max(0, waitMs);
  }
}
