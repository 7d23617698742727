/**
 * The chat: opens sessions, and owns what they share.
 *
 * @module
 */

import type { Authenticator, Principal, Unauthorized } from "../auth/principal.ts";
import type { Clock } from "../clock.ts";
import type { Directory } from "../directory/directory.ts";
import {
  POLL_PRESENCE_MS,
  RECONNECTS_PER_SECOND,
  STORE_WAIT_MS,
  TYPING_BURST,
  TYPING_PER_SECOND,
  WORK_PER_CLAIM,
} from "../limits.ts";
import { type Log, UnavailableError } from "../log/log.ts";
import { type ErrorCode, Refusal } from "../protocol/refusal.ts";
import { RICH_SUBPROTOCOL } from "../protocol/event.ts";
import { parseRoomName, parseUsername } from "../protocol/name.ts";
import type { Cursor, Position } from "../protocol/position.ts";
import { RateLimiter } from "../rate_limiter.ts";
import type { Connection, ConnectionHandler } from "../transport/connection.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { checkRead, DEFAULT_ROOM, inboxTarget, roomTarget, type Target } from "./access.ts";
import { Commands } from "./commands.ts";
import { authorized, claimName, nameOf, visitName } from "./entrance.ts";
import { Expiry } from "./expiry.ts";
import { Flush } from "./flush.ts";
import type { ChatEvent } from "./journal.ts";
import { Membership } from "./membership.ts";
import { Moderation } from "./moderation.ts";
import { Poll, type PollAnswer } from "./poll.ts";
import { Publisher } from "./publisher.ts";
import { refusalOf } from "./refusal.ts";
import { Registry } from "./registry.ts";
import { Requests } from "./requests.ts";
import { Rooms } from "./rooms.ts";
import { SendBudget } from "./send_budget.ts";
import { Session, type Visitor } from "./session.ts";
import { Tally } from "./tally.ts";
import { EventStreamWire } from "./wire.ts";

/** Settings of a {@linkcode Chat}. */
export interface ChatOptions {
  /** A message's body, in bytes of UTF-8. */
  readonly bodyBytesMax: number;
  /** Messages a second of one user, in the long run; 0: no limit. */
  readonly messagesPerSecond: number;
  /** Messages of one user at once. */
  readonly messagesBurst: number;
  /** New names of one address in a minute; joins and pages of history are 32 times as many; 0: no limit. */
  readonly claimsPerMinute: number;
  /** Unsent bytes of one reader before it waits at its cursor. */
  readonly sendBufferBytesMax: number;
  /** Unsent bytes of all readers together. */
  readonly sendBuffersTotalBytesMax: number;
  /** Seconds a waiting reader may go without any progress. */
  readonly stallSeconds: number;
  /** Entries before the head at which a reader without a position begins. */
  readonly historyOnJoin: number;
  /** Rooms of one connection. */
  readonly roomsPerConnectionMax: number;
  /** Rooms with somebody in them. */
  readonly roomsMax: number;
  /** Days for which an entry is retained. */
  readonly historyDays: number;
  /** Seconds of silence before a ping; told to clients. */
  readonly pingSeconds: number;
  /** Where messages are stored. */
  readonly log: Log;
  /** Who holds which name. */
  readonly directory: Directory;
  /** Checks keys and tokens. */
  readonly authenticator: Authenticator;
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
  /** Told of what should not happen. */
  readonly onError: (error: unknown) => void;
  /** Told what becomes of sessions, for log and metrics. */
  readonly report?: (event: ChatEvent) => void;
}

/** What a client asks for when it connects. */
export interface JoinRequest extends Visitor {
  /** Whether it claims the name though it has no key: a socket does, a GET never. */
  readonly claimsWithoutKey: boolean;
  /** The username as it came, or `undefined` where it could not be decoded. */
  readonly username: string | undefined;
  /** The names of the rooms as they came; none: {@linkcode DEFAULT_ROOM}. */
  readonly rooms: readonly string[];
  /** Where to go on. */
  readonly cursor: Cursor;
}

/** All rooms and all users of one process. */
export class Chat {
  /** What can be asked without a session. */
  readonly requests: Requests;
  /** What programs may do to users and their messages. */
  readonly moderation: Moderation;
  /** How much may be unsent. */
  readonly budget: SendBudget;
  /** What has happened since the start. */
  readonly tally: Tally = new Tally();
  readonly #options: ChatOptions;
  readonly #registry = new Registry();
  readonly #rooms: Rooms;
  readonly #flush: Flush;
  readonly #commands: Commands;
  readonly #membership: Membership;
  readonly #expiry: Expiry<Session>;

