/**
 * The flush: what goes to whom, and when.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import {
  FLUSH_SLICE_READERS,
  FRAME_ENTRIES_MAX,
  HISTORY_PAGE_MAX,
  READ_RETRY_MS,
} from "../limits.ts";
import type { Entry } from "../log/log.ts";
import type { Reader, Recipient, Room } from "./room.ts";
import type { Frame, PlainRun } from "./room_texts.ts";
import type { SendBudget } from "./send_budget.ts";
import type { Tally } from "./tally.ts";
import { Waiting } from "./waiting.ts";

/** Settings of a {@linkcode Flush}. */
export interface FlushOptions {
  /** Unsent bytes above which a reader waits at its cursor. */
  readonly budget: SendBudget;
  /** Milliseconds a waiting reader may go without any progress. */
  readonly stallMs: number;
  /** Time. */
  readonly clock: Clock;
  /** What happens is counted there. */
  readonly tally: Tally;
  /** Told of what should not happen. */
  readonly onError: (error: unknown) => void;
}

const NONE: readonly number[] = [];

/** A room whose readers are being gone through. */
interface Round {
  readonly room: Room;
  readonly readers: Iterator<Reader>;
}

/**
 * Moves cursors to the heads of their channels.
 *
 * A room that has changed is gone through once, a slice of its readers in each turn of the event loop: a
 * burst to thousands at once would make the allocator grow and trim, and in the turns between the next
 * batch gathers, so that later slices take more in one write. A reader whose connection does not drain
 * waits at its cursor, and costs nothing but one look on a timer that all waiting readers share.
 */
export class Flush {
  /** Who waits. */
  readonly waiting: Waiting;
  readonly #options: FlushOptions;
  /** Rooms whose readers are to be moved, in the order in which they changed. */
  readonly #rooms = new Set<Room>();
  /** Rooms of which something may be encoded that nobody needs any more. */
  readonly #stale = new Set<Room>();
  /** Sessions that have events of their own. */
  readonly #sessions = new Set<Recipient>();
  /** The round under way. */
  #round: Round | undefined;
  #isScheduled = false;

  /**
   * Creates a flush with nothing to do.
   *
   * @param options Bounds and clock.
   */
  constructor(options: FlushOptions) {
    this.#options = options;
    // Events that were to go with a session's entries go without them.
    this.waiting = new Waiting({ ...options, onWait: (session) => this.markSession(session) });
  }

  /** Unsent bytes above which a reader waits at its cursor. */
  get budget(): SendBudget {
    return this.#options.budget;
  }

  /** A room has entries that its readers have not. */
  markRoom(room: Room): void {
    this.#rooms.add(room);
    this.#schedule();
  }

  /** A session has events of its own to send. */
  markSession(session: Recipient): void {
    this.#sessions.add(session);
    this.#schedule();
  }

  /** A session has ended. */
  forget(session: Recipient): void {
    this.#sessions.delete(session);
    this.waiting.forget(session);
    this.budget.forget(session.connection);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.clock.soon(() => this.#slice());
  }

  #slice(): void {
    const { clock, tally } = this.#options;
    const began = clock.now();
    this.#flushSlice();
    tally.flushSeconds.observe((clock.now() - began) / 1000);
  }

  #flushSlice(): void {
    this.#isScheduled = false;
    let sessionsLeft = FLUSH_SLICE_READERS;
    for (const session of this.#sessions) {
      if (sessionsLeft-- === 0) break;
      this.#sessions.delete(session);
      // Whose cursor is about to move gets its events in the same write, before the entries.
      if (this.waiting.has(session) || !session.awaitsEntries) session.flushEvents();
    }
    let left = FLUSH_SLICE_READERS;
    while (left > 0) {
      this.#round ??= this.#nextRound();
      if (this.#round === undefined) break;
      const { value: reader, done } = this.#round.readers.next();
      if (done) {
        this.#stale.add(this.#round.room);
        this.#round = undefined;
        continue;
      }
      this.advance(reader);
      left--;
    }
    for (const room of this.#stale) {
      if (room !== this.#round?.room && !this.#rooms.has(room)) room.texts.forget();
    }
    this.#stale.clear();
    if (this.#round !== undefined || this.#rooms.size > 0 || this.#sessions.size > 0) {
      this.#schedule();
    }
  }

  #nextRound(): Round | undefined {
    for (const room of this.#rooms) {
      this.#rooms.delete(room);
      return { room, readers: room.readers.values() };
    }
    return undefined;
  }

