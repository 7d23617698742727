/**
 * A network that misbehaves on command: a TCP proxy on the loopback address, in front of a server.
 *
 * It stands between any client and any server, a browser too, and knows nothing of what goes through.
 * What it does is told to it, one call a fault, so that a test or a seed decides; nothing is random here.
 *
 * @module
 */

import { createServer, type Server, Socket } from "node:net";
import { until } from "./deadline.ts";

/** From the client to the server, or back. */
export type Direction = "up" | "down";

/** How a connection is cut: with an orderly end of the stream, or with a reset (RST). */
export type Cut = "fin" | "reset";

/** A proxy on a port of its own, healthy until it is told otherwise. */
export class FaultProxy implements AsyncDisposable {
  /** The port of the server; set it to the new one after a restart. Connections that are open stay. */
  target: number;
  /** How many connections there have been, refused ones too. */
  accepted = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #stalled = new Set<Direction>();
  #flowing = Promise.withResolvers<void>();
  #healed = Promise.withResolvers<void>();
  #delayMs = 0;
  #partBytes = Infinity;
  #bytesLeft = Infinity;
  #cutAtEnd: Cut = "reset";
  #newcomers: "served" | "refused" | "swallowed" = "served";

  private constructor(target: number, server: Server) {
    this.target = target;
    this.#server = server;
    server.on("connection", (socket: Socket) => this.#accept(socket));
  }

  /**
   * Opens a proxy.
   *
   * @param target The port of the server, on the loopback address.
   */
  static async listen(target: number): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", () => resolve());
    await promise;
    return new FaultProxy(target, server);
  }

  /** Its own address, with a slash at its end. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy is closed");
    return `http://127.0.0.1:${address.port}/`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#pairs.size;
  }

  /**
   * Cuts every open connection; new ones are served.
   *
   * @param how With an orderly end after what is under way, or at once with a reset.
   */
  cut(how: Cut = "reset"): void {
    for (const pair of [...this.#pairs]) pair.cut(how);
  }

  /**
   * Cuts every open connection after so many more bytes of either direction, be it within a frame.
   *
   * @param bytes How many go through before.
   * @param how The manner.
   */
  cutAfter(bytes: number, how: Cut = "reset"): void {
    this.#bytesLeft = bytes;
    this.#cutAtEnd = how;
  }

  /**
   * Lets nothing through any more: connections stay open, and look alive to the kernel.
   *
   * @param directions Which way; both by default.
   */
  stall(...directions: Direction[]): void {
    for (const direction of directions.length === 0 ? ["up", "down"] as const : directions) {
      this.#stalled.add(direction);
    }
  }

  /**
   * Holds every part up.
   *
   * @param ms For how long, each after the one before it.
   */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /**
   * Hands bytes on in parts, each in a packet of its own where the kernel does not join them again.
   *
   * @param bytes How many at most.
   */
  split(bytes: number): void {
    this.#partBytes = bytes;
  }

  /** Resets every new connection at once. */
  refuse(): void {
    this.#newcomers = "refused";
  }

  /** Accepts new connections and swallows what they say, without an answer and without an end. */
  swallow(): void {
    this.#newcomers = "swallowed";
  }

  /** Ends every fault. What was stalled goes on; what was swallowed is cut. */
  heal(): void {
    this.#newcomers = "served";
    this.#delayMs = 0;
    this.#partBytes = Infinity;
    this.#bytesLeft = Infinity;
    this.#stalled.clear();
    this.#flowing.resolve();
    this.#flowing = Promise.withResolvers();
    this.#healed.resolve();
    this.#healed = Promise.withResolvers();
    for (const pair of [...this.#pairs]) if (!pair.isServed) pair.cut("reset");
  }

  /** Cuts everything and closes the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.refuse();
    this.cut("reset");
    await promise;
    await until(() => this.#pairs.size === 0, "every connection of the proxy is gone");
  }

  /** @internal Waits until a part may go through. */
  async passage(direction: Direction, ended: Promise<void>): Promise<void> {
    if (this.#delayMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, this.#delayMs);
      await Promise.race([promise, ended, this.#healed.promise]);
      clearTimeout(timer);
    }
    while (this.#stalled.has(direction)) {
      const flowing = this.#flowing.promise.then(() => true);
      if (!await Promise.race([flowing, ended.then(() => false)])) return;
    }
  }

  /** @internal How many of so many bytes may go through in one part; 0: none ever. */
  allowance(bytes: number): number {
    return Math.min(bytes, this.#partBytes, this.#bytesLeft);
  }

  /** @internal Bytes went through; the last that may, perhaps. */
  passed(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft > 0) return;
    this.#bytesLeft = Infinity;
    this.cut(this.#cutAtEnd);
  }

  /** @internal A connection is gone. */
  gone(pair: Pair): void {
    this.#pairs.delete(pair);
  }

  #accept(client: Socket): void {
    this.accepted++;
    client.on("error", () => {});
    if (this.#newcomers === "refused") return void client.resetAndDestroy();
    this.#pairs.add(new Pair(this, client, this.#newcomers === "served" ? this.target : undefined));
  }
}

/** One connection: the client's end and the server's. */
class Pair {
  readonly isServed: boolean;
  readonly #proxy: FaultProxy;
  readonly #sockets: readonly Socket[];
  readonly #ended = Promise.withResolvers<void>();
  #isCut = false;

  constructor(proxy: FaultProxy, client: Socket, target: number | undefined) {
    this.#proxy = proxy;
    this.isServed = target !== undefined;
    client.setNoDelay(true);
    if (target === undefined) {
      this.#sockets = [client];
      client.resume();
      client.on("close", () => this.cut("reset"));
      return;
    }
    const server = new Socket({ allowHalfOpen: true });
    server.setNoDelay(true);
    server.on("error", () => this.cut("reset"));
    server.connect(target, "127.0.0.1");
    this.#sockets = [client, server];
    const ways = [this.#carry(client, server, "up"), this.#carry(server, client, "down")];
    Promise.all(ways).then(() => this.cut("fin"));
  }

  cut(how: Cut): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#ended.resolve();
    for (const socket of this.#sockets) {
      if (how === "reset") socket.resetAndDestroy();
      else socket.destroySoon();
    }
    this.#proxy.gone(this);
  }

  async #carry(from: Socket, to: Socket, direction: Direction): Promise<void> {
    const ended = this.#ended.promise;
    try {
      // At the end of one direction the other goes on.
      const stream: AsyncIterable<Uint8Array> = from.iterator({ destroyOnReturn: false });
      for await (const bytes of stream) {
        for (let at = 0; at < bytes.length;) {
          await this.#proxy.passage(direction, ended);
          if (this.#isCut) return;
          const end = at + this.#proxy.allowance(bytes.length - at);
          if (!to.write(bytes.subarray(at, end))) await Promise.race([drained(to), ended]);
          this.#proxy.passed(end - at);
          at = end;
        }
      }
      await this.#proxy.passage(direction, ended);
      if (!this.#isCut) to.end();
    } catch {
      // The other side has reset, or has been.
      this.cut("reset");
    }
  }
}

function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("drain", () => resolve());
  return promise;
}
