import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { SCHEMA_VERSION } from "../../lib/log/schema.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import { StoreError } from "../../lib/log/store.ts";
import { capturing, countRows } from "./store_support.ts";
import { appendMany, openTestLog, storeOptions, withDirectory } from "./support.ts";

/** The message with which a database is refused; it has to be one line. */
function refusal(database: string): string {
  const { message } = assertThrows(
    () => openSqliteStore(storeOptions(undefined, { database })),
    StoreError,
  );
  assert(!message.includes("\n"), message);
  return message;
}

Deno.test("the database's directory is made where it is missing, for its owner alone", () =>
  withDirectory(async (directory) => {
    const { log } = openTestLog({ database: `${directory}/a/b/natter.db` });
    await log.close();
    assertEquals((await Deno.stat(`${directory}/a/b`)).mode! & 0o777, 0o700);
  }));

Deno.test("a database that this process has open already is refused", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const { log } = openTestLog({ database });
    assertEquals(refusal(database), `The database "${database}" is in use by another process`);
    await appendMany(log, "room", 1);
    await log.close();
    openSqliteStore(storeOptions(undefined, { database })).close();
  }));

Deno.test("a database of a newer version is refused, and not touched", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    openSqliteStore(storeOptions(undefined, { database })).close();
    const db = new DatabaseSync(database);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    const before = await Deno.readFile(database);
    assertEquals(
      refusal(database),
      `The database "${database}" has version ${
        SCHEMA_VERSION + 1
      }, but this program knows versions ` +
        `up to ${SCHEMA_VERSION}: it needs a newer program`,
    );
    assertEquals(await Deno.readFile(database), before);
  }));

Deno.test("a file that is no database is refused, and not touched", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const text = "Dear diary, this is no database. ".repeat(200);
    await Deno.writeTextFile(database, text);
    assertEquals(refusal(database), `The database "${database}" is a file, but not a database`);
    assertEquals(await Deno.readTextFile(database), text);
  }));

Deno.test("another program's database is refused, and not touched", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/other.db`;
    const db = new DatabaseSync(database);
    db.exec("CREATE TABLE recipes (name TEXT)");
    db.close();
    const before = await Deno.readFile(database);
    assertEquals(refusal(database), `The database "${database}" belongs to another program`);
    assertEquals(await Deno.readFile(database), before);
  }));

Deno.test("an empty file becomes a database", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    await Deno.writeTextFile(database, "");
    openSqliteStore(storeOptions(undefined, { database })).close();
    assertEquals(countRows(database, "epochs"), 1);
  }));

Deno.test("what cannot be made or opened is refused in one line", () =>
  withDirectory(async (directory) => {
    assert(refusal(directory).startsWith(`The database "${directory}" cannot be opened: `));
    await Deno.writeTextFile(`${directory}/file`, "");
    const below = `${directory}/file/natter.db`;
    assert(refusal(below).startsWith(`The database "${below}" cannot be opened: `));
    assert(refusal(`${directory}/file/two\nlines/natter.db`).includes("cannot be opened: "));
  }));

for (const [durability, synchronous] of [["process", 1], ["disk", 2]] as const) {
  Deno.test(`DURABILITY=${durability} is SQLite's synchronous=${synchronous}`, () =>
    withDirectory((directory) =>
      capturing(async (databases) => {
        const { log } = openTestLog({ database: `${directory}/natter.db`, durability });
        const [db] = databases;
        assertEquals(db!.prepare("PRAGMA synchronous").get()!["synchronous"], synchronous);
        assertEquals(db!.prepare("PRAGMA journal_mode").get()!["journal_mode"], "wal");
        await log.close();
      })
    ));
}

Deno.test("a database that is damaged where it has to be read at once is refused in one line", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    openSqliteStore(storeOptions(undefined, { database })).close();
    const bytes = await Deno.readFile(database);
    await Deno.writeFile(database, bytes.fill(0xff, 4096));
    assertEquals(
      refusal(database),
      `The database "${database}" cannot be opened: database disk image is malformed`,
    );
  }));