  /**
   * Moves a cursor towards its head, as far as its connection takes it.
   *
   * @param reader Whose cursor.
   */
  advance(reader: Reader): void {
    const { room, session } = reader;
    const { channel } = room;
    // Offsets of a history that was lost mean nothing: the reader is about to be told.
    if (room.epoch !== channel.epoch) return;
    if (reader.isCatchingUp || reader.offset >= channel.head || this.waiting.isWaiting(session)) {
      return;
    }
    // What is encoded is shared by the readers of this turn; a round forgets at its end.
    if (this.#round?.room !== room) {
      this.#stale.add(room);
      this.#schedule();
    }
    while (reader.offset < channel.head) {
      const { unsentBytes } = session.connection;
      if (unsentBytes >= this.budget.limit) return this.waiting.hold(session);
      if (!this.#skipLost(reader)) return;
      if (session.isPlain) {
        const run = room.texts.plainRun(reader.offset);
        if (run === undefined) return this.#startCatchUp(reader);
        this.#sendPlain(reader, run, unsentBytes);
      } else {
        const frame = room.texts.richFrame(reader.offset);
        if (frame === undefined) return this.#startCatchUp(reader);
        this.#sendFrame(reader, frame, unsentBytes);
        if (this.#mayWait(reader)) return;
      }
    }
  }

  /** Within a round a short rest is left to the next one, which takes it in a longer frame. */
  #mayWait({ room, offset }: Reader): boolean {
    const rest = room.channel.head - offset;
    if (this.#round?.room !== room || rest === 0 || rest >= FRAME_ENTRIES_MAX / 2) return false;
    this.#rooms.add(room);
    return true;
  }

  /**
   * Begins to move the cursor of a new reader.
   *
   * @param reader Whose cursor.
   */
  start(reader: Reader): void {
    reader.session.flushEvents();
    // Which may have been too much for its connection.
    if (reader.room.readers.has(reader)) this.advance(reader);
  }

  #sendFrame(reader: Reader, frame: Frame, unsentBytes: number): void {
    const { session } = reader;
    reader.offset = frame.to;
    session.sendEntries(frame);
    this.#options.tally.frameEntries.observe(frame.entries.length);
    this.budget.note(session.connection, unsentBytes + frame.text.length);
  }

  /** Sends a run until the connection has enough; the cursor says how far that was. */
  #sendPlain(reader: Reader, run: PlainRun, unsentBytes: number): void {
    const { session } = reader;
    const { texts, offsets, chars, own } = run;
    const bytesLeft = this.budget.limit - unsentBytes;
    let end = texts.length;
    if ((chars.at(-1) ?? 0) > bytesLeft) end = chars.findIndex((sum) => sum >= bytesLeft) + 1;
    reader.offset = end === texts.length ? run.to : offsets[end - 1]!;
    let from = 0, sent = end;
    for (const index of own.get(session.identity.author) ?? NONE) {
      if (index >= end) break;
      if (index > from) session.sendAll(texts, from, index);
      from = index + 1;
      sent--;
    }
    if (end > from) session.sendAll(texts, from, end);
    this.#options.tally.plainDeliveries += sent;
    this.budget.note(session.connection, unsentBytes + (chars[end - 1] ?? 0));
  }

  /**
   * Passes over entries that are no longer retained: said with a `gap`, never in silence.
   *
   * @returns Whether the reader goes on.
   */
  #skipLost(reader: Reader): boolean {
    const { room, session } = reader;
    const { first } = room.channel;
    if (reader.offset + 1 >= first) return true;
    this.#options.tally.gaps++;
    if (session.isPlain) {
      session.fellBehind();
      return false;
    }
    // It goes out with the entries after it.
    session.tell({ type: "gap", room: room.name, from: reader.offset + 1, to: first - 1 });
    reader.offset = first - 1;
    return true;
  }

  #startCatchUp(reader: Reader): void {
    this.#catchUp(reader).catch(this.#options.onError);
  }

  /** Reads a page from the store for a cursor that is older than what is in memory. */
  async #catchUp(reader: Reader): Promise<void> {
    const { room, session } = reader;
    reader.isCatchingUp = true;
    let entries: readonly Entry[];
    try {
      entries = await room.channel.read(reader.offset, HISTORY_PAGE_MAX);
    } catch {
      // The store is out of reach: the cursor stays, and so does the reader.
      this.#options.clock.after(READ_RETRY_MS, () => this.#caughtUp(reader));
      return;
    }
    if (!room.readers.has(reader)) return;
    // Otherwise what was to be read has just gone out of retention, or another room's page has filled the
    // connection, which `advance` will find.
    const { unsentBytes } = session.connection;
    const isNext = entries[0]?.offset === reader.offset + 1;
    if (isNext && unsentBytes < this.budget.limit) {
      if (session.isPlain) this.#sendPlain(reader, room.texts.encodeRun(entries), unsentBytes);
      else this.#sendFrame(reader, room.texts.encodeFrame(entries), unsentBytes);
    }
    // A turn between two pages: in one turn many would fill the connection before a byte has left.
    this.#options.clock.soon(() => this.#caughtUp(reader));
  }

  #caughtUp(reader: Reader): void {
    reader.isCatchingUp = false;
    if (reader.room.readers.has(reader)) this.advance(reader);
  }
}
