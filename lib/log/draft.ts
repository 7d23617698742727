/**
 * What a draft must be before it can be stored.
 *
 * @module
 */

import type { Draft } from "./log.ts";

/**
 * Whether its numbers can be stored.
 *
 * @param draft The draft.
 */
export function isStorable({ at, target }: Draft): boolean {
  return Number.isSafeInteger(at) && (target === undefined || Number.isSafeInteger(target));
}

/**
 * A draft as UTF-8 will have it, so that memory and store hold the same.
 *
 * @param draft The draft.
 */
export function wellFormed(draft: Draft): Draft {
  if (Object.values(draft).every((value) => typeof value !== "string" || value.isWellFormed())) {
    return draft;
  }
  const entries = Object.entries(draft).map(([name, value]) => [
    name,
    typeof value === "string" ? value.toWellFormed() : value,
  ]);
  return Object.fromEntries(entries);
}
