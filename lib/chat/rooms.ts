/**
 * The open rooms: a channel is watched while somebody reads it.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { Attendance, Directory } from "../directory/directory.ts";
import { PRESENCE_USERS_MAX } from "../limits.ts";
import type { ChannelState, Log } from "../log/log.ts";
import type { Name } from "../protocol/name.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Target } from "./access.ts";
import type { Flush } from "./flush.ts";
import { Presence, type PresenceChange } from "./presence.ts";
import { joinedEvent, Room } from "./room.ts";

/** What the rooms work with. */
export interface RoomsOptions {
  /** Where the channels are. */
  readonly log: Log;
  /** Who is in them elsewhere. */
  readonly directory: Directory;
  /** Moves the readers. */
  readonly flush: Flush;
  /** Time. */
  readonly clock: Clock;
  /** Entries before the head at which a reader begins whose position has lost its meaning. */
  readonly historyOnJoin: number;
  /** Rooms with somebody in them. */
  readonly roomsMax: number;
}

interface OpenRoom {
  readonly room: Promise<Room>;
  readonly isInbox: boolean;
  /** Takes back the alarm up to which it stays open, though nobody reads it. */
  stay: (() => void) | undefined;
  /** Sessions that read it, or are about to. */
  users: number;
}

/** Opens each room once, and closes it when the last of its users has gone. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #open = new Map<string, OpenRoom>();
  #roomCount = 0;

  /**
   * Creates an empty set of rooms.
   *
   * @param options What they work with.
   */
  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** How many of them are inboxes. */
  get inboxCount(): number {
    return this.#open.size - this.#roomCount;
  }

  /**
   * Opens a room, or joins in its being open. Who has called this must {@linkcode Rooms.release} it.
   *
   * @param target The room, or an inbox, which has no presence.
   * @throws {Refusal} `rooms_full`: nobody is in it, and there are as many rooms as there may be.
   * @throws {UnavailableError} If the store is out of reach. After a throw there is nothing to release.
   */
  async acquire(target: Target): Promise<Room> {
    const { channel } = target;
    const isInbox = target.owner !== undefined;
    let open = this.#open.get(channel);
    if (open === undefined) {
      if (!isInbox && this.#roomCount >= this.#options.roomsMax) {
        throw new Refusal("rooms_full", "There are as many rooms as there may be");
      }
      open = { room: this.#watch(target), isInbox, stay: undefined, users: 0 };
      this.#open.set(channel, open);
      if (!isInbox) this.#roomCount++;
    }
    open.users++;
    try {
      return await open.room;
    } catch (error) {
      if (this.#open.get(channel) === open) this.#forget(channel, open);
      throw error;
    }
  }

  #forget(channel: string, { isInbox }: OpenRoom): void {
    this.#open.delete(channel);
    if (!isInbox) this.#roomCount--;
  }

  /**
   * A room in which somebody is.
   *
   * @param channel The log's channel.
   */
  async find(channel: string): Promise<Room | undefined> {
    return await this.#open.get(channel)?.room;
  }

  /** The rooms in which somebody is; inboxes are none. */
  async all(): Promise<Room[]> {
    const rooms = [...this.#open.values()].filter(({ isInbox }) => !isInbox);
    return await Promise.all(rooms.map(({ room }) => room));
  }

  /**
   * A user of a room has gone.
   *
   * @param room A room that was acquired.
   * @param stayMs Milliseconds for which the room stays open, with whoever is shown in it: for somebody who
   *   will be back, as between two polls.
   */
  release(room: Room, stayMs = 0): void {
    const open = this.#open.get(room.channel.name)!;
    open.users--;
    if (stayMs > 0) {
      open.stay?.();
      open.stay = this.#options.clock.after(stayMs, () => {
        open.stay = undefined;
        this.#closeUnused(room, open);
      });
    }
    this.#closeUnused(room, open);
  }

  #closeUnused(room: Room, open: OpenRoom): void {
    if (open.users > 0 || open.stay !== undefined) return;
    this.#forget(room.channel.name, open);
    room.presence?.close();
    room.attendance.close();
    room.channel.close();
  }

  async #watch(target: Target): Promise<Room> {
    const { log, clock, flush, directory } = this.#options;
    const { channel: channelName, owner } = target;
    let room: Room | undefined = undefined;
    const presence = owner !== undefined ? undefined : new Presence(
      clock,
      (change) => {
        if (room !== undefined) tellPresence(room, change, flush);
      },
      (user, isHere) => isHere ? attendance.enter(user) : attendance.leave(user),
    );
    const attendance: Attendance = directory.attend(attendedAs(channelName), {
      entered: (user) => presence?.enterElsewhere(user),
      left: (user) => presence?.leaveElsewhere(user),
      typing: (user) => {
        if (room !== undefined) tellTyping(room, user);
      },
    });
    try {
      const channel = await log.watch(channelName, () => {
        if (room !== undefined) this.#changed(room);
      });
      room = new Room(target, channel, attendance, presence);
      if (attendance.opened !== undefined) await attendance.opened;
      return room;
    } catch (error) {
      room?.channel.close();
      presence?.close();
      attendance.close();
      throw error;
    }
  }

  #changed(room: Room): void {
    this.renew(room);
    this.#options.flush.markRoom(room);
  }

  /**
   * Goes over to a new epoch with all readers of a room. Those whose offsets mean the same as before go on, and
   * need only know the epoch under which they will come back. Where the store has lost its tail, the others'
   * offsets mean nothing any more: they begin anew. To be called before anything else is said of where a
   * reader stands.
   *
   * @param room The room.
   */
  renew(room: Room): void {
    const { channel } = room;
    const { epoch } = channel;
    if (room.epoch === epoch) return;
    const before = room.epoch;
    room.epoch = epoch;
    room.texts.forget();
    for (const reader of room.readers) {
      const goesOn = channel.canResume(before, reader.offset);
      if (!goesOn) reader.offset = beginningOf(channel, reader.session.isPlain, this.#options);
      reader.session.tell(joinedEvent(reader, goesOn));
    }
  }
}

