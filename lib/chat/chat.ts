/**
 * The chat: opens sessions, and owns what they share.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { LocalDirectory } from "../directory/local.ts";
import { TYPING_BURST, TYPING_PER_SECOND } from "../limits.ts";
import { type Log, UnavailableError } from "../log/log.ts";
import { RICH_SUBPROTOCOL } from "../protocol/event.ts";
import { type Name, parseRoomName, parseUsername } from "../protocol/name.ts";
import type { Cursor, Position } from "../protocol/position.ts";
import { RateLimiter } from "../rate_limiter.ts";
import type { Connection, ConnectionHandler } from "../transport/connection.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { Commands } from "./commands.ts";
import { Flush } from "./flush.ts";
import { Registry } from "./registry.ts";
import { Rooms } from "./rooms.ts";
import { Session } from "./session.ts";

/** The room of those who name none. */
export const DEFAULT_ROOM = "lobby";

/** Settings of a {@linkcode Chat}. */
export interface ChatOptions {
  /** A message's body, in bytes of UTF-8. */
  readonly bodyBytesMax: number;
  /** Messages a second of one user, in the long run; 0: no limit. */
  readonly messagesPerSecond: number;
  /** Messages of one user at once. */
  readonly messagesBurst: number;
  /** Unsent bytes of one reader before it waits at its cursor. */
  readonly sendBufferBytesMax: number;
  /** Seconds a waiting reader may go without any progress. */
  readonly stallSeconds: number;
  /** Entries before the head at which a reader without a position begins. */
  readonly historyOnJoin: number;
  /** Rooms of one connection. */
  readonly roomsPerConnectionMax: number;
  /** Seconds of silence before a ping; told to clients. */
  readonly pingSeconds: number;
  /** Where messages are stored. */
  readonly log: Log;
  /** Who holds which name. */
  readonly directory: LocalDirectory;
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
  /** Told of what should not happen. */
  readonly onError: (error: unknown) => void;
}

/** What a client asks for when it connects. */
export interface JoinRequest {
  /** Whether it speaks the plain protocol, else the rich one. */
  readonly isPlain: boolean;
  /** The username as it came, or `undefined` where it could not be decoded. */
  readonly username: string | undefined;
  /** A hash of the client's key; `undefined` without a key. */
  readonly keyHash: string | undefined;
  /** The names of the rooms as they came; none: {@linkcode DEFAULT_ROOM}. */
  readonly rooms: readonly string[];
  /** Where to go on. */
  readonly cursor: Cursor;
}

/** All rooms and all users of one process. */
export class Chat {
  readonly #options: ChatOptions;
  readonly #registry = new Registry();
  readonly #rooms: Rooms;
  readonly #flush: Flush;
  readonly #commands: Commands;

  /**
   * Creates a chat without users.
   *
   * @param options The limits, and what it works with.
   */
  constructor(options: ChatOptions) {
    this.#options = options;
    const { clock, log, messagesBurst, historyOnJoin, sendBufferBytesMax, onError } = options;
    const now = () => clock.now();
    const stallMs = options.stallSeconds * 1000;
    this.#flush = new Flush({ sendBufferBytesMax, stallMs, clock, onError });
    this.#rooms = new Rooms({ log, flush: this.#flush, clock, historyOnJoin });
    this.#commands = new Commands({
      ...options,
      settings: { ...options, refusalsMax: 10 * Math.max(10, messagesBurst) },
      registry: this.#registry,
      rooms: this.#rooms,
      flush: this.#flush,
      messageLimiter: new RateLimiter({
        perSecond: options.messagesPerSecond,
        burst: messagesBurst,
        now,
      }),
      typingLimiter: new RateLimiter({ perSecond: TYPING_PER_SECOND, burst: TYPING_BURST, now }),
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

  /** How many readers wait at their cursors. */
  get waitingCount(): number {
    return this.#flush.waiting;
  }

  /**
   * Opens a session on a connection, or closes it with the reason why not.
   *
   * @param connection An open connection.
   * @param request What the client asks for.
   * @returns What the connection's messages go to.
   */
  open(connection: Connection, request: JoinRequest): ConnectionHandler {
    const session = new Session(connection, request.isPlain, this.#commands);
    this.#open(session, request).catch((error) => {
      if (!(error instanceof UnavailableError)) this.#options.onError(error);
      session.end(CLOSE_CODE.InternalError, "the store is out of reach");
    });
    return session;
  }

  async #open(session: Session, request: JoinRequest): Promise<void> {
    const user = request.username === undefined ? undefined : parseUsername(request.username);
    if (user === undefined) return session.end(CLOSE_CODE.UsernameInvalid, "username invalid");
    const rooms = this.#parseRooms(request);
    if (rooms === undefined) {
      return session.end(CLOSE_CODE.RoomInvalid, "room name invalid or not allowed");
    }
    const { directory, randomId } = this.#options;
    const hasKey = request.keyHash !== undefined;
    const author = hasKey ? `k:${request.keyHash}` : `s:${randomId()}`;
    const identity = await directory.claim(user, author, hasKey);
    if (identity === undefined) return session.end(CLOSE_CODE.UsernameTaken, "username taken");
    if (session.isClosed) return directory.release(identity);
    session.identify(identity);
    this.#registry.add(session);
    this.#welcome(session);

    if (identity.inbox !== undefined && !session.isPlain) {
      const inbox = { channel: identity.inbox, name: `@${identity.user.text}`, isInbox: true };
      await this.#commands.enter(session, inbox, inboxPosition(request.cursor, user.key));
    }
    for (const { key } of rooms) {
      const position = session.isPlain ? undefined : roomPosition(request.cursor, key);
      await this.#commands.enter(session, { channel: key, name: key, isInbox: false }, position);
    }
    session.opened();
  }

  #parseRooms({ isPlain, rooms }: JoinRequest): Name[] | undefined {
    const names = rooms.length === 0 ? [DEFAULT_ROOM] : rooms;
    if (names.length > (isPlain ? 1 : this.#options.roomsPerConnectionMax)) return undefined;
    const parsed = names.map(parseRoomName);
    return parsed.every((room) => room !== undefined) ? parsed : undefined;
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

function roomPosition(cursor: Cursor, key: string): Position | undefined {
  for (const [name, position] of cursor) {
    if (!name.startsWith("@") && parseRoomName(name)?.key === key) return position;
  }
  return undefined;
}

function inboxPosition(cursor: Cursor, key: string): Position | undefined {
  for (const [name, position] of cursor) {
    if (name.startsWith("@") && parseUsername(name.slice(1))?.key === key) return position;
  }
  return undefined;
}
