import { assertEquals } from "@std/assert";
import { figuresOfRedis, parseCounts } from "./redis_counts.ts";

const INFO = `# Memory\r
used_memory:1048576\r
used_memory_rss:9999999\r
# Stats\r
total_net_input_bytes:5000\r
total_net_output_bytes:7000\r
# Commandstats\r
cmdstat_publish:calls=900,usec=1,usec_per_call=1.00,rejected_calls=0,failed_calls=0\r
cmdstat_evalsha:calls=120,usec=48000,usec_per_call=400.00,rejected_calls=0,failed_calls=1\r
cmdstat_eval:calls=2,usec=2000,usec_per_call=1000.00,rejected_calls=0,failed_calls=0\r
cmdstat_hset:calls=5000,usec=5000,usec_per_call=1.00,rejected_calls=0,failed_calls=0\r
cmdstat_subscribe:calls=3,usec=9,usec_per_call=3.00,rejected_calls=0,failed_calls=0\r
`;

Deno.test("of what Redis counts, what scripts call is no round trip", () => {
  assertEquals(parseCounts(INFO), {
    calls: 125,
    scripts: 122,
    scriptMicros: 50_000,
    inBytes: 5000,
    outBytes: 7000,
    usedBytes: 1_048_576,
  });
});

Deno.test("a command that was never called counts nothing", () => {
  assertEquals(parseCounts("# Commandstats\r\n").calls, 0);
});

Deno.test("the figures are of an interval, for each of its messages, and pulses are round trips", () => {
  const before = parseCounts(INFO);
  const after = {
    calls: before.calls + 245,
    scripts: before.scripts + 250,
    scriptMicros: before.scriptMicros + 100_000,
    inBytes: before.inBytes + 250_000,
    outBytes: before.outBytes + 1_000_000,
    usedBytes: before.usedBytes + 2_000_000,
  };
  const figures = figuresOfRedis(before, after, { messages: 5000, seconds: 2.5, instances: 2 });
  assertEquals(figures.roundTripsPerMessage, 0.05);
  assertEquals(figures.messagesPerScript, 20);
  assertEquals(figures.scriptMicros, 400);
  assertEquals(figures.inBytesPerMessage, 50);
  assertEquals(figures.outBytesPerMessage, 200);
  assertEquals(figures.storedBytesPerMessage, 400);
});

Deno.test("an interval without a message has no figures of one", () => {
  const counts = parseCounts(INFO);
  assertEquals(figuresOfRedis(counts, counts, { messages: 0, seconds: 1, instances: 1 }), {});
});
