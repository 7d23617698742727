/**
 * A channel that somebody watches: its state, its ring, and who is told when it changes.
 *
 * @module
 */

import { PAGE_BYTES_MAX } from "../limits.ts";
import { type Channel, type Entry, UnavailableError } from "./log.ts";
import { Ring, type RingBudget } from "./ring.ts";
import type { EpochStart, Store, StoredChannel } from "./store.ts";

/** What all watches of one channel share. */
export class WatchedChannel {
  /** The channel's name. */
  readonly name: string;
  readonly #ring: Ring;
  readonly #budget: RingBudget;
  readonly #watches = new Set<Watch>();
  #store: Store;
  #first: number;
  #starts: EpochStart[];

  /**
   * Starts without any entry in memory.
   *
   * @param name The channel's name.
   * @param budget The bound of all rings.
   * @param store Where it is stored.
   * @param stored What is stored of it.
   */
  constructor(name: string, budget: RingBudget, store: Store, stored: StoredChannel) {
    this.name = name;
    this.#budget = budget;
    this.#store = store;
    this.#ring = new Ring(budget, stored.head);
    this.#first = stored.first;
    this.#starts = [...stored.starts];
  }

  /** See {@linkcode Channel.epoch}. */
  get epoch(): string {
    return this.#store.epoch;
  }

  /** See {@linkcode Channel.head}. */
  get head(): number {
    return this.#ring.head;
  }

  /** See {@linkcode Channel.first}. */
  get first(): number {
    return this.#first;
  }

  /** See {@linkcode Channel.recent}. */
  recent(after: number, limit: number): readonly Entry[] | undefined {
    return this.#ring.after(after, limit);
  }

  /**
   * A page of entries, from memory or from the store.
   *
   * @param after The offset before the first one that is wanted.
   * @param limit How many at most.
   * @param readStore Reads the store; may throw.
   */
  page(
    after: number,
    limit: number,
    readStore: (after: number, limit: number) => readonly Entry[],
  ): readonly Entry[] {
    const from = Math.max(after, this.#first - 1);
    const recent = this.#ring.after(from, limit);
    if (recent !== undefined) return shorten(recent);
    const entries = readStore(from, limit);
    this.#ring.prepend(entries);
    this.#budget.fit();
    return entries;
  }

  /** See {@linkcode Channel.canResume}. */
  canResume(epoch: string, offset: number): boolean {
    const ordinal = this.#store.ordinal(epoch);
    if (ordinal === undefined || !Number.isInteger(offset)) return false;
    const next = this.#starts.find((start) => start.ordinal > ordinal);
    const end = next === undefined ? this.head : next.offset - 1;
    return offset >= this.#first - 1 && offset <= end;
  }

  /**
   * Takes a new entry.
   *
   * @param entry The entry, as it is stored now.
   * @param first Where the retained entries begin now.
   * @returns Whether it follows the head; if not, nothing was taken.
   */
  take(entry: Entry, first: number): boolean {
    if (entry.offset !== this.head + 1) return false;
    this.#ring.push(entry);
    if (entry.kind === "deletion" && entry.target !== undefined) this.#ring.erase(entry.target);
    const ordinal = this.#store.ordinal(this.#store.epoch)!;
    if (this.#starts.at(-1)?.ordinal !== ordinal) {
      this.#starts.push({ ordinal, offset: entry.offset });
    }
    this.retain(first);
    return true;
  }

  /**
   * Lets go of what is not retained any more.
   *
   * @param first Where the retained entries begin now.
   */
  retain(first: number): void {
    this.#first = Math.max(this.#first, first);
    this.#ring.trim(this.#first);
  }

  /**
   * Takes over what the store says after a failure.
   *
   * @param store The store, perhaps opened anew.
   * @param stored What is stored of the channel.
   * @returns Whether anything is different now.
   */
  refresh(store: Store, stored: StoredChannel): boolean {
    const isSame = store.epoch === this.epoch && stored.head === this.head;
    this.#store = store;
    this.#first = stored.first;
    this.#starts = [...stored.starts];
    if (!isSame) this.#ring.reset(stored.head);
    return !isSame;
  }

  /**
   * Adds a watch.
   *
   * @param watch One more.
   */
  add(watch: Watch): void {
    this.#watches.add(watch);
  }

  /**
   * Ends a watch. The last one's end gives the memory back.
   *
   * @param watch The watch.
   * @returns Whether it was the last one.
   */
  remove(watch: Watch): boolean {
    this.#watches.delete(watch);
    if (this.#watches.size > 0) return false;
    this.#ring.reset(this.head);
    return true;
  }

  /**
   * Tells all who watch.
   *
   * @param onThrow Is given what one of them threw.
   */
  tell(onThrow: (error: unknown) => void): void {
    for (const watch of [...this.#watches]) {
      try {
        watch.tell();
      } catch (error) {
        onThrow(error);
      }
    }
  }
}

/** What a watch is made of. */
export interface WatchOptions {
  /** Is called after a change. */
  readonly onChange: () => void;
  /** Reads the channel from the store. */
  readonly readStore: (after: number, limit: number) => readonly Entry[];
  /** Is called when this was the last watch of its channel. */
  readonly onLast: () => void;
}

/** One watch of a channel. */
export class Watch implements Channel {
  readonly #channel: WatchedChannel;
  readonly #options: WatchOptions;
  #isClosed = false;

  /**
   * Begins to watch.
   *
   * @param channel What it shares with the other watches.
   * @param options What is its own.
   */
  constructor(channel: WatchedChannel, options: WatchOptions) {
    this.#channel = channel;
    this.#options = options;
    channel.add(this);
  }

  get name(): string {
    return this.#channel.name;
  }

  get epoch(): string {
    return this.#channel.epoch;
  }

  get head(): number {
    return this.#channel.head;
  }

  get first(): number {
    return this.#channel.first;
  }

  recent(after: number, limit: number): readonly Entry[] | undefined {
    return this.#isClosed ? undefined : this.#channel.recent(after, limit);
  }

  // deno-lint-ignore require-await -- what it throws is to reject
  async read(after: number, limit: number): Promise<readonly Entry[]> {
    if (this.#isClosed) throw new UnavailableError("The channel is not watched any more");
    return this.#channel.page(after, limit, this.#options.readStore);
  }

  canResume(epoch: string, offset: number): boolean {
    return this.#channel.canResume(epoch, offset);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#channel.remove(this)) this.#options.onLast();
  }

  /** Tells whoever watches. */
  tell(): void {
    if (!this.#isClosed) this.#options.onChange();
  }
}

/** Ends a page of entries where their bodies have become too long. */
function shorten(entries: readonly Entry[]): readonly Entry[] {
  let chars = 0;
  const end = entries.findIndex(({ body }, index) =>
    (chars += body.length) > PAGE_BYTES_MAX && index > 0
  );
  return end < 0 ? entries : entries.slice(0, end);
}
