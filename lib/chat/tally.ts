/**
 * What has happened in the chat, in plain numbers that are read when somebody asks.
 *
 * @module
 */

import { FRAME_ENTRIES_MAX } from "../limits.ts";
import { Histogram, STEP_SECONDS } from "../histogram.ts";

/** What has happened since the start. */
export class Tally {
  /** Messages that were stored, repeats not counted. */
  roomMessages = 0;
  /** The same of direct messages: one, though both parties have a copy. */
  directMessages = 0;
  /** Deletions that were stored. */
  deletions = 0;
  /** Messages that were sent to plain readers. */
  plainDeliveries = 0;
  /** Times that a reader was told, or was ended since it cannot be told, that it has missed entries. */
  gaps = 0;
  /** Entries of each frame that was sent to a rich reader; their sum is what these were sent. */
  readonly frameEntries: Histogram = new Histogram([1, 2, 5, 10, 20, 50, 100, FRAME_ENTRIES_MAX]);
  /** Seconds that each turn of the flush took, in which a slice of the readers is served. */
  readonly flushSeconds: Histogram = new Histogram(STEP_SECONDS);
}
