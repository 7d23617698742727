/**
 * The database file, and what becomes of it.
 *
 * @module
 */

/** A directory in memory, where the machine has one: thousands of databases come and go. */
const MEMORY = "/dev/shm";

/** The files of one run. */
export class Disk {
  readonly #directory: string;
  #generation = 0;

  /** Makes an empty directory. */
  constructor() {
    const dir = exists(MEMORY) ? MEMORY : undefined;
    this.#directory = Deno.makeTempDirSync({ prefix: "natter-simulation-", ...(dir && { dir }) });
  }

  /** Where the database is now. */
  get database(): string {
    return `${this.#directory}/${this.#generation}.db`;
  }

  /**
   * The process dies: what it has written so far is what the next one finds, and whatever its runtime
   * still does to its own files does not count.
   */
  crash(): void {
    const before = this.database;
    this.#generation++;
    copy(before, this.database);
  }

  /** Keeps a copy of the database, as it is between two transactions. */
  keep(): void {
    copy(this.database, `${this.#directory}/copy.db`);
  }

  /** Puts the copy in the database's place; nobody may have it open. */
  restore(): void {
    copy(`${this.#directory}/copy.db`, this.database);
  }

  /** Removes everything. */
  remove(): void {
    Deno.removeSync(this.#directory, { recursive: true });
  }
}

/** Copies a database: its file and its write-ahead log, which need not be there. */
function copy(from: string, to: string): void {
  for (const suffix of ["", "-wal"]) {
    if (exists(from + suffix)) Deno.copyFileSync(from + suffix, to + suffix);
    else if (exists(to + suffix)) Deno.removeSync(to + suffix);
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
