/**
 * Whole numbers in the queries of requests (docs/protocol.md, "HTTP").
 *
 * @module
 */

import { DAY_MS } from "../clock.ts";
import {
  HISTORY_PAGE_DEFAULT,
  HISTORY_PAGE_MAX,
  POLL_SECONDS_DEFAULT,
  POLL_SECONDS_MAX,
  ROOMS_PAGE_MAX,
} from "../limits.ts";

/** What a whole number may be. */
export interface IntegerRange {
  /** The least. */
  readonly min: number;
  /** The most. */
  readonly max: number;
}

/** Seconds that a poll is held. */
export const WAIT_RANGE = { min: 0, max: POLL_SECONDS_MAX, default: POLL_SECONDS_DEFAULT };

/** An offset in a channel's past. */
export const OFFSET_RANGE = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** Entries of a page of the past. */
export const HISTORY_LIMIT_RANGE = {
  min: 1,
  max: HISTORY_PAGE_MAX,
  default: HISTORY_PAGE_DEFAULT,
};

/** Rooms of a page of rooms. */
export const ROOMS_LIMIT_RANGE = { min: 1, max: ROOMS_PAGE_MAX, default: ROOMS_PAGE_MAX };

/**
 * Seconds of a ban: it is stored, and lasts no longer than what is.
 *
 * @param historyDays Days for which an entry is retained.
 */
export function banRange(historyDays: number): IntegerRange {
  return { min: 0, max: historyDays * DAY_MS / 1000 };
}
