/**
 * The rows of the local log's tables: the statements that touch them, and what they mean.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Draft, Entry, EntryKind } from "./log.ts";
import type { Outcome } from "./store.ts";

/** A channel's row. */
export interface ChannelRow {
  /** Its number in the other tables. */
  readonly id: number;
  /** The offset of its last entry. */
  head: number;
  /** The offset of the oldest entry that is retained. */
  first: number;
  /** The offset of the oldest entry that is still stored, be it only to know its `ref`. */
  stored: number;
  /** When that entry was taken; `null`: there is none. */
  oldest: number | null;
  /** The ordinal of the epoch in which it was last written to. */
  epoch: number;
  /** Whether the row has to be written. */
  isChanged: boolean;
}

/** An entry's row, as a page of history reads it. */
export interface EntryRow {
  /** The entry's offset. */
  readonly offset: number;
  /** See {@linkcode Draft}. */
  readonly kind: EntryKind;
  /** See {@linkcode Draft}. */
  readonly id: string;
  /** See {@linkcode Draft}. */
  readonly author: string;
  /** See {@linkcode Draft}. */
  readonly sender: string;
  /** See {@linkcode Draft}. */
  readonly at: number;
  /** The text, or its UTF-8. */
  readonly body: string | Uint8Array;
  /** The draft's `to`. */
  readonly recipient: string | null;
  /** The draft's `with`. */
  readonly party: string | null;
  /** See {@linkcode Draft}. */
  readonly target: number | null;
  /** 1: its body has been deleted. */
  readonly deleted: number;
}

/** What is compared when a `ref` comes again. */
export type RefRow = Pick<
  EntryRow,
  "offset" | "id" | "at" | "kind" | "body" | "recipient" | "target" | "deleted"
>;

const CHANNEL = "id, head, first, stored, oldest, epoch";

const FOUND = `channels.name AS channel, "offset",
  kind = 'message' AND deleted = 0 AND "offset" >= first AS wanted`;

// What comes right after "/" in UTF-8 is "0".
const BELONGS = `(authors.name = ?1 OR authors.name >= ?1 || '/' AND authors.name < ?1 || '0')`;

const ADD = `INSERT INTO entries (channel, "offset", kind, id, author, sender, at, body, recipient,
  party, target, ref, deleted) VALUES`;

const VALUES = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)";

/** Rows of one `addEntries`, which is a third faster a row than `addEntry`. */
const ROWS_AT_ONCE = 16;

/** The statements, by name. */
export const STATEMENTS = {
  begin: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  rollback: "ROLLBACK",
  count: "UPDATE epochs SET commits = ? WHERE ordinal = ?",
  findChannel: `SELECT ${CHANNEL} FROM channels WHERE name = ?`,
  addChannel: `INSERT INTO channels (name, head, first, stored, oldest, epoch)
    VALUES (?, 0, 1, 1, NULL, 0) RETURNING id`,
  // Apart from each other: what an append does not set costs it no index.
  growChannel: "UPDATE channels SET head = ?, first = ?, epoch = ? WHERE id = ?",
  beginChannel: "UPDATE channels SET oldest = ? WHERE id = ?",
  shrinkChannel: "UPDATE channels SET first = ?, stored = ?, oldest = ? WHERE id = ?",
  findAuthor: "SELECT id FROM authors WHERE name = ?",
  addAuthor: "INSERT INTO authors (name) VALUES (?) RETURNING id",
  dropAuthor: `DELETE FROM authors WHERE id = ?
    AND NOT EXISTS (SELECT 1 FROM entries WHERE author = authors.id)`,
  addStart: 'INSERT INTO starts (channel, epoch, "offset") VALUES (?, ?, ?)',
  findStarts: 'SELECT epoch AS ordinal, "offset" FROM starts WHERE channel = ? ORDER BY epoch',
  // The last start before what is retained says where the epochs before it end.
  dropStarts: `DELETE FROM starts WHERE channel = ?1 AND "offset" <
    (SELECT max("offset") FROM starts WHERE channel = ?1 AND "offset" < ?2)`,
  addEntry: `${ADD} ${VALUES} ON CONFLICT (author, channel, ref) DO NOTHING`,
  addEntries: `${ADD} ${Array(ROWS_AT_ONCE).fill(VALUES).join()}`,
  findRef: `SELECT "offset", id, at, kind, body, recipient, target, deleted FROM entries
    WHERE author = ? AND channel = ? AND ref = ?`,
  eraseBody: `UPDATE entries SET body = '', deleted = 1
    WHERE channel = ? AND "offset" = ? AND kind <> 'deletion' AND deleted = 0`,
  // A page is measured first: the runtime's `iterate` hides errors, so pages are read as a whole.
  pageSizes: `SELECT octet_length(body) AS bytes FROM entries
    WHERE channel = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`,
  page: `SELECT "offset", kind, entries.id, name AS author, sender, at, body, recipient, party,
      target, deleted
    FROM entries JOIN authors ON authors.id = entries.author
    WHERE channel = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`,
  // The order of a search is (author's name, channel, ref, seq). NULL comes first, and compares with nothing.
  findPlace: `SELECT authors.name AS name, author, channel, ref, seq
    FROM channels CROSS JOIN entries ON channel = channels.id
      CROSS JOIN authors ON authors.id = author
    WHERE channels.name = ? AND "offset" = ?`,
  findRefless: `SELECT ${FOUND} FROM entries CROSS JOIN channels ON channels.id = channel
    WHERE author = ? AND channel = ? AND ref IS NULL AND seq > ? ORDER BY seq LIMIT ?`,
  findMessages: `SELECT ${FOUND} FROM authors
      CROSS JOIN entries INDEXED BY entries_ref ON author = authors.id
      CROSS JOIN channels ON channels.id = channel
    WHERE authors.name >= ?2 AND authors.name < ?1 || '0' AND ${BELONGS}
      AND (entries.channel, ref, seq) > (iif(authors.name = ?2, ?3, 0), ?4, ?5)
    ORDER BY authors.name, entries.channel, ref, seq LIMIT ?6`,
  findCopies: `SELECT ${FOUND} FROM entries INDEXED BY entries_direct
      CROSS JOIN authors ON authors.id = author
      CROSS JOIN channels ON channels.id = channel
    WHERE party IS NOT NULL AND at = ?2 AND entries.id = ?3 AND seq > ?4 AND ${BELONGS}
    ORDER BY seq LIMIT ?5`,
  listChannels: `SELECT name, head, first FROM channels
    WHERE name >= max(?1, ?2) AND name <> ?1 AND name < ?3 AND first <= head
    ORDER BY name LIMIT ?4`,
  findShadows: `SELECT ${CHANNEL}, name FROM channels
    WHERE stored < first AND oldest < ? ORDER BY oldest LIMIT 1`,
  findAged: `SELECT ${CHANNEL}, name FROM channels WHERE oldest < ? ORDER BY oldest LIMIT 1`,
  oldestRows: `SELECT "offset", at, author FROM entries
    WHERE channel = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?`,
  dropEntries: 'DELETE FROM entries WHERE channel = ? AND "offset" < ?',
  wipe: "PRAGMA wal_checkpoint(TRUNCATE)",
} as const;

