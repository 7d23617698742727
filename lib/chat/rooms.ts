/**
 * The open rooms: a channel is watched while somebody reads it.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { HISTORY_PAGE_MAX } from "../limits.ts";
import type { Log } from "../log/log.ts";
import type { Flush } from "./flush.ts";
import type { PresenceChange } from "./presence.ts";
import { Room } from "./room.ts";

/** What the rooms work with. */
export interface RoomsOptions {
  /** Where the channels are. */
  readonly log: Log;
  /** Moves the readers. */
  readonly flush: Flush;
  /** Time. */
  readonly clock: Clock;
  /** Entries before the head at which a reader begins whose position has lost its meaning. */
  readonly historyOnJoin: number;
}

interface OpenRoom {
  readonly room: Promise<Room>;
  /** Sessions that read it, or are about to. */
  users: number;
}

/** Opens each room once, and closes it when the last of its users has gone. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #open = new Map<string, OpenRoom>();

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

  /**
   * Opens a room, or joins in its being open. Who has called this must {@linkcode Rooms.release} it.
   *
   * @param channel The log's channel.
   * @param name The name shown.
   * @param isInbox Whether it is an inbox, without presence.
   * @throws {UnavailableError} If the store is out of reach; then there is nothing to release.
   */
  async acquire(channel: string, name: string, isInbox = false): Promise<Room> {
    let open = this.#open.get(channel);
    if (open === undefined) {
      open = { room: this.#watch(channel, name, isInbox), users: 0 };
      this.#open.set(channel, open);
    }
    open.users++;
    try {
      return await open.room;
    } catch (error) {
      if (this.#open.get(channel) === open) this.#open.delete(channel);
      throw error;
    }
  }

  /**
   * A user of a room has gone.
   *
   * @param room A room that was acquired.
   */
  release(room: Room): void {
    const open = this.#open.get(room.channel.name)!;
    if (--open.users > 0) return;
    this.#open.delete(room.channel.name);
    room.presence?.close();
    room.channel.close();
  }

  async #watch(channelName: string, name: string, isInbox: boolean): Promise<Room> {
    const { log, clock, flush } = this.#options;
    let room: Room | undefined = undefined;
    const channel = await log.watch(channelName, () => {
      if (room !== undefined) this.#changed(room);
    });
    const onChange = (change: PresenceChange) => tellPresence(room!, change, flush);
    room = new Room(name, channel, isInbox ? undefined : { clock, onChange });
    return room;
  }

  #changed(room: Room): void {
    this.renew(room);
    this.#options.flush.markRoom(room);
  }

  /**
   * Begins anew with all readers of a room where the store has lost its tail: what their offsets meant is
   * no more, and they are told so. To be called before anything else is said of where a reader stands.
   *
   * @param room The room.
   */
  renew(room: Room): void {
    const { epoch, head, first } = room.channel;
    if (room.epoch === epoch) return;
    room.epoch = epoch;
    room.forget();
    const offset = Math.max(
      first - 1,
      head - Math.min(this.#options.historyOnJoin, HISTORY_PAGE_MAX),
    );
    for (const reader of room.readers) {
      reader.offset = reader.session.isPlain ? head : offset;
      reader.session.tell({
        type: "joined",
        room: room.name,
        epoch,
        offset,
        head,
        recovered: false,
        ...room.presence?.snapshot(),
      });
    }
  }
}

function tellPresence(room: Room, change: PresenceChange, flush: Flush): void {
  const event = JSON.stringify({ type: "presence", room: room.name, ...change });
  for (const reader of room.readers) {
    // A difference is of no use without those before it.
    if (reader.session.isBehind || reader.needsPresence) {
      reader.needsPresence = true;
      flush.hold(reader.session);
    } else reader.session.tellText(event);
  }
}