  /**
   * Creates a chat without users.
   *
   * @param options The limits, and what it works with.
   */
  constructor(options: ChatOptions) {
    this.#options = options;
    const { clock, messagesPerSecond, messagesBurst, claimsPerMinute, onError } = options;
    const limiter = (perSecond: number, burst: number) =>
      new RateLimiter({ perSecond, burst, now: () => clock.now() });
    const work = claimsPerMinute * WORK_PER_CLAIM;
    const stallMs = options.stallSeconds * 1000;
    this.budget = new SendBudget(options);
    const { tally } = this;
    this.#flush = new Flush({ budget: this.budget, stallMs, clock, tally, onError });
    this.#rooms = new Rooms({ ...options, flush: this.#flush });
    this.#expiry = new Expiry(clock, (session) => {
      session.end(CLOSE_CODE.Unauthorized, "token expired");
    });
    const messageLimiter = limiter(messagesPerSecond, messagesBurst);
    const context = {
      ...options,
      report: (event: ChatEvent) => options.report?.(event),
      settings: { ...options, refusalsMax: 10 * Math.max(10, messagesBurst) },
      registry: this.#registry,
      rooms: this.#rooms,
      flush: this.#flush,
      expiry: this.#expiry,
      publisher: new Publisher({ ...options, messageLimiter, tally }),
      workLimiter: limiter(work / 60, work),
      typingLimiter: limiter(TYPING_PER_SECOND, TYPING_BURST),
    };
    this.#membership = new Membership(context);
    this.#commands = new Commands({ ...context, membership: this.#membership });
    this.requests = new Requests(context);
    this.moderation = new Moderation(context);
    options.directory.listen({
      putOut: (outcast) => this.moderation.putOut(outcast),
      lost: ({ user: { key } }) => {
        for (const session of [...this.#registry.of(key)]) {
          session.end(CLOSE_CODE.UsernameTaken, "username taken");
        }
      },
    });
  }

  /** How many users there are. */
  get userCount(): number {
    return this.#registry.size;
  }

  /** How many rooms and inboxes are open. */
  get roomCount(): number {
    return this.#rooms.size;
  }

  /** How many inboxes are open. */
  get inboxCount(): number {
    return this.#rooms.inboxCount;
  }

  /** How many readers wait at their cursors. */
  get waitingCount(): number {
    return this.#flush.waiting.size;
  }

  /**
   * Tells every client that the server is about to end, and when to come back: spread over some time, so
   * that whoever takes over is not asked by all at once.
   */
  announceEnd(): void {
    const sessions = [...this.#registry].filter(({ isPlain }) => !isPlain);
    const stepMs = 1000 /
      Math.max(RECONNECTS_PER_SECOND / 2, Math.min(sessions.length, RECONNECTS_PER_SECOND));
    for (const [index, session] of sessions.entries()) {
      session.tell({ type: "reconnect", afterMs: Math.round(index * stepMs) });
    }
  }

  /**
   * Opens a session on a connection, or closes it with the reason why not.
   *
   * @param connection An open connection.
   * @param request What the client asks for.
   * @param who Who it is; what it says meanwhile is heard afterwards.
   * @returns What the connection's messages go to.
   */
  open(
    connection: Connection,
    request: JoinRequest,
    who: Promise<Principal | Unauthorized>,
  ): ConnectionHandler {
    const session = new Session(connection, request, this.#commands);
    this.#arrive(session, request, who).catch((error: unknown) => {
      const { code } = refusalOf(error);
      if (code === "internal") this.#options.onError(error);
      this.#commands.refused(session, code);
      session.end(...closingOf(code, error));
    });
    return session;
  }

  /**
   * Opens a session of server-sent events.
   *
   * @param connection A stream that takes their text.
   * @param request What the client asks for.
   * @param principal Who it is.
   * @returns What is to be told when the stream has ended.
   * @throws {Refusal} Why the session cannot be opened.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async stream(
    connection: Connection,
    request: JoinRequest,
    principal: Principal,
  ): Promise<ConnectionHandler> {
    const session = new Session(
      connection,
      request,
      this.#commands,
      new EventStreamWire(request.cursor),
    );
    try {
      await this.#open(session, request, principal);
      return session;
    } catch (error) {
      session.closed();
      throw error;
    }
  }

  /**
   * Answers with what comes after a cursor, as soon as there is something.
   *
   * @param request What the client asks for.
   * @param principal Who it is.
   * @param waitMs How long to wait for it, in milliseconds.
   * @param signal Ends the wait: the client has gone.
   * @throws {Refusal} Why the client is told nothing.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async poll(
    request: JoinRequest,
    principal: Principal,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<PollAnswer> {
    const { clock, sendBufferBytesMax } = this.#options;
    const poll = new Poll(clock, request.cursor, sendBufferBytesMax);
    const visitor = { ...request, stayMs: POLL_PRESENCE_MS };
    const session = new Session(poll, visitor, this.#commands, poll.wire);
    poll.handle(session);
    try {
      await this.#open(session, request, principal);
      if (session.isUpToDate) await poll.wait(waitMs, signal);
      // What is there is not worth another request, be it still to be read or come in the last moment.
      if (!session.isUpToDate) await poll.wait(STORE_WAIT_MS, signal);
      if (poll.events.length === 0 && !session.isUpToDate) {
        throw new UnavailableError("The store is out of reach");
      }
      return { cursor: poll.wire.cursor, more: !session.isUpToDate, events: poll.events };
    } finally {
      session.closed();
    }
  }

  async #arrive(
    session: Session,
    request: JoinRequest,
    who: Promise<Principal | Unauthorized>,
  ): Promise<void> {
    const principal = authorized(await who);
    if (!session.isClosed) await this.#open(session, request, principal);
  }

  async #open(session: Session, request: JoinRequest, principal: Principal): Promise<void> {
    session.principal = principal;
    const { address, cursor, isPlain } = request;
    const user = nameOf(request.username, principal);
    const rooms = this.#parseRooms(request, principal);
    const { directory } = this.#options;
    const identity = request.claimsWithoutKey || principal.author !== undefined
      ? await claimName(directory, { user, author: principal.author, address })
      : await visitName(directory, user, address);
    if (session.isClosed) return directory.release(identity);
    session.identify(identity);
    this.#expiry.set(session, principal.expiresAt);
    this.#registry.add(session);
    this.#welcome(session);
    this.#options.report?.({ type: "opened", session });

    const positions = isPlain ? undefined : positionsOf(cursor);
    const inbox = isPlain ? undefined : inboxTarget(identity);
    if (inbox !== undefined) {
      await this.#membership.enter(session, inbox, positions?.get(`@${user.key}`));
    }
    for (const room of rooms) {
      await this.#membership.enter(session, room, positions?.get(room.channel));
    }
    session.opened();
  }

  #parseRooms({ isPlain, rooms }: JoinRequest, principal: Principal): Target[] {
    const names = rooms.length === 0 ? [DEFAULT_ROOM] : rooms;
    if (names.length > (isPlain ? 1 : this.#options.roomsPerConnectionMax)) {
      throw new Refusal("room_name_invalid", "too many rooms");
    }
    return names.map((name) => checkRead(principal, roomTarget(name)));
  }

  #welcome(session: Session): void {
    const { bodyBytesMax, messagesPerSecond, messagesBurst, roomsPerConnectionMax } = this.#options;
    session.tell({
      type: "welcome",
      protocol: RICH_SUBPROTOCOL,
      username: session.identity.user.text,
      limits: { bodyBytesMax, messagesPerSecond, messagesBurst, roomsPerConnectionMax },
      pingSeconds: this.#options.pingSeconds,
    });
  }
}

/** How a session that cannot be opened is closed: what a person can change has a code of its own. */
function closingOf(code: ErrorCode, error: unknown): [code: number, reason: string] {
  switch (code) {
    case "username_invalid":
      return [CLOSE_CODE.UsernameInvalid, "username invalid"];
    case "username_taken":
      return [CLOSE_CODE.UsernameTaken, "username taken"];
    case "unauthorized":
      return [CLOSE_CODE.Unauthorized, (error as Refusal).message];
    case "room_name_invalid":
    case "forbidden":
      return [CLOSE_CODE.RoomInvalid, "room name invalid or not allowed"];
    case "banned":
      return [CLOSE_CODE.Kicked, "banned"];
    case "rate_limited":
    case "rooms_full":
      return [CLOSE_CODE.ServerFull, (error as Refusal).message];
    case "unavailable":
      return [CLOSE_CODE.InternalError, (error as Error).message];
    default:
      return [CLOSE_CODE.InternalError, "internal error"];
  }
}

/** The positions of a cursor by room's key, or `@` and user's key; of two for one room the first counts. */
function positionsOf(cursor: Cursor): Map<string, Position> {
  const positions = new Map<string, Position>();
  for (const [name, position] of cursor) {
    const isInbox = name.startsWith("@");
    const key = (isInbox ? parseUsername(name.slice(1)) : parseRoomName(name))?.key;
    if (key === undefined) continue;
    const target = isInbox ? `@${key}` : key;
    if (!positions.has(target)) positions.set(target, position);
  }
  return positions;
}
