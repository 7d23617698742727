/**
 * Numbers in a request's query.
 *
 * @module
 */

import type { IntegerRange } from "../lib/protocol/query.ts";
import { Refusal } from "../lib/protocol/refusal.ts";

/**
 * Reads a whole number.
 *
 * @param query The query.
 * @param name The parameter's name.
 * @param range What it may be.
 * @returns `undefined` where the parameter is missing.
 * @throws {Refusal} `bad_request`.
 */
export function queryInteger(
  query: URLSearchParams,
  name: string,
  { min, max }: IntegerRange,
): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  throw new Refusal("bad_request", `${name} takes a whole number from ${min} to ${max}`);
}
