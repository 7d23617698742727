import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  REF_KNOWN_MS_MIN,
  RETENTION_MS,
  RETENTION_STEP_ENTRIES,
  RETENTION_STEP_MS,
} from "../../lib/limits.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import { countRows, DAY_MS } from "./store_support.ts";
import {
  appendMany,
  draft,
  FakeTime,
  openTestLog,
  readAll,
  START,
  storeOptions,
  withDirectory,
} from "./support.ts";

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
