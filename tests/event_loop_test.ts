import { assertEquals } from "@std/assert";
import { watchEventLoop } from "../lib/event_loop.ts";
import { EVENT_LOOP_SAMPLE_MS } from "../lib/limits.ts";

Deno.test("the delay of the event loop is how late each alarm rings", () => {
  let now = 0, ring = () => {};
  const delays = watchEventLoop({
    now: () => now,
    after(ms, call) {
      assertEquals(ms, EVENT_LOOP_SAMPLE_MS);
      ring = call;
      return () => {};
    },
  });
  for (const lateMs of [0, 1, 30, 5000]) {
    now += EVENT_LOOP_SAMPLE_MS + lateMs;
    ring();
  }
  assertEquals(delays.total, 4);
  assertEquals(delays.counts, [2, 0, 0, 0, 1, 0, 0, 0, 1]);
  assertEquals(Math.round(delays.sum * 1000), 5031);
});
