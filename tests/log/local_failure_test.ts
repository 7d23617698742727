import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { STORE_RETRY_MS_MAX } from "../../lib/limits.ts";
import { type Log, RefConflictError, UnavailableError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import { test } from "./local_support.ts";
import {
  appendMany,
  copyDatabase,
  draft,
  openTestLog,
  readAll,
  Told,
  withDirectory,
} from "./support.ts";

test("a failure is reported once, and so is the recovery", async ({ log, faults, events, time }) => {
  faults.mode = "before commit";
  for (let i = 0; i < 5; i++) await assertRejects(() => log.append("room", draft()));
  time.advance(60_000);
  assertEquals(events.map(({ type }) => type), ["store_failed"]);
  faults.mode = "none";
  await appendMany(log, "room", 1);
  assertEquals(events.map(({ type }) => type), ["store_failed", "store_recovered"]);
  assert(log.isAvailable);
});

test("the next append tries a store that failed", async ({ log, faults }) => {
  faults.mode = "before commit";
  await assertRejects(() => log.append("room", draft()), UnavailableError);
  faults.mode = "none";
  assertEquals((await log.append("room", draft())).offset, 1);
  assert(log.isAvailable);
});

test("without appends, the store is tried again by itself, more and more seldom", async ({ log, faults, time }) => {
  faults.mode = "everything";
  await assertRejects(() => log.append("room", draft()), UnavailableError);
  time.advance(60 * 60_000);
  faults.mode = "none";
  assert(!log.isAvailable);
  time.advance(STORE_RETRY_MS_MAX);
  assert(log.isAvailable);
});

test("a watcher's error is reported", async ({ log, events }) => {
  await log.watch("room", () => {
    throw new Error("a watcher's defect");
  });
  await appendMany(log, "room", 1);
  await until(() => events.length > 0, "it is reported");
  assertEquals(events.map(({ type }) => type), ["watcher_threw"]);
});

test("readers keep what is in memory while the store is out of reach", async ({ log, faults }) => {
  await appendMany(log, "room", 3);
  const channel = await log.watch("room", () => {});
  await appendMany(log, "room", 3);
  faults.mode = "everything";
  await assertRejects(() => log.append("room", draft()), UnavailableError);
  assertEquals(channel.recent(3, 9)?.length, 3);
  assertEquals((await channel.read(4, 9)).length, 2);
  await assertRejects(() => channel.read(0, 9), UnavailableError);
  assert(channel.canResume(channel.epoch, 6));
  const second = await log.watch("room", () => {});
  assertEquals(second.head, 6);
  channel.close();
  second.close();
});

test("what a commit stored that failed on its way back is seen once it is known", async ({ log, faults, time }) => {
  const told = new Told();
  const channel = await log.watch("room", told.onChange);
  await appendMany(log, "room", 1);
  await told.next();
  const message = draft({ ref: "r", body: "stored" });
  faults.mode = "after commit";
  await assertRejects(() => log.append("room", message), UnavailableError);
  assertEquals([channel.head, told.count], [1, 1]);
  faults.mode = "none";
  const next = told.next();
  time.advance(STORE_RETRY_MS_MAX);
  await next;
  assertEquals(channel.head, 2);
  assertEquals(
    await log.append("room", message).then(({ offset, duplicate }) => [offset, duplicate]),
    [2, true],
  );
  assertEquals((await channel.read(0, 9)).at(-1)?.body, "stored");
  assertEquals((await log.append("room", draft())).offset, 3);
  assertEquals((await channel.read(0, 9)).map(({ offset }) => offset), [1, 2, 3]);
  channel.close();
});

for (const next of ["append", "repeat"]) {
  test(`an ${next} leaves no hole, though the store gave no answer when it was asked`, async (test) => {
    const { log, faults } = test;
    const channel = await log.watch("room", () => {});
    await appendMany(log, "room", 1);
    faults.mode = "after commit";
    const message = draft({ ref: "r" });
    await assertRejects(() => log.append("room", message), UnavailableError);
    faults.mode = "none";
    faults.unansweredChannels = 1;
    const last = next === "append" ? draft() : message;
    assertEquals((await log.append("room", last)).offset, next === "append" ? 3 : 2);
    assertEquals(faults.unansweredChannels, 0);
    assertEquals(channel.head, next === "append" ? 3 : 2);
    assertEquals((await channel.read(0, 9)).map(({ offset }) => offset).at(-1), channel.head);
    channel.close();
  });
}

test("an append right after such a commit leaves no hole", async ({ log, faults }) => {
  const channel = await log.watch("room", () => {});
  await appendMany(log, "room", 1);
  faults.mode = "after commit";
  await assertRejects(() => log.append("room", draft()), UnavailableError);
  faults.mode = "none";
  assertEquals((await log.append("room", draft())).offset, 3);
  assertEquals(channel.head, 3);
  assertEquals((await channel.read(0, 9)).map(({ offset }) => offset), [1, 2, 3]);
  assertEquals(await readAll(log, "room"), [...await channel.read(0, 9)]);
  channel.close();
});

for (const isRestored of [false, true]) {
  const what = isRestored ? "with less in it changes" : "with all that is known keeps";
  Deno.test(`local log: a store that is opened anew ${what} the epoch`, () =>
    withDirectory(async (directory) => {
      const database = `${directory}/natter.db`;
      const { log, faults, time, events } = openTestLog({ database });
      await appendMany(log, "room", 3);
      await appendMany(log, "quiet", 1);
      await copyDatabase(database, `${directory}/copy`);
      await appendMany(log, "room", 3);
      const told = { room: new Told(), quiet: new Told() };
      const room = await log.watch("room", told.room.onChange);
      const quiet = await log.watch("quiet", told.quiet.onChange);
      const { epoch } = room;
      await room.read(0, 9);
      await quiet.read(0, 9);
      faults.leavesSound = false;
      faults.mode = "before commit";
      await assertRejects(() => log.append("room", draft()), UnavailableError);
      if (isRestored) await copyDatabase(`${directory}/copy`, database);
      faults.mode = "none";
      faults.refusesToOpen = true;
      time.advance(60_000);
      assert(!log.isAvailable);
      assertEquals(room.recent(0, 9)?.length, 6);
      faults.refusesToOpen = false;
      const next = isRestored ? Promise.all([told.room.next(), told.quiet.next()]) : undefined;
      time.advance(STORE_RETRY_MS_MAX);
      assert(log.isAvailable);
      await next;
      const types = events.map(({ type }) => type);
      if (isRestored) {
        assertEquals(types, ["store_failed", "epoch_changed", "store_recovered"]);
        assert(room.epoch !== epoch && quiet.epoch === room.epoch);
        assertEquals([room.head, room.recent(0, 9)], [3, undefined]);
        assertEquals([quiet.head, quiet.recent(0, 9)], [1, undefined]);
        await appendMany(log, "room", 5);
        assertEquals([3, 4, 6].filter((offset) => room.canResume(epoch, offset)), [3]);
      } else {
        assertEquals(types, ["store_failed", "store_recovered"]);
        assertEquals([room.epoch, room.head, told.room.count], [epoch, 6, 0]);
        await appendMany(log, "room", 5);
        assertEquals([3, 6, 11, 12].filter((offset) => room.canResume(epoch, offset)), [3, 6, 11]);
      }
      assertEquals(
        (await room.read(0, 99)).map(({ offset }) => offset),
        Array.from({ length: room.head }, (_, i) => i + 1),
      );
      await log.close();
    }));
}

Deno.test("local log: a failure while it closes refuses what was pending, and it closes", () =>
  withDirectory(async (directory) => {
    const { log, faults, time } = openTestLog({ database: `${directory}/natter.db` });
    faults.mode = "everything";
    const append = log.append("room", draft());
    const closed = log.close();
    await assertRejects(() => append, UnavailableError);
    await within(closed, "it closes");
    assertEquals(time.timers, 0);
  }));

Deno.test("local log: what cannot be opened at first is thrown", () => {
  assertThrows(() => openTestLog({ database: "/dev/null/natter.db" }), Error, "cannot be opened");
});

test("a conflict is no failure of the store", async ({ log, events }: { log: Log; events: unknown[] }) => {
  await log.append("room", draft({ ref: "r", body: "one" }));
  await assertRejects(() => log.append("room", draft({ ref: "r", body: "two" })), RefConflictError);
  assert(log.isAvailable);
  assertEquals(events, []);
});
