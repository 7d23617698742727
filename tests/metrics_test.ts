import { assert, assertEquals } from "@std/assert";
import { Client } from "./support/client.ts";
import { until, within } from "./support/deadline.ts";
import { EventStreamClient } from "./support/event_stream_client.ts";
import { readMetrics } from "./support/metrics.ts";
import { startServer, TRANSPORT } from "./support/server.ts";

const METRICS_KEY = "a-metrics-key-of-the-test";
const ECHO = 'natter_connections{transport="%",protocol="echo"}'.replace("%", TRANSPORT);

Deno.test("traffic, connections and closes of real sockets and streams are counted", async () => {
  await using server = await startServer({ METRICS_KEY });
  const headers = { "Authorization": `Bearer ${METRICS_KEY}` };
  const metrics = async () => {
    const response = await fetch(new URL("metrics", server.url), { headers });
    return readMetrics(await response.text());
  };
  const of = (name: string, transport: string = TRANSPORT) => `${name}{transport="${transport}"}`;

  const before = await metrics();
  await using echo = await Client.open(server.url, "/ws");
  // Headers of 2, 4 and 10 bytes to the client, and a mask of 4 more from it.
  const texts = ["x".repeat(125), "世".repeat(100), "x".repeat(65_536)];
  for (const text of texts) {
    echo.send(text);
    assertEquals(await echo.next(), text);
  }
  const after = await metrics();
  const grown = (name: string) => after.get(name)! - before.get(name)!;
  assertEquals(grown(of("natter_sent_frames_total")), 3);
  assertEquals(grown(of("natter_sent_bytes_total")), 127 + 304 + 65_546);
  assertEquals(grown(of("natter_received_frames_total")), 3);
  assertEquals(grown(of("natter_received_bytes_total")), 127 + 304 + 65_546 + 12);
  assertEquals(after.get(ECHO), 1);

  using stream = await EventStreamClient.open(server.url, "/events/reader");
  await stream.next();
  assert((await metrics()).get(of("natter_sent_bytes_total", "events"))! > 100);

  echo.send("x".repeat(65_537));
  assertEquals((await within(echo.closed, "the end")).code, 1009);
  const code = `natter_closes_total{transport="${TRANSPORT}",code="1009"}`;
  assertEquals((await metrics()).get(code), 1);
  await until(async () => (await metrics()).get(ECHO) === 0, "the socket is gone");
  assert((await metrics()).get("process_resident_memory_bytes")! > 1e7);
  assert((await metrics()).get("process_cpu_seconds_total")! > 0.01);
  const isLookedAt = async () =>
    (await metrics()).get("natter_event_loop_delay_seconds_count")! > 0;
  await until(isLookedAt, "the event loop is looked at");
});

Deno.test("many scrapes at once are answered alike, and a chat goes on beside them", async () => {
  await using server = await startServer({ METRICS_KEY, MESSAGES_PER_SECOND: "0" });
  await using alice = await Client.open(server.url, "/ws/alice");
  await using bob = await Client.open(server.url, "/ws/bob");
  const headers = { "Authorization": `Bearer ${METRICS_KEY}` };
  const scrapes = Array.from({ length: 50 }, async (_, i) => {
    alice.send(`${i}`);
    return await (await fetch(new URL("metrics", server.url), { headers })).text();
  });
  for (let i = 0; i < 50; i++) assertEquals(JSON.parse(await bob.next() as string).msg, `${i}`);
  const names = (await Promise.all(scrapes)).map((text) => [...readMetrics(text).keys()].join());
  assertEquals(new Set(names).size, 1);
  const last = await (await fetch(new URL("metrics", server.url), { headers })).text();
  assertEquals(readMetrics(last).get('natter_messages_total{kind="room"}'), 50);
});
