/**
 * What sessions can do: publish, take back, join, leave, look back, type.
 *
 * @module
 */

import type { Authenticator } from "../auth/principal.ts";
import type { Directory } from "../directory/directory.ts";
import { HISTORY_PAGE_DEFAULT, PENDING_ANSWERS_MAX, PRESENCE_USERS_MAX } from "../limits.ts";
import type { Log } from "../log/log.ts";
import type { Command } from "../protocol/command.ts";
import { parseUsername } from "../protocol/name.ts";
import { parsePosition } from "../protocol/position.ts";
import { type ErrorCode, Refusal } from "../protocol/refusal.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { canRead, ownTarget } from "./access.ts";
import { authorized, takeWork } from "./entrance.ts";
import type { Expiry } from "./expiry.ts";
import type { Flush } from "./flush.ts";
import { historyEvent, readEntry } from "./history.ts";
import type { Membership, MembershipContext, MembershipSettings } from "./membership.ts";
import type { Published, Publisher } from "./publisher.ts";
import { refusalOf } from "./refusal.ts";
import type { Registry } from "./registry.ts";
import { joinedEvent } from "./room.ts";
import { attendedAs, tellTyping } from "./rooms.ts";
import type { Session, SessionHost, SessionSettings } from "./session.ts";

/** The settings that commands go by. */
export interface CommandSettings extends SessionSettings, MembershipSettings {}

/** What commands work with. */
export interface CommandContext extends MembershipContext {
  /** The settings. */
  readonly settings: CommandSettings;
  /** Where messages are stored. */
  readonly log: Log;
  /** Who holds which name. */
  readonly directory: Directory;
  /** Checks renewed tokens. */
  readonly authenticator: Authenticator;
  /** Ends sessions whose tokens have expired. */
  readonly expiry: Expiry<Session>;
  /** Who is connected. */
  readonly registry: Registry;
  /** Who reads which room. */
  readonly membership: Membership;
  /** What messages go through. */
  readonly publisher: Publisher;
  /** Typing events of each user. */
  readonly typingLimiter: RateLimiter;
  /** Told of what should not happen. */
  readonly onError: (error: unknown) => void;
}

type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;

/** The commands, for all sessions. */
export class Commands implements SessionHost {
  readonly #context: CommandContext;
  readonly #membership: Membership;

