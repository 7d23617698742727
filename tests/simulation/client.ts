/**
 * A client: what it has been told, and what it wants.
 *
 * @module
 */

import { ANONYMOUS, type Principal } from "../../lib/auth/principal.ts";
import type { JoinRequest } from "../../lib/chat/visitor.ts";
import type { Command } from "../../lib/protocol/command.ts";
import type { Position } from "../../lib/protocol/position.ts";
import type { Order } from "./asked.ts";
import type { Link } from "./link.ts";
import type { PlainStream } from "./plain_stream.ts";
import type { Random } from "./random.ts";
import type { AnyEvent, RichStream } from "./rich_stream.ts";

/** Positions of the past that a client remembers of a channel. */
const PAST_POSITIONS_MAX = 20;

/** How many orders a client says again at once: more would be flooding. */
const AGAIN_MAX = 20;

/** Who a client is. */
export interface Person {
  /** Its name for the trace. */
  readonly label: string;
  readonly username: string;
  /** A hash of its key. */
  readonly keyHash: string | undefined;
  readonly isPlain: boolean;
  /** Whether it only reads. */
  readonly isQuiet?: boolean;
}

/** What a client has of a channel. */
export interface Log {
  /** Everything after here has come, but for gaps. */
  begin: number;
  position: Position;
  readonly past: Position[];
  /** Ids by offset. */
  readonly ids: Map<number, string>;
}

/** A socket of a client, with what is checked on it. */
export interface Socket {
  readonly link: Link;
  readonly stream: RichStream | PlainStream;
  /** The orders that were said on it, and can be answered. */
  readonly said: Set<Order>;
}

/** A tab, a program: one socket at a time, and a memory over all of them. */
export class Client {
  readonly person: Person;
  socket: Socket | undefined;
  /** Whether it does not read. */
  isStalled = false;
  /** How its last socket was closed. */
  closeCode: number | undefined;
  /** The rooms that it wants to be in. */
  rooms: readonly string[];
  /** What it has, by the channel's name in lower case. */
  readonly logs = new Map<string, Log>();
  /** What it has said and nobody has acknowledged yet. */
  orders: Order[] = [];
  /** What has been acknowledged. */
  done: Order[] = [];
  readonly #random: Random;
  #count = 0;

  /**
   * @param person Who it is.
   * @param rooms Where it goes first.
   * @param random Chance.
   */
  constructor(person: Person, rooms: readonly string[], random: Random) {
    this.person = person;
    this.rooms = rooms;
    this.#random = random;
  }

  /** The name of its inbox. */
  get inbox(): string {
    return `@${this.person.username.toLowerCase()}`;
  }

  /** Who it is. */
  get principal(): Principal {
    const { keyHash } = this.person;
    return keyHash === undefined ? ANONYMOUS : { author: `k:${keyHash}` };
  }

  /**
   * What it asks for when it connects.
   *
   * @param isHonest Whether it goes on where it stopped, or from wherever it likes.
   */
  request(isHonest: boolean): JoinRequest {
    const { username, keyHash, isPlain } = this.person;
    const names = isPlain ? [] : [...this.rooms, ...(keyHash === undefined ? [] : [this.inbox])];
    const cursor = new Map<string, Position>();
    for (const name of names) {
      const position = this.position(name, isHonest);
      if (position !== undefined) cursor.set(name, position);
    }
    return {
      isPlain,
      username,
      address: "",
      rooms: this.rooms,
      cursor,
      claimsWithoutKey: true,
    };
  }

  /**
   * A position from which it could go on.
   *
   * @param name The channel's name in lower case.
   * @param isHonest Whether it is the right one.
   */
  position(name: string, isHonest: boolean): Position | undefined {
    const log = this.logs.get(name);
    if (log === undefined || isHonest) return log?.position;
    const { position, past } = log;
    const random = this.#random;
    return random.weighted<() => Position | undefined>([
      [3, () => undefined],
      [4, () => random.pick([position, ...past])],
      [2, () => ({ ...position, offset: position.offset + 1000 })],
      [2, () => ({ ...position, epoch: random.id() })],
      [
        3,
        () => ({ ...random.pick([position, ...past]), offset: random.below(position.offset + 2) }),
      ],
    ])();
  }

