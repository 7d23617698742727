import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BATCH_ENTRIES_MAX,
  BATCH_MS,
  HISTORY_PAGE_MAX,
  REDIS_PULSE_MS,
  RING_ENTRIES_MAX,
} from "../../lib/limits.ts";
import { type Channel, type Log, RateLimitedError, UnavailableError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { type Keeping, TestRedis, testWithRedis } from "../support/redis.ts";
import { RedisLogs } from "./redis_support.ts";
import { appendMany, deletion, draft, readAll, Told } from "./support.ts";

function test(
  sentence: string,
  run: (redis: TestRedis, logs: RedisLogs) => Promise<void>,
  keeping: Keeping = "nothing",
): void {
  testWithRedis(`log in Redis: ${sentence}`, async () => {
    await using redis = await TestRedis.start(keeping);
    await using logs = new RedisLogs(redis);
    await run(redis, logs);
  });
}

const offsetsOf = (entries: readonly { readonly offset: number }[]) =>
  entries.map(({ offset }) => offset);

const upTo = (head: number) => Array.from({ length: head }, (_, index) => index + 1);

async function resumes(log: Log, epoch: string, offsets: readonly number[]): Promise<number[]> {
  const channel = await log.watch("room", () => {});
  const found = offsets.filter((offset) => channel.canResume(epoch, offset));
  channel.close();
  return found;
}

// Several instances.

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

// What is told in vain.

test(
  "a hole is filled from the store, and nobody sees what is behind it before",
  async (_, logs) => {
    const [one, two] = [await logs.open(), await logs.open()];
    const seen: number[] = [];
    const channel: Channel = await two.log.watch("room", () => {
      seen.push(...offsetsOf(channel.recent(seen.length, 5000)!));
    });
    await appendMany(one.log, "room", 3);
    await until(() => seen.length === 3, "they are there");
    two.link.unsubscribe("t:room");
    const lost = HISTORY_PAGE_MAX + 20;
    await appendMany(one.log, "room", lost);
    await two.store.watch("room");
    await appendMany(one.log, "room", 3);
    await until(() => seen.length === lost + 6, "all are there");
    assertEquals(seen, upTo(lost + 6));
  },
);

test("a lost last message is found by comparing heads, whoever watches", async (_, logs) => {
  const [one, two] = [await logs.open(), await logs.open()];
  const channel = await two.log.watch("room", () => {});
  two.link.unsubscribe("t:room");
  await appendMany(one.log, "room", 2);
  await until(() => channel.head === 2, "the head is found");
  assertEquals(offsetsOf(channel.recent(0, 9)!), [1, 2]);
});

test(
  "a channel that is far behind goes to the head, and its readers through the store",
  async (_, logs) => {
    const [one, two] = [await logs.open(), await logs.open()];
    const channel = await two.log.watch("room", () => {});
    two.link.unsubscribe("t:room");
    await appendMany(one.log, "room", RING_ENTRIES_MAX + 10);
    await channel.refresh();
    assertEquals(channel.head, RING_ENTRIES_MAX + 10);
    assertEquals(channel.recent(0, 9), undefined);
    assertEquals(offsetsOf(await channel.read(0, 9)), upTo(9));
  },
);

test("a topic that is subscribed again before its end is answered is heard", async (_, logs) => {
  const { link } = await logs.open();
  const heard: string[] = [];
  await link.subscribe("topic", () => {});
  for (const round of ["1", "2"]) {
    link.unsubscribe("topic");
    await link.subscribe("topic", (message) => void heard.push(message));
    await link.call("PUBLISH", "test:topic", round);
    await until(() => heard.length > 0, "it is heard");
    assertEquals(heard.splice(0), [round]);
  }
});

// Answers that do not come.

for (const ref of ["r", undefined]) {
  const what = ref === undefined ? "without a ref" : "with a ref";
  test(
    `an append ${what} whose answer is lost is stored once, and acknowledged`,
    async (redis, logs) => {
      await using proxy = await FaultProxy.listen(redis.port);
      const far = await logs.open({}, { url: proxy.url.replace("http", "redis") });
      const near = await logs.open();
      await far.log.append("room", draft());
      const order: string[] = [];
      const channel = await far.log.watch("room", () => void order.push(`told ${channel.head}`));
      proxy.stall("down");
      const append = far.log.append("room", draft({ ref })).then(({ offset, duplicate }) => {
        order.push(`acknowledged ${offset}`);
        return duplicate;
      });
      await until(async () => (await readAll(near.log, "room")).length === 2, "it is stored");
      proxy.cut();
      proxy.heal();
      assertEquals(await within(append, "it is acknowledged"), false);
      await until(() => channel.head === 2, "it is seen");
      assertEquals((await readAll(near.log, "room")).length, 2);
      await until(() => order.length === 2, "who watches is told");
      assertEquals(order, ["acknowledged 2", "told 2"]);
    },
  );
}

test(
  "while Redis does not answer, appends are refused within five seconds, and it goes on by itself",
  async (redis, logs) => {
    const { log } = await logs.open();
    const channel = await log.watch("room", () => {});
    await appendMany(log, "room", 2);
    redis.pause(true);
    const message = draft({ ref: "r" });
    // By a timer of the same event loop: a machine that is busy holds up both.
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, 5000);
    await assertRejects(() => Promise.race([log.append("room", message), late]), UnavailableError)
      .finally(() => clearTimeout(timer));
    assert(!log.isAvailable);
    assertEquals(offsetsOf(channel.recent(0, 9)!), [1, 2]);
    redis.pause(false);
    await until(() => log.isAvailable, "it is available again");
    const { offset } = await log.append("room", message);
    // What waited in Redis's own buffers was done before, or not at all.
    assertEquals(offset, 3);
    assertEquals(offsetsOf(await readAll(log, "room")), [1, 2, 3]);
    await until(() => channel.head === 3, "the head moves on");
  },
);

