/**
 * What is looked up over all channels of the local log's tables: the messages of an author, and which
 * channels there are.
 *
 * @module
 */

import type { ListedChannel, MessageQuery, Place } from "./log.ts";
import type { Statements } from "./rows.ts";

/** To SQLite, any bytes come after every text. */
const AFTER_ALL_TEXTS = new Uint8Array(1);

/** A channel's row, as a list reads it. */
export type ListedRow = Omit<ListedChannel, "epoch">;

/** Where a search goes on: after an entry in the order of authors' names, then of time. */
interface Start {
  readonly author: string;
  readonly seq: number;
}

/**
 * Finds messages; see {@linkcode Store.find}.
 *
 * @param run The prepared statements.
 * @param query Which.
 * @param limit How many at most.
 */
export function findMessages(
  run: Statements,
  { author, id, after }: MessageQuery,
  limit: number,
): readonly Place[] {
  const known = after && run.findPlace.get(after.channel, after.offset) as Start | undefined;
  const start = known ?? { author, seq: 0 };
  const given = [author, start.author, start.seq, Math.max(0, limit)];
  const rows = id === undefined ? run.findMessages.all(...given) : run.findCopies.all(...given, id);
  return rows.map(({ channel, offset }) => ({ channel: String(channel), offset: Number(offset) }));
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
): readonly ListedRow[] {
  const marks = [...except].sort();
  const starts = ["", ...marks.map((mark) => String.fromCharCode(mark.charCodeAt(0) + 1))];
  const ends = [...marks, AFTER_ALL_TEXTS];
  const listed: ListedRow[] = [];
  for (const [index, start] of starts.entries()) {
    const wanted = Math.max(0, limit - listed.length);
    const rows = run.listChannels.all(after, start, ends[index]!, wanted);
    listed.push(...rows as unknown as ListedRow[]);
  }
  return listed;
}
