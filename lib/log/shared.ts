/**
 * The log of several processes: rings in memory, which what the store tells keeps up to date, over a store behind a
 * network. What was told in vain is found by comparing heads.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { COMPARE_CHANNELS, COMPARE_MS, RETENTION_MS, RETENTION_STEP_MS } from "../limits.ts";
import { Batcher } from "./batcher.ts";
import {
  type Appended,
  type Channel,
  type Draft,
  type ListedChannel,
  type Log,
  type MessageQuery,
  type Place,
  type Toll,
  UnavailableError,
} from "./log.ts";
import { isStorable, wellFormed } from "./draft.ts";
import { Gathered } from "./gathered.ts";
import type {
  Charged,
  Known,
  Publication,
  RemoteOutcome,
  RemoteStore,
  RemoteStoreUser,
} from "./remote_store.ts";
import { search } from "./search.ts";
import type { SharedChannel } from "./shared_channel.ts";
import { SharedChannels } from "./shared_channels.ts";
import { createEntry } from "./rows.ts";
import { LogTally } from "./tally.ts";
import { Watch } from "./watched_channel.ts";

/** What the log is opened with. */
export interface SharedLogOptions {
  /** Where the entries are. */
  readonly store: RemoteStore;
  /** Time. */
  readonly clock: Clock;
  /** Is given what a watcher threw: a defect of whoever watches. The other watchers were told nevertheless. */
  readonly onError?: (error: unknown) => void;
}

/** A log over a store that others append to as well. */
export class SharedLog implements Log, RemoteStoreUser {
  readonly #options: SharedLogOptions;
  /** What has happened since the start. */
  readonly tally: LogTally = new LogTally();
  readonly #batcher: Batcher;
  readonly #questions: Gathered<SharedChannel>;
  readonly #channels: SharedChannels;
  readonly #timers = new Map<string, () => void>();
  #isAvailable = false;
  #closed: Promise<void> | undefined;