// Epochs.

test("a Redis that comes back with everything goes on where it was", async (redis, logs) => {
  const { log } = await logs.open();
  await appendMany(log, "room", 5);
  const { epoch } = await log.watch("room", () => {});
  await redis.kill();
  await until(() => !log.isAvailable, "it is missed");
  await redis.restart();
  await until(() => log.isAvailable, "it is back");
  const channel = await log.watch("room", () => {});
  assert(channel.epoch !== epoch, "another life, another epoch");
  assertEquals((await log.append("room", draft())).offset, 6);
  await until(() => channel.head === 6, "the head moves on");
  assertEquals(await resumes(log, epoch, [0, 5, 6]), [0, 5]);
  assertEquals(await resumes(log, channel.epoch, [0, 5, 6, 7]), [0, 5, 6]);
}, "everything");

test("an empty Redis begins another history", async (redis, logs) => {
  const { log } = await logs.open();
  await appendMany(log, "room", 5);
  const told = new Told();
  const channel = await log.watch("room", told.onChange);
  const { epoch } = channel;
  const next = told.next();
  await redis.kill();
  await redis.restart();
  await next;
  assertEquals([channel.head, channel.epoch === epoch], [0, false]);
  await appendMany(log, "room", 7);
  assertEquals(await resumes(log, epoch, [0, 1, 5, 6]), []);
});

for (const survives of [false, true]) {
  const whether = survives ? "that an instance survives" : "that no instance survives";
  test(
    `what an older file ${whether} does not hold is never another history under the old epoch`,
    async (redis, logs) => {
      const before = await logs.open();
      await appendMany(before.log, "room", 90);
      await redis.kill();
      await redis.keep();
      await redis.restart();
      await until(() => before.log.isAvailable, "it is back");
      await appendMany(before.log, "room", 10);
      const { epoch } = await before.log.watch("room", () => {});
      await redis.kill();
      if (!survives) await before.close();
      await redis.rollBack();
      await redis.restart();
      const after = await logs.open();
      await until(() => after.log.isAvailable, "it is open");
      await appendMany(after.log, "room", 30);
      assertEquals(offsetsOf(await readAll(after.log, "room")), upTo(120));
      assertEquals(await resumes(after.log, epoch, [89, 90, 91, 100, 110]), []);
      if (!survives) return;
      await until(() => before.log.isAvailable, "it is back");
      const channel = await before.log.watch("room", () => {});
      assertEquals([channel.head, channel.epoch === epoch], [120, false]);
    },
    "everything",
  );
}

test("keys that are gone within one life begin another history", async (redis, logs) => {
  const { log } = await logs.open();
  await appendMany(log, "room", 5);
  const channel = await log.watch("room", () => {});
  const { epoch } = channel;
  await redis.ask("DEL test:c:room test:e:room");
  const { offset } = await log.append("room", draft());
  assertEquals(offset, 1);
  await until(() => channel.head === 1, "the head is found");
  assert(channel.epoch !== epoch);
  assertEquals(await resumes(log, epoch, [1, 5]), []);
  await redis.ask("FLUSHALL");
  await channel.refresh();
  assertEquals(channel.head, 0);
  assertEquals((await log.append("room", draft())).offset, 1);
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

test("a link that is closed while its pulse is half heard waits for nothing", async (_, logs) => {
  const { link } = await logs.open();
  // What is said is answered, and not heard. A timer that is left fails the test.
  link.unsubscribe(`pulse:${link.instance}`);
  assertEquals(await link.call("PING"), "PONG");
});
