/**
 * What is told of errors.
 *
 * @module
 */

import { RateLimitedError, RefConflictError, UnavailableError } from "../log/log.ts";
import { type ErrorCode, Refusal } from "../protocol/refusal.ts";

/** What is told of a refusal. */
export interface RefusalFields {
  /** Why, for programs. */
  readonly code: ErrorCode;
  /** Why, for people. */
  readonly message: string;
  /** Milliseconds after which it is worth asking again. */
  readonly retryAfterMs?: number;
}

/**
 * What to tell of an error.
 *
 * @param error What was thrown; of what is no refusal nothing is told.
 */
export function refusalOf(error: unknown): RefusalFields {
  if (error instanceof Refusal) {
    const { code, message, retryAfterMs } = error;
    return { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (error instanceof RefConflictError) {
    return { code: "ref_conflict", message: "The ref stands for another text" };
  }
  if (error instanceof RateLimitedError) {
    const retryAfterMs = Math.ceil(error.retryAfterMs);
    return { code: "rate_limited", message: error.message, retryAfterMs };
  }
  if (error instanceof UnavailableError) return { code: "unavailable", message: error.message };
  return { code: "internal", message: "The server failed" };
}
