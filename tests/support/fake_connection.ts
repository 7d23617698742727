/**
 * A connection without a socket, for tests of the rules.
 *
 * @module
 */

import type { Connection, ConnectionHandler } from "../../lib/transport/connection.ts";

/** Keeps what it is sent; its peer reads, or does not, as the test says. */
export class FakeConnection implements Connection {
  /** The messages that the peer has been sent. */
  readonly sent: (string | Uint8Array)[] = [];
  /** How it was closed. */
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** Whether the peer reads; what it does not read stays unsent. */
  reads = true;
  unsentBytes = 0;
  #handler: ConnectionHandler | undefined;

  send(message: string | Uint8Array): void {
    if (this.closed !== undefined) return;
    this.sent.push(message);
    if (!this.reads) this.unsentBytes += message.length;
  }

  close(code: number, reason: string): void {
    if (this.closed !== undefined) return;
    this.closed = { code, reason };
    this.#handler?.closed();
  }

  /** Opens, as a transport does. */
  open(open: (connection: Connection) => ConnectionHandler): this {
    this.#handler = open(this);
    if (this.closed !== undefined) this.#handler.closed();
    return this;
  }

  /** The peer says something. */
  receive(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.closed === undefined) this.#handler?.message(message);
  }

  /** The peer goes. */
  leave(): void {
    this.close(1005, "");
  }

  /** The peer reads all that is unsent, and goes on reading. */
  drain(): void {
    this.reads = true;
    this.unsentBytes = 0;
  }
}
