/**
 * Natter's rich protocol as the generator's clients speak it.
 *
 * A frame is a JSON array of events. Nearly all of them are entries of one shape, in which only the
 * offset varies in width: such an entry is known by a few of its bytes and by its length, and the rest
 * of it is passed over. Whatever does not fit is taken apart as JSON, so that a shape that was not
 * expected costs time, but no delivery.
 *
 * @module
 */

import {
  type Conversation,
  type Ears,
  type Entrance,
  EVERYBODY,
  NOBODY,
  type Request,
} from "./conversation.ts";
import { bodyOf, digitsIn, NAME_DIGITS, nameOf, TIME_DIGITS } from "./dialects.ts";

/** The subprotocol that is offered. */
const SUBPROTOCOL = "natter.v1";
/** The room in which everybody is who has none of its own. */
const ROOM = "lobby";
/** Random bytes of a `ref`. */
const REF_BYTES = 12;

/** What an entry begins with; the digits of its offset follow, and then what has one width. */
const HEAD = `{"type":"message","room":"${ROOM}","offset":`;
/** What an entry ends with. */
const TAIL = `"sender":"${nameOf(0)}","body":"${bodyOf(0)}","at":1700000000000}`;
/** How far before its end the digits of an entry's sender and time begin. */
const SENDER_FROM_END = TAIL.length - TAIL.indexOf(nameOf(0)) - 1;
const TIME_FROM_END = TAIL.length - TAIL.indexOf(bodyOf(0));
/** Where in an event the first letter of its type is. */
const TYPE_AT = HEAD.indexOf("message");

const QUOTE = 0x22, COMMA = 0x2c, ZERO = 0x30, NINE = 0x39, COLON = 0x3a, LETTER_M = 0x6d;
const OPEN_BRACKET = 0x5b, BACKSLASH = 0x5c, CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b, CLOSE_BRACE = 0x7d;

const decoder = new TextDecoder();

interface Joined {
  readonly type: "joined";
  readonly room: string;
  readonly epoch: string;
  readonly offset: number;
  readonly head: number;
  readonly recovered: boolean;
}

interface Message {
  readonly type: "message";
  readonly offset: number;
  readonly sender: string;
  readonly body: string;
}

/** An event that was taken apart, as far as it matters here. */
type Event =
  | Joined
  | Message
  | { readonly type: "ack"; readonly ref: string; readonly duplicate: boolean }
  | { readonly type: "gap"; readonly from: number; readonly to: number }
  | { readonly type: "welcome" | "presence" };

/** Clients that speak `natter.v1`, without a key. */
export class RichConversation implements Conversation {
  readonly isReadyOnOpen = false;
  readonly #ears: Ears;
  /** The offset of the last entry that each client has. */
  readonly #offsets: Float64Array;
  /** Who waits for the ack of a `ref`, and what was said. */
  readonly #unanswered = new Map<string, { readonly client: number; readonly body: string }>();
  /** Clients that have come back to a position. */
  readonly #resuming = new Set<number>();
  #epoch = "";
  /** Bytes of an entry after the digits of its offset. */
  #restBytes = 0;
  #outOfPlace = 0;
  #inGaps = 0;

