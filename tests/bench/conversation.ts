/**
 * What the clients of a room say and hear: the side of a server's protocol that remembers something.
 *
 * @module
 */

import {
  deliveriesIn,
  type Dialect,
  type Layout,
  layoutOf,
  nameOf,
  senderOf,
  timeOf,
} from "./dialects.ts";

/** Whom a client watches that watches nobody, or everybody. */
export const NOBODY = -2, EVERYBODY = -1;

/** How a client comes in, where that is not into the room with nothing behind it. */
export interface Entrance {
  /** Into a room where it is alone. */
  readonly ownRoom?: boolean;
  /** So many entries behind the head. */
  readonly back?: number;
}

/** What a client asks for to come in. */
export interface Request {
  readonly path: string;
  /** The subprotocols that it offers. */
  readonly subprotocols?: readonly string[];
}

/** Who is told of what is heard. */
export interface Ears {
  /**
   * Tells whose messages a client watches for.
   *
   * @param client The client.
   * @returns A sender, or {@linkcode NOBODY} or {@linkcode EVERYBODY}.
   */
  watchedBy(client: number): number;
  /**
   * A client has received messages.
   *
   * @param client The client.
   * @param count How many.
   */
  delivered(client: number, count: number): void;
  /**
   * Among them was one that the client watches for.
   *
   * @param sender Who said it.
   * @param micros The time that it carries.
   */
  heard(sender: number, micros: number): void;
  /**
   * The server has acknowledged a message.
   *
   * @param micros The time that it carries.
   */
  acknowledged(micros: number): void;
  /**
   * A client takes part.
   *
   * @param client The client.
   * @param past How many messages of before it is still to receive.
   */
  joined(client: number, past: number): void;
  /**
   * A client must answer something.
   *
   * @param client The client.
   * @param text The answer.
   */
  answer(client: number, text: string): void;
}

/** The clients' side of a protocol. */
export interface Conversation {
  /** Whether a client takes part when its handshake is done, and {@linkcode Ears.joined} is not told. */
  readonly isReadyOnOpen: boolean;
  /** Messages for which an acknowledgement is still to come. */
  readonly unanswered: number;
  /** What the server did wrong, in words; empty if nothing. */
  readonly faults: readonly string[];
  /**
   * Makes a client's request to come in.
   *
   * @param client The client.
   * @param entrance How.
   */
  request(client: number, entrance?: Entrance): Request;
  /**
   * Makes the text that says something.
   *
   * @param client Who says it.
   * @param body What.
   */
  command(client: number, body: string): string;
  /**
   * Takes a text that a client has received.
   *
   * @param client The client.
   * @param bytes A buffer that is overwritten after the call.
   * @param start Where in it the text begins.
   * @param end Where it ends, exclusive.
   * @throws {Error} If it is nothing that the server may say.
   */
  hear(client: number, bytes: Uint8Array, start: number, end: number): void;
}

const decoder = new TextDecoder();

/** A conversation in a dialect whose deliveries all have one length, and which acknowledges nothing. */
export class FixedConversation implements Conversation {
  readonly unanswered = 0;
  readonly faults = [];
  readonly #dialect: Dialect;
  readonly #layout: Layout;
  readonly #ears: Ears;

  /**
   * Begins a conversation.
   *
   * @param dialect What is spoken.
   * @param ears Told of what is heard.
   */
  constructor(dialect: Dialect, ears: Ears) {
    this.#dialect = dialect;
    this.#layout = layoutOf(dialect);
    this.#ears = ears;
  }

  get isReadyOnOpen(): boolean {
    return this.#dialect.control === undefined;
  }

  request(client: number): Request {
    return { path: this.#dialect.path(nameOf(client)) };
  }

  command(_client: number, body: string): string {
    return this.#dialect.command(body);
  }

  hear(client: number, bytes: Uint8Array, start: number, end: number): void {
    const count = deliveriesIn(this.#dialect, this.#layout, end - start);
    if (count === 0) return this.#control(client, decoder.decode(bytes.subarray(start, end)));
    this.#ears.delivered(client, count);
    const watched = this.#ears.watchedBy(client);
    if (watched === NOBODY) return;
    // The bracket before the first and the comma before each further delivery of an array.
    let at = this.#dialect.batched ? start + 1 : start;
    for (let index = 0; index < count; index++, at += this.#layout.bytes + 1) {
      const sender = senderOf(this.#layout, bytes, at);
      if (sender !== watched && watched !== EVERYBODY) continue;
      this.#ears.heard(sender, timeOf(this.#layout, bytes, at));
    }
  }

  #control(client: number, text: string): void {
    const answer = this.#dialect.control?.(text);
    if (answer === undefined) {
      throw new Error(`Client ${client} got an unexpected text: ${text.slice(0, 80)}`);
    }
    if (answer.send !== undefined) this.#ears.answer(client, answer.send);
    if (answer.ready) this.#ears.joined(client, 0);
  }
}