/**
 * Where a reader begins who has no position, or one that has lost its meaning.
 *
 * @param channel The channel.
 * @param isPlain Whether it speaks the plain protocol, which knows no past.
 * @param settings How far before the head the others begin.
 */
export function beginningOf(
  { head, first }: ChannelState,
  isPlain: boolean,
  { historyOnJoin }: Pick<RoomsOptions, "historyOnJoin">,
): number {
  return isPlain ? head : Math.max(first - 1, head - historyOnJoin);
}

/**
 * The name under which processes tell each other who is in a channel: of an inbox that of its user, whom others
 * know no better.
 *
 * @param channel The log's channel.
 */
export function attendedAs(channel: string): string {
  const slash = channel.indexOf("/");
  return slash < 0 ? channel : channel.slice(0, slash);
}

/**
 * Tells the readers of a room in this process that somebody is typing; in an inbox, its owner.
 *
 * @param room The room.
 * @param user Who.
 */
export function tellTyping(room: Room, user: Name): void {
  const { presence, name, readers } = room;
  if (presence !== undefined && presence.userCount > PRESENCE_USERS_MAX) return;
  const where = presence === undefined ? { to: name.slice(1) } : { room: name };
  const event = JSON.stringify({ type: "typing", ...where, username: user.text });
  for (const { session } of readers) {
    const isOwn = presence !== undefined && session.identity.user.key === user.key;
    if (!isOwn && !session.isBehind) session.tellText(event);
  }
}

function tellPresence(room: Room, change: PresenceChange, flush: Flush): void {
  const event = JSON.stringify({ type: "presence", room: room.name, ...change });
  for (const reader of room.readers) {
    // A difference is of no use without those before it.
    if (reader.session.isBehind || reader.needsPresence) {
      reader.needsPresence = true;
      flush.waiting.hold(reader.session);
    } else reader.session.tellText(event);
  }
}
