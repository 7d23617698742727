/**
 * Holds events to their schemas: what a client is told must be described, in every key.
 *
 * @module
 */

import type * as z from "zod";
import { EVENT_SCHEMAS } from "../../lib/protocol/event.ts";

/** The schemas, in which a key that is not described is an error. */
const STRICT: ReadonlyMap<unknown, z.ZodType> = new Map(
  Object.entries(EVENT_SCHEMAS).map(([type, schema]) => [type, schema.unwrap().strict()]),
);

/**
 * Fails the test where an event is not as it is described.
 *
 * @param event What came, read from its JSON.
 * @returns The event.
 */
export function described<T extends { readonly type?: unknown }>(event: T): T {
  const parsed = STRICT.get(event.type)?.safeParse(event);
  if (parsed?.success) return event;
  const why = parsed?.error.issues[0]?.message ?? "unknown type";
  throw new Error(`Not as described, ${why}: ${JSON.stringify(event).slice(0, 500)}`);
}
