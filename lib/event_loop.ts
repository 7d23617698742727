/**
 * How late the event loop is: what everybody waits for who waits for the server.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { Histogram } from "./histogram.ts";
import { EVENT_LOOP_SAMPLE_MS } from "./limits.ts";

/**
 * Measures the delay of the event loop by an alarm of its own: the runtime's `monitorEventLoopDelay` is there
 * in Deno 2.9, and sees nothing.
 *
 * @param clock Time; its alarms are a millisecond late at the best.
 * @returns Seconds by which each alarm was late.
 */
export function watchEventLoop(clock: Pick<Clock, "now" | "after">): Histogram {
  const delays = new Histogram([0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]);
  function next(): void {
    const due = clock.now() + EVENT_LOOP_SAMPLE_MS;
    clock.after(EVENT_LOOP_SAMPLE_MS, () => {
      delays.observe(Math.max(0, clock.now() - due) / 1000);
      next();
    });
  }
  next();
  return delays;
}
