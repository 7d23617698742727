/**
 * Chance from a seed: the same seed, the same run.
 *
 * @module
 */

/** A small generator of pseudo-random numbers (mulberry32). */
export class Random {
  #state: number;

  /** @param seed Any integer; neighbours give runs that have nothing in common. */
  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0;
  }

  /** A number from 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0, below a bound. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** Whether something of a probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of several. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** One of several, each with its weight. */
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let left = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    return choices[choices.length - 1]![1];
  }

  /** An id of 12 characters, as a client or the server makes one. */
  id(): string {
    return Array.from({ length: 12 }, () => this.below(36).toString(36)).join("");
  }

  /** A generator of its own, whose use does not disturb this one. */
  fork(): Random {
    return new Random(this.below(2 ** 32));
  }
}
