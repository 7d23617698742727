/**
 * What the log was asked for, in plain numbers that are read when somebody asks.
 *
 * @module
 */

import { Histogram, STEP_SECONDS } from "../histogram.ts";

/** What became of appends. */
export type AppendOutcome = "stored" | "duplicate" | "conflict" | "failed";

/** What has happened since the start. */
export class LogTally {
  /** What became of appends; those of the directory, such as claims and bans, are among them. */
  readonly appends: Record<AppendOutcome, number> = {
    stored: 0,
    duplicate: 0,
    conflict: 0,
    failed: 0,
  };
  /** Seconds of each transaction, which takes all appends of a turn; with Redis, of each batch. */
  readonly appendSeconds: Histogram = new Histogram(STEP_SECONDS);
  /** Times that the store went out of reach. */
  failures = 0;
}
