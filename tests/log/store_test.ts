import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import {
  REF_KNOWN_MS_MIN,
  RETENTION_MS,
  RETENTION_STEP_ENTRIES,
  RETENTION_STEP_MS,
  STORE_RETRY_MS_MAX,
  WIPE_MS,
} from "../../lib/limits.ts";
import { UnavailableError } from "../../lib/log/log.ts";
import { SCHEMA_VERSION } from "../../lib/log/schema.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import { StoreError } from "../../lib/log/store.ts";
import { Random } from "../simulation/random.ts";
import {
  appendMany,
  deletion,
  draft,
  FakeTime,
  openTestLog,
  readAll,
  START,
  storeOptions,
  withDirectory,
} from "./support.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The message with which a database is refused; it has to be one line. */
function refusal(database: string): string {
  const { message } = assertThrows(
    () => openSqliteStore(storeOptions(undefined, { database })),
    StoreError,
  );
  assert(!message.includes("\n"), message);
  return message;
}

/** Collects the databases that are opened meanwhile, to set limits to them that only SQLite has. */
async function capturing<T>(use: (databases: DatabaseSync[]) => Promise<T>): Promise<T> {
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

/** How often a text stands in the files of a database. */
async function occurrences(database: string, text: string): Promise<number> {
  let count = 0;
  for (const suffix of ["", "-wal"]) {
    const bytes = await Deno.readFile(database + suffix).catch(() => new Uint8Array());
    count += new TextDecoder("latin1").decode(bytes).split(text).length - 1;
  }
  return count;
}

function countRows(database: string, table: string): number {
  const db = new DatabaseSync(database, { readOnly: true });
  const row = db.prepare(`SELECT count(*) AS n FROM ${table}`).get();
  db.close();
  return Number(row!["n"]);
}

// Opening.

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

// Retention.

Deno.test("by number, the oldest go from sight at once, and from the store in small steps", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const { log, time } = openTestLog({ database, historyMessagesMax: 10 });
    const room = await log.watch("room", () => {});
    await appendMany(log, "room", 3 * RETENTION_STEP_ENTRIES);
    const head = 3 * RETENTION_STEP_ENTRIES;
    assertEquals([room.first, room.head], [head - 9, head]);
    assertEquals(room.recent(head - 11, 99), undefined);
    assertEquals((await room.read(0, 99)).map(({ offset }) => offset)[0], head - 9);
    // Nobody has to watch it for that.
    room.close();
    time.advance(REF_KNOWN_MS_MIN);
    await log.close();
    assertEquals(countRows(database, "entries"), head, "younger than ten minutes");

    const again = openTestLog({ database, historyMessagesMax: 10 }, time);
    time.advance(RETENTION_MS);
    await again.log.close();
    assertEquals(countRows(database, "entries"), head - RETENTION_STEP_ENTRIES, "one step");

    const last = openTestLog({ database, historyMessagesMax: 10 }, time);
    time.advance(RETENTION_MS + 2 * RETENTION_STEP_MS);
    assertEquals((await readAll(last.log, "room")).length, 10);
    await last.log.close();
    assertEquals(countRows(database, "entries"), 10);
  }));

Deno.test("by age, channels that nobody watches or writes to lose their oldest too", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const { log, time } = openTestLog({ database, historyDays: 2 });
    for (const day of [0, 1, 2]) {
      for (const name of ["watched", "left"]) {
        await appendMany(log, name, 5, { at: START + day * DAY_MS, author: `author ${day}` });
      }
    }
    const watched = await log.watch("watched", () => {});
    await watched.read(0, 99);
    const { epoch } = watched;
    time.advance(2 * DAY_MS);
    assertEquals([watched.first, watched.head], [1, 15]);
    time.advance(RETENTION_MS * 2);
    assertEquals([watched.first, watched.head], [6, 15]);
    assertEquals(watched.recent(4, 99), undefined);
    assertEquals((await watched.read(0, 99)).map(({ offset }) => offset)[0], 6);
    assertEquals((await readAll(log, "left")).map(({ offset }) => offset)[0], 6);
    assertEquals([4, 5, 15].filter((offset) => watched.canResume(epoch, offset)), [5, 15]);

    time.advance(3 * DAY_MS);
    assertEquals([watched.first, watched.head], [16, 15], "nothing is retained");
    assertEquals(await watched.read(0, 99), []);
    assertEquals([14, 15].filter((offset) => watched.canResume(epoch, offset)), [15]);
    assertEquals((await log.append("left", draft({ at: time.now }))).offset, 16);
    assertEquals((await readAll(log, "left")).map(({ offset }) => offset), [16]);
    await log.close();
    assertEquals(countRows(database, "entries"), 1);
    assertEquals(countRows(database, "authors"), 1);
    assertEquals(countRows(database, "channels"), 2);
  }));

