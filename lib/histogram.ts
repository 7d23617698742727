/**
 * Histograms: how often something was how large.
 *
 * @module
 */

/** Bounds for how long a step of the server's own work takes, in seconds. */
export const STEP_SECONDS: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1];

/** Counts values in a few buckets: one comparison for each that is too small, and two additions. */
export class Histogram {
  /** The upper bound of each bucket, inclusive and ascending; above the last there is one more. */
  readonly bounds: readonly number[];
  /** How many values each bucket holds, without those of the buckets before it. */
  readonly counts: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /**
   * Creates one that holds nothing.
   *
   * @param bounds See {@linkcode Histogram.bounds}; few, for they are gone through.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Histogram } from "./histogram.ts";
   *
   * const histogram = new Histogram([1, 10]);
   * for (const value of [0.5, 1, 3, 100]) histogram.observe(value);
   * assertEquals([histogram.counts, histogram.sum, histogram.total], [[2, 1, 1], 104.5, 4]);
   * ```
   */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = Array<number>(bounds.length + 1).fill(0);
    this.counts = this.#counts;
  }

  /** The sum of all values. */
  get sum(): number {
    return this.#sum;
  }

  /** How many values there were. */
  get total(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** Counts a value. */
  observe(value: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sum += value;
  }
}
