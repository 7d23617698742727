/**
 * How much may be unsent: to one peer, and to all together.
 *
 * @module
 */

import type { Connection } from "../transport/connection.ts";

/** Bounds of a {@linkcode SendBudget}. */
export interface SendBudgetOptions {
  /** Unsent bytes of one connection before it has to wait. */
  readonly sendBufferBytesMax: number;
  /** Unsent bytes of all connections together. */
  readonly sendBuffersTotalBytesMax: number;
}

/**
 * Shares the bound of all send buffers among the connections.
 *
 * While all is well each may have its own bound. When all together have too much, everyone's bound becomes
 * an equal share of the whole: those with the most unsent wait first, and those that read notice nothing.
 *
 * What is known of a connection is what was unsent when something was last sent to it; only when the sum
 * of that seems too much are all of them asked.
 */
export class SendBudget {
  readonly #options: SendBudgetOptions;
  readonly #unsent = new Map<Connection, number>();
  #total = 0;
  #limit: number;
  /** Bytes noted since all were asked. */
  #sinceReview = 0;

  /**
   * Creates one with nothing unsent.
   *
   * @param options The bounds.
   */
  constructor(options: SendBudgetOptions) {
    this.#options = options;
    this.#limit = options.sendBufferBytesMax;
  }

  /** Unsent bytes above which a connection has to wait, just now. */
  get limit(): number {
    return this.#limit;
  }

  /** Whether the bound of all holds some back. */
  get isTight(): boolean {
    return this.#limit < this.#options.sendBufferBytesMax;
  }

  /**
   * Something has been sent.
   *
   * @param connection To whom.
   * @param unsentBytes How much is unsent now.
   */
  note(connection: Connection, unsentBytes: number): void {
    this.#total += unsentBytes - (this.#unsent.get(connection) ?? 0);
    this.#unsent.set(connection, unsentBytes);
    this.#sinceReview += unsentBytes;
    // While it is tight a look at all of them is worth it only after a while.
    const { sendBuffersTotalBytesMax } = this.#options;
    const isDue = !this.isTight || this.#sinceReview > sendBuffersTotalBytesMax / 16;
    if (isDue && this.#total > sendBuffersTotalBytesMax) this.review();
  }

  /**
   * A connection has ended.
   *
   * @param connection Which.
   */
  forget(connection: Connection): void {
    this.#total -= this.#unsent.get(connection) ?? 0;
    this.#unsent.delete(connection);
  }

  /** Asks all connections, and sets the bound for each anew. */
  review(): void {
    this.#total = 0;
    this.#sinceReview = 0;
    for (const connection of this.#unsent.keys()) {
      const { unsentBytes } = connection;
      if (unsentBytes === 0) this.#unsent.delete(connection);
      else this.#unsent.set(connection, unsentBytes);
      this.#total += unsentBytes;
    }
    const { sendBufferBytesMax, sendBuffersTotalBytesMax } = this.#options;
    // Given back only when there is room again, or the bound would swing.
    const isFull = this.#total > sendBuffersTotalBytesMax / (this.isTight ? 2 : 1);
    const share = Math.floor(sendBuffersTotalBytesMax / Math.max(1, this.#unsent.size));
    this.#limit = isFull ? Math.min(sendBufferBytesMax, share) : sendBufferBytesMax;
  }
}