Deno.test("a step of retention is bounded, and there is no step without work", () => {
  const time = new FakeTime();
  const store = openSqliteStore(storeOptions(time, { historyDays: 1 }));
  const channels = ["a", "b"];
  for (const channel of channels) {
    store.append(
      Array.from({ length: RETENTION_STEP_ENTRIES + 1 }, () => ({ channel, draft: draft() })),
    );
  }
  assertEquals(store.expire(), { found: false, moved: undefined });
  time.now += DAY_MS + 1;
  const steps = [];
  for (let step; (step = store.expire()).found;) steps.push(step.moved);
  assertEquals(steps.length, 4);
  for (const channel of channels) {
    assertEquals(steps.filter((moved) => moved?.channel === channel).map((moved) => moved!.first), [
      RETENTION_STEP_ENTRIES + 1,
      RETENTION_STEP_ENTRIES + 2,
    ]);
    assertEquals(store.channel(channel).first, RETENTION_STEP_ENTRIES + 2);
  }
  store.close();
});

Deno.test("a ref is known for ten minutes, however little is retained, restarts included", () =>
  withDirectory(async (directory) => {
    const options = { database: `${directory}/natter.db`, historyMessagesMax: 1 };
    const message = draft({ ref: "r", body: "hi" });
    let { log, time } = openTestLog(options);
    const first = await log.append("room", message);
    await appendMany(log, "room", 5);
    assertEquals((await readAll(log, "room")).map(({ offset }) => offset), [6]);
    for (const minutes of [4, 5]) {
      time.advance(minutes * 60_000);
      assertEquals(await log.append("room", message), { ...first, duplicate: true });
      await log.close();
      ({ log } = openTestLog(options, time));
      assertEquals(await log.append("room", message), { ...first, duplicate: true });
    }
    await assertRejects(
      () => log.append("room", { ...message, body: "ho" }),
      Error,
      "something else",
    );
    time.advance(3 * 60_000);
    assertEquals((await log.append("room", message)).offset, 7);
    await log.close();
  }));

Deno.test("each ref is known for its own ten minutes", async () => {
  const { log, time } = openTestLog({ historyMessagesMax: 1 });
  const [first, second] = [draft({ ref: "first" }), draft({ ref: "second", at: START + 540_000 })];
  await log.append("room", first);
  time.advance(540_000);
  await log.append("room", second);
  await log.append("room", draft({ at: time.now }));
  time.advance(180_000);
  assert((await log.append("room", second)).duplicate);
  assert(!(await log.append("room", { ...first, at: time.now })).duplicate);
  await log.close();
});

Deno.test("a ref is known for as long as its message is retained", async () => {
  const { log, time } = openTestLog({ historyDays: 30 });
  const message = draft({ ref: "r" });
  await log.append("room", message);
  time.advance(30 * DAY_MS);
  assert((await log.append("room", message)).duplicate);
  time.advance(DAY_MS);
  assert(!(await log.append("room", message)).duplicate);
  await log.close();
});

Deno.test("a store reads no further back than it retains", () => {
  const store = openSqliteStore(storeOptions(undefined, { historyMessagesMax: 2 }));
  store.append([1, 2, 3, 4].map(() => ({ channel: "room", draft: draft() })));
  assertEquals(store.read("room", 0, 99, 1e9).map(({ offset }) => offset), [3, 4]);
  assertEquals(store.read("nobody", 0, 99, 1e9), []);
  store.close();
});

