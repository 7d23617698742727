/**
 * The local log: rings in memory over a store on disk. All appends of one turn of the event loop are one
 * transaction; what a transaction that failed would have added is never seen.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { PAGE_BYTES_MAX, RINGS_TOTAL_BYTES_MAX } from "../limits.ts";
import {
  type Appended,
  type Channel,
  type Draft,
  type Entry,
  type ListedChannel,
  type Log,
  type MessageQuery,
  type Place,
  RefConflictError,
  UnavailableError,
} from "./log.ts";
import { isStorable, wellFormed } from "./draft.ts";
import { RingBudget } from "./ring.ts";
import { search } from "./search.ts";
import { openSqliteStore } from "./sqlite.ts";
import type { Addressed, OpenStore, Outcome, StoreOptions } from "./store.ts";
import { StoreKeeper } from "./store_keeper.ts";
import { LogTally } from "./tally.ts";
import { Watch, WatchedChannel } from "./watched_channel.ts";

/** What the local log is opened with. */
export interface LocalLogOptions extends Omit<StoreOptions, "now"> {
  /** Time. */
  readonly clock: Clock;
  /** Is told what an operator should know. */
  readonly report?: (event: LocalLogEvent) => void;
  /** Opens the store; tests and simulations put their own around SQLite's. */
  readonly openStore?: OpenStore;
}

/** What an operator should know. */
export type LocalLogEvent =
  /** The store failed: said once, until it works again. */
  | { readonly type: "store_failed"; readonly error: unknown }
  /** It works again. */
  | { readonly type: "store_recovered" }
  /** It was opened anew, and holds less than it had acknowledged. */
  | { readonly type: "epoch_changed"; readonly epoch: string }
  /** A watcher threw: a defect of whoever watches. The other watchers were told nevertheless. */
  | { readonly type: "watcher_threw"; readonly error: unknown };

/** What the local log holds in memory. */
export interface LocalLogStats {
  /** Channels that are being watched. */
  readonly channels: number;
  /** Bytes of all entries in memory, at two a UTF-16 code unit. */
  readonly bytes: number;
}

