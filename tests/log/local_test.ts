import { assert, assertEquals } from "@std/assert";
import { RING_BYTES_MAX, RINGS_TOTAL_BYTES_MAX, STORE_RETRY_MS_MAX } from "../../lib/limits.ts";
import { UnavailableError } from "../../lib/log/log.ts";
import { testLog } from "./contract.ts";
import { test } from "./local_support.ts";
import { appendMany, draft, FakeTime, openTestLog, type TestLog, Told } from "./support.ts";

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
