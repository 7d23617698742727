/**
 * The transport `frames`: a `node:http` server, and our own RFC 6455 behind {@linkcode Connection}.
 *
 * What it guards against was seen in Deno 2.9: sockets of an upgrade stay half open until they are ended;
 * time limits hold only as exactly as `connectionsCheckingInterval`; a socket without a listener for errors
 * ends the process.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate } from "node:timers";
import {
  CLOSE_ALL_TURNS,
  KEEP_ALIVE_MS,
  REQUEST_HEAD_BYTES_MAX,
  REQUEST_HEAD_MS_MAX,
  REQUEST_MS_MAX,
  SOCKET_SWEEP_MS,
} from "../limits.ts";
import { ACCEPT_GUID, checkUpgrade, encodeHandshakeResponse } from "../websocket/handshake.ts";
import { Traffic } from "../traffic.ts";
import type { TransportBindings, UpgradeOptions } from "./connection.ts";
import { ConnectionSet } from "./connection_set.ts";
import { FramesConnection, type FramesHost } from "./frames_connection.ts";
import { endSoon, HeaderLines, inTurn, refuse, requestOf, respond, urlOf } from "./node_http.ts";
import { SharedFrames } from "./shared_frames.ts";

/** Settings of a {@linkcode FramesTransport}. */
export interface FramesTransportOptions {
  /** Answers a request. It must not wait before it asks for an upgrade. */
  readonly fetch: (
    request: Request,
    bindings: TransportBindings,
  ) => Response | Promise<Response>;
  /** Seconds of silence before a ping; after as long again without a sign of life, 4003. */
  readonly pingSeconds: number;
  /** Told of everything that a handler throws. */
  readonly onError: (error: unknown) => void;
  /** Where traffic is counted; by default nobody looks at it. */
  readonly traffic?: Traffic;
}

/** Stands for an answer that the transport has written itself; `Response` cannot be made with this status. */
const SWITCHING = Object.defineProperty(new Response(null), "status", { value: 101 });

/** The checks of time, which `@types/node` does not know in all versions. */
const SERVER_OPTIONS = {
  connectionsCheckingInterval: SOCKET_SWEEP_MS,
  headersTimeout: REQUEST_HEAD_MS_MAX,
  requestTimeout: REQUEST_MS_MAX,
  keepAliveTimeout: KEEP_ALIVE_MS,
  maxHeaderSize: REQUEST_HEAD_BYTES_MAX,
  noDelay: true,
  // Whatever else has an `Upgrade`, such as `h2c`, is a request like others (RFC 9110, section 7.8).
  shouldUpgradeCallback: (incoming: IncomingMessage) =>
    checkUpgrade({
      method: incoming.method ?? "",
      headers: new HeaderLines(incoming.rawHeaders),
    }) === undefined,
};

/** A server of HTTP and of WebSockets. */
export class FramesTransport implements FramesHost {
  /** @internal */
  readonly traffic: Traffic;
  /** @internal */
  readonly frames = new SharedFrames();
  /** @internal */
  readonly pingSeconds: number;
  /** @internal */
  isDeaf = false;
  readonly #options: FramesTransportOptions;
  readonly #connections = new ConnectionSet<FramesConnection>();
  #marked: FramesConnection[] = [];
  #later: FramesConnection[] = [];
  readonly #server: Server;
  #sweep: ReturnType<typeof setInterval> | undefined;

