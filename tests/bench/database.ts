/**
 * Where a server keeps what is said while it is measured.
 *
 * @module
 */

import { join } from "node:path";
import { ROOT_DIRECTORY, type Server } from "./servers.ts";

/** The one directory in which `deno task start` may write. */
const DATA_DIRECTORY = join(ROOT_DIRECTORY, "data");

const made = new Set<string>();

/** A place for one measurement. */
export interface Database {
  /** What to add to the server's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes everything away again; the server must have ended. */
  remove(): void;
}

/**
 * Makes a place for a server's database, if it has one.
 *
 * @param server The server.
 */
export function makeDatabase({ database }: Pick<Server, "database">): Database {
  if (database === undefined) return { env: {}, remove() {} };
  if (database === ":memory:") return { env: { DATABASE: database }, remove() {} };
  Deno.mkdirSync(DATA_DIRECTORY, { recursive: true });
  const directory = Deno.makeTempDirSync({ dir: DATA_DIRECTORY, prefix: "bench-" });
  made.add(directory);
  return { env: { DATABASE: join(directory, "natter.db") }, remove: () => remove(directory) };
}

/** Takes away every place that was made, when the benchmark is interrupted. */
export function removeDatabases(): void {
  for (const directory of made) remove(directory);
}

function remove(directory: string): void {
  if (made.delete(directory)) Deno.removeSync(directory, { recursive: true });
}