Deno.test("a transaction that failed leaves nothing behind", () => {
  const store = openSqliteStore(storeOptions());
  const good = { channel: "room", draft: draft() };
  const bad = { channel: "room", draft: { ...draft(), at: {} as number } };
  assertThrows(() => store.append([good, bad]));
  assertEquals(store.channel("room").head, 0);
  assertEquals(store.append([good]).map(({ type }) => type), ["stored"]);
  assertEquals([store.channel("room").head, store.commits], [1, 1]);
  store.close();
});

// Deletion.

Deno.test("a deleted body leaves the files: a few seconds after, and at the latest when they are closed", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const { log, time } = openTestLog({ database });
    const bodies = ["short secret", "long secret ".repeat(2000)];
    for (const body of bodies) await log.append("room", draft({ body, ref: crypto.randomUUID() }));
    await appendMany(log, "room", 50);
    assert(await occurrences(database, "secret") > 2000);
    for (const target of [1, 2]) {
      await log.append("room", draft({ kind: "deletion", body: "", target }));
    }
    time.advance(WIPE_MS);
    assertEquals(await occurrences(database, "secret"), 0, "while it is open");
    assert(await occurrences(database, "body") >= 50);
    await log.append("room", draft({ body: "third secret" }));
    await log.append("room", draft({ kind: "deletion", body: "", target: 55 }));
    assertEquals((await readAll(log, "room")).find(({ offset }) => offset === 55)?.body, "");
    await log.close();
    assertEquals(await occurrences(database, "secret"), 0, "when it is closed");
  }));

for (const isWatched of [false, true]) {
  const where = isWatched ? "that is watched" : "that nobody watches";
  Deno.test(`a thousand deletions in one transaction, some twice, leave no trace of a channel ${where}`, () =>
    withDirectory(async (directory) => {
      const database = `${directory}/natter.db`;
      const { log, time, faults } = openTestLog({ database });
      const channel = isWatched ? await log.watch("room", () => {}) : undefined;
      await appendMany(log, "room", 600, { body: "secret ".repeat(100) });
      await appendMany(log, "room", 50, { body: "kept" });
      await channel?.read(0, 600);
      assert(await occurrences(database, "secret") >= 60_000);
      const before = faults.commits;
      await Promise.all(
        Array.from({ length: 1000 }, (_, index) => log.append("room", deletion(1 + index % 600))),
      );
      assertEquals(faults.commits, before + 1);
      time.advance(WIPE_MS);
      assertEquals(await occurrences(database, "secret"), 0);
      assert(await occurrences(database, "kept") >= 50);
      // What is gone already may be deleted again at any time.
      assertEquals((await log.append("room", deletion(1))).offset, 1651);
      time.advance(WIPE_MS);
      const bodies = new Set((await readAll(log, "room")).map(({ body }) => body));
      assertEquals([...bodies].sort(), ["", "kept"]);
      assertEquals(channel?.recent(1650, 9)?.length, isWatched ? 1 : undefined);
      await log.close();
      assertEquals(await occurrences(database, "secret"), 0);
    }));
}

