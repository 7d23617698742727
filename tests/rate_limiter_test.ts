import { assert, assertEquals } from "@std/assert";
import { RATE_LIMITER_KEYS_MAX } from "../lib/limits.ts";
import { RateLimiter } from "../lib/rate_limiter.ts";

function createLimiter(perSecond: number, burst: number) {
  const clock = { now: 1_000 };
  return { clock, limiter: new RateLimiter({ perSecond, burst, now: () => clock.now }) };
}

Deno.test("a full bucket gives its burst at once, and then says how long to wait", () => {
  const { limiter } = createLimiter(10, 3);
  assertEquals([1, 2, 3, 4].map(() => limiter.take("alice")), [0, 0, 0, 100]);
});

Deno.test("a token comes back after its interval, not before", () => {
  const { limiter, clock } = createLimiter(10, 1);
  assertEquals(limiter.take("alice"), 0);
  clock.now += 99;
  assertEquals(limiter.take("alice"), 1);
  clock.now += 1;
  assertEquals(limiter.take("alice"), 0);
});

Deno.test("a refusal costs nothing, and a long rest fills the bucket no further than its burst", () => {
  const { limiter, clock } = createLimiter(10, 2);
  for (let i = 0; i < 50; i++) limiter.take("alice");
  clock.now += 60_000;
  assertEquals([1, 2, 3].map(() => limiter.take("alice") > 0), [false, false, true]);
});

Deno.test("one key's debt is not another's", () => {
  const { limiter } = createLimiter(10, 1);
  assertEquals(limiter.take("alice"), 0);
  assertEquals(limiter.take("bob"), 0);
  assert(limiter.take("alice") > 0);
});

Deno.test("a rate of 0 is no limit, and nothing is remembered", () => {
  const { limiter } = createLimiter(0, 1);
  for (let i = 0; i < 100; i++) assertEquals(limiter.take("alice"), 0);
  assertEquals(limiter.size, 0);
});

Deno.test("keys whose bucket is full again are forgotten", () => {
  const { limiter, clock } = createLimiter(10, 1);
  for (let i = 0; i < 100_000; i++) {
    limiter.take(`user ${i}`);
    clock.now += 1;
  }
  assert(limiter.size <= 1025, `remembers ${limiter.size}`);
});

Deno.test("the number of keys in debt is bounded, and the newest are kept", () => {
  const { limiter } = createLimiter(0.001, 1);
  for (let i = 0; i < RATE_LIMITER_KEYS_MAX + 50_000; i++) limiter.take(`user ${i}`);
  assert(limiter.size <= RATE_LIMITER_KEYS_MAX + 1, `remembers ${limiter.size}`);
  assert(limiter.take(`user ${RATE_LIMITER_KEYS_MAX + 49_999}`) > 0);
});
