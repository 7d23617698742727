/**
 * Refusals, counted by cause, and in the log: few lines, however many there are.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { REFUSAL_LINES_MAX, REFUSAL_LINES_MS } from "./limits.ts";
import type { Logger } from "./logger.ts";

/** Who was refused: all that the log is told of it. */
export interface Refused {
  /** The address that limits count. */
  readonly address: string;
  /** The id of the request, or of that which opened the socket. */
  readonly requestId: string | undefined;
}

/** What the log was told of a cause since its window began. */
interface Window {
  lines: number;
  leftOut: number;
}

/**
 * Counts refusals, and writes the first ones of each cause.
 *
 * Of one cause {@linkcode REFUSAL_LINES_MAX} lines are written in {@linkcode REFUSAL_LINES_MS}, and then one
 * that says how many more there were. Causes are the server's own words, so that there are few.
 */
export class Refusals {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, "after">;
  readonly #counts = new Map<string, number>();
  readonly #windows = new Map<string, Window>();

  /**
   * Creates one that has counted nothing.
   *
   * @param logger Where the lines go.
   * @param clock Time.
   */
  constructor(logger: Logger, clock: Pick<Clock, "after">) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** How many there were of each cause. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /**
   * Somebody was refused.
   *
   * @param cause Why: one of a fixed number of words.
   * @param who Who.
   */
  refused(cause: string, { address, requestId }: Refused): void {
    this.count(cause);
    const window = this.#windows.get(cause) ?? this.#open(cause);
    if (window.lines >= REFUSAL_LINES_MAX) return void window.leftOut++;
    window.lines++;
    this.#logger.info("Refused", { cause, address, requestId });
  }

  /**
   * Counts one of which the log is told in another way.
   *
   * @param cause As above.
   */
  count(cause: string): void {
    this.#counts.set(cause, (this.#counts.get(cause) ?? 0) + 1);
  }

  #open(cause: string): Window {
    const window = { lines: 0, leftOut: 0 };
    this.#windows.set(cause, window);
    this.#clock.after(REFUSAL_LINES_MS, () => this.#end(cause, window));
    return window;
  }

  #end(cause: string, { leftOut }: Window): void {
    this.#windows.delete(cause);
    if (leftOut === 0) return;
    const more = `and ${leftOut.toLocaleString("en-US")} more`;
    this.#logger.info(`Refused, ${more}`, { cause, more: leftOut });
  }

  /** The process is about to end: says at once what was left out. */
  close(): void {
    for (const [cause, window] of [...this.#windows]) {
      this.#end(cause, window);
      window.leftOut = 0;
    }
  }
}
