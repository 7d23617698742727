import { assertEquals } from "@std/assert";
import { Expiry } from "../../lib/chat/expiry.ts";
import { FakeClock } from "../support/fake_clock.ts";

function createExpiry() {
  const clock = new FakeClock();
  const expired: string[] = [];
  const expiry = new Expiry<string>(clock, (thing) => expired.push(thing));
  const inMs = (ms: number) => clock.wallNow() + ms;
  return { clock, expired, expiry, inMs };
}

Deno.test("what expires is told once, at most a second late and never early", async () => {
  const { clock, expired, expiry, inMs } = createExpiry();
  for (const ms of [999, 1000, 1001, 1500, 5000]) expiry.set(`${ms}`, inMs(ms));
  await clock.advance(998);
  assertEquals(expired, []);
  await clock.advance(2);
  assertEquals(expired, ["999", "1000"]);
  await clock.advance(1000);
  assertEquals(expired, ["999", "1000", "1001", "1500"]);
  await clock.advance(1_000_000);
  assertEquals(expired, ["999", "1000", "1001", "1500", "5000"]);
});

Deno.test("what has expired already is told with the next look", async () => {
  const { clock, expired, expiry, inMs } = createExpiry();
  expiry.set("a", inMs(-5000));
  assertEquals(expired, [], "never while it is set");
  await clock.advance(1000);
  assertEquals(expired, ["a"]);
});

Deno.test("the last time that was said counts, sooner or later, or never", async () => {
  const { clock, expired, expiry, inMs } = createExpiry();
  expiry.set("later", inMs(2000));
  expiry.set("sooner", inMs(9000));
  expiry.set("never", inMs(2000));
  expiry.set("forgotten", inMs(2000));
  expiry.set("later", inMs(9000));
  expiry.set("sooner", inMs(2000));
  expiry.set("never", undefined);
  expiry.forget("forgotten");
  await clock.advance(8000);
  assertEquals([expired, expiry.size], [["sooner"], 1]);
  await clock.advance(1000);
  assertEquals([expired, expiry.size], [["sooner", "later"], 0]);
});

Deno.test("one alarm is set for all, and none while there is nothing to watch", async () => {
  const { clock, expiry, inMs } = createExpiry();
  expiry.set("never", undefined);
  assertEquals(clock.alarmCount, 0);
  for (let i = 0; i < 100; i++) expiry.set(`${i}`, inMs(1500));
  assertEquals(clock.alarmCount, 1);
  await clock.advance(2000);
  assertEquals([expiry.size, clock.alarmCount], [0, 0]);
  expiry.set("a", inMs(1));
  expiry.forget("a");
  await clock.advance(1000);
  assertEquals(clock.alarmCount, 0);
  expiry.set("b", inMs(1));
  assertEquals(clock.alarmCount, 1, "it begins anew");
});

Deno.test("whoever is told may set and forget others", async () => {
  const clock = new FakeClock();
  const expired: string[] = [];
  const expiry = new Expiry<string>(clock, (thing) => {
    expired.push(thing);
    expiry.forget("b");
    expiry.set("c", clock.wallNow() + 1000);
  });
  for (const thing of ["a", "b"]) expiry.set(thing, clock.wallNow() + 500);
  await clock.advance(1000);
  assertEquals([expired, expiry.size], [["a"], 1]);
  expiry.forget("c");
  await clock.advance(1000);
  assertEquals([expired, clock.alarmCount], [["a"], 0]);
});
