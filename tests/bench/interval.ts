/**
 * What is measured between two moments of a load.
 *
 * @module
 */

import type { Histogram } from "./histogram.ts";
import { type Usage, usageOf } from "./proc.ts";

/** Who receives what is counted. */
export interface Receivers {
  /** Deliveries to all of them. */
  readonly receivedTotal: number;
}

/** What an interval of a load had used at its beginning, and what it has used since. */
export class Interval {
  readonly #receivers: Receivers;
  readonly #pid: number;
  readonly #began = performance.now();
  readonly #received: number;
  readonly #server: Usage;
  readonly #generator: Usage;

  /**
   * Begins an interval.
   *
   * @param receivers A room, or other readers.
   * @param pid The server's process.
   */
  constructor(receivers: Receivers, pid: number) {
    this.#receivers = receivers;
    this.#pid = pid;
    this.#received = receivers.receivedTotal;
    this.#server = usageOf(pid);
    this.#generator = usageOf("self");
  }

  /** How long it has lasted. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** The figures of the interval that ends now. */
  end() {
    const { seconds } = this;
    const busy = (then: Usage, now: Usage) => (now.cpuSeconds - then.cpuSeconds) / seconds;
    return {
      deliveriesPerSecond: (this.#receivers.receivedTotal - this.#received) / seconds,
      serverBusy: busy(this.#server, usageOf(this.#pid)),
      generatorBusy: busy(this.#generator, usageOf("self")),
    };
  }
}

/**
 * Reads the figures of latencies.
 *
 * @param latencies What was counted.
 */
export function percentiles(latencies: Histogram) {
  return {
    p50Ms: latencies.percentile(0.5) / 1000,
    p99Ms: latencies.percentile(0.99) / 1000,
  };
}
