/**
 * The SQLite file of the local log: opening and locking it, its tables, their versions.
 *
 * @module
 */

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError, type StoreOptions } from "./store.ts";

/** "Natr": marks a SQLite file as one of ours, so that no other program's file is taken for one. */
const APPLICATION_ID = 0x4e617472;

/**
 * Steps from each version of the tables to the next one; never change one that was released.
 *
 * - An entry's row is found by (channel, offset). `seq` only gives rows an order in time, so that new ones
 *   go to the end of the table and no page is ever torn apart to make room.
 * - `first` is the oldest entry that is retained, `stored` the oldest that is still there: for a while
 *   after, a row is needed to know its `ref` again. `oldest` is the time of that row.
 * - `epoch` of a channel is the one in which it was last written to.
 * - Messages are found by their author through `entries_ref`: an index for that alone would cost every
 *   append a page of its own. Direct messages are found by their time, which grows an index at its end.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE epochs (
    ordinal INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    opened INTEGER NOT NULL,
    commits INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE authors (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE channels (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    head INTEGER NOT NULL,
    first INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    oldest INTEGER,
    epoch INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX channels_oldest ON channels (oldest);
  CREATE INDEX channels_expired ON channels (oldest) WHERE stored < first;
  CREATE TABLE starts (
    channel INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    PRIMARY KEY (channel, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    channel INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    author INTEGER NOT NULL,
    sender TEXT NOT NULL,
    at INTEGER NOT NULL,
    body ANY NOT NULL,
    recipient TEXT,
    party TEXT,
    target INTEGER,
    ref TEXT,
    deleted INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entries_place ON entries (channel, "offset");
  CREATE UNIQUE INDEX entries_ref ON entries (author, channel, ref);
  `,
  `
  CREATE INDEX entries_direct ON entries (at) WHERE party IS NOT NULL;
  `,
];

/** The version of the tables that this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Opens the database for this process alone, and brings its tables up to date.
 *
 * @param options Where it is, and how durable.
 * @returns The open database; whoever called closes it.
 * @throws {StoreError} If it cannot be opened, is in use, is no database, another program's, or newer.
 */
export function openDatabase({ database: path, durability }: StoreOptions): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    // Messages are nobody else's: a directory that is made for them is the owner's alone.
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    db = new DatabaseSync(path);
    // Exclusive before the first read: that takes the lock, and keeps the index of the WAL in memory.
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0; PRAGMA cache_size = -8000");
    const version = checkOwner(db, path);
    // Deleted text is overwritten, not only given free.
    db.exec("PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL");
    db.exec(`PRAGMA synchronous = ${durability === "disk" ? "FULL" : "NORMAL"}`);
    migrate(db, version);
    return db;
  } catch (error) {
    closeQuietly(db);
    throw refusal(path, error);
  }
}

/**
 * Why a database could not be opened, in one line.
 *
 * @param path Where it is.
 * @param error What was thrown.
 */
export function refusal(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  let why = `cannot be opened: ${message.replace(/\s+/g, " ")}`;
  if (message.includes("database is locked")) why = "is in use by another process";
  if (message.includes("is not a database")) why = "is a file, but not a database";
  return new StoreError(`The database ${quoted(path)} ${why}`, { cause: error });
}

/**
 * Closes a database that may be broken.
 *
 * @param db The database, if it has come to that.
 */
export function closeQuietly(db: DatabaseSync | undefined): void {
  try {
    if (db?.isOpen) db.close();
  } catch {
    // It is given up anyway.
  }
}

/**
 * Whether a database can go on after an error as it is, once the cause is gone: it is only full.
 *
 * @param error What a statement threw. The runtime says nothing of SQLite's codes; its messages are fixed.
 */
export function isPassing(error: unknown): boolean {
  return error instanceof Error && error.message.includes("database or disk is full");
}

function checkOwner(db: DatabaseSync, path: string): number {
  const version = pragma(db, "user_version");
  const isEmpty = pragma(db, "schema_version") === 0 && version === 0;
  if (!isEmpty && pragma(db, "application_id") !== APPLICATION_ID) {
    throw new StoreError(`The database ${quoted(path)} belongs to another program`);
  }
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      `The database ${
        quoted(path)
      } has version ${version}, but this program knows versions up to ` +
        `${SCHEMA_VERSION}: it needs a newer program`,
    );
  }
  return version;
}

function migrate(db: DatabaseSync, version: number): void {
  if (version === SCHEMA_VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  for (const step of MIGRATIONS.slice(version)) db.exec(step);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec("COMMIT");
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function quoted(path: string): string {
  return JSON.stringify(path);
}