Deno.test("of thousands of bodies, those that were deleted or expired leave no trace, and the others stay", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const { log, time } = openTestLog({ database, historyMessagesMax: 100 });
    const seed = 20_261_122;
    const random = new Random(seed);
    const state = new Map<string, boolean>();
    const bodies = new Map<string, string[]>();
    for (let round = 0; round < 40; round++) {
      const appends = [];
      for (let i = 0; i < 50; i++) {
        const channel = `room ${random.below(8)}`;
        const mark = `<${round}-${i}-${crypto.randomUUID()}>`;
        const body = mark.repeat(random.chance(0.7) ? 1 + random.below(5) : random.below(200));
        const list = bodies.get(channel) ?? [];
        bodies.set(channel, list);
        list.push(mark);
        state.set(mark, true);
        appends.push(log.append(channel, draft({ body: mark + body, at: time.now })));
        if (random.chance(0.3)) {
          const target = 1 + random.below(list.length);
          list.push("");
          state.set(list[target - 1]!, false);
          appends.push(
            log.append(channel, draft({ kind: "deletion", body: "", target, at: time.now })),
          );
        }
      }
      await Promise.all(appends);
      time.advance(60_000);
    }
    time.advance(REF_KNOWN_MS_MIN + 2 * RETENTION_MS + WIPE_MS);
    for (const list of bodies.values()) {
      for (const mark of list.slice(0, -100)) state.set(mark, false);
    }
    state.delete("");
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(database));
    assertEquals((await Deno.stat(`${database}-wal`)).size, 0);
    const wrong = [...state].filter(([mark, stays]) => bytes.includes(mark) !== stays);
    assertEquals(wrong, [], `seed ${seed}`);
    assert([...state.values()].filter((stays) => stays).length > 300);
    assert([...state.values()].filter((stays) => !stays).length > 800);
    await log.close();
  }));

// Failure, by SQLite's own means.

Deno.test("a full disk refuses appends whole, keeps what is there, and is over when there is room", () =>
  withDirectory((directory) =>
    capturing(async (databases) => {
      const database = `${directory}/natter.db`;
      const { log, faults } = openTestLog({ database });
      await appendMany(log, "room", 10);
      const channel = await log.watch("room", () => {});
      const [db] = databases;
      const { page_count } = db!.prepare("PRAGMA page_count").get()!;
      db!.exec(`PRAGMA max_page_count = ${Number(page_count) + 20}`);
      const body = "x".repeat(4000);
      let stored = 10;
      const settled = [];
      for (let round = 0; round < 10; round++) {
        const appends = Array.from({ length: 5 }, () => log.append("room", draft({ body })));
        const all = await Promise.allSettled(appends);
        stored += all.filter(({ status }) => status === "fulfilled").length;
        settled.push(...all);
      }
      const errors = settled.filter((one) => one.status === "rejected").map(({ reason }) => reason);
      assert(errors.length >= 30 && stored > 10, `${errors.length} errors, ${stored} stored`);
      for (const error of errors) {
        assert(error instanceof UnavailableError);
        assertEquals((error.cause as Error).message, "database or disk is full");
      }
      assert(!log.isAvailable);
      assertEquals([channel.head, stored % 5], [stored, 0]);
      assertEquals((await channel.read(0, 200)).length, stored);
      db!.exec("PRAGMA max_page_count = 1000000");
      assertEquals((await log.append("room", draft())).offset, stored + 1);
      assert(log.isAvailable);
      assertEquals(faults.opened, 1, "it was never closed for that");
      assertEquals(
        (await readAll(log, "room")).map(({ offset }) => offset),
        Array.from({ length: stored + 1 }, (_, i) => i + 1),
      );
      await log.close();
    })
  ));

Deno.test("an author whose only rows were taken back, or are no longer retained, can write again", () =>
  // deno-lint-ignore require-await -- what it is called with may be async
  capturing(async (databases) => {
    const time = new FakeTime();
    const store = openSqliteStore(storeOptions(time, { historyDays: 1 }));
    const say = (author: string, body = "") => {
      store.append([{ channel: "room", draft: draft({ author, body, at: time.now }) }]);
      return store.read("room", store.channel("room").head - 1, 1, 1000)[0]?.author;
    };
    assertEquals(say("alice"), "alice");
    const [db] = databases;
    const { page_count } = db!.prepare("PRAGMA page_count").get()!;
    db!.exec(`PRAGMA max_page_count = ${Number(page_count) + 4}`);
    assertThrows(() => say("bob", "x".repeat(40_000)), Error, "full");
    db!.exec("PRAGMA max_page_count = 1000000");
    assertEquals(["carol", "bob"].map((author) => say(author)), ["carol", "bob"]);
    time.now += 2 * DAY_MS;
    while (store.expire().found);
    assertEquals(["dora", "bob"].map((author) => say(author)), ["dora", "bob"]);
    store.close();
  }));

