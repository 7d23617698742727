/**
 * How many sockets there are, in all and from one address.
 *
 * @module
 */

import { REFUSED_SOCKETS_MAX, REFUSED_SOCKETS_PER_IP_MAX } from "./limits.ts";

/** Settings of a {@linkcode ConnectionCounter}; 0: no limit. */
export interface ConnectionCounterOptions {
  /** Sockets in all. */
  readonly connectionsMax: number;
  /** Sockets from one address. */
  readonly connectionsPerIpMax: number;
}

/**
 * `"admitted"`: within the limits. `"full"`: above them, though there is room to say so on the socket.
 * `"turned away"`: not even that; nothing was counted.
 */
export type Admission = "admitted" | "full" | "turned away";

/**
 * Counts sockets from the request to the last byte: one that is closing still holds a descriptor, and
 * so does one that is only told why it is refused.
 */
export class ConnectionCounter {
  readonly #options: ConnectionCounterOptions;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  /**
   * Creates one.
   *
   * @param options The limits.
   */
  constructor(options: ConnectionCounterOptions) {
    this.#options = options;
  }

  /** Sockets counted now. */
  get total(): number {
    return this.#total;
  }

  /** Addresses that have a socket now. */
  get addresses(): number {
    return this.#byAddress.size;
  }

  /**
   * Counts a socket, unless it is turned away. Who is counted must {@linkcode ConnectionCounter.leave}.
   *
   * @param address Where the socket comes from.
   */
  enter(address: string): Admission {
    const { connectionsMax, connectionsPerIpMax } = this.#options;
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const overAll = over(this.#total, connectionsMax);
    const overAddress = over(ofAddress, connectionsPerIpMax);
    if (overAll >= REFUSED_SOCKETS_MAX || overAddress >= REFUSED_SOCKETS_PER_IP_MAX) {
      return "turned away";
    }
    this.#total++;
    this.#byAddress.set(address, ofAddress + 1);
    return overAll >= 0 || overAddress >= 0 ? "full" : "admitted";
  }

  /**
   * A counted socket has ended.
   *
   * @param address The address it was counted under.
   */
  leave(address: string): void {
    this.#total--;
    const ofAddress = this.#byAddress.get(address)! - 1;
    if (ofAddress === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, ofAddress);
  }
}

/** How far a count is at or above its limit; below it, and without a limit, negative. */
function over(count: number, limit: number): number {
  return limit === 0 ? -1 : count - limit;
}
