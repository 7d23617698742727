/**
 * The log: channels of entries. A room is one, and so is an inbox; every reader is a position in it.
 *
 * @module
 */

/** What an entry tells. More kinds may come; readers skip those that they do not know. */
export type EntryKind = "message" | "deletion";

/** An entry before it has its place. */
export interface Draft {
  /** What it tells. */
  readonly kind: EntryKind;
  /** The id of the message; both copies of a direct message have the same. */
  readonly id: string;
  /** Whose it is, for programs: who may delete it, and whose `ref` it carries. Never shown. */
  readonly author: string;
  /** Whose it is, for people: the name as shown. */
  readonly sender: string;
  /** When it was taken, in milliseconds since 1970. */
  readonly at: number;
  /** The text; of a deletion, empty. */
  readonly body: string;
  /** In an inbox: the name to which the message went. */
  readonly to?: string | undefined;
  /** In an inbox: the other party's name. */
  readonly with?: string | undefined;
  /** Of a deletion: the offset of the message that is gone. */
  readonly target?: number | undefined;
  /** The author's own id of this draft, by which a repeat is known. */
  readonly ref?: string | undefined;
}

/**
 * An entry in its place. Entries are shared by all readers and never change, but for one thing: when a
 * message is deleted, an entry with an empty body and `deleted` takes its place everywhere.
 */
export interface Entry extends Omit<Draft, "ref"> {
  /** Its place: 1, 2, 3 … in its channel, without holes. */
  readonly offset: number;
  /** The message has been deleted, and its body is gone. */
  readonly deleted?: boolean | undefined;
}

/** What became of an append. */
export interface Appended {
  /** Where the entry stands. */
  readonly offset: number;
  /** The id of the entry that is stored: of a duplicate, the first one's. */
  readonly id: string;
  /** When the entry that is stored was taken. */
  readonly at: number;
  /** The same author has stored the same `ref` before; nothing was added. */
  readonly duplicate: boolean;
}

/** The same author has used this `ref` in this channel for another text. */
export class RefConflictError extends Error {
  /** Always `RefConflictError`. */
  override readonly name = "RefConflictError";
}

/** The store is out of reach. Whether the entry was stored is not known: repeat it with the same `ref`. */
export class UnavailableError extends Error {
  /** Always `UnavailableError`. */
  override readonly name = "UnavailableError";
}

/**
 * What an append costs where several processes append to one log: a token of a bucket that they share.
 * Appends of one call of a chat that carry the same object are paid for once, and refused together.
 */
export interface Toll {
  /** Whose bucket. */
  readonly bucket: string;
}

/** The bucket of an append's {@linkcode Toll} is empty; nothing was stored. */
export class RateLimitedError extends Error {
  /** Always `RateLimitedError`. */
  override readonly name = "RateLimitedError";
  /** Milliseconds until there is a token again. */
  readonly retryAfterMs: number;

  /**
   * Creates one.
   *
   * @param retryAfterMs Milliseconds until there is a token again.
   */
  constructor(retryAfterMs: number) {
    super("Too many messages");
    this.retryAfterMs = retryAfterMs;
  }
}

/** Where a channel stands. */
export interface ChannelState {
  /**
   * An opaque id, in which an offset has one meaning: 1 to 64 of `A-Z a-z 0-9 _ -`. It is the same
   * while the store's process lives and loses nothing. Positions of an earlier epoch may still hold:
   * {@linkcode Channel.canResume} knows.
   */
  readonly epoch: string;
  /** The offset of the last entry; 0: there is none. */
  readonly head: number;
  /** The offset of the oldest entry that is retained; `head + 1`: none is. */
  readonly first: number;
}

/** A channel in a list: where it stood when the list was made. */
export interface ListedChannel extends ChannelState {
  /** Its name. */
  readonly name: string;
}

/** Where an entry stands. */
export interface Place {
  /** The channel's name. */
  readonly channel: string;
  /** The entry's offset in it. */
  readonly offset: number;
}

/** Which messages to find. */
export interface MessageQuery {
  /** Their `author`: equal to this, or this with a `/` and anything after it. */
  readonly author: string;
  /** Only the copies of this direct message: messages that have a `with`, its id and its time. */
  readonly copiesOf?: Pick<Draft, "id" | "at"> | undefined;
  /** Only what comes after this place in the order of {@linkcode Log.find}; none: from the beginning. */
  readonly after?: Place | undefined;
}

/**
 * A channel that is being watched: its state is kept up to date, and its newest entries in memory. Where other
 * processes append too, the state is that of a moment ago; it moves on only together with the entries, and
 * {@linkcode Channel.refresh} brings it to now.
 */
