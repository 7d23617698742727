/**
 * The directory's contract: who is who, and where.
 *
 * @module
 */

import type { Name } from "../protocol/name.ts";

/** Somebody, under a name. */
export interface Identity {
  /** The name, as its claimant spells it. */
  readonly user: Name;
  /** Whose the messages are, for programs: a hash of the key, a token's subject, or an id of the socket. */
  readonly author: string;
  /** The log's channel of the inbox; `undefined` without a key. */
  readonly inbox: string | undefined;
}

/** Somebody with a key, and so with an inbox. */
export interface Holder extends Identity {
  /** The log's channel of the inbox. */
  readonly inbox: string;
}

/** Somebody who asks for a name. */
export interface ClaimRequest {
  /** The name. */
  readonly user: Name;
  /** Who asks; `undefined` without a key: then it is nobody who could come again. */
  readonly author: string | undefined;
  /** Where the request came from. */
  readonly address: string;
}

/** What became of a claim. */
export type Claimed =
  /** The name is theirs. */
  | { readonly identity: Identity }
  /** It is another's, or it or whoever asks is banned. */
  | { readonly refused: "taken" | "banned" }
  /** Too many new names came from this address. */
  | { readonly refused: "limited"; readonly retryAfterMs: number };

/** Whose sessions are meant: those under a name, and those of somebody under any. */
export interface Outcast {
  /** The name's key. */
  readonly key: string;
  /** Who, if somebody with a key of their own is meant. */
  readonly author?: string | undefined;
}

/** What a directory needs done by the chat of its process. */
export interface DirectoryListener {
  /**
   * Ends sessions: whoever they are of has been put out, by whichever process.
   *
   * @param outcast Whose.
   * @returns How many there were.
   */
  putOut(outcast: Outcast): number;
  /**
   * Ends the sessions under a name: while the store was out of reach, it has become another's.
   *
   * @param identity Who has lost it.
   */
  lost(identity: Identity): void;
}

/** What goes on in a channel elsewhere. */
export interface AttendanceListener {
  /**
   * Somebody is there in another process too.
   *
   * @param user Who; once for each process.
   */
  entered(user: Name): void;
  /**
   * Somebody is not there any more in one of the other processes, or that process has died.
   *
   * @param user Who.
   */
  left(user: Name): void;
  /**
   * Somebody there is typing, in another process.
   *
   * @param user Who.
   */
  typing(user: Name): void;
}

/** The part that a process has in who is in a channel. */
export interface Attendance {
  /** Resolves when it is known who is there elsewhere; `undefined`: there is no elsewhere. */
  readonly opened: Promise<void> | undefined;
  /**
   * Somebody is there from now on, who was not there in this process.
   *
   * @param user Who.
   */
  enter(user: Name): void;
  /**
   * Somebody is there no longer in this process.
   *
   * @param user Who.
   */
  leave(user: Name): void;
  /** Nobody is there in this process any more; whoever is in their grace stays for that long. */
  close(): void;
}

/** Who is in a room. */
export interface Occupied {
  /** The log's channel. */
  readonly channel: string;
  /** How many users are there, over all processes. */
  readonly userCount: number;
}

/**
 * The directory.
 *
 * - *Atomic*: of many that claim a name at once, over all processes, one has it. Who is put out or banned is so in
 *   all processes when the call resolves.
 * - *Leases*: what a process holds lasts while that lives. Of one that has died nothing is left after 15 seconds but
 *   names with a key, which are held for their owners as after any other end.
 * - *Lasting*: bans, and who claimed a name last with a key, are known over restarts.
 *
 * Everything may throw an `UnavailableError`; a claim is none then.
 */
export interface Directory {
  /** How many names this process holds. */
  readonly size: number;
  /**
   * Sets who is told of what other processes ask for.
   *
   * @param listener The chat.
   */
  listen(listener: DirectoryListener): void;
  /**
   * Claims a name, or uses an own claim once more.
   *
   * @param request Who asks, and for what.
   * @returns Who it is now, with the spelling of the first claim, or why not.
   */
  claim(request: ClaimRequest): Promise<Claimed>;
  /**
   * Lets somebody without a key read or write under a name that nobody has, without claiming it.
   *
   * @param user The name.
   * @param address Where the request came from, if it will be shown as present: then the name counts as new,
   *   unless it was visited from there just before.
   * @returns Who it is, or why not.
   */
  visit(user: Name, address: string | undefined): Promise<Claimed>;
  /**
   * A use of a claim has ended. Without effect where the claim is another's by now, or the name was only visited.
   *
   * @param identity What {@linkcode Directory.claim} gave; once for each time.
   */
  release(identity: Identity): void;
  /**
   * Who has the inbox of a name: who claimed it last with a key. While a name is held without one, nobody.
   *
   * @param key The name's key.
   */
  holder(key: string): Promise<Holder | undefined>;
  /**
   * Bans a name, and whoever holds it with a key, under every name; sessions that are open are not ended.
   *
   * @param key The name's key.
   * @param untilMs Until when, in milliseconds since 1970; what has passed lifts a ban.
   * @returns Who was banned with the name.
   */
  ban(key: string, untilMs: number): Promise<Holder | undefined>;
  /**
   * Whether a name, or somebody under whichever name, is banned.
   *
   * @param key The name's key, if it is about one.
   * @param author Who, if it is about somebody with a key.
   */
  isBanned(key: string | undefined, author: string | undefined): Promise<boolean>;
  /**
   * Ends sessions in all processes.
   *
   * @param outcast Whose.
   * @returns How many there were; of a process that does not answer in time, none.
   */
  putOut(outcast: Outcast): Promise<number>;
  /**
   * Takes part in who is in a channel.
   *
   * @param channel The log's channel.
   * @param listener Is told what goes on there elsewhere.
   */
  attend(channel: string, listener: AttendanceListener): Attendance;
  /**
   * Tells other processes that somebody is typing; it may be lost.
   *
   * @param channel The log's channel; of an inbox, the part before the slash.
   * @param user Who.
   */
  typing(channel: string, user: Name): void;
  /**
   * Who is in a channel in other processes; for channels that this one does not attend.
   *
   * @param channel The log's channel.
   */
  who(channel: string): Promise<readonly Name[]>;
  /**
   * Rooms in which somebody is in some process, in the order of their names' bytes; of a directory of a single
   * process none, as its chat knows them.
   *
   * @param after Only rooms after this one.
   * @param limit How many at most.
   */
  occupied(after: string, limit: number): Promise<readonly Occupied[]>;
  /** Gives back what this process holds, and ends. */
  close(): Promise<void>;
}

/**
 * The channel of an inbox.
 *
 * @param key The name's key.
 * @param author Who has it.
 */
export function inboxChannel(key: string, author: string): string {
  return `@${key}/${author}`;
}
