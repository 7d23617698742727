/**
 * Waiting for something that may never come.
 *
 * @module
 */

import type { Clock } from "../clock.ts";

/** It did not come in time. */
export class TimeoutError extends Error {
  /** Always `TimeoutError`. */
  override readonly name = "TimeoutError";
}

/**
 * Waits for something for so long.
 *
 * @param clock Time.
 * @param ms How long, in milliseconds.
 * @param work What is waited for; it may go on, and fail, after it has been given up.
 * @throws {TimeoutError} If it takes longer.
 */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => reject(new TimeoutError(`No answer within ${ms} ms`)));
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    cancel();
  }
}
