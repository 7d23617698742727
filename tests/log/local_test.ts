import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RING_BYTES_MAX, RINGS_TOTAL_BYTES_MAX, STORE_RETRY_MS_MAX } from "../../lib/limits.ts";
import { type Log, RefConflictError, UnavailableError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import { testLog } from "./contract.ts";
import {
  appendMany,
  copyDatabase,
  draft,
  FakeTime,
  openTestLog,
  readAll,
  type TestLog,
  Told,
  withDirectory,
} from "./support.ts";

for (
  const [kind, leavesSound] of [["in memory", true], ["in a file", true], [
    "in a file that has to be opened anew",
    false,
  ]] as const
) {
  testLog(`local log ${kind}`, {
    outlivesClose: kind !== "in memory",
    async create() {
      const directory = kind === "in memory" ? undefined : await Deno.makeTempDir();
      const time = new FakeTime();
      let current: TestLog | undefined;
      return {
        open(options = {}) {
          const database = directory === undefined ? ":memory:" : `${directory}/natter.db`;
          current = openTestLog({ database, ...options }, time);
          current.faults.leavesSound = leavesSound;
          return Promise.resolve(current.log);
        },
        breakStore: () => current!.faults.mode = "everything",
        mendStore() {
          current!.faults.mode = "none";
          time.advance(STORE_RETRY_MS_MAX);
        },
        async dispose() {
          if (directory !== undefined) await Deno.remove(directory, { recursive: true });
        },
      };
    },
  });
}

function test(sentence: string, run: (test: TestLog) => Promise<void>): void {
  Deno.test(`local log: ${sentence}`, async () => {
    const test = openTestLog();
    try {
      await run(test);
    } finally {
      await test.log.close();
    }
  });
}

// One transaction a turn.

test("all appends of a turn are one transaction over all channels", async ({ log, faults }) => {
  const append = (count: number) => appendMany(log, `room ${count % 7}`, count);
  await Promise.all([append(100), append(1), append(3)]);
  assertEquals(faults.commits, 1);
  await append(1);
  assertEquals(faults.commits, 2);
});

test("a commit tells each watcher once", async ({ log }) => {
  const told = { a: new Told(), b: new Told() };
  await log.watch("a", told.a.onChange);
  await log.watch("b", told.b.onChange);
  const next = Promise.all([told.a.next(), told.b.next()]);
  await Promise.all([appendMany(log, "a", 50), appendMany(log, "b", 50)]);
  await next;
  assertEquals([told.a.count, told.b.count], [1, 1]);
});

test("a repeat in the same turn fails with the first one", async ({ log, faults }) => {
  faults.mode = "before commit";
  const message = draft({ ref: "r" });
  const failed = await Promise.allSettled([
    log.append("room", message),
    log.append("room", message),
  ]);
  assert(
    failed.every((one) => one.status === "rejected" && one.reason instanceof UnavailableError),
  );
  faults.mode = "none";
  assertEquals(await log.append("room", message).then(({ duplicate }) => duplicate), false);
});

test("appends are counted by what became of them, and transactions are timed", async ({ log, faults }) => {
  const message = draft({ ref: "r" });
  await log.append("room", message);
  await Promise.all([log.append("room", message), log.append("room", draft())]);
  await log.append("room", { ...message, body: "another" }).catch(() => {});
  faults.mode = "before commit";
  await log.append("room", draft()).catch(() => {});
  const { appends, appendSeconds, failures } = log.tally;
  assertEquals(appends, { stored: 2, duplicate: 1, conflict: 1, failed: 1 });
  assertEquals([appendSeconds.total, failures], [3, 1]);
  faults.mode = "none";
});

// Memory.

test("a channel that nobody watches leaves nothing in memory", async ({ log }) => {
  for (let i = 0; i < 20; i++) {
    await Promise.all(Array.from({ length: 50 }, (_, j) => log.append(`room ${i} ${j}`, draft())));
  }
  assertEquals(log.stats, { channels: 0, bytes: 0 });
  const watches = await Promise.all([1, 2].map(() => log.watch("room 1 1", () => {})));
  await watches[0]!.read(0, 10);
  assertEquals(log.stats.channels, 1);
  assert(log.stats.bytes > 0);
  watches[0]!.close();
  assertEquals(log.stats.channels, 1);
  watches[1]!.close();
  assertEquals(log.stats, { channels: 0, bytes: 0 });
});

test("whatever goes past a stalled reader, its channel holds no more than its ring", async ({ log }) => {
  const channel = await log.watch("room", () => {});
  const body = "x".repeat(8192);
  for (let i = 0; i < 60; i++) await appendMany(log, "room", 100, { body });
  assert(log.stats.bytes <= RING_BYTES_MAX, `${log.stats.bytes} bytes`);
  assertEquals(channel.recent(0, 10), undefined);
  // It catches up from the store, which takes no more memory either.
  let offset = 0;
  while (offset < channel.head) {
    const page = await channel.read(offset, 200);
    for (const entry of page) assertEquals(entry.offset, ++offset);
    assert(log.stats.bytes <= RING_BYTES_MAX, `${log.stats.bytes} bytes`);
  }
  assertEquals(offset, 6000);
  channel.close();
});

test("all channels together hold no more than their bound", async ({ log }) => {
  const names = Array.from({ length: 20 }, (_, i) => `room ${i}`);
  const channels = await Promise.all(names.map((name) => log.watch(name, () => {})));
  const body = "x".repeat(100_000);
  for (const name of names) {
    await appendMany(log, name, 25, { body });
    assert(log.stats.bytes <= RINGS_TOTAL_BYTES_MAX, `${log.stats.bytes} bytes`);
  }
  assert(log.stats.bytes > RINGS_TOTAL_BYTES_MAX / 2);
  assertEquals(channels[0]!.recent(20, 9), undefined);
  assertEquals((await channels[0]!.read(20, 2)).map(({ offset }) => offset), [21, 22]);
  assertEquals(channels[19]!.recent(20, 9)?.length, 5);
  // Reading them all again from the store is bounded as well.
  for (let after = 23; after > 0; after -= 2) {
    for (const channel of channels) {
      assertEquals((await channel.read(after, 2)).length, 2);
      assert(log.stats.bytes <= RINGS_TOTAL_BYTES_MAX, `${log.stats.bytes} bytes`);
    }
  }
  for (const channel of channels) channel.close();
  assertEquals(log.stats, { channels: 0, bytes: 0 });
});

test("what one reader read from the store, the next has from memory", async ({ log }) => {
  await appendMany(log, "room", 100);
  const channel = await log.watch("room", () => {});
  assertEquals(channel.recent(50, 100), undefined);
  await channel.read(50, 100);
  assertEquals(channel.recent(50, 100)?.length, 50);
  await appendMany(log, "room", 1);
  assertEquals(channel.recent(50, 100)?.map(({ offset }) => offset).at(-1), 101);
  channel.close();
});

// Failure.

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
