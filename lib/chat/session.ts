/**
 * A session: one user on one connection, and what the user may do there.
 *
 * @module
 */

import { ANONYMOUS, type Principal } from "../auth/principal.ts";
import type { Identity } from "../directory/directory.ts";
import { BAD_COMMANDS_MAX, OPENING_MESSAGES_MAX } from "../limits.ts";
import { type Command, parseCommand } from "../protocol/command.ts";
import type { Event } from "../protocol/event.ts";
import type { ErrorCode } from "../protocol/refusal.ts";
import { exceedsBytes, messageBytesMax } from "../protocol/text.ts";
import type { Connection, ConnectionHandler } from "../transport/connection.ts";
import { CLOSE_CODE, mayReconnect } from "../websocket/close_code.ts";
import type { Flush } from "./flush.ts";
import type { Sender } from "./publisher.ts";
import type { Reader, Recipient } from "./room.ts";
import type { Frame } from "./room_texts.ts";
import type { Visitor } from "./visitor.ts";
import { RICH_WIRE, type Wire } from "./wire.ts";

/** Bounds of what a session may do. */
export interface SessionSettings {
  /** A message's body, in bytes of UTF-8. */
  readonly bodyBytesMax: number;
  /** Refusals in a row that are flooding. */
  readonly refusalsMax: number;
  /** Unsent bytes above which a session is behind: what may be large is refused or waits. */
  readonly sendBufferBytesMax: number;
}

/** Most sessions have nothing of their own to tell most of the time, and need no list for it. */
const NO_EVENTS: string[] = [];

/** What a session can turn to. */
export interface SessionHost {
  /** The bounds. */
  readonly settings: SessionSettings;
  /** What goes to whom. */
  readonly flush: Flush;
  /** A message over the plain protocol. */
  say(session: Session, body: string): void;
  /** A command over the rich protocol. */
  run(session: Session, command: Command): void;
  /** Something that should be a command was refused; the session has been told. */
  refused(session: Session, code: ErrorCode): void;
  /** A session has ended. */
  ended(session: Session): void;
}

/** A user on one connection. */
export class Session implements ConnectionHandler, Recipient {
  /** Where messages to this user go. */
  readonly connection: Connection;
  /** Whether it speaks the plain protocol, else the rich one. */
  readonly isPlain: boolean;
  /** Where it comes from, for the limits on addresses. */
  readonly address: string;
  /** The id of the request that has opened it, for the log. */
  readonly requestId: string | undefined;
  /** The close code with which it was ended; 0: not by us. */
  endCode = 0;
  /** What its key or token says of it; a token may be renewed. */
  principal: Principal = ANONYMOUS;
  /** Milliseconds for which its rooms wait for it to be back; 0: it is gone when it ends. */
  readonly stayMs: number;
  /** Whether it was ended for a cause for which it cannot come back as it is. */
  isPutOut = false;
  /** The session's cursors, by the channel's name in the log. */
  readonly readers = new Map<string, Reader>();
  /** Answers under way that may be large. */
  pendingAnswers = 0;
  /** Messages in a row that were refused for their rate. */
  refusals = 0;
  readonly #host: SessionHost;
  #sender: Sender | undefined;
  readonly #wire: Wire;
  #events: string[] = NO_EVENTS;
  /** Messages that came before the session was open. */
  #early: string[] | undefined = [];
  #isClosed = false;
  #badCommands = 0;

  /**
   * Creates a session that is not open yet.
   *
   * @param connection An open connection.
   * @param visitor Who has opened it.
   * @param host What it can turn to.
   * @param wire What its events look like there.
   */
  constructor(
    connection: Connection,
    visitor: Visitor,
    host: SessionHost,
    wire: Wire = RICH_WIRE,
  ) {
    this.connection = connection;
    this.isPlain = visitor.isPlain;
    this.address = visitor.address;
    this.requestId = visitor.requestId;
    this.stayMs = visitor.stayMs ?? 0;
    this.#host = host;
    this.#wire = wire;
  }

  /** Who it is, also as one who publishes; only of a session that has been opened. */
  get identity(): Sender {
    return this.#sender!;
  }

  /** Whether {@linkcode Session.identify} has been called. */
  get isIdentified(): boolean {
    return this.#sender !== undefined;
  }

  /** Rooms that it has joined; its inbox is none. */
  get roomCount(): number {
    let count = 0;
    for (const { room } of this.readers.values()) if (room.presence !== undefined) count++;
    return count;
  }

  /** Whether its connection has all the unsent bytes that it may have. */
  get isBehind(): boolean {
    return this.connection.unsentBytes >= this.#host.flush.budget.limit;
  }

  /** Whether it has ended. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The name is claimed: the session is somebody. */
  identify({ user, author, inbox }: Identity): void {
    this.#sender = { user, author, inbox, bucket: user.key };
  }

  /** The rooms are joined: messages that came meanwhile are heard, and from now on all. */
  opened(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.message(message);
  }

