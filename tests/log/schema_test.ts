import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { SCHEMA_VERSION } from "../../lib/log/schema.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import { StoreError } from "../../lib/log/store.ts";
import { draft, openTestLog, readAll, START, storeOptions, withDirectory } from "./support.ts";

/** Makes a file of version 1, and does something more to it. */
async function makeVersion1(database: string, more = ""): Promise<void> {
  const db = new DatabaseSync(database);
  db.exec(await Deno.readTextFile(new URL("version_1.sql", import.meta.url)));
  db.exec(more);
  db.close();
}

/** The version of a file, and its tables and indexes in the order of their names. */
function schemaOf(database: string): { version: unknown; things: string[] } {
  const db = new DatabaseSync(database, { readOnly: true });
  const version = db.prepare("PRAGMA user_version").get()!["user_version"];
  const things = db.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name");
  const texts = things.all().map(({ sql }) => String(sql).replace(/\s+/g, " "));
  db.close();
  return { version, things: texts };
}

Deno.test("a file of version 1 is brought up to date, and nothing in it is lost", () =>
  withDirectory(async (directory) => {
    const [old, fresh] = [`${directory}/old.db`, `${directory}/fresh.db`];
    await makeVersion1(old);
    assertEquals(schemaOf(old).version, 1);
    openSqliteStore(storeOptions(undefined, { database: fresh })).close();
    const { log } = openTestLog({ database: old });

    const room = await readAll(log, "room");
    assertEquals(
      room.map(({ offset, kind, author, body, deleted }) => [offset, kind, author, body, deleted]),
      [
        [1, "message", "a", "hi", undefined],
        [2, "message", "b", "hi", undefined],
        [3, "message", "a", "", true],
        [4, "message", "a", "with\0nul", undefined],
        [5, "deletion", "b", "", undefined],
        [6, "message", "a", "hi", undefined],
      ],
    );
    const channel = await log.watch("room", () => {});
    assertEquals([5, 6].filter((offset) => channel.canResume("epoch-1", offset)), [5]);
    assertEquals([5, 6, 7].filter((offset) => channel.canResume("epoch-2", offset)), [5, 6]);
    const repeat = draft({ author: "a", ref: "r1", body: "hi" });
    assertEquals(await log.append("room", repeat), {
      offset: 1,
      id: "room-a",
      at: START,
      duplicate: true,
    });

    const copies = await log.find({ author: "a", copiesOf: { id: "dm", at: START + 5 } }, 9);
    assertEquals(copies.map(({ channel }) => channel).sort(), ["@a/a", "@b/b"]);
    const found = await log.find({ author: "a" }, 99);
    const offsets = found.filter(({ channel }) => channel === "room").map(({ offset }) => offset);
    assertEquals(offsets.sort(), [1, 4, 6]);
    const listed = await log.channels("", 9, "@~");
    assertEquals(listed.map(({ name, head, first }) => [name, head, first]), [["room", 6, 1]]);
    await log.close();
    assertEquals(schemaOf(old), schemaOf(fresh));
    assertEquals(schemaOf(old).version, SCHEMA_VERSION);
  }));

Deno.test("a file that cannot be brought up to date is refused, and keeps its version", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    await makeVersion1(database, "CREATE INDEX entries_direct ON entries (id)");
    const before = schemaOf(database);
    const error = assertThrows(
      () => openSqliteStore(storeOptions(undefined, { database })),
      StoreError,
    );
    assert(!error.message.includes("\n"), error.message);
    assert(error.message.includes("index entries_direct already exists"), error.message);
    assertEquals(schemaOf(database), before);
  }));