/** The prepared statements. */
export type Statements = { readonly [K in keyof typeof STATEMENTS]: StatementSync };

/**
 * Prepares the statements.
 *
 * @param db A database with the tables of `schema.ts`.
 */
export function prepare(db: DatabaseSync): Statements {
  const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, db.prepare(sql)]);
  return Object.fromEntries(prepared);
}

/** Adds the rows of entries, in their order: what has no `ref` cannot be a repeat, and goes in with others. */
export class Additions {
  readonly #run: Statements;
  readonly #rows: SQLInputValue[][] = [];

  /**
   * Has nothing to add.
   *
   * @param run The statements.
   */
  constructor(run: Statements) {
    this.#run = run;
  }

  /**
   * Adds a row; perhaps with the next ones, or with {@linkcode Additions.finish}.
   *
   * @param channel The channel's number.
   * @param author The author's number.
   * @param offset Its place.
   * @param draft The entry.
   * @returns `false`: its author has used its `ref` in this channel before.
   */
  add(channel: number, author: number, offset: number, draft: Draft): boolean {
    const { kind, id, sender, at, body, to = null, with: party = null, target = null, ref } = draft;
    const row = [
      channel,
      offset,
      kind,
      id,
      author,
      sender,
      at,
      storedBody(body),
      to,
      party,
      target,
    ];
    if (ref !== undefined) {
      this.finish();
      return this.#run.addEntry.run(...row, ref).changes !== 0;
    }
    this.#rows.push([...row, null]);
    if (this.#rows.length === ROWS_AT_ONCE) {
      this.#run.addEntries.run(...this.#rows.splice(0).flat());
    }
    return true;
  }

  /** Adds what is left. */
  finish(): void {
    for (const row of this.#rows.splice(0)) this.#run.addEntry.run(...row);
  }

  /** What is left is not to be added. */
  forget(): void {
    this.#rows.length = 0;
  }
}

/**
 * An entry in its place. What does not apply is absent.
 *
 * @param offset Its place.
 * @param draft The entry.
 */
export function createEntry(offset: number, draft: Draft): Entry {
  const { kind, id, author, sender, at, body, to, with: party, target } = draft;
  return {
    offset,
    kind,
    id,
    author,
    sender,
    at,
    body,
    ...(to === undefined ? {} : { to }),
    ...(party === undefined ? {} : { with: party }),
    ...(target === undefined ? {} : { target }),
  };
}

/**
 * Reads an entry.
 *
 * @param row Its row.
 */
export function entryOf(row: EntryRow): Entry {
  const { offset, kind, id, author, sender, at, recipient, party, target } = row;
  const entry = createEntry(offset, {
    kind,
    id,
    author,
    sender,
    at,
    body: bodyOf(row),
    to: recipient ?? undefined,
    with: party ?? undefined,
    target: target ?? undefined,
  });
  return row.deleted === 1 ? { ...entry, deleted: true } : entry;
}

/**
 * Judges a draft whose `ref` its author has used in this channel before.
 *
 * @param draft The draft.
 * @param row What stands there. Of a deleted message the text is not known any more, and not compared.
 */
export function repeatOf(draft: Draft, row: RefRow): Outcome {
  const isSame = row.kind === draft.kind && row.recipient === (draft.to ?? null) &&
    row.target === (draft.target ?? null) && (row.deleted === 1 || bodyOf(row) === draft.body);
  if (!isSame) return { type: "conflict" };
  return { type: "duplicate", offset: row.offset, id: row.id, at: row.at };
}

/**
 * A body as it is stored. The runtime reads a text no further than its first NUL, so one with a NUL is
 * stored as bytes.
 *
 * @param body A well-formed text.
 */
export function storedBody(body: string): string | Uint8Array {
  return body.includes("\0") ? new TextEncoder().encode(body) : body;
}

function bodyOf({ body }: Pick<EntryRow, "body">): string {
  return typeof body === "string"
    ? body
    : new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
}