  /**
   * Begins a conversation.
   *
   * @param ears Told of what is heard.
   * @param clientsMax How many clients will come.
   */
  constructor(ears: Ears, clientsMax: number) {
    this.#ears = ears;
    this.#offsets = new Float64Array(clientsMax);
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  get faults(): string[] {
    const faults = [];
    if (this.#outOfPlace > 0) faults.push(`${this.#outOfPlace} entries out of place`);
    if (this.#inGaps > 0) faults.push(`${this.#inGaps} entries in gaps`);
    if (this.unanswered > 0) faults.push(`${this.unanswered} messages without an ack`);
    return faults;
  }

  request(client: number, { ownRoom = false, back }: Entrance = {}): Request {
    let query = "";
    if (ownRoom) query = `?room=own-${client}`;
    if (back !== undefined) {
      this.#resuming.add(client);
      // The first client has been there from the beginning, and has everything.
      query = `?cursor=${ROOM}=${this.#epoch}:${this.#offsets[0]! - back}`;
    }
    return { path: `/ws/${nameOf(client)}${query}`, subprotocols: [SUBPROTOCOL] };
  }

  command(client: number, body: string): string {
    const random = crypto.getRandomValues(new Uint8Array(REF_BYTES));
    const ref = random.toBase64({ alphabet: "base64url" });
    this.#unanswered.set(ref, { client, body });
    return JSON.stringify({ type: "message", room: ROOM, body, ref });
  }

  hear(client: number, bytes: Uint8Array, start: number, end: number): void {
    const last = end - 1;
    if (bytes[start] !== OPEN_BRACKET || bytes[last] !== CLOSE_BRACKET) {
      throw new Error(`Client ${client} got a text that is no array`);
    }
    const watched = this.#ears.watchedBy(client);
    let count = 0;
    let at = start;
    while (at < last) {
      at++; // The bracket before the first event, the comma before each further one.
      let place = at + HEAD.length;
      let offset = 0;
      for (let code; (code = bytes[place]!) >= ZERO && code <= NINE; place++) {
        offset = offset * 10 + code - ZERO;
      }
      let to = place + this.#restBytes;
      if (isEntry(bytes, at, place, to, last)) {
        count++;
        this.#move(client, offset);
        if (watched !== NOBODY) {
          const sender = digitsIn(bytes, to - SENDER_FROM_END, NAME_DIGITS);
          if (sender === watched || watched === EVERYBODY) {
            this.#ears.heard(sender, digitsIn(bytes, to - TIME_FROM_END, TIME_DIGITS));
          }
        }
      } else {
        to = endOf(bytes, at, last);
        const text = decoder.decode(bytes.subarray(at, to));
        if (this.#take(client, JSON.parse(text), watched)) {
          count++;
          this.#restBytes = restBytesOf(text);
        }
      }
      at = to;
    }
    if (count > 0) this.#ears.delivered(client, count);
  }

  /** Takes an event, and tells whether it is a delivery. */
  #take(client: number, event: Event, watched: number): boolean {
    switch (event.type) {
      case "message": {
        this.#move(client, event.offset);
        const sender = Number(event.sender.slice(1));
        if (sender === watched || watched === EVERYBODY) {
          this.#ears.heard(sender, Number(event.body.slice(0, TIME_DIGITS)));
        }
        return true;
      }
      case "ack": {
        const said = this.#unanswered.get(event.ref);
        if (said?.client !== client || event.duplicate) break;
        this.#unanswered.delete(event.ref);
        this.#ears.acknowledged(Number(said.body.slice(0, TIME_DIGITS)));
        return false;
      }
      case "joined":
        if (this.#resuming.has(client) && !event.recovered) break;
        this.#epoch = event.epoch;
        this.#offsets[client] = event.offset;
        this.#ears.joined(client, event.head - event.offset);
        return false;
      case "gap":
        this.#inGaps += event.to - event.from + 1;
        this.#offsets[client] = event.to;
        return false;
      case "welcome":
      case "presence":
        return false;
    }
    throw new Error(`Client ${client} got an unexpected event: ${JSON.stringify(event)}`);
  }

  #move(client: number, offset: number): void {
    if (offset !== this.#offsets[client]! + 1) this.#outOfPlace++;
    this.#offsets[client] = offset;
  }
}

/** Whether there is an entry of the usual shape: `place` is behind its offset, `to` behind its end. */
function isEntry(bytes: Uint8Array, at: number, place: number, to: number, last: number): boolean {
  return to <= last && bytes[at + TYPE_AT] === LETTER_M &&
    bytes[at + HEAD.length - 1] === COLON && bytes[place] === COMMA &&
    bytes[to - TIME_FROM_END - 1] === QUOTE && bytes[to - 1] === CLOSE_BRACE &&
    (to === last || (bytes[to] === COMMA && bytes[to + 1] === OPEN_BRACE));
}

/** Finds the end of an object, whatever is in it. */
function endOf(bytes: Uint8Array, start: number, last: number): number {
  let depth = 0;
  let isInText = false;
  for (let at = start; at < last; at++) {
    const code = bytes[at]!;
    if (code === QUOTE) isInText = !isInText;
    else if (isInText) at += code === BACKSLASH ? 1 : 0;
    else if (code === OPEN_BRACE) depth++;
    else if (code === CLOSE_BRACE && --depth === 0) return at + 1;
  }
  throw new Error("A frame holds something that is no event");
}

/** The bytes behind the digits of an entry's offset; 0 if it does not have the usual shape. */
function restBytesOf(text: string): number {
  const rest = text.startsWith(HEAD) ? text.slice(HEAD.length).replace(/^\d+/, "") : "";
  const shape = (part: string) => part.replaceAll(/\d/g, "0");
  return shape(rest).endsWith(shape(TAIL)) ? rest.length : 0;
}
