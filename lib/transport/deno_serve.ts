/**
 * The default transport: `Deno.upgradeWebSocket` behind {@linkcode Connection}.
 *
 * What it guards against was seen in Deno 2.9: a throw in a socket's handler ends the process; `send`
 * throws before the socket is open and is silent after; the `close` event may come twice, with code 0,
 * or never; a peer that leaves before its upgrade is answered makes a socket that tells nothing at all.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { CLOSE_ROUND_MS, CLOSE_ROUNDS_MAX, UPGRADE_MS_MAX } from "../limits.ts";
import { CLOSE_CODE, truncateReason } from "../websocket/close_code.ts";
import { Traffic } from "../traffic.ts";
import type { Connection, ConnectionHandler, UpgradeOptions } from "./connection.ts";
import { ConnectionSet } from "./connection_set.ts";

/** Settings of a {@linkcode DenoServeTransport}. */
export interface DenoServeTransportOptions {
  /** Seconds of silence before a ping; after as long again without a sign of life, 1001. */
  readonly pingSeconds: number;
  /** Told of everything that a handler throws. */
  readonly onError: (error: unknown) => void;
  /** Where traffic is counted; by default nobody looks at it. */
  readonly traffic?: Traffic;
}

/** The sockets of one server. */
export class DenoServeTransport {
  /** @internal */
  readonly traffic: Traffic;
  readonly #options: DenoServeTransportOptions;
  readonly #connections = new ConnectionSet<DenoConnection>();

  /**
   * Creates one.
   *
   * @param options Timing and where errors go.
   */
  constructor(options: DenoServeTransportOptions) {
    this.#options = options;
    this.traffic = options.traffic ?? new Traffic();
  }

  /**
   * Answers a checked request with a socket. Must be the last step before the response is returned:
   * another response in its place would end the listener.
   *
   * @param request The request to upgrade.
   * @param options What to do with the socket.
   * @returns The response to return, as it is.
   */
  upgrade(request: Request, options: UpgradeOptions): Response {
    // The runtime pings after half of its idle timeout, and closes with 1001 after the whole.
    const { socket, response } = Deno.upgradeWebSocket(request, {
      idleTimeout: 2 * this.#options.pingSeconds,
    });
    // Not by the `protocol` option, which throws where a client's list is joined without spaces.
    if (options.subprotocol !== undefined) {
      response.headers.set("Sec-WebSocket-Protocol", options.subprotocol);
    }
    const connection = new DenoConnection(socket, options, this);
    this.#connections.add(connection);
    return response;
  }

  /**
   * Closes every socket, and from now on those that are still to come.
   *
   * @param code The close code.
   * @param reason The reason.
   * @returns When the last one has ended. A peer that does not answer may make this wait for ever.
   */
  closeAll(code: number, reason: string): Promise<void> {
    return this.#connections.closeAll(code, reason);
  }

  /**
   * Closes the sockets whose peers have taken no byte since the last call, though some were waiting. The
   * runtime's own idle timeout cannot: its ping is stuck behind these bytes. To be called as often as a
   * peer may be without a sign of life.
   */
  closeStuck(): void {
    for (const connection of this.#connections) connection.closeIfStuck();
  }

  /** @internal A connection is open. @returns Whether it may stay so. */
  opened(connection: DenoConnection): boolean {
    return this.#connections.opened(connection);
  }

  /** @internal A connection is gone. */
  ended(connection: DenoConnection): void {
    this.#connections.ended(connection);
  }

  /** @internal A handler threw. */
  failed(error: unknown): void {
    this.#options.onError(error);
  }
}

const CONNECTION = Symbol("connection");
type OwnSocket = WebSocket & { [CONNECTION]: DenoConnection };

class DenoConnection implements Connection {
  readonly #socket: WebSocket;
  readonly #transport: DenoServeTransport;
  #open: UpgradeOptions["open"] | undefined;
  readonly #ended: UpgradeOptions["ended"];
  #handler: ConnectionHandler | undefined;
  #state: "opening" | "open" | "closing" | "ended" = "opening";
  #heard = false;
  #unsentBytesBefore = 0;
  #upgradeTimer: ReturnType<typeof setTimeout> | undefined = setTimeout(
    () => this.ended(),
    UPGRADE_MS_MAX,
  );

