/**
 * A room: a channel that people read together. An inbox is one too, with one reader for each tab.
 *
 * @module
 */

import type { Attendance, Identity } from "../directory/directory.ts";
import type { Channel, Entry } from "../log/log.ts";
import { encodeEntry, type Event } from "../protocol/event.ts";
import { encodePlainMessage } from "../protocol/plain.ts";
import type { Connection } from "../transport/connection.ts";
import { FRAME_CHARS_MAX, FRAME_ENTRIES_MAX } from "../limits.ts";
import type { Target } from "./access.ts";
import type { Presence } from "./presence.ts";

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
  /** Sends a text as it is. */
  send(text: string): void;
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

/** An entry as its readers are told of it. */
export interface EncodedEntry {
  /** Which event. */
  readonly type: "message" | "deletion";
  /** Its place. */
  readonly offset: number;
  /** The event as JSON. */
  readonly json: string;
}

/** Some entries of a room, encoded once for all readers at the same position. */
export interface Frame {
  /** The channel's name as shown. */
  readonly room: string;
  /** The entries, at least one. */
  readonly entries: readonly EncodedEntry[];
  /** The entries as a JSON array. */
  readonly text: string;
  /** The offset of the last entry. */
  readonly to: number;
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

/** An open channel, its readers, and what its entries look like on the wire: encoded once for all. */
export class Room {
  /** What its users call it. */
  readonly target: Target;
  /** The log's channel. */
  readonly channel: Channel;
  /** Who is here; `undefined` for an inbox. */
  readonly presence: Presence | undefined;
  /** The part of this process in who is here. */
  readonly attendance: Attendance;
  /** Who reads it. */
  readonly readers = new Set<Reader>();
  /** The epoch that the readers' offsets belong to. */
  epoch: string;
  readonly #plain = new Map<number, Encoded>();
  readonly #rich = new Map<number, Encoded>();
  /** Frames from an offset to the head, or as far as a frame goes. */
  readonly #frames = new Map<number, Frame>();
  #framesHead = 0;

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
    this.epoch = channel.epoch;
    this.attendance = attendance;
    this.presence = presence;
  }

  /** The name shown. */
  get name(): string {
    return this.target.name;
  }

  /**
   * The next frame of a rich reader, shared by all that stand at the same offset.
   *
   * @param after The reader's offset, below the head.
   * @returns The frame, or `undefined` where its entries must be read from the store.
   */
  richFrame(after: number): Frame | undefined {
    const { head } = this.channel;
    // Frames end at a head that has moved, or hold a body that is gone: a deletion moves the head too.
    if (head !== this.#framesHead) this.#frames.clear();
    this.#framesHead = head;
    const known = this.#frames.get(after);
    if (known !== undefined) return known;
    const entries = this.channel.recent(after, FRAME_ENTRIES_MAX);
    if (entries === undefined || entries.length === 0) return undefined;
    const frame = this.#join(entries, (entry) => this.#richText(entry));
    this.#frames.set(after, frame);
    return frame;
  }

  /**
   * A frame of entries that come from the store for one reader, and are not remembered.
   *
   * @param entries At least one; the frame may end before the last.
   */
  encodeFrame(entries: readonly Entry[]): Frame {
    return this.#join(entries, (entry) => encodeEntry(this.name, entry));
  }

  #join(entries: readonly Entry[], encode: (entry: Entry) => string): Frame {
    const encoded: EncodedEntry[] = [];
    let chars = 0;
    for (const entry of entries) {
      const json = encode(entry);
      if (encoded.length > 0 && chars + json.length > FRAME_CHARS_MAX) break;
      encoded.push({ type: entry.kind, offset: entry.offset, json });
      chars += json.length + 1;
    }
    const text = `[${encoded.map(({ json }) => json).join(",")}]`;
    return { room: this.name, entries: encoded, text, to: encoded.at(-1)!.offset };
  }

  /** An entry as plain readers get it; `undefined`: it is nothing to them. */
  plainText(entry: Entry): string | undefined {
    if (entry.kind !== "message" || entry.deleted) return undefined;
    return encodedOnce(this.#plain, entry, () => encodePlainMessage(entry.sender, entry.body));
  }

  #richText(entry: Entry): string {
    return encodedOnce(this.#rich, entry, () => encodeEntry(this.name, entry));
  }

  /** Forgets what was encoded: everybody has it. */
  forget(): void {
    this.#frames.clear();
    this.#plain.clear();
    this.#rich.clear();
  }
}

/** The text of an entry, which is another one's when a deletion has put that in its place. */
interface Encoded {
  readonly entry: Entry;
  readonly text: string;
}

function encodedOnce(known: Map<number, Encoded>, entry: Entry, encode: () => string): string {
  const encoded = known.get(entry.offset);
  if (encoded?.entry === entry) return encoded.text;
  const text = encode();
  known.set(entry.offset, { entry, text });
  return text;
}
