/**
 * How many connections there are: sockets, streams and polls, in all and from one address.
 *
 * @module
 */

import { REFUSED_SOCKETS_MAX, REFUSED_SOCKETS_PER_IP_MAX } from "./limits.ts";

/** Settings of a {@linkcode ConnectionCounter}; 0: no limit. */
export interface ConnectionCounterOptions {
  /** Connections in all. */
  readonly connectionsMax: number;
  /** Connections from one address. */
  readonly connectionsPerIpMax: number;
}

/**
 * `"admitted"`: within the limits. `"full"`: above them, though there is room to say so on the connection.
 * `"turned away"`: not even that; nothing was counted.
 */
export type Admission = "admitted" | "full" | "turned away";

/** What a connection speaks. */
export const CONNECTION_KINDS = ["plain", "rich", "echo", "events", "poll"] as const;

/** Which of {@linkcode CONNECTION_KINDS}: the protocols of sockets, then what is read over HTTP. */
export type ConnectionKind = (typeof CONNECTION_KINDS)[number];

/**
 * Counts connections from the request to the last byte: one that is closing still holds a descriptor, and
 * so does one that is only told why it is refused.
 */
export class ConnectionCounter {
  readonly #options: ConnectionCounterOptions;
  readonly #byAddress = new Map<string, number>();
  readonly #held = zeros();
  readonly #entered = zeros();
  #total = 0;

  /**
   * Creates one.
   *
   * @param options The limits.
   */
  constructor(options: ConnectionCounterOptions) {
    this.#options = options;
  }

  /** Connections counted now. */
  get total(): number {
    return this.#total;
  }

  /** The same by what they speak. */
  get held(): Readonly<Record<ConnectionKind, number>> {
    return this.#held;
  }

  /** Connections that were counted since the start, by what they speak. */
  get entered(): Readonly<Record<ConnectionKind, number>> {
    return this.#entered;
  }

  /** Addresses that have a connection now. */
  get addresses(): number {
    return this.#byAddress.size;
  }

  /**
   * Counts a connection, unless it is turned away. Who is counted must {@linkcode ConnectionCounter.leave}.
   *
   * @param address Where it comes from.
   * @param kind What it speaks.
   */
  enter(address: string, kind: ConnectionKind): Admission {
    const { connectionsMax, connectionsPerIpMax } = this.#options;
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const overAll = over(this.#total, connectionsMax);
    const overAddress = over(ofAddress, connectionsPerIpMax);
    if (overAll >= REFUSED_SOCKETS_MAX || overAddress >= REFUSED_SOCKETS_PER_IP_MAX) {
      return "turned away";
    }
    this.#total++;
    this.#held[kind]++;
    this.#entered[kind]++;
    this.#byAddress.set(address, ofAddress + 1);
    return overAll >= 0 || overAddress >= 0 ? "full" : "admitted";
  }

  /**
   * A counted connection has ended.
   *
   * @param address The address it was counted under.
   * @param kind What it was counted as.
   */
  leave(address: string, kind: ConnectionKind): void {
    this.#total--;
    this.#held[kind]--;
    const ofAddress = this.#byAddress.get(address)! - 1;
    if (ofAddress === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, ofAddress);
  }
}

function zeros(): Record<ConnectionKind, number> {
  return { plain: 0, rich: 0, echo: 0, events: 0, poll: 0 };
}

/** How far a count is at or above its limit; below it, and without a limit, negative. */
function over(count: number, limit: number): number {
  return limit === 0 ? -1 : count - limit;
}