  /**
   * Creates the commands.
   *
   * @param context What they work with.
   */
  constructor(context: CommandContext) {
    this.#context = context;
    this.#membership = context.membership;
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
    const [reader] = session.readers.values();
    const { target } = reader!.room;
    attempt(() => this.#context.publisher.say(session.identity, target, body), (error) => {
      const { code } = refusalOf(error);
      this.refused(session, code);
      // The plain protocol knows no answers: what cannot be stored ends the session, and goes to nobody.
      if (code === "rate_limited") return session.end(CLOSE_CODE.Flooding, "too many messages");
      if (code === "internal") this.#context.onError(error);
      session.end(CLOSE_CODE.InternalError, "the message could not be stored");
    });
  }

  /** A command over the rich protocol; every refusal is told to its session. */
  run(session: Session, command: Command): void {
    attempt(() => this.#run(session, command), (error) => {
      const refusal = refusalOf(error);
      session.tell({ type: "error", ...refusal, ref: command.ref });
      this.refused(session, refusal.code);
      if (refusal.code === "rate_limited") session.countRefusal();
      if (refusal.code === "internal") this.#context.onError(error);
    });
  }

  /** A session was refused something. */
  refused(session: Session, code: ErrorCode): void {
    this.#context.report({ type: "refused", session, code });
  }

  // Not an async function: what a command does at once is done before the next one is looked at.
  #run(session: Session, command: Command): Promise<void> {
    switch (command.type) {
      case "message":
        return this.#message(session, command);
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
      case "token":
        return this.#answer(session, () => this.#token(session, command));
      case "ping":
        session.tell({ type: "pong", ref: command.ref });
        return Promise.resolve();
    }
  }

  #message(session: Session, command: CommandOf<"message">): Promise<void> {
    const { room, to, body, ref } = command;
    const { identity } = session;
    const { publisher } = this.#context;
    const published = to === undefined
      ? publisher.say(identity, this.#membership.readerOf(session, room!).room.target, body, ref)
      : publisher.direct(identity, to, body, ref);
    // At once, for what comes after it in this turn; unless the log refuses it yet.
    const refusals = session.refusals;
    session.refusals = 0;
    return published.then((fields) => acknowledge(session, ref, fields), (error) => {
      session.refusals += refusals;
      throw error;
    });
  }

  async #delete(session: Session, command: CommandOf<"delete">): Promise<void> {
    const reader = this.#membership.readerOf(session, command.room);
    const entry = await readEntry(reader.room.channel, command.offset);
    const { ref } = command;
    const { publisher } = this.#context;
    const fields = await publisher.takeBack(session.identity, reader.room.target, entry, ref);
    session.refusals = 0;
    acknowledge(session, ref, fields);
  }

  async #join(session: Session, command: CommandOf<"join">): Promise<void> {
    const target = ownTarget(command.room, session.principal, session.identity);
    const reader = session.readers.get(target.channel);
    if (reader !== undefined) {
      this.#context.rooms.renew(reader.room);
      return session.tell(joinedEvent(reader, true, command.ref));
    }
    const position = command.position === undefined ? undefined : parsePosition(command.position);
    await this.#membership.enter(session, target, position, command.ref);
  }

  // deno-lint-ignore require-await
  async #leave(session: Session, command: CommandOf<"leave">): Promise<void> {
    const reader = this.#membership.readerOf(session, command.room);
    this.#membership.exit(session, reader);
    session.tell({ type: "left", room: reader.room.name, ref: command.ref });
  }

  async #history(session: Session, command: CommandOf<"history">): Promise<void> {
    const { before, after, limit = HISTORY_PAGE_DEFAULT, ref } = command;
    const partner = command.with === undefined ? undefined : parseUsername(command.with);
    if (command.with !== undefined && partner === undefined) {
      throw new Refusal("user_not_found", "Nobody has this name");
    }
    const name = command.room ?? `@${session.identity.user.text}`;
    const target = ownTarget(name, session.principal, session.identity);
    takeWork(this.#context.workLimiter, session.address);
    const asked = { before, after, limit, with: partner };
    session.tell({ ...await historyEvent(this.#context.log, target, asked), ref });
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
      return this.#context.directory.typing(`@${to.key}`, user);
    }
    const { room } = this.#membership.readerOf(session, command.room!);
    if (room.presence === undefined || room.presence.userCount > PRESENCE_USERS_MAX) return;
    tellTyping(room, user);
    this.#context.directory.typing(attendedAs(room.channel.name), user);
  }

  /** A new token of the same user takes the place of the old one, with all that it says. */
  async #token(session: Session, { token, ref }: CommandOf<"token">): Promise<void> {
    takeWork(this.#context.workLimiter, session.address);
    const principal = authorized(await this.#context.authenticator.authenticate(token));
    if (principal.user === undefined || principal.author !== session.identity.author) {
      throw new Refusal("unauthorized", "The token is another user's");
    }
    if (session.isClosed) return;
    session.principal = principal;
    this.#context.expiry.set(session, principal.expiresAt);
    for (const reader of session.readers.values()) {
      const { target } = reader.room;
      if (canRead(principal, target)) continue;
      this.#membership.exit(session, reader);
      session.tell({ type: "left", room: target.name });
    }
    session.tell({ type: "token", expiresAt: principal.expiresAt, ref });
  }

  /** A session has ended: it leaves its rooms, the registry, and its name. */
  ended(session: Session): void {
    const { flush, expiry, registry, directory } = this.#context;
    flush.forget(session);
    expiry.forget(session);
    this.#context.report({ type: "ended", session });
    if (!session.isIdentified) return;
    for (const reader of session.readers.values()) this.#membership.exit(session, reader);
    registry.remove(session);
    directory.release(session.identity);
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
}

function acknowledge(session: Session, ref: string | undefined, fields: Published): void {
  if (ref !== undefined) session.tell({ type: "ack", ref, ...fields });
}

/** Starts something that may fail at once or later; either is told the same way. */
function attempt(start: () => Promise<unknown>, onError: (error: unknown) => void): void {
  try {
    start().catch(onError);
  } catch (error) {
    onError(error);
  }
}
