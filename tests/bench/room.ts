/**
 * A room full of clients on a server: who has said and received how much.
 *
 * @module
 */

import { Crowd } from "./crowd.ts";
import {
  bodyOf,
  deliveriesIn,
  type Dialect,
  type Layout,
  layoutOf,
  nameOf,
  senderOf,
  timeOf,
} from "./dialects.ts";

/** How long the clients of a room may take to be ready once they are connected. */
const READY_WAIT_MS = 5_000;
/** How long one try to reach everyone may take, and how many tries there are. */
const JOIN_TRY_MS = 1_000;
const JOIN_TRIES_MAX = 10;
/** How long nothing must come for what is missing to be lost. */
const SILENCE_MS = 2_000;
/** How long to listen for more than there should be. */
const SURPLUS_WAIT_MS = 100;
/** The longest wait in one poll. */
const POLL_MS = 10;
/** What stands for a sender where a client watches nobody, or everybody. */
const NOBODY = -2;
const EVERYBODY = -1;

const decoder = new TextDecoder();

/**
 * Told of each delivery that is watched for.
 *
 * @param sender Who said it.
 * @param micros The time that it carries.
 */
export type OnDelivery = (sender: number, micros: number) => void;

/**
 * Reads the generator's clock.
 *
 * @returns Microseconds since the process began.
 */
export function nowMicros(): number {
  return performance.now() * 1000;
}

/** Clients in one room of one server. */
export class Room {
  readonly #dialect: Dialect;
  readonly #layout: Layout;
  readonly #toSender: boolean;
  readonly #crowd: Crowd;
  readonly #received: Float64Array;
  readonly #sent: Float64Array;
  /** Whose messages each client watches for. */
  readonly #watched: Int32Array;
  #receivedTotal = 0;
  #sentTotal = 0;
  #ready = 0;
  /** Told of each delivery that {@linkcode watch} named. */
  onDelivery: OnDelivery = () => {};

  /**
   * Makes an empty room.
   *
   * @param port Where the server listens on this machine.
   * @param dialect What it speaks.
   * @param toSender Whether a sender gets its own messages too.
   * @param clientsMax How many clients will come.
   */
  constructor(port: number, dialect: Dialect, toSender: boolean, clientsMax: number) {
    this.#dialect = dialect;
    this.#layout = layoutOf(dialect);
    this.#toSender = toSender;
    this.#crowd = new Crowd(port, this.#onText);
    this.#received = new Float64Array(clientsMax);
    this.#sent = new Float64Array(clientsMax);
    this.#watched = new Int32Array(clientsMax).fill(NOBODY);
  }

  /** Deliveries to all clients. */
  get receivedTotal(): number {
    return this.#receivedTotal;
  }

  /** Messages of all clients. */
  get sentTotal(): number {
    return this.#sentTotal;
  }