interface Pending extends Addressed {
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Opens the local log.
 *
 * @param options The store, and time.
 * @throws {StoreError} If the store cannot be opened: in use, newer, no database, no permission.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { systemClock } from "../system_clock.ts";
 * import { openLocalLog } from "./local.ts";
 *
 * const log = openLocalLog({
 *   database: ":memory:",
 *   durability: "process",
 *   historyMessagesMax: 100_000,
 *   historyDays: 365,
 *   clock: systemClock,
 *   randomId: () => crypto.randomUUID(),
 * });
 * const { offset } = await log.append("lobby", {
 *   kind: "message",
 *   id: "m1",
 *   author: "alice's key",
 *   sender: "Alice",
 *   at: Date.now(),
 *   body: "hi",
 * });
 * assertEquals(offset, 1);
 * await log.close();
 * ```
 */
export function openLocalLog(options: LocalLogOptions): LocalLog {
  return new LocalLog(options);
}

/** The log of a single process. See {@linkcode openLocalLog}. */
export class LocalLog implements Log {
  /** What has happened since the start. */
  readonly tally: LogTally = new LogTally();
  readonly #options: LocalLogOptions;
  readonly #keeper: StoreKeeper;
  readonly #budget = new RingBudget(RINGS_TOTAL_BYTES_MAX);
  readonly #channels = new Map<string, WatchedChannel>();
  /** Whose watchers have to be told. */
  readonly #changed = new Set<WatchedChannel>();
  /** Of which it is not known what the last append did. */
  readonly #doubtful = new Set<WatchedChannel>();
  #pending: Pending[] = [];
  #closed: Promise<void> | undefined;

  /**
   * Opens the log.
   *
   * @param options See {@linkcode openLocalLog}.
   * @throws {StoreError} If the store cannot be opened.
   */
  constructor(options: LocalLogOptions) {
    this.#options = options;
    const { clock } = options;
    this.#keeper = new StoreKeeper({
      store: { ...options, now: () => clock.wallNow() },
      clock,
      openStore: options.openStore ?? openSqliteStore,
      tally: this.tally,
      onFailed: (error) => options.report?.({ type: "store_failed", error }),
      onReopened: (isNewEpoch) => this.#reopened(isNewEpoch),
      onRecovered: () => this.#recovered(),
      onMoved: (name, first) => this.#channels.get(name)?.retain(first),
    });
  }

  get isAvailable(): boolean {
    return this.#keeper.isAvailable;
  }

  /** What is held in memory. */
  get stats(): LocalLogStats {
    return { channels: this.#channels.size, bytes: this.#budget.bytes };
  }

  append(channel: string, draft: Draft): Promise<Appended> {
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    if (this.#closed !== undefined) reject(new UnavailableError("The log is closed"));
    else if (!isStorable(draft)) reject(new RangeError("A time or a target is no whole number"));
    else if (this.#pending.push({ channel, draft: wellFormed(draft), resolve, reject }) === 1) {
      this.#options.clock.soon(this.#commit);
    }
    return promise;
  }

  // deno-lint-ignore require-await -- what it throws is to reject
  async watch(name: string, onChange: () => void): Promise<Channel> {
    if (this.#closed !== undefined) throw new UnavailableError("The log is closed");
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      const stored = this.#keeper.use((store) => store.channel(name));
      channel = new WatchedChannel(name, this.#budget, this.#keeper.store, stored);
      this.#channels.set(name, channel);
    }
    const watched = channel;
    return new Watch(watched, {
      onChange,
      readStore: (after, limit) => ({
        entries: this.#readStore(watched, after, limit),
        head: watched.head,
      }),
      // Nobody else appends: what is not known has not been committed, or is being found out already.
      refresh: () => Promise.resolve(),
      onLast: () => this.#forget(watched),
    });
  }

  find(query: MessageQuery, limit: number): Promise<readonly Place[]> {
    const step = (query: MessageQuery) => this.#keeper.use((store) => store.find(query, limit));
    return search(query, step, this.#options.clock);
  }

  // deno-lint-ignore require-await -- what it throws is to reject
  async channels(after: string, limit: number, except: string): Promise<readonly ListedChannel[]> {
    return this.#keeper.use((store) => store.channels(after, limit, except));
  }

  /** Resolves when it is known of all that was appended so far what became of it. */
  async settled(): Promise<void> {
    // Behind the commit.
    await new Promise<void>((resolve) => this.#options.clock.soon(resolve));
  }

  close(): Promise<void> {
    return this.#closed ??= this.#finish();
  }

  async #finish(): Promise<void> {
    this.#commit();
    // Whoever waits for the last commit is told first.
    await this.settled();
    this.#keeper.close();
  }

  readonly #commit = (): void => {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    let outcomes;
    try {
      outcomes = this.#keeper.append(pending);
    } catch (error) {
      for (const { channel: name, reject } of pending) {
        const channel = this.#channels.get(name);
        if (channel !== undefined) this.#doubtful.add(channel);
        reject(error as UnavailableError);
      }
      return;
    }
    for (const [index, outcome] of outcomes.entries()) this.#take(pending[index]!, outcome);
    this.#budget.fit();
    this.#tellSoon();
  };

  /** Makes known what became of an append: first in memory, then to its caller. */
  #take({ channel: name, resolve, reject }: Pending, outcome: Outcome): void {
    const channel = this.#channels.get(name);
    switch (outcome.type) {
      case "conflict":
        return reject(new RefConflictError(`The ref stands for something else in ${name}`));
      case "duplicate": {
        const { offset, id, at } = outcome;
        // A commit that failed only on its way back to us has stored the first one.
        if (channel !== undefined && offset > channel.head) this.#refresh(channel);
        return resolve({ offset, id, at, duplicate: true });
      }
      case "stored": {
        const { entry: { offset, id, at }, first } = outcome;
        if (channel !== undefined && offset > channel.head) {
          if (channel.take(outcome.entry, first)) this.#changed.add(channel);
          else this.#refresh(channel);
        }
        return resolve({ offset, id, at, duplicate: false });
      }
    }
  }

  #reopened(isNewEpoch: boolean): void {
    for (const channel of this.#channels.values()) this.#refresh(channel);
    this.#tellSoon();
    if (isNewEpoch) {
      this.#options.report?.({ type: "epoch_changed", epoch: this.#keeper.store.epoch });
    }
  }

  #recovered(): void {
    for (const channel of this.#doubtful) this.#refresh(channel);
    this.#tellSoon();
    this.#options.report?.({ type: "store_recovered" });
  }

  /** Takes over what the store says of a channel; where it says nothing, that is left for later. */
  #refresh(channel: WatchedChannel): void {
    this.#doubtful.add(channel);
    try {
      const stored = this.#keeper.use((store) => store.channel(channel.name));
      if (channel.refresh(this.#keeper.store, stored)) this.#changed.add(channel);
      this.#doubtful.delete(channel);
    } catch {
      // Out of reach again.
    }
  }

  #readStore(channel: WatchedChannel, after: number, limit: number): readonly Entry[] {
    if (this.#doubtful.has(channel)) {
      this.#refresh(channel);
      this.#tellSoon();
    }
    if (this.#doubtful.has(channel)) throw new UnavailableError("The store is out of reach");
    return this.#keeper.use((store) => store.read(channel.name, after, limit, PAGE_BYTES_MAX));
  }

  #forget(channel: WatchedChannel): void {
    this.#channels.delete(channel.name);
    this.#doubtful.delete(channel);
  }

  #tellSoon(): void {
    if (this.#changed.size === 0) return;
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#options.clock.soon(() => {
      for (const channel of changed) {
        channel.tell((error) => this.#options.report?.({ type: "watcher_threw", error }));
      }
    });
  }
}
