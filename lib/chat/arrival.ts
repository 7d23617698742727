/**
 * Arriving: from who asks to a session that reads what it asks for.
 *
 * @module
 */

import type { Principal } from "../auth/principal.ts";
import type { Directory } from "../directory/directory.ts";
import { RICH_SUBPROTOCOL } from "../protocol/event.ts";
import { parseRoomName, parseUsername } from "../protocol/name.ts";
import type { Cursor, Position } from "../protocol/position.ts";
import { type ErrorCode, Refusal } from "../protocol/refusal.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { checkRead, DEFAULT_ROOM, inboxTarget, roomTarget, type Target } from "./access.ts";
import { claimName, nameOf, visitName } from "./entrance.ts";
import type { Expiry } from "./expiry.ts";
import type { ChatEvent } from "./journal.ts";
import type { Membership } from "./membership.ts";
import type { Registry } from "./registry.ts";
import type { Session } from "./session.ts";
import type { JoinRequest } from "./visitor.ts";

/** What arrivals work with. */
export interface ArrivalContext {
  /** A message's body, in bytes of UTF-8. */
  readonly bodyBytesMax: number;
  /** Messages a second of one user, in the long run; 0: no limit. */
  readonly messagesPerSecond: number;
  /** Messages of one user at once. */
  readonly messagesBurst: number;
  /** Rooms of one connection. */
  readonly roomsPerConnectionMax: number;
  /** Seconds of silence before a ping; told to clients. */
  readonly pingSeconds: number;
  /** Who holds which name. */
  readonly directory: Directory;
  /** Ends sessions whose tokens have expired. */
  readonly expiry: Expiry<Session>;
  /** Who is connected. */
  readonly registry: Registry;
  /** Who reads which room. */
  readonly membership: Membership;
  /** Told what becomes of sessions. */
  readonly report: (event: ChatEvent) => void;
}

/** Opens sessions, over whichever transport. */
export class Arrivals {
  readonly #context: ArrivalContext;

  /**
   * Creates it.
   *
   * @param context What it works with.
   */
  constructor(context: ArrivalContext) {
    this.#context = context;
  }

  /**
   * Gives a session its name, and makes it a reader of what it asks for.
   *
   * @param session A session that is not open yet.
   * @param request What its client asks for.
   * @param principal Who it is.
   * @throws {Refusal} Why the session cannot be opened.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async open(session: Session, request: JoinRequest, principal: Principal): Promise<void> {
    session.principal = principal;
    const { address, cursor, isPlain } = request;
    const user = nameOf(request.username, principal);
    const rooms = this.#parseRooms(request, principal);
    const { directory, expiry, registry, membership, report } = this.#context;
    const identity = request.claimsWithoutKey || principal.author !== undefined
      ? await claimName(directory, { user, author: principal.author, address })
      : await visitName(directory, user, address);
    if (session.isClosed) return directory.release(identity);
    session.identify(identity);
    expiry.set(session, principal.expiresAt);
    registry.add(session);
    this.#welcome(session);
    report({ type: "opened", session });

    const positions = isPlain ? undefined : positionsOf(cursor);
    const inbox = isPlain ? undefined : inboxTarget(identity);
    if (inbox !== undefined) {
      await membership.enter(session, inbox, positions?.get(`@${user.key}`));
    }
    for (const room of rooms) {
      await membership.enter(session, room, positions?.get(room.channel));
    }
    session.opened();
  }

  #parseRooms({ isPlain, rooms }: JoinRequest, principal: Principal): Target[] {
    const names = rooms.length === 0 ? [DEFAULT_ROOM] : rooms;
    if (names.length > (isPlain ? 1 : this.#context.roomsPerConnectionMax)) {
      throw new Refusal("room_name_invalid", "too many rooms");
    }
    return names.map((name) => checkRead(principal, roomTarget(name)));
  }

  #welcome(session: Session): void {
    const { bodyBytesMax, messagesPerSecond, messagesBurst, roomsPerConnectionMax, pingSeconds } =
      this.#context;
    session.tell({
      type: "welcome",
      protocol: RICH_SUBPROTOCOL,
      username: session.identity.user.text,
      limits: { bodyBytesMax, messagesPerSecond, messagesBurst, roomsPerConnectionMax },
      pingSeconds,
    });
  }
}

/**
 * How a session that cannot be opened is closed: what a person can change has a code of its own.
 *
 * @param code Why it cannot be opened.
 * @param error The error that says so.
 */
export function closingOf(code: ErrorCode, error: unknown): [code: number, reason: string] {
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
