/**
 * The standard WebSocket client, with its events in a queue.
 *
 * @module
 */

import { within } from "./deadline.ts";

/** How a socket ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A client as a page or a foreign program uses it. */
export class Client implements AsyncDisposable {
  /** The socket itself. */
  readonly socket: WebSocket;
  /** How it ends. */
  readonly closed: Promise<Closed>;
  readonly #opened = Promise.withResolvers<void>();
  readonly #messages: (string | ArrayBuffer)[] = [];
  #waiting: ((message: string | ArrayBuffer) => void) | undefined;

  private constructor(url: string, subprotocols: string[]) {
    this.socket = new WebSocket(url, subprotocols);
    this.socket.binaryType = "arraybuffer";
    const closed = Promise.withResolvers<Closed>();
    this.closed = closed.promise;
    this.socket.onopen = () => this.#opened.resolve();
    this.socket.onerror = (event) => event.preventDefault();
    this.socket.onclose = ({ code, reason }) => {
      this.#opened.reject(new Error(`Closed before it opened: ${code} ${reason}`));
      closed.resolve({ code, reason });
    };
    this.socket.onmessage = ({ data }) => {
      if (this.#waiting === undefined) return void this.#messages.push(data);
      this.#waiting(data);
      this.#waiting = undefined;
    };
  }

  /**
   * Connects, and waits until the socket is open.
   *
   * @param base The server's address.
   * @param path Path and query.
   * @param subprotocols What to offer.
   */
  static async open(base: string, path: string, subprotocols: string[] = []): Promise<Client> {
    const client = new Client(new URL(path, base).href.replace(/^http/, "ws"), subprotocols);
    await within(client.#opened.promise, `${path} opens`);
    return client;
  }

  /** Sends a message. */
  send(message: string | Uint8Array<ArrayBuffer>): void {
    this.socket.send(message);
  }

  /** The next message that came; rejects where the socket ends without one. */
  next(): Promise<string | ArrayBuffer> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    const { promise, resolve, reject } = Promise.withResolvers<string | ArrayBuffer>();
    this.#waiting = resolve;
    this.closed.then(({ code, reason }) => reject(new Error(`Closed: ${code} ${reason}`)));
    return within(promise, "a message");
  }

  /** The next message as the object that the plain protocol promises. */
  async nextMessage(): Promise<{ sender: string; msg: string }> {
    return JSON.parse(await this.next() as string);
  }

  /** Closes, and waits for the server's answer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await within(this.closed, "a socket closes");
  }
}
