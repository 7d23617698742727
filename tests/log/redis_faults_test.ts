import { assert, assertEquals, assertRejects } from "@std/assert";
import { HISTORY_PAGE_MAX, RING_ENTRIES_MAX } from "../../lib/limits.ts";
import { type Channel, UnavailableError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { offsetsOf, test, upTo } from "./redis_support.ts";
import { appendMany, draft, readAll } from "./support.ts";

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

test("a link that is closed while its pulse is half heard waits for nothing", async (_, logs) => {
  const { link } = await logs.open();
  // What is said is answered, and not heard. A timer that is left fails the test.
  link.unsubscribe(`pulse:${link.instance}`);
  assertEquals(await link.call("PING"), "PONG");
});
