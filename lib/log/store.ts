/**
 * What the local log keeps its entries in: synchronous, one transaction a call. The log does the rest
 * (batches, memory, watchers, retries), and a simulation puts its own failures around a store.
 *
 * @module
 */

import type { Draft, Entry, ListedChannel, MessageQuery, Place } from "./log.ts";

/** A store that cannot be opened. Its message is one line, for whoever starts the program. */
export class StoreError extends Error {
  /** Always `StoreError`. */
  override readonly name = "StoreError";
}

/** How much a commit waits for: the operating system, or the disk. */
export type Durability = "process" | "disk";

/** What a store is opened with. */
export interface StoreOptions {
  /** Path of the SQLite file, whose directory is made where it is missing; or `:memory:`. */
  readonly database: string;
  /**
   * `process`: what is committed outlives the process, however that dies; the machine's crash may take
   * the last commits, and positions in them are known to be void. `disk`: every commit is synced.
   */
  readonly durability: Durability;
  /** Entries of a channel that are retained. */
  readonly historyMessagesMax: number;
  /** Days for which an entry is retained. */
  readonly historyDays: number;
  /** The time, in milliseconds since 1970. */
  readonly now: () => number;
  /** A new random id for an epoch: 1 to 64 of `A-Z a-z 0-9 _ -`, at least 64 bits of randomness. */
  readonly randomId: () => string;
}

/** How far a store is known to have come: what a store that is opened again must still hold. */
export interface Progress {
  /** Its epoch. */
  readonly epoch: string;
  /** Commits within that epoch. */
  readonly commits: number;
}

/**
 * Opens a store.
 *
 * @param options What to open.
 * @param known How far this process has come with it before. A store that still holds all of that goes
 *   on in the same epoch; else, and without it, a new epoch begins.
 * @throws {StoreError} If it cannot be opened.
 */
export type OpenStore = (options: StoreOptions, known?: Progress) => Store;

/** Where the entries of an epoch begin in a channel. */
export interface EpochStart {
  /** The ordinal of the epoch; later epochs have greater ones. */
  readonly ordinal: number;
  /** The offset of the first entry that was appended in it. */
  readonly offset: number;
}

/** The epochs of a store. */
export interface History {
  /** The epoch of now; of a store, that of its opening. */
  readonly epoch: string;
  /**
   * The ordinal of an epoch; of a store also after it has been closed.
   *
   * @param epoch Any text.
   * @returns `undefined` for an epoch that is not known, or no longer.
   */
  ordinal(epoch: string): number | undefined;
}

/** What is stored of a channel beside its entries. */
export interface StoredChannel {
  /** The offset of the last entry; 0: there is none. */
  readonly head: number;
  /** The offset of the oldest entry that is retained; `head + 1`: none is. */
  readonly first: number;
  /** Where epochs begin, ascending, as far as retained entries are concerned. */
  readonly starts: readonly EpochStart[];
}

/** An entry that is to be appended, and where. */
export interface Addressed {
  /** The channel's name. */
  readonly channel: string;
  /** The entry. */
  readonly draft: Draft;
}

/** What became of one draft. */
export type Outcome =
  /** It was stored. `first` is where the channel's retained entries begin from now on. */
  | { readonly type: "stored"; readonly entry: Entry; readonly first: number }
  /** Its author has stored its `ref` before, as this. */
  | {
    readonly type: "duplicate";
    readonly offset: number;
    readonly id: string;
    readonly at: number;
  }
  /** Its author has stored something else under its `ref`. */
  | { readonly type: "conflict" };

/** What a step of a search found. */
export interface Found {
  /** The messages, in the order of the search. */
  readonly places: readonly Place[];
  /** The place after which the search goes on, whether it was found or passed over; none: it has ended. */
  readonly next: Place | undefined;
}

/** What a step of retention did. */
export interface Expiry {
  /** Whether there was something to delete; then there may be more. */
  readonly found: boolean;
  /** The channel whose retained entries begin later now, if any do. */
  readonly moved: { readonly channel: string; readonly first: number } | undefined;
}

/**
 * A store of entries.
 *
 * Epochs: each opening is one, but for that of a store which this process has had open before and which
 * lost nothing since. A store knows its epochs in their order, and in each channel the offset at which
 * each begins. So it knows for every position of any epoch whether it was part of its own history:
 * entries that only a lost tail, or a later copy of the store, had in that epoch lie behind its end.
 */
export interface Store extends History {
  /** Commits in this epoch. */
  readonly commits: number;
  /** After a failure: whether going on with this store makes sense. If not, it must be opened anew. */
  readonly isSound: boolean;
  /**
   * Looks a channel up.
   *
   * @param name Its name; one that nobody has written to has head 0.
   */
  channel(name: string): StoredChannel;
  /**
   * Appends entries, in order, in one transaction: all of them, or it throws and none. A deletion takes
   * the body of its target, where there is one before it.
   *
   * @param drafts What to append; none: only tries whether the store can be written.
   * @returns What became of each.
   */
  append(drafts: readonly Addressed[]): readonly Outcome[];
  /**
   * Reads retained entries, oldest first.
   *
   * @param channel The channel's name.
   * @param after The offset before the first one that is wanted.
   * @param limit How many at most.
   * @param bytesMax Bytes of bodies in UTF-8, at which the page ends, though never an empty one.
   */
  read(channel: string, after: number, limit: number, bytesMax: number): readonly Entry[];
  /**
   * Takes one bounded step of a search for messages; see {@linkcode Log.find}.
   *
   * @param query Which, and where the step begins.
   * @param limit How many entries of the author it looks at.
   */
  find(query: MessageQuery, limit: number): Found;
  /**
   * Lists channels that hold a retained entry; see {@linkcode Log.channels}.
   *
   * @param after The name after which the list begins.
   * @param limit How many at most.
   * @param except ASCII characters with which none of the names begins.
   */
  channels(after: string, limit: number, except: string): readonly ListedChannel[];
  /** Takes one bounded step of retention. */
  expire(): Expiry;
  /** Makes sure that nothing of deleted bodies and expired entries is left in the store's files. */
  wipe(): void;
  /** Closes the store for good. */
  close(): void;
}
