/**
 * The world of a run: a server that lives several lives, clients, and the sockets between them.
 *
 * @module
 */

import type { Session } from "../../lib/chat/session.ts";
import { formatCursor } from "../../lib/protocol/position.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { Client, type Person, type Socket } from "./client.ts";
import { Disk } from "./disk.ts";
import { Link } from "./link.ts";
import { PlainStream } from "./plain_stream.ts";
import type { Random } from "./random.ts";
import { RichStream } from "./rich_stream.ts";
import { type Sabotage, Server, type Settings } from "./server.ts";
import type { StreamContext } from "./stream.ts";
import { Trace } from "./trace.ts";
import { Truth, type TruthCopy } from "./truth.ts";

/** Bytes of acks, errors and the like that a reader may have unsent beside its frames. */
const SMALL_EVENTS_BYTES_MAX = 4 * 1024;

/** With what a socket may be closed here: nobody sends binary data, or what is too long. */
const CODES: ReadonlySet<number> = new Set([
  CLOSE_CODE.InternalError,
  CLOSE_CODE.Drain,
  CLOSE_CODE.TooFarBehind,
  CLOSE_CODE.UsernameTaken,
  CLOSE_CODE.Flooding,
]);

/** A socket that the server holds for open, or that the client does. */
export interface Connected extends Socket {
  readonly client: Client;
  readonly context: StreamContext;
  readonly session: Session;
  /** Since when it has not taken any byte, though it should. */
  stuck: { readonly since: number; readonly leftBytes: number } | undefined;
}

/** Everything there is in a run. */
export class World {
  readonly trace = new Trace();
  readonly truth = new Truth(this.trace);
  readonly disk = new Disk();
  readonly random: Random;
  readonly settings: Settings;
  readonly clients: Client[] = [];
  /** Sockets of which one end at least is alive. */
  readonly sockets = new Set<Connected>();
  /** What the copy of the store holds. */
  copy: TruthCopy;
  readonly #sabotage: Sabotage;
  #server: Server;
  #links = 0;

  /**
   * Starts a first server, without clients.
   *
   * @param random Chance.
   * @param settings The server's.
   * @param sabotage What is broken on purpose.
   */
  constructor(random: Random, settings: Settings, sabotage: Sabotage) {
    this.random = random;
    this.settings = settings;
    this.#sabotage = sabotage;
    this.#server = this.#start(1_800_000_000_000);
    this.copy = this.truth.copy();
    this.disk.keep();
  }

  /** The server of now, alive or dead. */
  get server(): Server {
    return this.#server;
  }

  /** Adds a client. */
  add(person: Person, rooms: readonly string[]): Client {
    const client = new Client(person, rooms, this.random);
    this.clients.push(client);
    return client;
  }

  /** The server starts again. */
  restart(): void {
    this.trace.add(`restart at ${this.#server.clock.wallNow()}`);
    this.#server = this.#start(this.#server.clock.wallNow() + 1000);
    this.trace.count("restarts");
  }

  /** The server dies, and so do all sockets. */
  kill(): void {
    this.trace.add("kill");
    this.#server.die();
  }

  /** The server ends in order. */
  async stop(): Promise<void> {
    this.trace.add("stop");
    for (const { link } of this.sockets) link.close(CLOSE_CODE.Drain, "drain");
    await this.#server.stop();
    this.#abandonSockets();
  }

  /** Keeps a copy of the store. */
  keepCopy(): void {
    this.trace.add("copy");
    this.disk.keep();
    this.copy = this.truth.copy();
  }

  /** Puts the copy in the store's place; only while nobody has that open. */
  restoreCopy(): void {
    this.trace.add("restore");
    this.trace.count("older stores");
    this.disk.restore();
    this.truth.restore(this.copy);
  }

  /** Everything that was resolved is heard. */
  settle(): Promise<void> {
    return this.#server.settle();
  }

