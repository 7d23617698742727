/**
 * A room: who is in it, and what goes to whom.
 *
 * @module
 */

import { BACKLOG_CHARS_MAX, BACKLOG_MESSAGES_MAX, BACKLOGS_TOTAL_CHARS_MAX } from "../limits.ts";
import { encodePlainMessage } from "../protocol/plain.ts";
import type { Name } from "../protocol/name.ts";
import type { Connection } from "../transport/connection.ts";

/** What all rooms share. */
export interface RoomContext {
  /** Unsent bytes of one reader above which it waits. */
  readonly sendBufferBytesMax: number;
  /** Milliseconds a waiting reader may go without progress. */
  readonly stallMs: number;
  /** The time in milliseconds, monotonic. */
  readonly now: () => number;
  /** The rooms in which somebody waits. */
  readonly waitingRooms: Set<Room>;
  /** UTF-16 code units in the backlogs of all rooms. */
  backlogChars: number;
}

/** A user in a room, on one connection. */
export interface Member {
  /** Where messages to this user go. */
  readonly connection: Connection;
  /** The user's name. */
  readonly user: Name;
  /** Told that this reader cannot be given every message any more. */
  fellBehind(): void;
}

interface Entry {
  readonly offset: number;
  readonly sender: Member;
  readonly text: string;
}

/** A reader that waits: a cursor, and a look at its progress. */
interface Cursor {
  /** The offset of the last entry that it has been sent. */
  offset: number;
  unsentBytes: number;
  progressAt: number;
}

/**
 * Fan-out to the members of a room.
 *
 * A member whose connection takes what it is sent stands at the head, and costs one `send` a message. One
 * that does not waits at its cursor, and only while somebody waits does the room keep a backlog: one for
 * all, bounded, so that no queue grows with the number of slow readers. Who falls out of the backlog, or
 * shows no progress for too long, is closed with 4001.
 */
export class Room {
  /** The key of the room's name. */
  readonly key: string;
  readonly #context: RoomContext;
  readonly #members = new Set<Member>();
  readonly #waiting = new Map<Member, Cursor>();
  readonly #backlog: Entry[] = [];
  #backlogChars = 0;
  #head = 0;

  /**
   * Creates an empty room.
   *
   * @param key The key of the room's name.
   * @param context What all rooms share.
   */
  constructor(key: string, context: RoomContext) {
    this.key = key;
    this.#context = context;
  }

  /** How many are in the room. */
  get size(): number {
    return this.#members.size;
  }

  /** How many wait at their cursor. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Lets a member in; it receives what is said from now on. */
  join(member: Member): void {
    this.#members.add(member);
  }

  /** Lets a member go; without effect where it is not in the room. */
  leave(member: Member): void {
    this.#members.delete(member);
    if (this.#waiting.delete(member)) this.#trim();
  }

  /**
   * Sends a message to every member but its sender. The text is encoded once, and no peer is waited for.
   *
   * @param sender Who says it.
   * @param body What is said.
   */
  publish(sender: Member, body: string): void {
    const { sendBufferBytesMax } = this.#context;
    const text = encodePlainMessage(sender.user.text, body);
    const offset = ++this.#head;
    for (const member of this.#members) {
      if (member === sender || this.#waiting.has(member)) continue;
      if (member.connection.unsentBytes < sendBufferBytesMax) member.connection.send(text);
      else this.#wait(member);
    }
    if (this.#waiting.size === 0) return;
    this.#keep({ offset, sender, text });
    this.sweep();
  }

  /** Lets the waiting readers go on as far as they can, and ends those that have made no progress. */
  sweep(): void {
    const now = this.#context.now();
    for (const [member, cursor] of this.#waiting) {
      const { unsentBytes } = member.connection;
      if (unsentBytes < cursor.unsentBytes) cursor.progressAt = now;
      cursor.unsentBytes = unsentBytes;
      if (now - cursor.progressAt >= this.#context.stallMs) member.fellBehind();
      else this.#deliver(member, cursor);
    }
    this.#trim();
  }

  #wait(member: Member): void {
    const { unsentBytes } = member.connection;
    const progressAt = this.#context.now();
    this.#context.waitingRooms.add(this);
    this.#waiting.set(member, { offset: this.#head - 1, unsentBytes, progressAt });
  }

  #deliver(member: Member, cursor: Cursor): void {
    const { connection } = member;
    const first = this.#backlog[0]!.offset;
    while (
      cursor.offset < this.#head && connection.unsentBytes < this.#context.sendBufferBytesMax
    ) {
      const entry = this.#backlog[cursor.offset + 1 - first]!;
      if (entry.sender !== member) connection.send(entry.text);
      cursor.offset = entry.offset;
      cursor.unsentBytes = connection.unsentBytes;
    }
    if (cursor.offset === this.#head) this.#waiting.delete(member);
  }

  #keep(entry: Entry): void {
    this.#backlog.push(entry);
    this.#count(entry.text.length);
    while (
      this.#backlog.length > BACKLOG_MESSAGES_MAX || this.#backlogChars > BACKLOG_CHARS_MAX ||
      this.#context.backlogChars > BACKLOGS_TOTAL_CHARS_MAX && this.#backlog.length > 0
    ) this.#drop();
    const first = this.#backlog[0]?.offset ?? this.#head + 1;
    for (const [member, cursor] of this.#waiting) {
      if (cursor.offset + 1 < first) member.fellBehind();
    }
  }

  /** Drops what every waiting reader has been sent. */
  #trim(): void {
    if (this.#waiting.size === 0) this.#context.waitingRooms.delete(this);
    let lowest = this.#head;
    for (const { offset } of this.#waiting.values()) lowest = Math.min(lowest, offset);
    while (this.#backlog.length > 0 && this.#backlog[0]!.offset <= lowest) this.#drop();
  }

  #drop(): void {
    this.#count(-this.#backlog.shift()!.text.length);
  }

  #count(chars: number): void {
    this.#backlogChars += chars;
    this.#context.backlogChars += chars;
  }
}
