/**
 * Pages of history.
 *
 * @module
 */

import { FRAME_CHARS_MAX, HISTORY_SCAN_MAX } from "../limits.ts";
import type { Channel, Entry, Log } from "../log/log.ts";
import { look } from "../log/look.ts";
import { entryEvent, type HistoryEvent } from "../protocol/event.ts";
import { type Name, nameKey } from "../protocol/name.ts";
import type { Target } from "./access.ts";

/** What part of the past is wanted. */
export interface PageRequest {
  /** Entries before this offset, the newest of them; without `before` and `after`: before the head. */
  readonly before?: number | undefined;
  /** Entries after this offset, the oldest of them. */
  readonly after?: number | undefined;
  /** How many at most. */
  readonly limit: number;
  /** Which entries are wanted; all by default. */
  readonly matches?: ((entry: Entry) => boolean) | undefined;
}

/** A part of the past, oldest first. */
interface Page {
  /** The entries. */
  readonly entries: readonly Entry[];
  /** Whether there may be more in the same direction. */
  readonly more: boolean;
  /** The lowest offset that was looked at: where to go on with `before`. */
  readonly from: number;
  /** The highest offset that was looked at: where to go on with `after`. */
  readonly to: number;
}

/** What part of a channel's past is wanted. */
export interface HistoryRequest extends Omit<PageRequest, "matches"> {
  /** In an inbox: the other party; `undefined`: everything. */
  readonly with?: Name | undefined;
}

/**
 * Reads a page of a channel's past.
 *
 * @param log Where it is.
 * @param target The channel.
 * @param request Which part.
 * @returns The page as it is told.
 * @throws {UnavailableError} If the store is out of reach.
 */
export async function historyEvent(
  log: Log,
  target: Target,
  { with: partner, ...request }: HistoryRequest,
): Promise<HistoryEvent> {
  return await look(log, target.channel, async (channel) => {
    const matches = partner && conversationWith(partner.key);
    const page = await readPage(channel, { ...request, matches });
    return {
      type: "history",
      ...(partner === undefined ? { room: target.name } : { with: partner.text }),
      epoch: channel.epoch,
      entries: page.entries.map((entry) => entryEvent(target.name, entry)),
      more: page.more,
      from: page.from,
      to: page.to,
    };
  });
}

function conversationWith(key: string): (entry: Entry) => boolean {
  return (entry) => entry.with !== undefined && nameKey(entry.with) === key;
}

/**
 * Reads one entry.
 *
 * @param channel What to read.
 * @param offset Its place.
 * @returns `undefined` where there is none, or none any more.
 * @throws {UnavailableError} If the store is out of reach.
 */
export async function readEntry(channel: Channel, offset: number): Promise<Entry | undefined> {
  if (offset < 1) return undefined;
  if (offset > channel.head) await channel.refresh();
  const [entry] = await channel.read(offset - 1, 1);
  return entry?.offset === offset ? entry : undefined;
}

/**
 * Reads a page. Neither its text (about 256 Ki characters of bodies, of which JSON may make six times as many) nor the
 * work for it is without bound.
 */
async function readPage(channel: Channel, request: PageRequest): Promise<Page> {
  return request.after !== undefined
    ? await readForward(channel, request, request.after)
    : await readBackward(channel, request, clamp(request.before ?? Infinity, 1, channel.head + 1));
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}

async function readForward(channel: Channel, request: PageRequest, after: number): Promise<Page> {
  const { limit, matches = () => true } = request;
  const found: Entry[] = [];
  const start = Math.max(after, channel.first - 1);
  let to = start, chars = 0;
  while (to < channel.head && to - start < HISTORY_SCAN_MAX) {
    const entries = await channel.read(to, limit);
    if (entries.length === 0) break;
    for (const entry of entries) {
      if (matches(entry)) {
        chars += entry.body.length;
        if (found.length === limit || (found.length > 0 && chars > FRAME_CHARS_MAX)) {
          return { entries: found, more: true, from: start + 1, to };
        }
        found.push(entry);
      }
      to = entry.offset;
    }
  }
  return { entries: found, more: to < channel.head, from: start + 1, to };
}

async function readBackward(channel: Channel, request: PageRequest, before: number): Promise<Page> {
  const { limit, matches = () => true } = request;
  const found: Entry[] = [];
  const to = before - 1;
  let from = before, chars = 0;
  while (from > channel.first && before - from < HISTORY_SCAN_MAX) {
    const after = Math.max(channel.first, from - limit) - 1;
    const entries = await readRange(channel, after, from);
    if (entries.length === 0) break;
    for (const entry of entries.reverse()) {
      if (matches(entry)) {
        chars += entry.body.length;
        if (found.length === limit || (found.length > 0 && chars > FRAME_CHARS_MAX)) {
          return { entries: found.reverse(), more: true, from, to };
        }
        found.push(entry);
      }
      from = entry.offset;
    }
  }
  return { entries: found.reverse(), more: from > channel.first, from, to };
}

/** All entries between two offsets, both excluded: a page may end early for its bytes. */
async function readRange(channel: Channel, after: number, before: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  while (after + 1 < before) {
    const page = await channel.read(after, before - after - 1);
    if (page.length === 0) break;
    // What was no longer retained makes a page reach further than was asked for.
    for (const entry of page) if (entry.offset < before) entries.push(entry);
    after = page.at(-1)!.offset;
  }
  return entries;
}
