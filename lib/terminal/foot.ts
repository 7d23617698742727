/**
 * The rows of the moment, above the line being typed: how the connection stands, and what waits to be sent.
 *
 * @module
 */

import type { StateChange, Unsent } from "../../static/natter.js";
import { formatTime, harmlessExcerpt, type Painter } from "./format.ts";

/** Messages that wait are shown up to this many. */
const UNSENT_SHOWN_MAX = 3;

/**
 * Makes these rows.
 *
 * @param change How the connection stands.
 * @param unsent What waits, the oldest first.
 * @param columns The terminal's width.
 * @param paint How texts are marked.
 */
export function formatFoot(
  change: StateChange,
  unsent: readonly Unsent[],
  columns: number,
  paint: Painter,
): string[] {
  const isOpen = change.state === "open";
  const rows = unsent.slice(-UNSENT_SHOWN_MAX).map(({ body = "" }) =>
    `${isOpen ? "sending" : "unsent"}: ${harmlessExcerpt(body, columns - 12)}`
  );
  const more = unsent.length - rows.length;
  if (more > 0) rows.unshift(`and ${more} more before it`);
  if (!isOpen) rows.unshift(describeState(change, unsent.length));
  return rows.map((row) => paint.dim(`  ${row}`));
}

function describeState({ state, retryAt }: StateChange, count: number): string {
  const unsent = count === 0 ? "" : `, ${count} unsent`;
  if (state === "connecting") return `connecting…${unsent}`;
  const seconds = String(new Date(retryAt ?? 0).getSeconds()).padStart(2, "0");
  const time = retryAt === undefined ? "" : `; tried again at ${formatTime(retryAt)}:${seconds}`;
  return `${state === "offline" ? "offline" : "not connected"}${time}${unsent}`;
}