  constructor(socket: WebSocket, options: UpgradeOptions, transport: DenoServeTransport) {
    this.#socket = socket;
    this.#open = options.open;
    this.#ended = options.ended;
    this.#transport = transport;
    socket.binaryType = "arraybuffer";
    (socket as OwnSocket)[CONNECTION] = this;
    // Listeners that all sockets share, and not by `onmessage` and its like, behind each of which the
    // runtime keeps a closure: together a kilobyte less for every idle reader.
    socket.addEventListener("open", onOpen, { once: true });
    socket.addEventListener("message", onMessage);
    socket.addEventListener("close", onClose);
    socket.addEventListener("error", onError);
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#state !== "open") return;
    try {
      this.#socket.send(message);
      const { traffic } = this.#transport;
      traffic.sent(frameBytes(typeof message === "string" ? textBytes(message) : message.length));
    } catch (error) {
      this.#failed(error);
    }
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#transport.traffic.closed(code);
    this.#leave();
    this.#closeWhenQuiet(code, truncateReason(reason), CLOSE_ROUNDS_MAX);
  }

  /**
   * The runtime drops the connection, with the close frame unsent, when it reads a message in the turn
   * after `close`. So a peer that is talking is heard out first, for a while.
   */
  #closeWhenQuiet(code: number, reason: string, rounds: number): void {
    this.#heard = false;
    setTimeout(() => {
      if (this.#state === "ended") return;
      if (this.#heard && rounds > 0) this.#closeWhenQuiet(code, reason, rounds - 1);
      else this.#socket.close(code, reason);
    }, CLOSE_ROUND_MS);
  }

  closeIfStuck(): void {
    const { unsentBytes } = this;
    if (unsentBytes > 0 && unsentBytes === this.#unsentBytesBefore) {
      this.close(CLOSE_CODE.Idle, "no sign of life");
    }
    this.#unsentBytesBefore = unsentBytes;
  }

  opened(): void {
    this.#disarm();
    if (this.#state === "ended") return this.#socket.close(); // after it was given up
    if (this.#state !== "opening") return;
    this.#state = "open";
    const open = this.#open!;
    this.#open = undefined; // and with it the request that it remembers
    if (!this.#transport.opened(this)) return;
    this.#guard(() => this.#handler = open(this));
    // Closed while opening: `close` had no handler to tell yet.
    if (this.#state !== "open") this.#leave();
  }

  received(data: string | ArrayBuffer): void {
    this.#heard = true;
    const { traffic } = this.#transport;
    traffic.framesReceived++;
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
    traffic.bytesReceived += frameBytes(bytes) + MASK_BYTES;
    if (this.#state !== "open") return;
    try {
      this.#handler?.message(typeof data === "string" ? data : new Uint8Array(data));
    } catch (error) {
      this.#failed(error);
    }
  }

  ended(): void {
    if (this.#state === "ended") return;
    this.#disarm();
    this.#state = "ended";
    this.#leave();
    this.#transport.ended(this);
    this.#guard(this.#ended);
  }

  #disarm(): void {
    clearTimeout(this.#upgradeTimer);
    this.#upgradeTimer = undefined;
  }

  #leave(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#guard(() => handler?.closed());
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#transport.failed(error);
    this.close(CLOSE_CODE.InternalError, "internal error");
  }
}

const MASK_BYTES = 4;

/** Bytes of a frame (RFC 6455, section 5.2), which the runtime makes, from those of its payload. */
function frameBytes(payloadBytes: number): number {
  return payloadBytes + (payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10);
}

let lastText = "", lastTextBytes = 0;

/** Bytes of a text in UTF-8. All readers of a room are sent the same one, whose bytes are counted once. */
function textBytes(text: string): number {
  if (text === lastText) return lastTextBytes;
  lastText = text;
  return lastTextBytes = Buffer.byteLength(text);
}

function onOpen(this: WebSocket): void {
  (this as OwnSocket)[CONNECTION].opened();
}

function onMessage(this: WebSocket, event: MessageEvent): void {
  (this as OwnSocket)[CONNECTION].received(event.data);
}

function onClose(this: WebSocket): void {
  (this as OwnSocket)[CONNECTION].ended();
}

/** The runtime reports a broken connection here, and a `close` event follows; unheard, it would throw. */
function onError(event: Event): void {
  event.preventDefault();
}
