/**
 * The sockets of one server, and how all of them are closed.
 *
 * @module
 */

import type { Connection } from "./connection.ts";

/** Every socket that has not ended, whether open, opening or closing. */
export class ConnectionSet<C extends Connection> implements Iterable<C> {
  readonly #connections = new Set<C>();
  #whenEmpty: (() => void) | undefined;
  #closing: { readonly code: number; readonly reason: string } | undefined;

  /** How many there are. */
  get size(): number {
    return this.#connections.size;
  }

  /** All of them. */
  [Symbol.iterator](): Iterator<C> {
    return this.#connections.values();
  }

  /** A socket is made. */
  add(connection: C): void {
    this.#connections.add(connection);
  }

  /**
   * A socket is open.
   *
   * @returns Whether it may stay so; it is closed where all have been.
   */
  opened(connection: C): boolean {
    if (this.#closing === undefined) return true;
    connection.close(this.#closing.code, this.#closing.reason);
    return false;
  }

  /** A socket is gone. */
  ended(connection: C): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  /**
   * Closes every socket, and from now on those that are still to come.
   *
   * @param code The close code.
   * @param reason The reason.
   * @returns When the last one has ended.
   */
  closeAll(code: number, reason: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty = resolve;
    this.#closing = { code, reason };
    for (const connection of this.#connections) connection.close(code, reason);
    if (this.#connections.size === 0) resolve();
    return promise;
  }
}