Deno.test("a database that has become read-only refuses appends, and is opened anew", () =>
  withDirectory((directory) =>
    capturing(async (databases) => {
      const { log, time, faults } = openTestLog({ database: `${directory}/natter.db` });
      await appendMany(log, "room", 10);
      const channel = await log.watch("room", () => {});
      const { epoch } = channel;
      databases[0]!.exec("PRAGMA query_only = ON");
      const error = await assertRejects(() => log.append("room", draft()), UnavailableError);
      assertEquals((error.cause as Error).message, "attempt to write a readonly database");
      assert(!log.isAvailable);
      time.advance(STORE_RETRY_MS_MAX);
      assert(log.isAvailable);
      assertEquals(faults.opened, 2);
      assertEquals((await log.append("room", draft())).offset, 11);
      assertEquals([channel.epoch, channel.head], [epoch, 11]);
      await log.close();
    })
  ));

Deno.test("a damaged page fails what needs it, and nothing else", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const first = openTestLog({ database });
    await appendMany(first.log, "damaged", 200, { body: "damaged ".repeat(100) });
    await appendMany(first.log, "whole", 200);
    await first.log.close();
    const bytes = await Deno.readFile(database);
    const pageSize = 4096;
    let damaged = 0;
    for (let page = pageSize; page < bytes.length; page += pageSize) {
      const view = bytes.subarray(page, page + pageSize);
      const text = new TextDecoder("latin1").decode(view);
      if (text.split("damaged damaged").length < 20 || damaged++ > 20) continue;
      view.fill(0xff);
    }
    assert(damaged > 10);
    await Deno.writeFile(database, bytes);

    const { log, time } = openTestLog({ database });
    const channel = await log.watch("damaged", () => {});
    const error = await assertRejects(() => readAll(log, "damaged"), UnavailableError);
    assertEquals((error.cause as Error).message, "database disk image is malformed");
    assert(!log.isAvailable);
    time.advance(STORE_RETRY_MS_MAX);
    assert(log.isAvailable);
    assertEquals((await readAll(log, "whole")).length, 200);
    assertEquals((await log.append("damaged", draft())).offset, 201);
    assertEquals(channel.recent(200, 9)?.length, 1);
    await log.close();
  }));

Deno.test("an entry that is missing is a failure, not silence", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const first = openTestLog({ database });
    await appendMany(first.log, "room", 20);
    await first.log.close();
    for (const offset of [10, 1, 20]) {
      const db = new DatabaseSync(database);
      db.exec(`DELETE FROM entries WHERE "offset" = ${offset}`);
      db.close();
      const { log } = openTestLog({ database });
      await assertRejects(() => readAll(log, "room"), UnavailableError);
      await assertRejects(() => readAll(log, "room", offset - 1), UnavailableError);
      await log.close();
    }
  }));

Deno.test("a database that is replaced by rubbish is given up, and taken up when it is whole again", () =>
  withDirectory((directory) =>
    capturing(async (databases) => {
      const database = `${directory}/natter.db`;
      const { log, time, events } = openTestLog({ database });
      await appendMany(log, "room", 10);
      const channel = await log.watch("room", () => {});
      await channel.read(0, 99);
      const { epoch } = channel;
      databases[0]!.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      const whole = await Deno.readFile(database);
      databases[0]!.exec("PRAGMA query_only = ON");
      await Deno.writeTextFile(database, "rubbish ".repeat(10_000));
      await assertRejects(() => log.append("room", draft()), UnavailableError);
      time.advance(60_000);
      assert(!log.isAvailable);
      assertEquals(channel.recent(0, 99)?.length, 10, "readers keep what is in memory");
      assertEquals(await Deno.readTextFile(database), "rubbish ".repeat(10_000));
      await Deno.writeFile(database, whole);
      time.advance(STORE_RETRY_MS_MAX);
      assert(log.isAvailable);
      assertEquals([channel.epoch, (await log.append("room", draft())).offset], [epoch, 11]);
      assertEquals(events.map(({ type }) => type), ["store_failed", "store_recovered"]);
      await log.close();
    })
  ));
