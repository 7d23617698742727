/**
 * A token bucket for each key, as the generic cell rate algorithm (ITU-T I.371, annex A): one number a
 * key, and nothing for a key whose bucket is full.
 *
 * @module
 */

import { RATE_LIMITER_KEYS_MAX } from "./limits.ts";

/** Settings of a {@linkcode RateLimiter}. */
export interface RateLimiterOptions {
  /** Tokens that come back in a second; 0: no limit. */
  readonly perSecond: number;
  /** Tokens of a full bucket. */
  readonly burst: number;
  /** The time in milliseconds, monotonic. */
  readonly now: () => number;
}

/** A bucket as that algorithm has it. */
export interface Bucket {
  /** Milliseconds in which a token comes back; 0: no limit. */
  readonly intervalMs: number;
  /** Milliseconds that a bucket may be short of being full. */
  readonly toleranceMs: number;
}

/**
 * The bucket of a rate.
 *
 * @param perSecond Tokens that come back in a second; 0: no limit.
 * @param burst Tokens of a full bucket, at least one.
 */
export function bucketOf(perSecond: number, burst: number): Bucket {
  const intervalMs = perSecond > 0 ? 1000 / perSecond : 0;
  return { intervalMs, toleranceMs: intervalMs * (Math.max(1, burst) - 1) };
}

/** Limits how often something happens for each of many keys. */
export class RateLimiter {
  readonly #bucket: Bucket;
  readonly #now: () => number;
  /** When each key's bucket is full again; a time that has passed means the same as no entry. */
  readonly #fullAt = new Map<string, number>();
  #sweepAtSize = 1024;

  /**
   * Creates one.
   *
   * @param options Rate, burst and clock.
   */
  constructor(options: RateLimiterOptions) {
    this.#bucket = bucketOf(options.perSecond, options.burst);
    this.#now = options.now;
  }

  /** How many keys are remembered: those whose bucket is not full, and some whose is. */
  get size(): number {
    return this.#fullAt.size;
  }

  /**
   * Takes one token of a key.
   *
   * @param key Whose bucket.
   * @returns 0 when there was a token, else the milliseconds until there is one. A refusal costs nothing.
   */
  take(key: string): number {
    const { intervalMs, toleranceMs } = this.#bucket;
    if (intervalMs === 0) return 0;
    const now = this.#now();
    const fullAt = Math.max(now, this.#fullAt.get(key) ?? now);
    const waitMs = fullAt - now - toleranceMs;
    if (waitMs > 0) return waitMs;
    this.#fullAt.set(key, fullAt + intervalMs);
    if (this.#fullAt.size > this.#sweepAtSize) this.#sweep(now);
    return 0;
  }

  /** Forgets full buckets, and the oldest above nine tenths of the bound: each sweep is paid for by many inserts. */
  #sweep(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
    for (const key of this.#fullAt.keys()) {
      if (this.#fullAt.size <= RATE_LIMITER_KEYS_MAX * 0.9) break;
      this.#fullAt.delete(key);
    }
    this.#sweepAtSize = Math.min(RATE_LIMITER_KEYS_MAX, Math.max(1024, this.#fullAt.size * 2));
  }
}