  /**
   * Opens the log; it is available once the store is in reach.
   *
   * @param options The store.
   */
  constructor(options: SharedLogOptions) {
    this.#options = options;
    const { store, clock } = options;
    this.#batcher = new Batcher({
      clock,
      tally: this.tally,
      send: (batch, channels) =>
        store.isUp
          ? store.append(batch, this.#knownOf(channels))
          : Promise.reject(new UnavailableError("The store is out of reach")),
      onOutcome: (entry, outcome) => this.#take(entry, outcome),
      onSettled: (channels, isKnown) => this.#settled(channels, isKnown),
    });
    this.#channels = new SharedChannels({
      store,
      clock,
      isInDoubt: (name) => this.#batcher.isInDoubt(name),
      refresh: (channel) => void this.#refresh(channel).catch(() => {}),
      onError: (error) => options.onError?.(error),
    });
    this.#questions = new Gathered(clock, (channels) => this.#ask(channels));
    store.listen(this);
    this.#schedule("compare", COMPARE_MS, this.#compare);
    this.#schedule("retention", RETENTION_MS, this.#expire);
  }

  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** Channels in memory, and bytes of all entries there, at two a UTF-16 code unit. */
  get stats(): { readonly channels: number; readonly bytes: number } {
    return { channels: this.#channels.size, bytes: this.#channels.budget.bytes };
  }

  append(channel: string, draft: Draft, toll?: Toll): Promise<Appended> {
    if (!isStorable(draft)) {
      return Promise.reject(new RangeError("A time or a target is no whole number"));
    }
    return this.#batcher.append(channel, wellFormed(draft), toll);
  }

  async watch(name: string, onChange: () => void): Promise<Channel> {
    this.#checkOpen();
    const channel = this.#channels.open(name);
    channel.comers++;
    try {
      await (channel.isOpen ? this.#refresh(channel) : channel.opened);
      this.#checkOpen();
      channel.isWatched = true;
      return new Watch(channel.watched, {
        onChange,
        readStore: (after, limit) => channel.read(after, limit),
        refresh: () => this.#refresh(channel),
        onLast: () => {
          channel.isWatched = false;
          this.#channels.closeUnused(channel);
        },
      });
    } finally {
      channel.comers--;
      this.#channels.closeUnused(channel);
    }
  }

  async find(query: MessageQuery, limit: number): Promise<readonly Place[]> {
    this.#checkOpen();
    const { store, clock } = this.#options;
    return await search(query, (query) => store.find(query, limit), clock);
  }

  async channels(after: string, limit: number, except: string): Promise<readonly ListedChannel[]> {
    this.#checkOpen();
    return await this.#options.store.list(after, limit, except);
  }

  /** Resolves when all that was appended so far is no longer under way. */
  settled(): Promise<void> {
    return this.#batcher.settledSoFar();
  }

  close(): Promise<void> {
    return this.#closed ??= this.#finish();
  }

  async #finish(): Promise<void> {
    await this.#batcher.close();
    // Whoever waits for the last commit is told first.
    await new Promise<void>((resolve) => this.#options.clock.soon(resolve));
    for (const cancel of this.#timers.values()) cancel();
    this.#channels.close();
    this.#isAvailable = false;
  }

  published(name: string, publication: Publication): void {
    const channel = this.#channels.get(name);
    if (channel === undefined || this.#channels.isClosed) return;
    // Its answer is about to come, and its appends are to resolve first.
    const { ownSeq } = publication;
    if (channel.isOpen && ownSeq !== undefined && ownSeq === this.#batcher.seq) return;
    channel.published(publication);
    this.#channels.budget.fit();
  }

  async up(): Promise<void> {
    if (this.#closed !== undefined) return;
    await this.#ask(this.#channels.all());
    this.#isAvailable = true;
    this.#options.clock.soon(() => this.#batcher.wake());
  }

  down(): void {
    if (this.#isAvailable) this.tally.failures++;
    this.#isAvailable = false;
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new UnavailableError("The log is closed");
  }

  /** What is known of channels, for the store to compare. */
  #knownOf(names: Iterable<string>): Known[] {
    const { epoch } = this.#options.store.history;
    return [...names].map((name) => {
      const channel = this.#channels.get(name);
      const isKnown = channel?.isOpen === true && channel.watched.epoch === epoch;
      return { name, head: isKnown ? channel.watched.head : 0 };
    });
  }

  #take({ channel: name, draft }: Charged, outcome: RemoteOutcome): void {
    const channel = this.#channels.get(name);
    if (channel?.isOpen !== true) return;
    if (outcome.type === "stored") {
      channel.offer([createEntry(outcome.offset, draft)], outcome.first);
    } else if (outcome.type === "duplicate" && outcome.offset > channel.watched.head) {
      channel.isDoubtful = true;
    }
  }

  #settled(names: ReadonlySet<string>, isKnown: boolean): void {
    for (const name of names) {
      const channel = this.#channels.get(name);
      if (channel === undefined) continue;
      if (!isKnown) channel.isDoubtful = true;
      channel.settled();
    }
    this.#channels.budget.fit();
  }

  /** Brings a channel's state to now. */
  async #refresh(channel: SharedChannel): Promise<void> {
    await this.#questions.ask(channel);
    while (this.#batcher.isInDoubt(channel.name)) {
      await this.#batcher.settled;
      await this.#questions.ask(channel);
    }
  }

  async #ask(channels: readonly SharedChannel[]): Promise<void> {
    this.#checkOpen();
    const { store } = this.#options;
    const open = channels.filter(({ isOpen, name }) => isOpen && this.#channels.get(name));
    for (let at = 0; at < open.length; at += COMPARE_CHANNELS) {
      const some = open.slice(at, at + COMPARE_CHANNELS);
      const states = await store.channels(this.#knownOf(some.map(({ name }) => name)));
      await Promise.all(states.map((state, index) => some[index]!.stands(state)));
    }
  }

  readonly #compare = async (): Promise<void> => {
    try {
      if (this.#options.store.isUp) await this.#ask(this.#channels.all());
    } catch {
      // The store will be up again.
    }
    this.#schedule("compare", COMPARE_MS, this.#compare);
  };

  readonly #expire = async (): Promise<void> => {
    const { store } = this.#options;
    const found = store.isUp && await store.expire().catch(() => false);
    this.#schedule("retention", found ? RETENTION_STEP_MS : RETENTION_MS, this.#expire);
  };

  #schedule(name: string, ms: number, run: () => Promise<void>): void {
    if (this.#closed === undefined) {
      this.#timers.set(name, this.#options.clock.after(ms, () => void run()));
    }
  }
}
