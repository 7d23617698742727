/**
 * Waiting: sessions whose connections take no more for now.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { WAITING_SWEEP_MS } from "../limits.ts";
import type { Recipient } from "./room.ts";
import type { SendBudget } from "./send_budget.ts";

/** What {@linkcode Waiting} works with. */
export interface WaitingOptions {
  /** Unsent bytes above which a session waits. */
  readonly budget: SendBudget;
  /** Milliseconds a waiting session may go without any progress. */
  readonly stallMs: number;
  /** Time. */
  readonly clock: Clock;
  /** Told of a session that begins to wait. */
  readonly onWait: (session: Recipient) => void;
}

/** How far a connection had come when it was last looked at. */
interface Progress {
  unsentBytes: number;
  at: number;
}

/** All sessions that wait: one timer looks at them, and none of them costs more. */
export class Waiting {
  readonly #options: WaitingOptions;
  readonly #sessions = new Map<Recipient, Progress>();
  #cancelSweep: (() => void) | undefined;

  /**
   * Creates it; nobody waits.
   *
   * @param options Bounds and clock.
   */
  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** How many sessions wait. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Whether a session waited when it was last looked at. */
  has(session: Recipient): boolean {
    return this.#sessions.has(session);
  }

  /** A session has ended. */
  forget(session: Recipient): void {
    this.#sessions.delete(session);
  }

  /**
   * Lets a session wait until its connection has drained; then it is told to `resume`.
   *
   * @param session One that has too many unsent bytes.
   */
  hold(session: Recipient): void {
    if (this.#sessions.has(session)) return;
    const { clock, onWait } = this.#options;
    const { unsentBytes } = session.connection;
    this.#sessions.set(session, { unsentBytes, at: clock.now() });
    onWait(session);
    this.#cancelSweep ??= clock.after(WAITING_SWEEP_MS, () => this.#sweep());
  }

  /** Whether a session waits; one whose connection has drained by half waits no longer. */
  isWaiting(session: Recipient): boolean {
    if (!this.#sessions.has(session)) return false;
    if (session.connection.unsentBytes > this.#options.budget.limit / 2) return true;
    this.#sessions.delete(session);
    session.resume();
    return false;
  }

  #sweep(): void {
    const { clock, budget, stallMs } = this.#options;
    const now = clock.now();
    if (budget.isTight) budget.review();
    for (const [session, progress] of this.#sessions) {
      if (!this.isWaiting(session)) continue;
      const { unsentBytes } = session.connection;
      if (unsentBytes < progress.unsentBytes) progress.at = now;
      progress.unsentBytes = unsentBytes;
      if (now - progress.at >= stallMs) session.fellBehind();
    }
    this.#cancelSweep = this.#sessions.size === 0
      ? undefined
      : clock.after(WAITING_SWEEP_MS, () => this.#sweep());
  }
}
