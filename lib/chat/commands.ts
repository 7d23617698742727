/**
 * What sessions can do: publish, delete, join, leave, look back, type.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { LocalDirectory } from "../directory/local.ts";
import { HISTORY_PAGE_DEFAULT, PENDING_ANSWERS_MAX, PRESENCE_USERS_MAX } from "../limits.ts";
import {
  type Appended,
  type Draft,
  type Entry,
  type Log,
  RefConflictError,
  UnavailableError,
} from "../log/log.ts";
import type { Command } from "../protocol/command.ts";
import { entryEvent, type ErrorCode, type Event } from "../protocol/event.ts";
import { parseRoomName, parseUsername } from "../protocol/name.ts";
import { parsePosition, type Position } from "../protocol/position.ts";
import { exceedsBytes } from "../protocol/text.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import type { Flush } from "./flush.ts";
import { readPage } from "./history.ts";
import type { Reader } from "./room.ts";
import type { Registry } from "./registry.ts";
import type { Rooms } from "./rooms.ts";
import type { Session, SessionHost, SessionSettings } from "./session.ts";

/** The settings that commands go by. */
export interface CommandSettings extends SessionSettings {
  /** Entries before the head at which a reader without a position begins. */
  readonly historyOnJoin: number;
  /** Rooms of one connection. */
  readonly roomsPerConnectionMax: number;
}

/** What commands work with. */
export interface CommandContext {
  /** The settings. */
  readonly settings: CommandSettings;
  /** Where messages are stored. */
  readonly log: Log;
  /** Who holds which name. */
  readonly directory: LocalDirectory;
  /** Who is connected. */
  readonly registry: Registry;
  /** The open rooms. */
  readonly rooms: Rooms;
  /** What goes to whom. */
  readonly flush: Flush;
  /** Messages of each user. */
  readonly messageLimiter: RateLimiter;
  /** Typing events of each user. */
  readonly typingLimiter: RateLimiter;
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
  /** Told of what should not happen. */
  readonly onError: (error: unknown) => void;
}

/** A channel, as one session may name it. */
export interface Target {
  /** The log's channel. */
  readonly channel: string;
  /** The name shown. */
  readonly name: string;
  /** Whether it is the session's inbox. */
  readonly isInbox: boolean;
}

type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;

/** A refusal of one command: its socket stays. */
class Refusal extends Error {
  constructor(readonly code: ErrorCode, message: string, readonly retryAfterMs?: number) {
    super(message);
  }
}

/** The commands, for all sessions. */
export class Commands implements SessionHost {
  readonly #context: CommandContext;

  /**
   * Creates the commands.
   *
   * @param context What they work with.
   */
  constructor(context: CommandContext) {
    this.#context = context;
  }

  /** The settings. */
  get settings(): CommandSettings {
    return this.#context.settings;
  }

  /** What goes to whom. */
  get flush(): Flush {
    return this.#context.flush;
  }