  /**
   * A client connects.
   *
   * @param client One without a socket.
   * @param isHonest Whether it goes on where it stopped.
   */
  async connect(client: Client, isHonest: boolean): Promise<void> {
    const request = client.request(isHonest);
    const { principal } = client;
    const { isPlain, username, rooms, cursor } = request;
    const context: StreamContext = {
      trace: this.trace,
      truth: this.truth,
      facts: {
        isPlain,
        userKey: username!.toLowerCase(),
        author: principal.author,
        rooms,
        cursor,
        historyOnJoin: this.settings.historyOnJoin,
      },
    };
    const stream = isPlain ? new PlainStream(context) : new RichStream(context);
    const link = new Link(++this.#links, (text) => {
      if (!this.#server.isAlive) return;
      this.trace.add(`#${link.id} ${client.person.label} ← ${text}`);
      this.trace.watch(() => {
        stream.sent(text);
        this.#checkBuffer(link);
      });
    });
    const { label } = client.person;
    this.trace.add(`#${link.id} ${label} connects to ${rooms} ${formatCursor(cursor)}`);
    const session = link.open((connection) =>
      this.#server.chat.open(
        this.#sabotage.connection?.(connection) ?? connection,
        request,
        Promise.resolve(principal),
      )
    );
    const connected: Connected = {
      client,
      link,
      stream,
      said: new Set(),
      context,
      session: session as Session,
      stuck: undefined,
    };
    client.socket = connected;
    this.sockets.add(connected);
    await this.settle();
  }

  /** A client's wire is cut; the server does not know yet. */
  drop(connected: Connected): void {
    const { link, client } = connected;
    this.flow(connected, Infinity, this.random.below(link.pendingBytes + 1));
    if (client.socket !== connected) return;
    this.trace.add(`#${link.id} drops`);
    link.cut();
    client.disconnected(undefined);
    if (!link.isOpen) this.sockets.delete(connected);
  }

  /** The server notices that a wire is cut. */
  async notice(connected: Connected): Promise<void> {
    this.trace.add(`#${connected.link.id} is gone`);
    this.sockets.delete(connected);
    connected.link.notice();
    await this.settle();
  }

  /** The server hears the next message of a socket. */
  async hear({ link }: Connected): Promise<void> {
    link.hear();
    await this.settle();
  }

  /**
   * Bytes flow down a wire.
   *
   * @param connected The socket.
   * @param drained How many leave the server at most.
   * @param arrived How many reach the client at most.
   */
  flow(connected: Connected, drained: number, arrived: number): void {
    const { client, link } = connected;
    link.drain(drained);
    for (const content of link.arrive(arrived)) {
      if (typeof content !== "string") {
        this.trace.add(`#${link.id} closed with ${content.code}`);
        this.trace.count(`closes with ${content.code}`);
        if (!CODES.has(content.code)) {
          this.trace.fail("sockets close for a reason", `${content.code}`);
        }
        this.sockets.delete(connected);
        return client.disconnected(content.code);
      }
      if (client.person.isPlain) continue;
      for (const event of JSON.parse(content)) client.receive(event);
    }
  }

  /** Ends everything, and leaves no file. */
  close(): void {
    this.#server.die();
    this.disk.remove();
  }

  #start(wallNow: number): Server {
    const { settings, truth, trace, disk } = this;
    const surroundings = {
      settings,
      truth,
      trace,
      disk,
      sabotage: this.#sabotage,
      random: this.random.fork(),
      restoreCopy: () => this.restoreCopy(),
      onDeath: () => this.#abandonSockets(),
    };
    return new Server(surroundings, wallNow);
  }

  /** What was on the wires may still arrive; nothing else does. */
  #abandonSockets(): void {
    for (const connected of [...this.sockets]) {
      const { client, link } = connected;
      this.flow(
        connected,
        this.random.below(2) * link.pendingBytes,
        this.random.below(link.pendingBytes + 1),
      );
      link.abandon();
      if (client.socket === connected) client.disconnected(undefined);
    }
    this.sockets.clear();
  }

  /** One frame, and what was told beside it at the same moment, may go over the buffer. */
  #checkBuffer({ id, unsentBytes, entriesBytesMax, eventsBytesMax }: Link): void {
    const { sendBufferBytesMax } = this.settings;
    const bound = 2 * sendBufferBytesMax + entriesBytesMax + eventsBytesMax +
      SMALL_EVENTS_BYTES_MAX;
    if (unsentBytes > bound) {
      this.trace.fail("send buffers hold their bounds", `#${id}: ${unsentBytes} of ${bound} bytes`);
    }
  }
}
