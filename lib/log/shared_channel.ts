/**
 * A channel that others append to as well: puts what is told of it in order, and fills holes from the store.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { BEHIND_HOLE_MAX, HISTORY_PAGE_MAX, HOLE_MS, RING_ENTRIES_MAX } from "../limits.ts";
import { type Entry, UnavailableError } from "./log.ts";
import type { Publication, RemotePage, RemoteStore } from "./remote_store.ts";
import type { RingBudget } from "./ring.ts";
import type { StoredChannel } from "./store.ts";
import { WatchedChannel } from "./watched_channel.ts";

/** What a {@linkcode SharedChannel} is made of. */
export interface SharedChannelOptions {
  /** The channel's name. */
  readonly name: string;
  /** Where it is stored. */
  readonly store: RemoteStore;
  /** Time. */
  readonly clock: Clock;
  /** The bound of all rings. */
  readonly budget: RingBudget;
  /** Whether the store tells of it already. */
  readonly isSubscribed: boolean;
  /** Whether own entries may be stored, though their callers do not know it: until they do, no hole is filled. */
  readonly isInDoubt: () => boolean;
  /** Is called after a change. */
  readonly onChange: () => void;
  /** Has the store asked where the channel stands. */
  readonly refresh: () => void;
}

/** A channel in memory, a moment behind the store. */
export class SharedChannel {
  /** The channel's name. */
  readonly name: string;
  /** Resolves when its state is known. */
  readonly opened: Promise<void>;
  /** Watches that are about to be opened. */
  comers = 0;
  /** Whether somebody watches it. */
  isWatched = false;
  /** Whether it is to be compared with the store as soon as nothing of it is under way. */
  isDoubtful = false;
  /** Whether the store tells of it. */
  isSubscribed: boolean;
  readonly #options: SharedChannelOptions;
  readonly #early = new Map<number, Entry>();
  readonly #pages = new Map<string, Promise<RemotePage>>();
  #backlog: Publication[] = [];
  #watched: WatchedChannel | undefined;
  #filling: Promise<void> | undefined;
  #cancelFill: (() => void) | undefined;
  #isClosed = false;

  /**
   * Begins to open it.
   *
   * @param options What it is made of.
   */
  constructor(options: SharedChannelOptions) {
    this.name = options.name;
    this.#options = options;
    this.isSubscribed = options.isSubscribed;
    this.opened = this.#open();
    this.opened.catch(() => {});
  }

  /** Whether its state is known. */
  get isOpen(): boolean {
    return this.#watched !== undefined;
  }

  /** Its state and ring; only once it is open. */
  get watched(): WatchedChannel {
    return this.#watched!;
  }

  async #open(): Promise<void> {
    const { name, store, budget } = this.#options;
    // In this order: what is appended after the state was read is told.
    if (!this.isSubscribed) await store.watch(name);
    this.isSubscribed = true;
    const [state] = await store.channels([{ name, head: 0 }]);
    this.#watched = new WatchedChannel(name, budget, store.history, state!);
    for (const publication of this.#backlog.splice(0)) this.published(publication);
  }

  /** Ends all that is under way. */
  close(): void {
    this.#isClosed = true;
    this.#cancelFill?.();
    this.#cancelFill = undefined;
  }

