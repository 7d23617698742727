/**
 * The chat: opens sessions, and owns what they share.
 *
 * @module
 */

import { parseRoomName, parseUsername } from "../protocol/name.ts";
import { RateLimiter } from "../rate_limiter.ts";
import type { Connection, ConnectionHandler } from "../transport/connection.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { Registry } from "./registry.ts";
import { Room, type RoomContext } from "./room.ts";
import { Session, type SessionContext } from "./session.ts";

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
  /** The time in milliseconds, monotonic. */
  readonly now: () => number;
}

/** What a client asks for when it connects. */
export interface JoinRequest {
  /** The username as it came, or `undefined` where it could not be decoded. */
  readonly username: string | undefined;
  /** The names of the rooms as they came; none: {@linkcode DEFAULT_ROOM}. */
  readonly rooms: readonly string[];
}

/** What becomes of a connection that is refused: nothing more. */
const REFUSED: ConnectionHandler = { message() {}, closed() {} };

/** All rooms and all users of one process. */
export class Chat {
  readonly #registry = new Registry();
  readonly #rooms = new Map<string, Room>();
  readonly #roomContext: RoomContext;
  readonly #sessionContext: SessionContext;

  /**
   * Creates one.
   *
   * @param options The limits and the clock.
   */
  constructor(options: ChatOptions) {
    const { bodyBytesMax, sendBufferBytesMax, stallSeconds, now } = options;
    this.#roomContext = {
      sendBufferBytesMax,
      stallMs: stallSeconds * 1000,
      now,
      waitingRooms: new Set(),
      backlogChars: 0,
    };
    this.#sessionContext = {
      registry: this.#registry,
      messageLimiter: new RateLimiter({
        perSecond: options.messagesPerSecond,
        burst: options.messagesBurst,
        now,
      }),
      bodyBytesMax,
      left: (room) => {
        if (room.size === 0) this.#rooms.delete(room.key);
      },
    };
  }

  /** How many users there are. */
  get userCount(): number {
    return this.#registry.size;
  }

  /**
   * Opens a session on a connection, or closes it with the reason why not.
   *
   * @param connection An open connection.
   * @param request What the client asks for.
   * @returns What the connection's messages go to.
   */
  open(connection: Connection, request: JoinRequest): ConnectionHandler {
    const user = request.username === undefined ? undefined : parseUsername(request.username);
    if (user === undefined) {
      return refuse(connection, CLOSE_CODE.UsernameInvalid, "username invalid");
    }
    const [roomName = DEFAULT_ROOM, ...more] = request.rooms;
    const room = parseRoomName(roomName);
    if (room === undefined || more.length > 0) {
      return refuse(connection, CLOSE_CODE.RoomInvalid, "room name invalid or not allowed");
    }
    const session = new Session(connection, user, this.#room(room.key), this.#sessionContext);
    if (!this.#registry.claim(session)) {
      return refuse(connection, CLOSE_CODE.UsernameTaken, "username taken");
    }
    session.join();
    return session;
  }

  /** Looks at the readers that wait at their cursor; to be called several times a second. */
  sweep(): void {
    for (const room of this.#roomContext.waitingRooms) room.sweep();
  }

  #room(key: string): Room {
    const existing = this.#rooms.get(key);
    if (existing !== undefined) return existing;
    const room = new Room(key, this.#roomContext);
    this.#rooms.set(key, room);
    return room;
  }
}

function refuse(connection: Connection, code: number, reason: string): ConnectionHandler {
  connection.close(code, reason);
  return REFUSED;
}
