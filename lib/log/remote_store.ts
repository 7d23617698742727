/**
 * What the log of several processes keeps its entries in: a store behind a network, which tells what is appended to
 * it. The log does the rest (batches, memory, order, repeats), and a simulation puts its own store in the place.
 *
 * @module
 */

import type { Entry, ListedChannel, MessageQuery, Toll } from "./log.ts";
import type { Addressed, Found, History, StoredChannel } from "./store.ts";

/** An entry that is to be appended, and what it costs. */
export interface Charged extends Addressed {
  /** Entries with the same object are paid for once, and refused together. */
  readonly toll: Toll | undefined;
}

/** What is appended in one step. */
export interface Batch {
  /** Rises with every batch of a process; the same: a repeat of one whose outcome is not known. */
  readonly seq: number;
  /** The entries, in order. */
  readonly entries: readonly Charged[];
}

/** What became of one entry. */
export type RemoteOutcome =
  /** It was stored. `first` is where the channel's retained entries began at that moment. */
  | { readonly type: "stored"; readonly offset: number; readonly first: number }
  /** Its author has stored its `ref` before, as this. */
  | {
    readonly type: "duplicate";
    readonly offset: number;
    readonly id: string;
    readonly at: number;
  }
  /** Its author has stored something else under its `ref`. */
  | { readonly type: "conflict" }
  /** Its bucket is empty. */
  | { readonly type: "limited"; readonly retryAfterMs: number };

/** What a process knows of a channel: a store that holds less has lost something, and begins a new epoch. */
export interface Known {
  /** The channel's name. */
  readonly name: string;
  /** Its head in the epoch of {@linkcode RemoteStore.history}. */
  readonly head: number;
}

/** What a store tells of a channel, as far as it can be told: a message may be lost, none comes out of order. */
export interface Publication {
  /** The epoch in which it was appended. */
  readonly epoch: string;
  /** Whether it is a batch of this process, and which. */
  readonly ownSeq: number | undefined;
  /** Where the retained entries begin now. */
  readonly first: number;
  /** The entries, without holes; none: only `first` has moved. */
  readonly entries: readonly Entry[];
}

/** A page of entries, and the state of its channel at that moment. */
export interface RemotePage {
  /** The epoch. */
  readonly epoch: string;
  /** The offset of the last entry. */
  readonly head: number;
  /** The entries, oldest first, as many as make about 256 KiB of bodies. */
  readonly entries: readonly Entry[];
}

/** Who is told by a store. */
export interface RemoteStoreUser {
  /** Something was appended to a channel that is watched. */
  published(channel: string, publication: Publication): void;
  /** The store is in reach again; what was published meanwhile is lost. It counts as up when this is done. */
  up(): Promise<void>;
  /** The store is out of reach. */
  down(): void;
}

/**
 * A store that several processes share. Whatever rejects does so with an `UnavailableError`, and only of an
 * append it is not known then whether it was done.
 *
 * Epochs: each life of the store's own process is one, and so is what follows a loss that shows otherwise. In
 * each channel it is known where each begins, so that a position of any epoch can be judged.
 */
export interface RemoteStore {
  /** The epochs, as of the last answer: another object when another epoch has begun. */
  readonly history: History;
  /** Whether the store is in reach, as far as is known. */
  readonly isUp: boolean;
  /**
   * Makes somebody hear what the store tells; once, at first.
   *
   * @param user Who.
   */
  listen(user: RemoteStoreUser): void;
  /**
   * Appends entries, in order, in one step: all of them or none, and told to all who watch. A repeat changes
   * nothing, and is answered as the first time.
   *
   * @param batch The entries.
   * @param known What is known of their channels.
   */
  append(batch: Batch, known: readonly Known[]): Promise<readonly RemoteOutcome[]>;
  /**
   * Looks channels up.
   *
   * @param known Which, and what is known of them; one that nobody has written to has head 0.
   */
  channels(known: readonly Known[]): Promise<readonly StoredChannel[]>;
  /**
   * Reads retained entries.
   *
   * @param channel The channel's name.
   * @param after The offset before the first one that is wanted.
   * @param limit How many at most.
   */
  read(channel: string, after: number, limit: number): Promise<RemotePage>;
  /** See {@linkcode Store.find}. */
  find(query: MessageQuery, limit: number): Promise<Found>;
  /** See {@linkcode Store.channels}. */
  list(after: string, limit: number, except: string): Promise<readonly ListedChannel[]>;
  /**
   * Takes one bounded step of retention.
   *
   * @returns Whether there was something to do; then there may be more.
   */
  expire(): Promise<boolean>;
  /**
   * From when this is done, all that is appended to a channel is told.
   *
   * @param channel The channel's name.
   */
  watch(channel: string): Promise<void>;
  /**
   * The channel need not be told of any more.
   *
   * @param channel The channel's name.
   */
  unwatch(channel: string): void;
}
