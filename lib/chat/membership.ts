/**
 * Coming into rooms and going out of them: where a session's cursors stand.
 *
 * @module
 */

import { PRESENCE_GRACE_MS } from "../limits.ts";
import type { Position } from "../protocol/position.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import { checkRead, ownTarget, type Target } from "./access.ts";
import { takeWork } from "./entrance.ts";
import type { Flush } from "./flush.ts";
import type { ChatEvent } from "./journal.ts";
import { joinedEvent, type Reader } from "./room.ts";
import { beginningOf, type Rooms } from "./rooms.ts";
import type { Session } from "./session.ts";

/** The settings that joins go by. */
export interface MembershipSettings {
  /** Entries before the head at which a reader without a position begins. */
  readonly historyOnJoin: number;
  /** Rooms of one connection. */
  readonly roomsPerConnectionMax: number;
}

/** What joins work with. */
export interface MembershipContext {
  /** The settings. */
  readonly settings: MembershipSettings;
  /** The open rooms. */
  readonly rooms: Rooms;
  /** What goes to whom. */
  readonly flush: Flush;
  /** Joins and pages of history of each address. */
  readonly workLimiter: RateLimiter;
  /** Told what becomes of sessions. */
  readonly report: (event: ChatEvent) => void;
}

/** Who reads which room, for all sessions. */
export class Membership {
  readonly #context: MembershipContext;

  /**
   * Creates it.
   *
   * @param context What it works with.
   */
  constructor(context: MembershipContext) {
    this.#context = context;
  }

  /**
   * Makes a session a reader of a room.
   *
   * @param session An identified session.
   * @param target The room.
   * @param position Where to go on; without one, or where it has lost its meaning, a little before the head.
   * @param ref The command's `ref`.
   * @throws {Refusal} `rooms_full`, `rate_limited` or `forbidden`.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async enter(
    session: Session,
    target: Target,
    position: Position | undefined,
    ref?: string,
  ): Promise<void> {
    const { settings, rooms, flush, workLimiter } = this.#context;
    const room = await rooms.acquire(target);
    const { channel } = room;
    try {
      // Perhaps another instance has told of it, and what is new there is still on its way.
      const isKnown = position === undefined ||
        channel.canResume(position.epoch, position.offset);
      if (!isKnown) await channel.refresh();
    } catch (error) {
      rooms.release(room);
      throw error;
    }
    rooms.renew(room);
    // Meanwhile the session may have ended, have joined by another command, or may do less.
    const joined = session.readers.get(channel.name);
    if (session.isClosed || joined !== undefined) {
      rooms.release(room);
      if (joined !== undefined) session.tell(joinedEvent(joined, true, ref));
      return;
    }
    const isRecovered = position !== undefined &&
      channel.canResume(position.epoch, position.offset);
    const { roomsPerConnectionMax } = settings;
    try {
      checkRead(session.principal, target);
      if (target.owner === undefined && session.roomCount >= roomsPerConnectionMax) {
        throw new Refusal("rooms_full", `A connection may join ${roomsPerConnectionMax} rooms`);
      }
      // Who only goes on has done this work before.
      if (!isRecovered && target.owner === undefined) takeWork(workLimiter, session.address);
    } catch (refusal) {
      rooms.release(room);
      throw refusal;
    }
    const offset = isRecovered ? position.offset : beginningOf(channel, session.isPlain, settings);
    const reader: Reader = { session, room, offset, isCatchingUp: false, needsPresence: false };
    session.tell(joinedEvent(reader, isRecovered, ref));
    session.readers.set(channel.name, reader);
    room.readers.add(reader);
    room.presence?.enter(session.identity.user);
    flush.start(reader);
    this.#context.report({ type: "joined", session, room: room.name });
  }

  /**
   * Takes a session's cursor out of a room.
   *
   * @param session The session.
   * @param reader Its cursor there.
   */
  exit(session: Session, reader: Reader): void {
    const { room } = reader;
    session.readers.delete(room.channel.name);
    room.readers.delete(reader);
    const graceMs = session.isPutOut ? 0 : session.stayMs || PRESENCE_GRACE_MS;
    room.presence?.leave(session.identity.user, graceMs);
    this.#context.rooms.release(room, session.stayMs);
  }

  /**
   * The cursor that a session has in a room, without reading its name where it is spelled as shown.
   *
   * @param session The session.
   * @param roomName The name as it came.
   * @throws {Refusal} `not_joined`, or why nobody can be there under this name.
   */
  readerOf(session: Session, roomName: string): Reader {
    const known = session.readers.get(roomName);
    if (known?.room.presence !== undefined) return known;
    const { channel, name } = ownTarget(roomName, session.principal, session.identity);
    const reader = session.readers.get(channel);
    if (reader === undefined) throw new Refusal("not_joined", `Not in ${name}`);
    return reader;
  }
}
