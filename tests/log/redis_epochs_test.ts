import { assert, assertEquals } from "@std/assert";
import type { Log } from "../../lib/log/log.ts";
import { until } from "../support/deadline.ts";
import { offsetsOf, test, upTo } from "./redis_support.ts";
import { appendMany, draft, readAll, Told } from "./support.ts";

async function resumes(log: Log, epoch: string, offsets: readonly number[]): Promise<number[]> {
  const channel = await log.watch("room", () => {});
  const found = offsets.filter((offset) => channel.canResume(epoch, offset));
  channel.close();
  return found;
}

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