  /** How far the client that lags most is behind, in messages. */
  get lag(): number {
    return Math.max(...this.#missing());
  }

  /**
   * Lets more clients in, until all of them take part.
   *
   * @param count How many more.
   * @throws {Error} If one can't.
   */
  async enter(count: number): Promise<void> {
    await this.#crowd.connect(count, (client) => this.#dialect.path(nameOf(client)));
    const ready = () => !this.#dialect.control || this.#ready === this.#crowd.size;
    if (!this.#pollUntil(ready, READY_WAIT_MS)) {
      throw new Error(`Only ${this.#ready} of ${this.#crowd.size} clients became ready`);
    }
  }

  /**
   * Waits until what anyone says reaches everyone. A handshake that is done does not mean that a
   * server has put the client in the room yet, and a plain protocol does not tell.
   *
   * @throws {Error} If it never does.
   */
  meet(): void {
    for (let attempt = 0; attempt < JOIN_TRIES_MAX; attempt++) {
      this.#reset();
      this.say(0);
      this.say(1);
      if (this.#pollUntil(() => this.#missing().every((n) => n === 0), JOIN_TRY_MS)) {
        this.pollFor(SURPLUS_WAIT_MS);
        this.#reset();
        return;
      }
    }
    throw new Error(`A message never reached all ${this.#crowd.size} clients`);
  }

  /**
   * Lets {@linkcode onDelivery} know what a client receives. What is not watched is only counted.
   *
   * @param client The client.
   * @param sender Whose messages; those of all by default.
   */
  watch(client: number, sender = EVERYBODY): void {
    this.#watched[client] = sender;
  }

  /**
   * Says something.
   *
   * @param client Who.
   * @param micros The time that the message carries.
   */
  say(client: number, micros: number = nowMicros()): void {
    this.#crowd.send(client, this.#dialect.command(bodyOf(micros)));
    this.#sent[client]!++;
    this.#sentTotal++;
  }

  /**
   * Handles what has come, waiting for it.
   *
   * @param timeoutMs The longest wait, in whole milliseconds; 0 only looks.
   */
  poll(timeoutMs: number): void {
    this.#crowd.poll(timeoutMs);
  }

  /**
   * Handles what comes within a time.
   *
   * @param ms The time.
   */
  pollFor(ms: number): void {
    this.#pollUntil(() => false, ms);
  }

  /**
   * Waits until everyone has everything, and tells what is missing or too much.
   *
   * @returns What the server did wrong, in words; empty if nothing.
   */
  settle(): string[] {
    let before = -1;
    while (this.#receivedTotal !== before && this.lag > 0) {
      before = this.#receivedTotal;
      this.#pollUntil(() => this.lag === 0, SILENCE_MS);
    }
    this.pollFor(SURPLUS_WAIT_MS);
    const missing = this.#missing();
    const lost = missing.reduce((sum, n) => sum + Math.max(n, 0), 0);
    const surplus = missing.reduce((sum, n) => sum + Math.max(-n, 0), 0);
    const faults = [];
    if (lost > 0) faults.push(`lost ${lost}`);
    if (surplus > 0) faults.push(`delivered ${surplus} too many`);
    return faults;
  }

  /** What each client has yet to receive; below 0, what it got too much. */
  #missing(): number[] {
    return Array.from({ length: this.#crowd.size }, (_, client) => {
      const own = this.#toSender ? 0 : this.#sent[client]!;
      return this.#sentTotal - own - this.#received[client]!;
    });
  }

  #reset(): void {
    this.#received.fill(0);
    this.#sent.fill(0);
    this.#receivedTotal = 0;
    this.#sentTotal = 0;
  }

  #pollUntil(condition: () => boolean, ms: number): boolean {
    const deadline = performance.now() + ms;
    while (!condition()) {
      if (performance.now() >= deadline) return false;
      this.poll(POLL_MS);
    }
    return true;
  }

  readonly #onText = (client: number, bytes: Uint8Array, start: number, end: number): void => {
    const count = deliveriesIn(this.#dialect, this.#layout, end - start);
    if (count === 0) return this.#onControl(client, decoder.decode(bytes.subarray(start, end)));
    this.#received[client]! += count;
    this.#receivedTotal += count;
    const watched = this.#watched[client]!;
    if (watched === NOBODY) return;
    // The bracket before the first and the comma before each further delivery of an array.
    let at = this.#dialect.batched ? start + 1 : start;
    for (let index = 0; index < count; index++, at += this.#layout.bytes + 1) {
      const sender = senderOf(this.#layout, bytes, at);
      if (sender !== watched && watched !== EVERYBODY) continue;
      this.onDelivery(sender, timeOf(this.#layout, bytes, at));
    }
  };

  #onControl(client: number, text: string): void {
    const answer = this.#dialect.control?.(text);
    if (answer === undefined) {
      throw new Error(`Client ${client} got an unexpected text: ${text.slice(0, 80)}`);
    }
    if (answer.send !== undefined) this.#crowd.send(client, answer.send);
    if (answer.ready) this.#ready++;
  }
}
