/**
 * What a session's events look like on its transport.
 *
 * @module
 */

import { CURSOR_CHANNELS_MAX, FRAME_CHARS_MAX } from "../limits.ts";
import { POLLED_EVENTS } from "../protocol/answer.ts";
import type { Event } from "../protocol/event.ts";
import { parseRoomName } from "../protocol/name.ts";
import { type Cursor, formatCursor, type Position } from "../protocol/position.ts";
import type { Frame } from "./room_texts.ts";

/** Encodes events for one session. */
export interface Wire {
  /**
   * Encodes what goes out in one go.
   *
   * @param events Events of the session's own, as JSON.
   * @param frame Entries that come after them.
   * @returns Messages for the connection, in their order.
   */
  encode(events: readonly string[], frame?: Frame): readonly string[];
}

/** The rich protocol: JSON arrays of at most 256 Ki characters, unless a single event is longer. */
export const RICH_WIRE: Wire = {
  encode(events, frame) {
    // Most of the time there is nothing but entries, in an array that all readers share.
    if (events.length === 0) return frame === undefined ? [] : [frame.text];
    const messages: string[] = [];
    let gathered: string[] = [], chars = 0;
    for (const event of events) {
      if (gathered.length > 0 && chars + event.length > FRAME_CHARS_MAX) {
        messages.push(`[${gathered.join(",")}]`);
        gathered = [];
        chars = 0;
      }
      gathered.push(event);
      chars += event.length + 1;
    }
    const rest = gathered.join(",");
    if (frame === undefined) return [...messages, `[${rest}]`];
    // In one write: on the sending socket, an ack comes before the message that it is for.
    return chars + frame.text.length > FRAME_CHARS_MAX
      ? [...messages, `[${rest}]`, frame.text]
      : [...messages, `[${rest},${frame.text.slice(1)}`];
  },
};

/**
 * The cursor of whoever has got everything that was encoded so far. It is not that of the session's readers,
 * which stand where the last write has brought them, while a transport may break off in the midst of it.
 */
export class CursorTrack {
  readonly #positions = new Map<string, Position>();

  /**
   * Begins where the client stands.
   *
   * @param cursor The client's own; its rooms may be spelled in any way.
   */
  constructor(cursor: Cursor) {
    for (const [name, position] of cursor) {
      this.#positions.set(parseRoomName(name)?.key ?? name, position);
    }
  }

  /** The cursor. Of more channels than it may have, those that were not asked for go first. */
  get text(): string {
    for (const name of this.#positions.keys()) {
      if (this.#positions.size <= CURSOR_CHANNELS_MAX) break;
      this.#positions.delete(name);
    }
    return formatCursor(this.#positions);
  }

  /**
   * An event of the session's own goes out.
   *
   * @param json The event.
   * @returns What it is.
   */
  own(json: string): Event {
    const event: Event = JSON.parse(json);
    switch (event.type) {
      case "joined":
        // Until it is joined, the inbox stands here as the client spells it.
        if (event.room.startsWith("@")) this.#forgetInbox();
        this.#positions.delete(event.room);
        this.#positions.set(event.room, { epoch: event.epoch, offset: event.offset });
        break;
      case "left":
        this.#positions.delete(event.room);
        break;
      case "gap":
        this.entry(event.room, event.to);
        break;
    }
    return event;
  }

  #forgetInbox(): void {
    for (const name of this.#positions.keys()) {
      if (name.startsWith("@")) this.#positions.delete(name);
    }
  }

  /**
   * An entry goes out.
   *
   * @param room The channel's name as shown.
   * @param offset Its place.
   */
  entry(room: string, offset: number): void {
    const position = this.#positions.get(room);
    if (position !== undefined) this.#positions.set(room, { epoch: position.epoch, offset });
  }

  /**
   * The cursor without what comes after the last colon, with one channel at its end.
   *
   * @param room The channel's name as shown.
   */
  before(room: string): string {
    const position = this.#positions.get(room);
    this.#positions.delete(room);
    const others = this.text;
    if (position === undefined) return others;
    this.#positions.set(room, position);
    const own = formatCursor(new Map([[room, position]]));
    return `${others}${others === "" ? "" : ","}${own.slice(0, own.lastIndexOf(":") + 1)}`;
  }
}

/** Server-sent events: each with its type, and with the cursor after it as its id. */
export class EventStreamWire implements Wire {
  readonly #track: CursorTrack;

  /**
   * Creates one.
   *
   * @param cursor The client's cursor.
   */
  constructor(cursor: Cursor) {
    this.#track = new CursorTrack(cursor);
  }

  encode(events: readonly string[], frame?: Frame): readonly string[] {
    let text = "";
    for (const json of events) {
      const { type } = this.#track.own(json);
      text += `event: ${type}\nid: ${this.#track.text}\ndata: ${json}\n\n`;
    }
    if (frame !== undefined) {
      const cursor = this.#track.before(frame.room);
      for (const { type, offset, json } of frame.entries) {
        text += `event: ${type}\nid: ${cursor}${offset}\ndata: ${json}\n\n`;
      }
      this.#track.entry(frame.room, frame.to);
    }
    return text === "" ? [] : [text];
  }
}

const POLLED: ReadonlySet<Event["type"]> = new Set(POLLED_EVENTS);

/** A poll: events one by one, without those that tell nothing to whoever brings a cursor. */
export class PollWire implements Wire {
  readonly #track: CursorTrack;

  /**
   * Creates one.
   *
   * @param cursor The client's cursor.
   */
  constructor(cursor: Cursor) {
    this.#track = new CursorTrack(cursor);
  }

  /** The cursor of whoever has got all events. */
  get cursor(): string {
    return this.#track.text;
  }

  encode(events: readonly string[], frame?: Frame): readonly string[] {
    const told = events.filter((json) => {
      const event = this.#track.own(json);
      return POLLED.has(event.type) && !(event.type === "joined" && event.recovered);
    });
    if (frame === undefined) return told;
    this.#track.entry(frame.room, frame.to);
    return [...told, ...frame.entries.map(({ json }) => json)];
  }
}
