/**
 * What the contract of lookups is told with: all that a query finds, and messages to be found.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Log, MessageQuery, Place } from "../../lib/log/log.ts";
import { within } from "../support/deadline.ts";
import { deletion, draft } from "./support.ts";

/** The offsets of some places by channel, in ascending order: that of a search is any. */
export function byChannel(places: readonly Place[]): Record<string, number[]> {
  const offsets: Record<string, number[]> = {};
  for (const { channel, offset } of places) (offsets[channel] ??= []).push(offset);
  for (const list of Object.values(offsets)) list.sort((a, b) => a - b);
  return offsets;
}

/** All that a query finds, by channel. */
export async function found(log: Log, query: MessageQuery): Promise<Record<string, number[]>> {
  return byChannel(await findAll(log, query, 100));
}

/** All that a query finds, page by page. */
export async function findAll(
  log: Log,
  query: MessageQuery,
  limit: number,
  use: (page: readonly Place[]) => Promise<unknown> | void = () => {},
): Promise<Place[]> {
  const places: Place[] = [];
  while (true) {
    const page = await within(log.find({ ...query, after: places.at(-1) }, limit), "a page");
    assert(page.length <= limit, `${page.length} places`);
    if (page.length === 0) return places;
    places.push(...page);
    assert(places.length < 1000, "the pages end");
    await use(page);
  }
}

/** Deletes what a page gave, in one turn. */
export async function deleteAll(log: Log, places: readonly Place[]): Promise<void> {
  const appends = places.map(({ channel, offset }) => log.append(channel, deletion(offset)));
  await within(Promise.all(appends), "deletions");
}

/** The names that a list gives. */
export async function names(
  log: Log,
  after: string,
  limit: number,
  except = "",
): Promise<string[]> {
  return (await log.channels(after, limit, except)).map(({ name }) => name);
}

/** Messages of a few authors under one name and of one under another, in a few channels, some with a ref. */
export async function appendMixed(log: Log, count: number): Promise<void> {
  const authors = ["s:al/3", "s:al", "s:bob", "s:al/1", "s:al/2/x"];
  const appends = Array.from(
    { length: count },
    (_, i) => {
      const author = authors[i % authors.length]!;
      const ref = i % 4 === 0 ? undefined : crypto.randomUUID();
      return log.append(`room ${i % 3}`, draft({ author, ref }));
    },
  );
  await within(Promise.all(appends), "appends");
}
