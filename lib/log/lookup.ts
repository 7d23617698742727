/**
 * What is looked up over all channels of the local log's tables: the messages of an author, and which
 * channels there are.
 *
 * @module
 */

import type { ListedChannel, MessageQuery, Place } from "./log.ts";
import type { Statements } from "./rows.ts";
import type { Found } from "./store.ts";

/** To SQLite, any bytes come after every text. */
const AFTER_ALL_TEXTS = new Uint8Array(1);

/** Where a search goes on: after an entry. */
interface Start {
  readonly name: string;
  readonly author: number;
  readonly channel: number;
  readonly ref: string | null;
  readonly seq: number;
}

/** An entry that a search has looked at. */
interface FoundRow extends Place {
  readonly wanted: number;
}

/**
 * Takes a step of a search for messages; see {@linkcode Store.find}.
 *
 * @param run The prepared statements.
 * @param query Which, and where the step begins.
 * @param limit How many entries of the author it looks at.
 */
export function findMessages(run: Statements, query: MessageQuery, limit: number): Found {
  const { author, copiesOf, after } = query;
  const start = after && run.findPlace.get(after.channel, after.offset) as unknown as Start;
  const rows = copiesOf === undefined
    ? rowsAfter(run, author, start, limit)
    : run.findCopies.all(author, copiesOf.at, copiesOf.id, start?.seq ?? 0, limit);
  const looked = rows as unknown as FoundRow[];
  const last = looked.at(-1);
  return {
    places: looked.filter(({ wanted }) => wanted === 1).map(placeOf),
    next: last !== undefined && looked.length === limit ? placeOf(last) : undefined,
  };
}

function rowsAfter(
  run: Statements,
  author: string,
  start: Start | undefined,
  limit: number,
): unknown[] {
  if (start === undefined) return run.findMessages.all(author, author, 0, "", 0, limit);
  const { name, channel, ref, seq } = start;
  if (ref !== null) return run.findMessages.all(author, name, channel, ref, seq, limit);
  const refless = run.findRefless.all(start.author, channel, seq, limit);
  const rest = limit - refless.length;
  return [...refless, ...run.findMessages.all(author, name, channel, "", 0, rest)];
}

function placeOf({ channel, offset }: Place): Place {
  return { channel, offset };
}

/**
 * Lists channels that hold a retained entry; see {@linkcode Store.channels}. Each stretch of names between
 * those that are left out is a range of its own, so that nothing is read only to be left out.
 *
 * @param run The prepared statements.
 * @param after The name after which the list begins.
 * @param limit How many at most.
 * @param except ASCII characters with which none of the names begins.
 */
export function listChannels(
  run: Statements,
  after: string,
  limit: number,
  except: string,
): readonly Omit<ListedChannel, "epoch">[] {
  const marks = [...except].sort();
  const starts = ["", ...marks.map((mark) => String.fromCharCode(mark.charCodeAt(0) + 1))];
  const ends = [...marks, AFTER_ALL_TEXTS];
  const listed: Omit<ListedChannel, "epoch">[] = [];
  for (const [index, start] of starts.entries()) {
    const rows = run.listChannels.all(after, start, ends[index]!, limit - listed.length);
    listed.push(...rows as unknown as ListedChannel[]);
  }
  return listed;
}