  /** A message over the plain protocol, to the one room of its session. */
  say(session: Session, body: string): void {
    if (body === "") return;
    if (this.#context.messageLimiter.take(session.identity.user.key) > 0) {
      return session.end(CLOSE_CODE.Flooding, "too many messages");
    }
    const [reader] = session.readers.values();
    // The plain protocol knows no answers: what cannot be stored ends the session, and goes to nobody.
    this.#append(session, reader!.room.channel.name, { body }).catch((error: unknown) => {
      if (!(error instanceof UnavailableError)) this.#context.onError(error);
      session.end(CLOSE_CODE.InternalError, "the message could not be stored");
    });
  }

  /** A command over the rich protocol; every refusal is told to its session. */
  run(session: Session, command: Command): void {
    const ref = "ref" in command ? command.ref : undefined;
    this.#run(session, command).catch((error: unknown) => {
      const refusal = asRefusal(error);
      session.tell({ type: "error", ...refusal, ref });
      if (refusal.code === "rate_limited") session.countRefusal(true);
      if (refusal.code === "internal") this.#context.onError(error);
    });
  }

  // Not an async function: what a command does at once is done before the next one is looked at.
  #run(session: Session, command: Command): Promise<void> {
    switch (command.type) {
      case "message":
        return command.to === undefined
          ? this.#message(session, command.room!, command.body, command.ref)
          : this.#directMessage(session, command.to, command.body, command.ref);
      case "delete":
        return this.#answer(session, () => this.#delete(session, command));
      case "join":
        return this.#answer(session, () => this.#join(session, command));
      case "leave":
        return this.#leave(session, command);
      case "history":
        return this.#answer(session, () => this.#history(session, command));
      case "typing":
        return this.#typing(session, command);
      case "ping":
        session.tell({ type: "pong", ref: command.ref });
        return Promise.resolve();
    }
  }

  async #message(session: Session, roomName: string, body: string, ref?: string): Promise<void> {
    const { room } = this.#reader(session, roomName);
    if (room.presence === undefined) {
      throw new Refusal("forbidden", "An inbox takes direct messages: name the user in `to`");
    }
    this.#checkBody(body);
    this.#checkRate(session);
    const appended = await this.#append(session, room.channel.name, { body, ref });
    if (ref !== undefined) session.tell({ type: "ack", ref, room: room.name, ...appended });
  }

  /** The sender's own copy and the recipient's; a repeat by `ref` completes what broke off. */
  async #directMessage(session: Session, to: string, body: string, ref?: string): Promise<void> {
    const { user, inbox } = session.identity;
    if (inbox === undefined) {
      throw new Refusal("forbidden", "Direct messages need a key: without one there is no inbox");
    }
    this.#checkBody(body);
    const recipient = parseUsername(to);
    const holder = recipient && await this.#context.directory.holder(recipient.key);
    if (recipient === undefined || holder === undefined) {
      throw new Refusal("user_not_found", "Nobody has an inbox of this name");
    }
    this.#checkRate(session);
    const { clock, randomId } = this.#context;
    // As the sender spells the name: a repeat says the same, whoever holds it by then.
    const message = { body, ref, to: recipient.text, id: randomId(), at: clock.wallNow() };
    // Both at once, in this order: so the ack comes before the own copy, and a local log stores both or none.
    const own = this.#append(session, inbox, { ...message, with: holder.user.text });
    const copy = holder.inbox === inbox
      ? undefined
      : this.#append(session, holder.inbox, { ...message, with: user.text });
    const [appended] = await Promise.all([own, copy]);
    if (ref !== undefined) session.tell({ type: "ack", ref, room: `@${user.text}`, ...appended });
  }

  async #delete(session: Session, command: CommandOf<"delete">): Promise<void> {
    const { room } = this.#reader(session, command.room);
    this.#checkRate(session);
    const [entry] = await room.channel.read(command.offset - 1, 1);
    if (entry?.offset !== command.offset || entry.kind !== "message") {
      throw new Refusal("not_found", "There is no message at this offset");
    }
    if (entry.author !== session.identity.author) {
      throw new Refusal("forbidden", "This message is somebody else's");
    }
    const { ref } = command;
    const draft = { kind: "deletion", body: "", target: command.offset, ref } as const;
    const appended = await this.#append(session, room.channel.name, draft);
    if (ref !== undefined) session.tell({ type: "ack", ref, room: room.name, ...appended });
  }

  async #join(session: Session, command: CommandOf<"join">): Promise<void> {
    const { channel, name, isInbox } = this.#channel(session, command.room);
    const reader = session.readers.get(channel);
    if (reader !== undefined) {
      this.#context.rooms.renew(reader.room);
      return session.tell(joinedEvent(reader, true, command.ref));
    }
    const position = command.position === undefined ? undefined : parsePosition(command.position);
    await this.enter(session, { channel, name, isInbox }, position, command.ref);
  }

  // deno-lint-ignore require-await
  async #leave(session: Session, command: CommandOf<"leave">): Promise<void> {
    const reader = this.#reader(session, command.room);
    this.#exit(session, reader);
    session.tell({ type: "left", room: reader.room.name, ref: command.ref });
  }

  async #history(session: Session, command: CommandOf<"history">): Promise<void> {
    const { before, after, limit = HISTORY_PAGE_DEFAULT, ref } = command;
    const partner = command.with === undefined ? undefined : parseUsername(command.with);
    if (command.with !== undefined && partner === undefined) {
      throw new Refusal("user_not_found", "Nobody has this name");
    }
    const target = partner === undefined
      ? this.#channel(session, command.room!)
      : this.#channel(session, `@${session.identity.user.text}`);
    const room = await this.#context.rooms.acquire(target.channel, target.name, target.isInbox);
    try {
      const matches = partner && conversationWith(partner.key);
      const page = await readPage(room.channel, { before, after, limit, matches });
      session.tell({
        type: "history",
        ...(partner === undefined ? { room: room.name } : { with: partner.text }),
        epoch: room.channel.epoch,
        entries: page.entries.map((entry) => entryEvent(room.name, entry)),
        more: page.more,
        from: page.from,
        to: page.to,
        ref,
      });
    } finally {
      this.#context.rooms.release(room);
    }
  }

  // deno-lint-ignore require-await
  async #typing(session: Session, command: CommandOf<"typing">): Promise<void> {
    const { user } = session.identity;
    if (this.#context.typingLimiter.take(user.key) > 0) return;
    if (command.to !== undefined) {
      const to = parseUsername(command.to);
      if (to === undefined || session.identity.inbox === undefined) return;
      const event = { type: "typing", to: to.text, username: user.text } as const;
      for (const other of this.#context.registry.of(to.key)) {
        if (other.identity.inbox !== undefined && !other.isBehind) other.tell(event);
      }
      return;
    }
    const { room } = this.#reader(session, command.room!);
    if (room.presence === undefined || room.presence.userCount > PRESENCE_USERS_MAX) return;
    const event = JSON.stringify({ type: "typing", room: room.name, username: user.text });
    for (const { session: other } of room.readers) {
      if (other.identity.user.key !== user.key && !other.isBehind) other.tellText(event);
    }
  }

  /**
   * Makes a session a reader of a room.
   *
   * @param session An identified session.
   * @param target The room.
   * @param position Where to go on; without one, or where it has lost its meaning, a little before the head.
   * @param ref The command's `ref`.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async enter(
    session: Session,
    target: Target,
    position: Position | undefined,
    ref?: string,
  ): Promise<void> {
    const { rooms, flush } = this.#context;
    const room = await rooms.acquire(target.channel, target.name, target.isInbox);
    const { channel } = room;
    rooms.renew(room);
    // Meanwhile the session may have ended, or have joined by another command.
    const joined = session.readers.get(channel.name);
    if (session.isClosed || joined !== undefined) {
      rooms.release(room);
      if (joined !== undefined) session.tell(joinedEvent(joined, true, ref));
      return;
    }
    const { roomsPerConnectionMax } = this.settings;
    if (!target.isInbox && session.roomCount >= roomsPerConnectionMax) {
      rooms.release(room);
      throw new Refusal("rooms_full", `A connection may join ${roomsPerConnectionMax} rooms`);
    }
    const isRecovered = position !== undefined &&
      channel.canResume(position.epoch, position.offset);
    const beginning = session.isPlain
      ? channel.head
      : Math.max(channel.first - 1, channel.head - this.settings.historyOnJoin);
    const offset = isRecovered ? position.offset : beginning;
    const reader: Reader = { session, room, offset, isCatchingUp: false, needsPresence: false };
    session.tell(joinedEvent(reader, isRecovered, ref));
    session.readers.set(channel.name, reader);
    room.readers.add(reader);
    room.presence?.enter(session.identity.user);
    flush.start(reader);
  }

  /** A session has ended: it leaves its rooms, the registry, and its name. */
  ended(session: Session): void {
    this.#context.flush.forget(session);
    if (!session.isIdentified) return;
    for (const reader of session.readers.values()) this.#exit(session, reader);
    this.#context.registry.remove(session);
    this.#context.directory.release(session.identity);
  }

  #exit(session: Session, reader: Reader): void {
    const { room } = reader;
    session.readers.delete(room.channel.name);
    room.readers.delete(reader);
    room.presence?.leave(session.identity.user);
    this.#context.rooms.release(room);
  }

  /** Commands with answers that may be large are few at a time, and wait for a connection that drains. */
  async #answer(session: Session, answer: () => Promise<void>): Promise<void> {
    if (session.isBehind || session.pendingAnswers >= PENDING_ANSWERS_MAX) {
      throw new Refusal("busy", "Too much is under way on this connection");
    }
    session.pendingAnswers++;
    try {
      await answer();
    } finally {
      session.pendingAnswers--;
    }
  }

  #append(
    session: Session,
    channel: string,
    draft: Pick<Draft, "body"> & Partial<Draft>,
  ): Promise<Appended> {
    const { author, user } = session.identity;
    const { log, clock, randomId } = this.#context;
    return log.append(channel, {
      kind: "message",
      id: randomId(),
      author,
      sender: user.text,
      at: clock.wallNow(),
      ...draft,
    });
  }

  #checkBody(body: string): void {
    const { bodyBytesMax } = this.settings;
    if (body === "") throw new Refusal("body_empty", "There is no text");
    if (exceedsBytes(body, bodyBytesMax)) {
      throw new Refusal("body_too_large", `A text may have ${bodyBytesMax} bytes`);
    }
  }

  #checkRate(session: Session): void {
    const waitMs = this.#context.messageLimiter.take(session.identity.user.key);
    if (waitMs > 0) throw new Refusal("rate_limited", "Too many messages", Math.ceil(waitMs));
    session.countRefusal(false);
  }

  #reader(session: Session, roomName: string): Reader {
    const { channel, name } = this.#channel(session, roomName);
    const reader = session.readers.get(channel);
    if (reader === undefined) throw new Refusal("not_joined", `Not in ${name}`);
    return reader;
  }

  /** What a name stands for, to this session: any room, and of the inboxes the own one. */
  #channel(session: Session, name: string): Target {
    const { user, inbox } = session.identity;
    if (name.startsWith("@")) {
      if (inbox === undefined || parseUsername(name.slice(1))?.key !== user.key) {
        throw new Refusal("forbidden", "An inbox is read by its owner alone");
      }
      return { channel: inbox, name: `@${user.text}`, isInbox: true };
    }
    const room = parseRoomName(name);
    if (room === undefined) throw new Refusal("room_name_invalid", "This cannot be a room's name");
    return { channel: room.key, name: room.key, isInbox: false };
  }
}

function joinedEvent(reader: Reader, recovered: boolean, ref: string | undefined): Event {
  const { room: { channel, name, presence }, offset } = reader;
  const { epoch, head } = channel;
  return {
    type: "joined",
    room: name,
    epoch,
    offset,
    head,
    recovered,
    ...presence?.snapshot(),
    ref,
  };
}

function conversationWith(key: string): (entry: Entry) => boolean {
  return (entry) => entry.with !== undefined && parseUsername(entry.with)?.key === key;
}

function asRefusal(error: unknown): { code: ErrorCode; message: string; retryAfterMs?: number } {
  if (error instanceof Refusal) {
    const { code, message, retryAfterMs } = error;
    return { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (error instanceof RefConflictError) return { code: "ref_conflict", message: error.message };
  if (error instanceof UnavailableError) return { code: "unavailable", message: error.message };
  return { code: "internal", message: "The server failed" };
}
