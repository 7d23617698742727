/**
 * A search over a store, in bounded steps.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { MessageQuery, Place } from "./log.ts";
import type { Found } from "./store.ts";

/**
 * Searches until a step has found something, or to the end.
 *
 * @param query What to find, and where to begin.
 * @param step Takes one step of the search; what it throws, the search rejects with.
 * @param clock Between two steps others have a turn of the event loop.
 * @returns What was found; nothing: there is no more.
 */
export async function search(
  query: MessageQuery,
  step: (query: MessageQuery) => Found | Promise<Found>,
  clock: Pick<Clock, "soon">,
): Promise<readonly Place[]> {
  while (true) {
    const found = step(query);
    const { places, next } = found instanceof Promise ? await found : found;
    if (places.length > 0 || next === undefined) return places;
    query = { ...query, after: next };
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
}