export interface Channel extends ChannelState {
  /** The name under which it was opened. */
  readonly name: string;
  /**
   * The entries after an offset, from memory, oldest first.
   *
   * @param after The offset before the first one that is wanted.
   * @param limit How many at most.
   * @returns The entries, none at the head; `undefined` where the first one is not in memory: `read` it.
   */
  recent(after: number, limit: number): readonly Entry[] | undefined;
  /**
   * The entries after an offset, from memory or from the store, oldest first.
   *
   * @param after The offset before the first one that is wanted; what is not retained is left out.
   * @param limit How many at most; about 256 KiB of bodies end a page earlier, though never an empty one.
   * @throws {UnavailableError} If the store is out of reach.
   */
  read(after: number, limit: number): Promise<readonly Entry[]>;
  /**
   * Whether a reader that has everything up to a position can go on after it, with nothing lost and
   * nothing twice: the epoch is this history's or an earlier part of it, the offset lies within what
   * that epoch wrote, and everything after it is retained. Never true for a position of a history that
   * was lost, be it in a crash or to an older copy of the store. An answer of memory: what another process
   * has just written may be missing in it, and `refresh` brings it.
   *
   * @param epoch The epoch of the position, as a channel of this log has given it out.
   * @param offset Its offset; 0: before the first entry.
   */
  canResume(epoch: string, offset: number): boolean;
  /**
   * Brings the state to at least that of the moment of the call. Whoever comes with an offset that is past the
   * head may have got it from another process, a moment ago.
   *
   * @throws {UnavailableError} If the store is out of reach.
   */
  refresh(): Promise<void>;
  /** Ends the watch. The channel goes on; its memory is given back when nobody watches it any more. */
  close(): void;
}

/**
 * The log's contract.
 *
 * - *Atomic*: an entry is stored whole or not at all, and a deletion takes the body of its target in the
 *   same step, from memory and from the store.
 * - *Ordered*: entries that one process appends to a channel get their offsets in the order of the calls;
 *   all readers of a channel see the same entries in the same order, without holes.
 * - *Durable before visible*: an append resolves, and watchers are told, only after the commit; the
 *   appends of a commit resolve before its watchers are told.
 * - *Shared*: where several processes append to one store, all of this holds for all of them together. An entry
 *   of another process comes into view a moment after its commit, never out of order.
 * - *Idempotent*: the same author's same `ref` in a channel is stored once for as long as it is retained,
 *   and at least 10 minutes, restarts included. The repeat resolves not before the first has been stored.
 * - *Together*: of entries with one `id` and one toll, appended in one turn, none is stored after one that is not for
 *   its `ref`; they are answered as that one.
 */
export interface Log {
  /**
   * Appends an entry.
   *
   * @param channel The channel's name; it comes into being with its first entry.
   * @param draft What to append.
   * @param toll What it costs, over all processes that append to the store. A log of a single process takes
   *   none: what its own process does, that has counted already. A repeat costs nothing.
   * @throws {RefConflictError} If the `ref` stands for another body, recipient, kind or target.
   * @throws {RateLimitedError} If the bucket is empty.
   * @throws {UnavailableError} If the store is out of reach, at the latest after five seconds.
   */
  append(channel: string, draft: Draft, toll?: Toll): Promise<Appended>;
  /**
   * Opens a channel to watch it, in its state of now. Each call is a watch of its own.
   *
   * @param channel The channel's name; one without entries is opened at head 0.
   * @param onChange Called after the state has changed: entries came, one was deleted, the epoch changed.
   * @throws {UnavailableError} If the store is out of reach.
   */
  watch(channel: string, onChange: () => void): Promise<Channel>;
  /**
   * Finds messages of an author, in all channels, watched or not: those that are retained and not deleted.
   *
   * - *Complete*: what was committed before the call is found; what is committed later may be or not.
   * - *Ordered* somehow: by neither time nor place, but in every call alike, so that `after` goes on where
   *   a page has ended, whatever was deleted meanwhile.
   * - *Not atomic*: neither over several calls nor within one, which looks at the store in steps. What is
   *   appended or deleted meanwhile may be found or not.
   *
   * Whoever deletes what is found goes on after the last place of each page until nothing comes, and then
   * from the beginning until nothing comes. A page that begins at the beginning passes over everything that
   * has been deleted already.
   *
   * @param query Which. An `after` that is not stored any more counts as none.
   * @param limit How many at most; fewer do not mean that there are no more.
   * @returns Where they stand; nothing: there are no more.
   * @throws {UnavailableError} If the store is out of reach.
   */
  find(query: MessageQuery, limit: number): Promise<readonly Place[]>;
  /**
   * Lists channels that hold a retained entry, watched or not, in the order of their names' bytes in UTF-8.
   * Not atomic over several calls: what comes or goes meanwhile may be listed or not.
   *
   * @param after The name after which the list begins, stored or not; empty: at the first one.
   * @param limit How many at most.
   * @param except ASCII characters. Names that begin with one of them are left out, and it takes no time
   *   however many they are; empty: none is left out.
   * @returns What is listed; nothing: there are no more.
   * @throws {UnavailableError} If the store is out of reach.
   */
  channels(after: string, limit: number, except: string): Promise<readonly ListedChannel[]>;
  /** Whether the store is in reach: false from a failure until something could be written again. */
  readonly isAvailable: boolean;
  /** Commits what has been appended, and closes the store for good. */
  close(): Promise<void>;
}
