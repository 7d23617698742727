/**
 * The clock of the machine.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";

/** Real time, and the runtime's own timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  soon: (call) => void setImmediate(call),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
