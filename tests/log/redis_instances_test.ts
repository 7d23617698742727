import { assert, assertEquals } from "@std/assert";
import { BATCH_ENTRIES_MAX, BATCH_MS, REDIS_PULSE_MS } from "../../lib/limits.ts";
import { type Channel, RateLimitedError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import { offsetsOf, test } from "./redis_support.ts";
import { appendMany, deletion, draft, readAll, Told } from "./support.ts";

test("three instances append at once, and all see one history in one order", async (_, logs) => {
  const three = [await logs.open(), await logs.open(), await logs.open()];
  const seen = three.map((): string[] => []);
  const channels: Channel[] = await Promise.all(three.map(({ log }, index) => {
    const ids = seen[index]!;
    return log.watch("room", () => {
      for (const { id, offset } of channels[index]!.recent(ids.length, 5000)!) {
        assertEquals(offset, ids.push(id));
      }
    });
  }));
  for (let round = 0; round < 20; round++) {
    await Promise.all(three.map(({ log }) => appendMany(log, "room", 1 + round)));
  }
  await until(() => seen.every(({ length }) => length === 630), "all have seen all");
  assertEquals(seen[1], seen[0]);
  assertEquals(seen[2], seen[0]);
  channels.forEach((channel) => channel.close());
});

test("of twenty repeats over three instances one is stored", async (_, logs) => {
  const three = [await logs.open(), await logs.open(), await logs.open()];
  const message = draft({ ref: "r" });
  const appends = Array.from({ length: 20 }, (_, i) => three[i % 3]!.log.append("room", message));
  const appended = await within(Promise.all(appends), "appends");
  assertEquals(new Set(offsetsOf(appended)), new Set([1]));
  assertEquals(appended.filter(({ duplicate }) => !duplicate).length, 1);
});

test("a deletion takes the body from the memory of every instance", async (_, logs) => {
  const [one, two] = [await logs.open(), await logs.open()];
  const told = new Told();
  const channel = await two.log.watch("room", told.onChange);
  await one.log.append("room", draft({ body: "secret" }));
  await until(() => channel.head === 1, "it is there");
  assertEquals(channel.recent(0, 1)![0]!.body, "secret");
  await one.log.append("room", deletion(1));
  await until(() => channel.head === 2, "the deletion is there");
  assertEquals(channel.recent(0, 1)![0]!.body, "");
  assertEquals((await readAll(two.log, "room"))[0]!.body, "");
});

test("what has just been appended elsewhere can be resumed after a refresh", async (_, logs) => {
  const [one, two] = [await logs.open(), await logs.open()];
  const channel = await two.log.watch("room", () => {});
  two.link.unsubscribe("t:room");
  const { offset } = await one.log.append("room", draft());
  assert(!channel.canResume(channel.epoch, offset));
  await channel.refresh();
  assert(channel.canResume(channel.epoch, offset));
  assertEquals([channel.head, channel.recent(0, 1)?.length], [1, 1]);
});

// What is limited.

test("a bucket is one over all instances, and a repeat costs nothing", async (_, logs) => {
  const limit = { messagesPerSecond: 0.01, messagesBurst: 5 };
  const three = [await logs.open(limit), await logs.open(limit), await logs.open(limit)];
  const first = draft({ ref: "r" });
  const toll = () => ({ bucket: "alice" });
  await three[0]!.log.append("room", first, toll());
  const appends = Array.from(
    { length: 30 },
    (_, i) => three[i % 3]!.log.append("room", draft(), toll()),
  );
  const settled = await within(Promise.allSettled(appends), "appends");
  assertEquals(settled.filter(({ status }) => status === "fulfilled").length, 4);
  for (const result of settled) {
    if (result.status === "fulfilled") continue;
    assert(result.reason instanceof RateLimitedError);
    assert(result.reason.retryAfterMs > 90_000 && result.reason.retryAfterMs <= 100_000);
  }
  assert((await three[1]!.log.append("room", first, toll())).duplicate);
  assertEquals((await three[1]!.log.append("room", draft(), { bucket: "bob" })).offset, 6);
});

test("what is paid for together is stored together, or not at all", async (_, logs) => {
  const { log } = await logs.open({ messagesPerSecond: 0.01, messagesBurst: 1 });
  for (const expected of ["fulfilled", "rejected"]) {
    const toll = { bucket: "alice" };
    const settled = await within(
      Promise.allSettled(["@a", "@b"].map((inbox) => log.append(inbox, draft(), toll))),
      "appends",
    );
    assertEquals(settled.map(({ status }) => status), [expected, expected]);
  }
  assertEquals((await readAll(log, "@b")).length, 1);
});

test(
  "of five thousand messages in a second, a batch every 8 ms goes to Redis",
  async (redis, logs) => {
    const { log } = await logs.open();
    const watcher = await logs.open();
    const channel = await watcher.log.watch("room", () => {});
    await redis.ask("CONFIG RESETSTAT");
    const startedAt = performance.now();
    const appends: Promise<unknown>[] = [];
    for (let ms = 0; ms < 1000; ms += 5) {
      for (let i = 0; i < 25; i++) appends.push(log.append("room", draft()));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await within(Promise.all(appends), "appends");
    await until(() => channel.head === 5000, "all are seen");
    const stats = await redis.ask("INFO commandstats");
    const elapsedMs = performance.now() - startedAt;
    const calls = (name: string) =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    const asked = calls("evalsha") + calls("eval") + calls("ping") + calls("subscribe");
    // A full batch waits for nothing; and each connection of both logs is looked after.
    const batchesMax = elapsedMs / BATCH_MS + 5000 / BATCH_ENTRIES_MAX;
    const othersMax = 10 * (1 + elapsedMs / REDIS_PULSE_MS);
    assert(asked > 0 && asked <= batchesMax + othersMax, `${asked} calls in ${elapsedMs} ms`);
  },
);

// Retention.

test(
  "what has become too old goes, the rest stays, and whoever watches knows it",
  async (_, logs) => {
    const day = 24 * 60 * 60 * 1000;
    const time = { now: 1_800_000_000_000 };
    const { log, store } = await logs.open({ historyDays: 2, now: () => time.now });
    const channel = await log.watch("room", () => {});
    for (let i = 0; i < 6; i++) {
      await log.append("room", draft({ at: time.now, author: "a", ref: `${i}`, with: "Bob" }));
      time.now += day;
    }
    while (await store.expire());
    await until(() => channel.first === 5, "the beginning moves");
    assertEquals(offsetsOf(await readAll(log, "room")), [5, 6]);
    assertEquals(offsetsOf(await log.find({ author: "a" }, 9)), [5, 6]);
    time.now += 10 * day;
    while (await store.expire());
    await until(() => channel.first === 7, "nothing is retained");
    assertEquals([await log.channels("", 9, ""), await log.find({ author: "a" }, 9)], [[], []]);
    assertEquals((await log.append("room", draft({ at: time.now }))).offset, 7);
  },
);

test(
  "a ref outlives what is retained by ten minutes, and then its entry is given back",
  async (redis, logs) => {
    const time = { now: 1_800_000_000_000 };
    const { log, store } = await logs.open({ historyMessagesMax: 3, now: () => time.now });
    const say = (ref: string) => log.append("room", draft({ ref, body: ref, at: time.now }));
    for (const ref of ["a", "b", "c", "d", "e"]) await say(ref);
    assertEquals((await say("a")).duplicate, true);
    assertEquals(await redis.ask("HLEN test:e:room"), ":5\r\n");
    time.now += 10 * 60_000 + 1;
    while (await store.expire());
    assertEquals(await redis.ask("HLEN test:e:room"), ":3\r\n");
    assertEquals(await redis.ask("HLEN test:r:room"), ":3\r\n");
    assertEquals((await say("a")).duplicate, false);
    assertEquals((await say("e")).duplicate, true);
  },
);
