/**
 * What the tests of the store share: the files of a database, looked at without it.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** Collects the databases that are opened meanwhile, to set limits to them that only SQLite has. */
export async function capturing<T>(use: (databases: DatabaseSync[]) => Promise<T>): Promise<T> {
  const databases: DatabaseSync[] = [];
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (...args) {
    if (!databases.includes(this)) databases.push(this);
    return prepare.apply(this, args);
  };
  try {
    return await use(databases);
  } finally {
    DatabaseSync.prototype.prepare = prepare;
  }
}

/** Rows of a table. */
export function countRows(database: string, table: string): number {
  const db = new DatabaseSync(database, { readOnly: true });
  const row = db.prepare(`SELECT count(*) AS n FROM ${table}`).get();
  db.close();
  return Number(row!["n"]);
}
