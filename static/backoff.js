// @ts-check
/**
 * How long to wait before the next attempt to connect: exponential, with full jitter, so that the
 * clients of a server that comes back do not all knock at once.
 */

export const BACKOFF_BASE_MS = 1_000;
export const BACKOFF_CAP_MS = 30_000;

/**
 * @param {number} attempt how many attempts have failed in a row: 0 before the first retry
 * @param {() => number} [random] uniform in [0, 1)
 * @param {number} [capMs] the longest wait
 * @returns {number} milliseconds, uniform between 0 and the bound of this attempt
 */
export function backoffMs(attempt, random = Math.random, capMs = BACKOFF_CAP_MS) {
  const bound = Math.min(capMs, BACKOFF_BASE_MS * 2 ** attempt);
  return Math.floor(random() * bound);
}
