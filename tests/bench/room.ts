/**
 * A room full of clients on a server: who has said and received how much.
 *
 * @module
 */

import {
  type Conversation,
  type Ears,
  type Entrance,
  EVERYBODY,
  FixedConversation,
  NOBODY,
} from "./conversation.ts";
import { Crowd } from "./crowd.ts";
import { bodyOf, type DialectName, DIALECTS } from "./dialects.ts";
import { RichConversation } from "./rich.ts";
import { UNDER_WAY_MAX } from "./scenarios.ts";

/** How long nobody of them may get any further. */
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

/** What a room is made of. */
export interface RoomOptions {
  /** Where the instances of the server listen on this machine: each has a stretch of the clients. */
  readonly ports: readonly number[];
  /** What it speaks. */
  readonly dialect: DialectName;
  /** Whether a sender gets its own messages too. */
  readonly toSender: boolean;
  /** How many clients will come. */
  readonly clientsMax: number;
}

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
  readonly #ports: readonly number[];
  readonly #toSender: boolean;
  readonly #conversation: Conversation;
  readonly #crowd: Crowd;
  /** What each has received; below 0, what of before its time is still to come. */
  readonly #received: Float64Array;
  readonly #sent: Float64Array;
  /** Whose messages each client watches for. */
  readonly #watched: Int32Array;
  readonly #beganAt: Float64Array;
  readonly #isReady: Uint8Array;
  /** How many of the clients, the first ones, are in the room. */
  #members = 0;
  #receivedTotal = 0;
  #sentTotal = 0;
  #ready = 0;
  /** Acknowledgements to all clients. */
  acknowledgedTotal = 0;
  /** Told of each delivery that {@linkcode watch} named: who said it, and the time that it carries. */
  onDelivery: (sender: number, micros: number) => void = () => {};
  /** Told of each client that has come in: the time since it began to connect, in microseconds. */
  onReady: (micros: number) => void = () => {};
  /** Told of each acknowledgement: the time that its message carries. */
  onAck: (micros: number) => void = () => {};

  /**
   * Makes an empty room.
   *
   * @param options What it is made of.
   */
  constructor({ ports, dialect, toSender, clientsMax }: RoomOptions) {
    this.#ports = ports;
    this.#toSender = toSender;
    const ears: Ears = {
      watchedBy: (client) => this.#watched[client]!,
      delivered: this.#onDelivered,
      heard: (sender, micros) => this.onDelivery(sender, micros),
      acknowledged: (micros) => {
        this.acknowledgedTotal++;
        this.onAck(micros);
      },
      joined: this.#onJoined,
      answer: (client, text) => this.#crowd.send(client, text),
    };
    this.#conversation = dialect === "rich"
      ? new RichConversation(ears, clientsMax)
      : new FixedConversation(DIALECTS[dialect], ears);
    this.#crowd = new Crowd((client, bytes, start, end) => {
      this.#conversation.hear(client, bytes, start, end);
    });
    this.#received = new Float64Array(clientsMax);
    this.#sent = new Float64Array(clientsMax);
    this.#watched = new Int32Array(clientsMax).fill(NOBODY);
    this.#beganAt = new Float64Array(clientsMax);
    this.#isReady = new Uint8Array(clientsMax);
  }

  /** Deliveries to all clients. */
  get receivedTotal(): number {
    return this.#receivedTotal;
  }

  /** How far the client that lags most is behind, in messages. */
  get lag(): number {
    return Math.max(...this.#missing());
  }

  /**
   * Lets more clients in, until all of them take part and have what they came for.
   *
   * @param count How many more.
   * @param entrance How they come in. Whoever has a room of its own comes after all others.
   * @throws {Error} If one can't.
   */
  async enter(count: number, entrance: Entrance = {}): Promise<void> {
    const until = this.#crowd.size + count;
    if (!entrance.ownRoom) this.#members = until;
    let ready = this.#ready;
    let deadline = performance.now() + READY_WAIT_MS;
    while (this.#ready < until || this.#crowd.opening > 0) {
      while (this.#crowd.size < until && this.#crowd.size - this.#ready < UNDER_WAY_MAX) {
        const client = this.#crowd.size;
        this.#beganAt[client] = nowMicros();
        const instance = Math.floor(client * this.#ports.length / this.#received.length);
        this.#crowd.begin(this.#ports[instance]!, this.#conversation.request(client, entrance));
      }
      this.poll(POLL_MS);
      for (const client of await this.#crowd.finish()) {
        if (this.#conversation.isReadyOnOpen) this.#onJoined(client, 0);
      }
      if (this.#ready > ready) {
        ready = this.#ready;
        deadline = performance.now() + READY_WAIT_MS;
      } else if (performance.now() > deadline) {
        throw new Error(`Only ${ready} of ${until} clients became ready`);
      }
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
      if (this.#pollUntil(() => this.#isSettled(), JOIN_TRY_MS)) {
        this.pollFor(SURPLUS_WAIT_MS);
        this.#reset();
        return;
      }
    }
    throw new Error(`A message never reached all ${this.#members} clients`);
  }

  /**
   * Lets the first client, alone in the room, say so much that those who come later have a past.
   *
   * @param count How many messages.
   * @param window How many of them may be under way at once.
   * @throws {Error} If the server does not deliver them.
   */
  fill(count: number, window: number): void {
    for (let said = 0; said < count; said++) {
      this.say(0);
      this.#pollUntil(() => this.lag < window, SILENCE_MS);
    }
    if (!this.#pollUntil(() => this.#isSettled(), SILENCE_MS)) {
      throw new Error(`The server did not deliver ${count} messages`);
    }
    this.#reset();
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
    this.#crowd.send(client, this.#conversation.command(client, bodyOf(micros)));
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
    while (this.#receivedTotal !== before && !this.#isSettled()) {
      before = this.#receivedTotal;
      this.#pollUntil(() => this.#isSettled(), SILENCE_MS);
    }
    this.pollFor(SURPLUS_WAIT_MS);
    const missing = this.#missing();
    const lost = missing.reduce((sum, n) => sum + Math.max(n, 0), 0);
    const surplus = missing.reduce((sum, n) => sum + Math.max(-n, 0), 0);
    const faults = [...this.#conversation.faults];
    if (lost > 0) faults.push(`lost ${lost}`);
    if (surplus > 0) faults.push(`delivered ${surplus} too many`);
    return faults;
  }

  /** Whether everybody has everything, and no more. */
  #isSettled(): boolean {
    return this.#conversation.unanswered === 0 && this.#missing().every((n) => n === 0);
  }

  /** What each client in the room has yet to receive; below 0, what it got too much. */
  #missing(): number[] {
    return Array.from({ length: this.#members }, (_, client) => {
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

  readonly #onJoined = (client: number, past: number): void => {
    this.#received[client]! -= past;
    if (past === 0) this.#becameReady(client);
  };

  readonly #onDelivered = (client: number, count: number): void => {
    this.#received[client]! += count;
    this.#receivedTotal += count;
    if (this.#isReady[client] === 0 && this.#received[client]! >= 0) this.#becameReady(client);
  };

  #becameReady(client: number): void {
    if (this.#isReady[client] === 1) return;
    this.#isReady[client] = 1;
    this.#ready++;
    this.onReady(nowMicros() - this.#beganAt[client]!);
  }
}
