/**
 * The chat: puts its parts together, and gives every transport its sessions.
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
import { RateLimiter } from "../rate_limiter.ts";
import type { Connection, ConnectionHandler } from "../transport/connection.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { Arrivals, closingOf } from "./arrival.ts";
import { Commands } from "./commands.ts";
import { authorized } from "./entrance.ts";
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
import { Session } from "./session.ts";
import { Tally } from "./tally.ts";
import type { JoinRequest } from "./visitor.ts";
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
  readonly #arrivals: Arrivals;

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
    const expiry = new Expiry<Session>(clock, (session) => {
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
      expiry,
      publisher: new Publisher({ ...options, messageLimiter, tally }),
      workLimiter: limiter(work / 60, work),
      typingLimiter: limiter(TYPING_PER_SECOND, TYPING_BURST),
    };
    const membership = new Membership(context);
    this.#arrivals = new Arrivals({ ...context, membership });
    this.#commands = new Commands({ ...context, membership });
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
      await this.#arrivals.open(session, request, principal);
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
      await this.#arrivals.open(session, request, principal);
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
    if (!session.isClosed) await this.#arrivals.open(session, request, principal);
  }
}
