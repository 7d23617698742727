/**
 * A room: a channel that people read together. An inbox is one too, with one reader for each tab.
 *
 * @module
 */

import type { Attendance, Identity } from "../directory/directory.ts";
import type { Channel } from "../log/log.ts";
import type { Event } from "../protocol/event.ts";
import type { Connection } from "../transport/connection.ts";
import type { Target } from "./access.ts";
import type { Presence } from "./presence.ts";
import { type Frame, RoomTexts } from "./room_texts.ts";

/** A session, as those who write to it know it. */
export interface Recipient {
  /** Where what it is sent goes. */
  readonly connection: Connection;
  /** Who it is. */
  readonly identity: Identity;
  /** Whether it speaks the plain protocol, else the rich one. */
  readonly isPlain: boolean;
  /** Whether its connection has all the unsent bytes that it may have. */
  readonly isBehind: boolean;
  /** Tells an event to it alone, with the next flush. */
  tell(event: Event): void;
  /** The same with an event that is encoded already. */
  tellText(event: string): void;
  /** Whether a cursor of it has still to move, and no page is being read for it. */
  readonly awaitsEntries: boolean;
  /** Sends the events of its own that have gathered. */
  flushEvents(): void;
  /** Sends entries, after the events of its own that have gathered. */
  sendEntries(frame: Frame): void;
  /**
   * Sends texts in a row, as they are.
   *
   * @param texts Shared by all who are sent some of them.
   * @param from The first one.
   * @param to Where to end, exclusive.
   */
  sendAll(texts: readonly string[], from: number, to: number): void;
  /** Told that its connection has drained. */
  resume(): void;
  /** Told that it cannot be given every message any more. */
  fellBehind(): void;
}

/** A cursor that moves to the head of its channel. */
export interface Reader {
  /** Whose cursor it is. */
  readonly session: Recipient;
  /** The room, or the inbox, that it reads. */
  readonly room: Room;
  /** Everything up to here has been sent. */
  offset: number;
  /** A page is being read from the store for it. */
  isCatchingUp: boolean;
  /** It missed a presence event, and needs a snapshot. */
  needsPresence: boolean;
}

/**
 * What a reader is told of where it stands.
 *
 * @param reader The reader.
 * @param recovered Whether it goes on where it was.
 * @param ref The `ref` of the command that this answers.
 */
export function joinedEvent(reader: Reader, recovered: boolean, ref?: string): Event {
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

/** An open channel and its readers. */
export class Room {
  /** What its users call it. */
  readonly target: Target;
  /** The log's channel. */
  readonly channel: Channel;
  /** Who is here; `undefined` for an inbox. */
  readonly presence: Presence | undefined;
  /** The part of this process in who is here. */
  readonly attendance: Attendance;
  /** What its entries look like on the wire. */
  readonly texts: RoomTexts;
  /** Who reads it. */
  readonly readers = new Set<Reader>();
  /** The epoch that the readers' offsets belong to. */
  epoch: string;

  /**
   * Creates a room.
   *
   * @param target The room, or an inbox.
   * @param channel The log's channel, open.
   * @param attendance The part of this process in who is here.
   * @param presence Who is here; none for an inbox.
   */
  constructor(target: Target, channel: Channel, attendance: Attendance, presence?: Presence) {
    this.target = target;
    this.channel = channel;
    this.texts = new RoomTexts(target.name, channel);
    this.epoch = channel.epoch;
    this.attendance = attendance;
    this.presence = presence;
  }

  /** The name shown. */
  get name(): string {
    return this.target.name;
  }
}