  /** A text that nobody has said before. */
  text(charsMax: number): string {
    const label = `${this.person.label} ${++this.#count}`;
    const filling = this.#random.pick(["-", "-", "-", "é", "火", '"', "\n"]);
    return label + filling.repeat(this.#random.below(charsMax - label.length));
  }

  /**
   * Remembers what it says.
   *
   * @param command What it says.
   * @param isKept Whether it says it again until it is acknowledged.
   */
  order(command: Command, isKept: boolean): Order {
    const order: Order = { command, sockets: 0, times: 0, place: undefined };
    if (isKept) this.orders.push(order);
    return order;
  }

  /** Says an order on its socket. */
  say(order: Order): void {
    const { link, stream, said } = this.socket!;
    (stream as RichStream).asked.add(order);
    said.add(order);
    link.say(JSON.stringify(order.command));
  }

  /**
   * Says again what has not been acknowledged; it does so by itself when it has joined.
   *
   * @param isImpatient Also what still waits for its answer on this very socket.
   */
  sayAgain(isImpatient: boolean): void {
    this.#sayAgain((order) => isImpatient || !this.socket!.said.has(order));
  }

  /** It has lost its socket. */
  disconnected(code: number | undefined): void {
    this.socket = undefined;
    if (this.person.keyHash === undefined) {
      // To the server the next socket is somebody else, who cannot repeat anything.
      this.orders = [];
      this.done = [];
    }
    this.isStalled = false;
    this.closeCode = code;
  }

  /** It receives an event. */
  receive(event: AnyEvent): void {
    switch (event.type) {
      case "joined":
        return this.#joined(event);
      case "message":
        return this.#received(event.room, event.offset, event.id);
      case "deletion":
        return this.#received(event.room, event.offset, "deletion");
      case "gap":
        return this.#received(event.room, event.to, undefined);
      case "left":
        this.rooms = this.rooms.filter((room) => room !== event.room);
        return;
      case "ack":
        return this.#settled(event.ref, true);
      case "error":
        if (event.ref !== undefined) this.#failed(event.ref, event.code);
    }
  }

  #joined(event: Extract<AnyEvent, { type: "joined" }>): void {
    const { epoch, offset, recovered } = event;
    const room = event.room.toLowerCase();
    const position = { epoch, offset };
    const log = this.logs.get(room);
    if (!room.startsWith("@") && !this.rooms.includes(room)) this.rooms = [...this.rooms, room];
    this.#sayAgain((order) => !this.socket!.said.has(order) && this.#channel(order) === room);
    if (log !== undefined && recovered && offset >= log.begin && offset <= log.position.offset) {
      for (const known of [...log.ids.keys()]) if (known > offset) log.ids.delete(known);
      log.position = position;
      log.past.unshift(position);
      log.past.splice(PAST_POSITIONS_MAX);
      return;
    }
    const past = [position, ...log?.past ?? []].slice(0, PAST_POSITIONS_MAX);
    this.logs.set(room, { begin: offset, position, past, ids: new Map() });
  }

  #received(room: string, offset: number, id: string | undefined): void {
    const log = this.logs.get(room.toLowerCase())!;
    if (id !== undefined) log.ids.set(offset, id);
    log.position = { ...log.position, offset };
    if (this.#random.chance(0.2)) log.past.unshift(log.position);
    log.past.splice(PAST_POSITIONS_MAX);
  }

  #sayAgain(where: (order: Order) => boolean): void {
    for (const order of this.orders.filter(where).slice(0, AGAIN_MAX)) this.say(order);
  }

  /** The channel whose order it is, by its name in lower case. */
  #channel({ command }: Order): string | undefined {
    if (command.type === "message" && command.to !== undefined) return this.inbox;
    return "room" in command ? command.room : undefined;
  }

  #settled(ref: string, isDone: boolean): void {
    const index = this.orders.findIndex(({ command }) => command.ref === ref);
    if (index < 0) return;
    const [order] = this.orders.splice(index, 1);
    if (isDone) this.done.push(order!);
  }

  /** What can be repeated with success stays; what never will succeed goes. */
  #failed(ref: string, code: string): void {
    const order = this.orders.find(({ command }) => command.ref === ref);
    if (order === undefined) return;
    if (["unavailable", "rate_limited", "busy", "user_not_found"].includes(code)) {
      this.socket?.said.delete(order);
    } else this.#settled(ref, false);
  }
}
