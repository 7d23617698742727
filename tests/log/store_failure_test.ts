import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { STORE_RETRY_MS_MAX } from "../../lib/limits.ts";
import { UnavailableError } from "../../lib/log/log.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import { capturing, DAY_MS } from "./store_support.ts";
import {
  appendMany,
  draft,
  FakeTime,
  openTestLog,
  readAll,
  storeOptions,
  withDirectory,
} from "./support.ts";

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