  /**
   * The store tells what was appended.
   *
   * @param publication What.
   */
  published(publication: Publication): void {
    if (this.#watched === undefined) return void this.#backlog.push(publication);
    const { epoch, entries, first } = publication;
    if (epoch === this.watched.epoch) this.offer(entries, first);
    else this.#doubt();
  }

  /**
   * Takes entries as far as they follow the head; those behind a hole wait until it is filled.
   *
   * @param entries Entries of the epoch of now, in order.
   * @param first Where the retained entries begin.
   */
  offer(entries: readonly Entry[], first: number): void {
    const { watched } = this;
    if (this.#options.store.history.epoch !== watched.epoch) return this.#doubt();
    const before = watched.head;
    for (const entry of entries) {
      if (entry.offset === watched.head + 1) {
        watched.take(entry, first);
        this.#drain(first);
      } else if (entry.offset > watched.head) this.#early.set(entry.offset, entry);
    }
    watched.retain(Math.min(first, watched.head + 1));
    if (watched.head > before) this.#options.onChange();
    if (this.#early.size === 0) return;
    const waitMs = this.#early.size > BEHIND_HOLE_MAX ? 0 : HOLE_MS;
    this.#cancelFill ??= this.#options.clock.after(waitMs, () => {
      this.#cancelFill = undefined;
      if (this.#early.size > 0) this.#fill().catch(() => {});
    });
  }

  #drain(first: number): void {
    const { watched } = this;
    let entry: Entry | undefined;
    while ((entry = this.#early.get(watched.head + 1)) !== undefined) {
      this.#early.delete(entry.offset);
      watched.take(entry, first);
    }
  }

  /**
   * The store says where the channel stands.
   *
   * @param state Where.
   */
  async stands(state: StoredChannel): Promise<void> {
    const { watched } = this;
    const { history } = this.#options.store;
    if (this.#isClosed) return;
    if (this.#options.isInDoubt()) return void (this.isDoubtful = true);
    const isFar = state.head - watched.head > RING_ENTRIES_MAX;
    if (history.epoch !== watched.epoch || isFar) {
      this.#early.clear();
      if (watched.refresh(history, state)) this.#options.onChange();
    } else if (state.head > watched.head) await this.#fill();
    else watched.retain(Math.min(state.first, watched.head + 1));
  }

  /** Nothing of it is under way any more. */
  settled(): void {
    if (!this.isDoubtful) return;
    this.isDoubtful = false;
    this.#options.refresh();
  }

  #doubt(): void {
    if (this.#options.isInDoubt()) this.isDoubtful = true;
    else this.#options.refresh();
  }

  #fill(): Promise<void> {
    return this.#filling ??= this.#fillNow().finally(() => this.#filling = undefined);
  }

  async #fillNow(): Promise<void> {
    const { name, store } = this.#options;
    while (!this.#isClosed) {
      if (this.#options.isInDoubt()) return void (this.isDoubtful = true);
      const { head } = this.watched;
      const page = await store.read(name, head, HISTORY_PAGE_MAX);
      if (this.#isClosed) return;
      if (page.epoch !== this.watched.epoch) return this.#doubt();
      const isGone = (page.entries[0]?.offset ?? head + 1) !== head + 1;
      // What is not retained any more is not there to fill the hole.
      if (isGone && this.watched.head === head) return await this.#skip();
      this.offer(page.entries, this.watched.first);
      for (const offset of this.#early.keys()) {
        if (offset <= this.watched.head) this.#early.delete(offset);
      }
      if (this.watched.head >= page.head) return;
    }
  }

  async #skip(): Promise<void> {
    const { name, store, onChange } = this.#options;
    const { epoch } = this.watched;
    const [state] = await store.channels([{ name, head: 0 }]);
    if (this.#isClosed || store.history.epoch !== epoch || epoch !== this.watched.epoch) return;
    this.#early.clear();
    if (this.watched.refresh(store.history, state!)) onChange();
  }

  /**
   * Reads a page from the store; many who ask for the same are one question.
   *
   * @param after The offset before the first one that is wanted.
   * @param limit How many at most.
   * @throws {UnavailableError} If the store is out of reach, or has another history by now.
   */
  async read(after: number, limit: number): Promise<RemotePage> {
    if (this.#isClosed) throw new UnavailableError("The log is closed");
    const key = `${after} ${limit}`;
    let asked = this.#pages.get(key);
    if (asked === undefined) {
      asked = this.#options.store.read(this.name, after, limit)
        .finally(() => this.#pages.delete(key));
      this.#pages.set(key, asked);
    }
    const page = await asked;
    if (page.epoch !== this.watched.epoch) {
      this.#doubt();
      throw new UnavailableError("The store has another history by now");
    }
    const begins = page.entries[0]?.offset ?? page.head + 1;
    // Else whoever reads would ask for what is not retained again and again.
    if (begins > after + 1) this.watched.retain(Math.min(begins, this.watched.head + 1));
    if (begins > this.watched.head + 1) await this.#fill();
    return page;
  }
}