  /** Takes a message of the chat or a command, or ends the session with the reason why not. */
  message(message: string | Uint8Array): void {
    if (this.#isClosed) return;
    if (typeof message !== "string") {
      return this.end(CLOSE_CODE.UnsupportedData, "binary messages are not taken here");
    }
    const bytesMax = messageBytesMax(this.isPlain, this.#host.settings.bodyBytesMax);
    if (exceedsBytes(message, bytesMax)) {
      return this.end(CLOSE_CODE.MessageTooBig, `a message may have ${bytesMax} bytes`);
    }
    if (this.#early !== undefined) {
      if (this.#early.push(message) <= OPENING_MESSAGES_MAX) return;
      return this.end(CLOSE_CODE.Flooding, "too many messages");
    }
    if (this.isPlain) return this.#host.say(this, message);
    const parsed = parseCommand(message);
    if ("command" in parsed) {
      this.#badCommands = 0;
      return this.#host.run(this, parsed.command);
    }
    this.tell({ type: "error", ...parsed.refusal });
    this.#host.refused(this, parsed.refusal.code);
    if (++this.#badCommands >= BAD_COMMANDS_MAX) {
      this.end(CLOSE_CODE.Flooding, "too many bad commands");
    }
  }

  /** Counts a message that was refused for its rate. */
  countRefusal(): void {
    if (++this.refusals >= this.#host.settings.refusalsMax) {
      this.end(CLOSE_CODE.Flooding, "too many messages");
    }
  }

  /** Tells an event to this session alone, with the next flush. */
  tell(event: Event): void {
    this.tellText(JSON.stringify(event));
  }

  /**
   * The same with an event that is encoded already.
   *
   * @param event An event as JSON.
   */
  tellText(event: string): void {
    if (this.#isClosed || this.isPlain) return;
    if (this.#events === NO_EVENTS) this.#events = [];
    this.#events.push(event);
    // Also behind events that wait for entries: what they waited for may have gone.
    this.#host.flush.markSession(this);
  }

  /** Sends the events of its own that have gathered. */
  flushEvents(): void {
    if (this.#events.length === 0) return;
    // Who asks and asks, and never reads the answers.
    const { unsentBytes } = this.connection;
    if (unsentBytes >= 2 * this.#host.settings.sendBufferBytesMax) {
      this.#events = [];
      return this.fellBehind();
    }
    const chars = this.#write();
    if (!this.#isClosed) this.#host.flush.budget.note(this.connection, unsentBytes + chars);
  }

  #write(frame?: Frame): number {
    const events = this.#events;
    this.#events = NO_EVENTS;
    let chars = 0;
    for (const message of this.#wire.encode(events, frame)) {
      if (!this.#isClosed) this.connection.send(message);
      chars += message.length;
    }
    return chars;
  }

  /** Whether all of its cursors are at the heads of their channels. */
  get isUpToDate(): boolean {
    for (const { offset, room } of this.readers.values()) {
      if (offset < room.channel.head) return false;
    }
    return true;
  }

  /** Whether a cursor of it has still to move, and no page is being read for it. */
  get awaitsEntries(): boolean {
    for (const { offset, room, isCatchingUp } of this.readers.values()) {
      if (offset < room.channel.head && !isCatchingUp) return true;
    }
    return false;
  }

  /**
   * Sends entries, in one write with the events of its own that have gathered: on the sending socket, an ack
   * comes before the message that it is for.
   *
   * @param frame At least one entry.
   */
  sendEntries(frame: Frame): void {
    this.#write(frame);
  }

  /** Sends texts in a row, as they are. */
  sendAll(texts: readonly string[], from: number, to: number): void {
    if (this.#isClosed) return;
    if (this.connection.sendAll !== undefined) return this.connection.sendAll(texts, from, to);
    for (let index = from; index < to; index++) this.connection.send(texts[index]!);
  }

  /** Goes on after waiting: what was missed of presence comes as a snapshot, and the cursors move. */
  resume(): void {
    for (const reader of this.readers.values()) {
      if (reader.needsPresence && reader.room.presence !== undefined) {
        reader.needsPresence = false;
        const { name, presence } = reader.room;
        this.tell({ type: "presence", room: name, ...presence.snapshot() });
      }
      this.#host.flush.advance(reader);
    }
  }

  /** Ends the session because its reader cannot be given every message any more. */
  fellBehind(): void {
    this.end(CLOSE_CODE.TooFarBehind, "fell too far behind");
  }

  /**
   * Ends the session; what it has still to be told goes out before.
   *
   * @param code The close code.
   * @param reason The reason.
   */
  end(code: number, reason: string): void {
    this.endCode ||= code;
    this.isPutOut ||= !mayReconnect(code);
    this.flushEvents();
    this.connection.close(code, reason);
  }

  /** Leaves everything: rooms, registry, claim. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#host.ended(this);
  }
}
