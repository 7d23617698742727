/**
 * A channel that somebody watches: its state, its ring, and who is told when it changes.
 *
 * @module
 */

import { PAGE_BYTES_MAX } from "../limits.ts";
import { type Channel, type Entry, UnavailableError } from "./log.ts";
import { Ring, type RingBudget, withoutBody } from "./ring.ts";
import type { EpochStart, History, StoredChannel } from "./store.ts";

/** What all watches of one channel share. */
export class WatchedChannel {
  /** The channel's name. */
  readonly name: string;
  readonly #ring: Ring;
  readonly #budget: RingBudget;
  readonly #watches = new Set<Watch>();
  #history: History;
  #first: number;
  #starts: EpochStart[];

  /**
   * Starts without any entry in memory.
   *
   * @param name The channel's name.
   * @param budget The bound of all rings.
   * @param history The epochs of the store.
   * @param stored What is stored of it.
   */
  constructor(name: string, budget: RingBudget, history: History, stored: StoredChannel) {
    this.name = name;
    this.#budget = budget;
    this.#history = history;
    this.#ring = new Ring(budget, stored.head);
    this.#first = stored.first;
    this.#starts = [...stored.starts];
  }

  /** See {@linkcode Channel.epoch}. */
  get epoch(): string {
    return this.#history.epoch;
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
   * @throws {UnavailableError} If the history has become another one meanwhile.
   */
  page(
    after: number,
    limit: number,
    readStore: ReadStore,
  ): readonly Entry[] | Promise<readonly Entry[]> {
    const from = Math.max(after, this.#first - 1);
    const recent = this.#ring.after(from, limit);
    if (recent !== undefined) return shorten(recent);
    const { epoch } = this;
    const take = (page: StoredPage) => {
      if (epoch !== this.epoch) throw new UnavailableError("The history has changed meanwhile");
      return this.#remember(page);
    };
    const page = readStore(from, limit);
    return page instanceof Promise ? page.then(take) : take(page);
  }

  /** What has been deleted since a page was read is not taken into memory with its body. */
  #remember({ entries, head }: StoredPage): readonly Entry[] {
    const known = entries.filter(({ offset }) => offset <= this.head);
    const later = this.#ring.after(head, Infinity);
    if (later === undefined) return known;
    const gone = new Set(
      later.map(({ kind, target }) => kind === "deletion" ? target : undefined),
    );
    const page = known.map((entry) => gone.has(entry.offset) ? withoutBody(entry) : entry);
    this.#ring.prepend(page);
    this.#budget.fit();
    return page;
  }

  /** See {@linkcode Channel.canResume}. */
  canResume(epoch: string, offset: number): boolean {
    const ordinal = this.#history.ordinal(epoch);
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
    const ordinal = this.#history.ordinal(this.epoch)!;
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
   * @param history The epochs of the store, which may have been opened anew.
   * @param stored What is stored of the channel.
   * @returns Whether anything is different now.
   */
  refresh(history: History, stored: StoredChannel): boolean {
    const isSame = history.epoch === this.epoch && stored.head === this.head;
    this.#history = history;
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

/** A page of a store, and the head of its channel when it was read. */
export interface StoredPage {
  /** The entries, oldest first. */
  readonly entries: readonly Entry[];
  /** The offset of the channel's last entry at that moment. */
  readonly head: number;
}

/** Reads a page: entries after an offset, so many at most. */
export type ReadStore = (after: number, limit: number) => StoredPage | Promise<StoredPage>;

/** What a watch is made of. */
export interface WatchOptions {
  /** Is called after a change. */
  readonly onChange: () => void;
  /** Reads the channel from the store. */
  readonly readStore: ReadStore;
  /** Brings the channel's state to now. */
  readonly refresh: () => Promise<void>;
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

  async refresh(): Promise<void> {
    if (this.#isClosed) throw new UnavailableError("The channel is not watched any more");
    await this.#options.refresh();
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

/**
 * Ends a page of entries where their bodies have become too long; never an empty one.
 *
 * @param entries The page.
 */
export function shorten(entries: readonly Entry[]): readonly Entry[] {
  let chars = 0;
  const end = entries.findIndex(({ body }, index) =>
    (chars += body.length) > PAGE_BYTES_MAX && index > 0
  );
  return end < 0 ? entries : entries.slice(0, end);
}
