/**
 * What clients have asked for, and what became of it.
 *
 * @module
 */

import type { Command } from "../../lib/protocol/command.ts";

/** A command of a client, for as long as that client lives. */
export interface Order {
  readonly command: Command & { readonly ref?: string | undefined };
  /** On how many sockets it was said, in all. */
  sockets: number;
  /** How often it was said, in all. */
  times: number;
  /** Where it stands, once it was acknowledged, and whether that was told as no duplicate. */
  place: Place | undefined;
}

/** Where an order stands. */
export interface Place {
  readonly channel: string;
  readonly offset: number;
  readonly id: string;
  /** Whether its own ack has been sent, and not only those of repeats. */
  readonly isOwn: boolean;
}

/** What was said of an order on one socket. */
export interface Asked {
  readonly order: Order;
  times: number;
  answers: number;
}

/** The orders that were said on one socket, by their `ref`. */
export class AskedOrders {
  readonly #byRef = new Map<string, Asked>();

  /** An order is said on this socket. */
  add(order: Order): void {
    order.times++;
    const { ref } = order.command;
    if (ref === undefined) return;
    const asked = this.#byRef.get(ref);
    if (asked !== undefined) {
      asked.times++;
      return;
    }
    order.sockets++;
    this.#byRef.set(ref, { order, times: 1, answers: 0 });
  }

  /** What was said under a `ref`. */
  get(ref: string | undefined): Asked | undefined {
    return ref === undefined ? undefined : this.#byRef.get(ref);
  }

  /** Orders that have had fewer answers than they were said. */
  unanswered(): Asked[] {
    return [...this.#byRef.values()].filter(({ times, answers }) => answers < times);
  }
}