  /**
   * Creates one that does not listen yet.
   *
   * @param options What to do with requests.
   */
  constructor(options: FramesTransportOptions) {
    this.#options = options;
    this.traffic = options.traffic ?? new Traffic();
    this.pingSeconds = options.pingSeconds;
    this.#server = createServer(SERVER_OPTIONS);
    this.#server.on("request", (incoming, outgoing) => void this.#answer(incoming, outgoing));
    this.#server.on(
      "upgrade",
      (incoming, socket, head) => void this.#upgrade(incoming, socket as Socket, head),
    );
    this.#server.on("connect", (_incoming, socket) => {
      socket.on("error", ignore);
      socket.end(
        "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      );
      endSoon(socket);
    });
  }

  /**
   * Listens.
   *
   * @param address Where; port 0: any free one.
   * @returns The port.
   * @throws {Error} If it cannot.
   */
  listen(address: { readonly hostname: string; readonly port: number }): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.once("error", reject);
    this.#server.listen({ host: address.hostname, port: address.port }, () => {
      this.#server.off("error", reject);
      this.#server.on("error", (error) => this.failed(error));
      this.#sweep = setInterval(() => this.sweep(), SOCKET_SWEEP_MS);
      resolve((this.#server.address() as AddressInfo).port);
    });
    return promise;
  }

  /**
   * Closes every socket, and from now on those that are still to come. Nothing more is heard, and a few turns
   * of the event loop are left to answer what was heard last.
   *
   * @param code The close code.
   * @param reason The reason.
   * @returns When the last one has ended: a peer that does not answer is given a few seconds.
   */
  async closeAll(code: number, reason: string): Promise<void> {
    this.isDeaf = true;
    for (let turn = 0; turn < CLOSE_ALL_TURNS; turn++) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    await this.#connections.closeAll(code, reason);
  }

  /** Ends the listener, and waits for what is being answered. */
  async shutdown(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    await promise;
    clearInterval(this.#sweep);
  }

  /** Looks at every socket for a sign of life. */
  sweep(): void {
    for (const connection of this.#connections) connection.tick();
  }

  /** @internal */
  mark(connection: FramesConnection): void {
    // All that is sent in one turn goes out in one write.
    if (this.#marked.push(connection) === 1) queueMicrotask(() => this.#flush());
  }

  /** @internal */
  later(connection: FramesConnection): void {
    if (this.#later.push(connection) === 1) setImmediate(() => this.#readOn());
  }

  /** @internal */
  opened(connection: FramesConnection): boolean {
    return this.#connections.opened(connection);
  }

  /** @internal */
  ended(connection: FramesConnection): void {
    this.#connections.ended(connection);
  }

  /** @internal */
  failed(error: unknown): void {
    this.#options.onError(error);
  }

  #readOn(): void {
    const later = this.#later;
    this.#later = [];
    for (const connection of later) connection.readOn();
  }

  #flush(): void {
    const marked = this.#marked;
    this.#marked = [];
    for (const connection of marked) connection.flush();
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const client = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) client.abort();
    });
    try {
      await inTurn(incoming.socket, outgoing);
      // Its connection has gone, or will with the answer before: nothing would tell of this answer's end.
      if (outgoing.socket === null) return;
      await respond(outgoing, await this.#response(incoming, outgoing, client.signal));
    } catch (error) {
      this.failed(error);
      outgoing.destroy();
    }
  }

  #response(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    signal: AbortSignal,
  ): Response | Promise<Response> {
    const url = urlOf(incoming);
    if (url === undefined) return new Response(null, { status: 400 });
    let request: Request;
    try {
      request = requestOf(incoming, url, signal);
    } catch {
      return new Response(null, { status: 405 }); // `Request` knows no TRACE
    }
    return this.#options.fetch(request, {
      remoteAddress: incoming.socket.remoteAddress ?? "",
      whenCompleted: (call) => whenClosed(outgoing, call),
      upgrade() {
        throw new Error("This request was not an upgrade");
      },
    });
  }

  async #upgrade(incoming: IncomingMessage, socket: Socket, head: Uint8Array): Promise<void> {
    socket.on("error", ignore);
    socket.setNoDelay(true);
    let connection: FramesConnection | undefined;
    let subprotocol: string | undefined;
    const upgrade = (_: Request, options: UpgradeOptions): Response => {
      connection = new FramesConnection(socket, options, this);
      subprotocol = options.subprotocol;
      this.#connections.add(connection);
      return SWITCHING;
    };
    try {
      const answer = this.#upgradeResponse(incoming, socket, upgrade);
      if (connection === undefined) return await refuse(incoming, socket, answer);
      const response = await answer;
      if (response === SWITCHING) {
        // `acceptValue`, which waits for another thread, takes five times as long.
        const accept = createHash("sha1")
          .update(`${incoming.headers["sec-websocket-key"]}${ACCEPT_GUID}`).digest("base64");
        connection.start(encodeHandshakeResponse(accept, subprotocol), head);
      } else {
        connection.ended();
        await refuse(incoming, socket, response);
      }
    } catch (error) {
      this.failed(error);
      socket.destroy();
    }
  }

  #upgradeResponse(
    incoming: IncomingMessage,
    socket: Socket,
    upgrade: TransportBindings["upgrade"],
  ): Response | Promise<Response> {
    const url = urlOf(incoming);
    if (url === undefined) return new Response(null, { status: 400 });
    const headers = new HeaderLines(incoming.rawHeaders);
    // All that the routes look at; a whole `Request` would cost more than the rest of the handshake.
    const request = {
      method: "GET",
      url,
      headers,
      get signal() {
        const client = new AbortController();
        whenClosed(socket, () => client.abort());
        return client.signal;
      },
    };
    return this.#options.fetch(request as unknown as Request, {
      remoteAddress: socket.remoteAddress ?? "",
      whenCompleted: (call) => whenClosed(socket, call),
      upgrade,
    });
  }
}

/** Calls when a socket, or an answer and its socket, has gone; at once where it has already. */
function whenClosed(stream: Socket | ServerResponse, call: () => void): void {
  if (stream.destroyed) call();
  else stream.once("close", call);
}

function ignore(): void {}
