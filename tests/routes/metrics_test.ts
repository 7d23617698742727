import { assert, assertEquals, assertMatch } from "@std/assert";
import { createTestApp, type TestApp } from "../support/app.ts";
import { readMetrics } from "../support/metrics.ts";

const METRICS_KEY = "a-metrics-key-of-the-test", API_KEY = "an-api-key-of-the-test-too";
const AS_SCRAPER = { headers: { "Authorization": `Bearer ${METRICS_KEY}` } };

async function metricsOf(app: TestApp) {
  const response = await app.request("/metrics", AS_SCRAPER);
  return readMetrics(await response.text());
}

Deno.test("the metrics are for whoever has a key of the operator's, and else not there", async () => {
  const table: readonly (readonly [env: Record<string, string>, key: string, status: number])[] = [
    [{}, "", 404],
    [{}, METRICS_KEY, 404],
    [{ METRICS_KEY }, "", 401],
    [{ METRICS_KEY }, METRICS_KEY.slice(1), 401],
    [{ METRICS_KEY }, METRICS_KEY, 200],
    [{ API_KEY }, API_KEY, 200],
    [{ API_KEY, METRICS_KEY }, API_KEY, 200],
    [{ API_KEY, METRICS_KEY }, METRICS_KEY, 200],
  ];
  for (const [env, key, status] of table) {
    const app = await createTestApp(env);
    const headers = key === "" ? {} : { "Authorization": `Bearer ${key}` };
    const response = await app.request("/metrics", { headers });
    assertEquals(response.status, status, JSON.stringify([env, key]));
    assertEquals(response.headers.get("Cache-Control"), "no-store");
    await response.text();
  }
});

Deno.test("the key of the metrics opens nothing else, and pages of other sites get nothing", async () => {
  const app = await createTestApp({ API_KEY, METRICS_KEY });
  assertEquals((await app.request("/api/rooms", AS_SCRAPER)).status, 401);
  const headers = { ...AS_SCRAPER.headers, "Origin": "https://evil.example" };
  assertEquals((await app.request("/metrics", { headers })).status, 403);
});

Deno.test("the metrics come in Prometheus' text format, and HEAD tells their length", async () => {
  const app = await createTestApp({ METRICS_KEY });
  const response = await app.request("/metrics", AS_SCRAPER);
  assertEquals(response.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  assertEquals(Number(response.headers.get("Content-Length")), text.length);
  assertMatch(text, /^# HELP natter_connections .+\n# TYPE natter_connections gauge\n/);
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  for (const [, name, type] of families) {
    assertMatch(name!, /^(natter|process)_[a-z_]+$/);
    assertEquals(name!.endsWith("_total"), type === "counter", name);
  }
  const head = await app.request("/metrics", { method: "HEAD", ...AS_SCRAPER });
  assertEquals([head.status, await head.text()], [200, ""]);
  assertMatch(head.headers.get("Content-Length")!, /^\d{4,}$/);
});

Deno.test("what happens in the chat is counted", async () => {
  const app = await createTestApp({ METRICS_KEY, MESSAGES_BURST: "3", CLAIMS_PER_MINUTE: "0" });
  const alice = await app.connect("/ws/alice?room=builds", "alices-key-of-the-test-01");
  await app.connect("/ws/bob?room=builds", "bobs-key-of-the-test-0123");
  const say = (more: Record<string, unknown>) => alice.command({ type: "message", ...more });
  say({ room: "builds", body: "one", ref: "1" });
  say({ room: "builds", body: "one", ref: "1" });
  say({ to: "bob", body: "two" });
  await app.testChat.clock.settle();
  say({ room: "builds", body: "too fast" });
  alice.receive("no command");
  await app.testChat.clock.settle();
  const poll = await app.request("/poll/carol?room=builds&wait=0");
  const pollBytes = (await poll.bytes()).length;

  const metrics = await metricsOf(app);
  const expected: Readonly<Record<string, number>> = {
    'natter_connections{transport="serve",protocol="rich"}': 2,
    'natter_connections{transport="poll",protocol="rich"}': 1,
    'natter_connections_opened_total{transport="poll",protocol="rich"}': 1,
    "natter_users": 2,
    "natter_claims": 2,
    "natter_rooms": 1,
    "natter_inboxes": 2,
    'natter_messages_total{kind="room"}': 1,
    'natter_messages_total{kind="direct"}': 1,
    'natter_appends_total{outcome="duplicate"}': 1,
    // The message to alice, bob and carol, and both copies of the direct one.
    'natter_deliveries_total{protocol="rich"}': 5,
    'natter_refusals_total{cause="rate_limited"}': 1,
    'natter_refusals_total{cause="bad_json"}': 1,
    'natter_sent_frames_total{transport="poll"}': 1,
    'natter_sent_bytes_total{transport="poll"}': pollBytes,
    "natter_store_up": 1,
    "natter_ready": 1,
    "natter_waiting_readers": 0,
    "process_resident_memory_bytes": 4,
  };
  for (const [name, value] of Object.entries(expected)) {
    assertEquals(metrics.get(name), value, name);
  }
  app.complete();
  const later = await metricsOf(app);
  assertEquals(later.get('natter_connections{transport="poll",protocol="rich"}'), 0);
  assertEquals(later.get('natter_connections_opened_total{transport="poll",protocol="rich"}'), 1);
});

Deno.test("what plain readers get and readers that wait are counted", async () => {
  const app = await createTestApp({
    METRICS_KEY,
    MESSAGES_PER_SECOND: "0",
    SEND_BUFFER_BYTES_MAX: "1024",
  });
  const { testChat } = app;
  const bob = await testChat.plain("bob");
  const slow = await testChat.rich("slow");
  slow.reads = false;
  slow.unsentBytes = 2000;
  const alice = await testChat.plain("alice");
  for (let i = 0; i < 3; i++) {
    alice.receive("x".repeat(50));
    await testChat.clock.settle();
  }
  const metrics = await metricsOf(app);
  assertEquals(metrics.get('natter_deliveries_total{protocol="plain"}'), bob.messages().length);
  assertEquals(metrics.get("natter_waiting_readers"), 1);
});

Deno.test("histograms add up, and a scrape changes nothing", async () => {
  const app = await createTestApp({ METRICS_KEY });
  const alice = await app.testChat.rich("alice");
  for (let i = 0; i < 7; i++) alice.command({ type: "message", room: "lobby", body: `${i}` });
  await app.testChat.clock.settle();
  await app.testChat.clock.advance(1000); // presence is told a little later
  const [first, second] = [await metricsOf(app), await metricsOf(app)];
  for (const name of ["natter_frame_entries", "natter_flush_seconds", "natter_append_seconds"]) {
    const buckets = [...first].filter(([key]) => key.startsWith(`${name}_bucket`));
    const values = buckets.map(([, value]) => value);
    assertEquals(values, values.toSorted((a, b) => a - b), "each holds those before it");
    assertEquals(buckets.at(-1)![0], `${name}_bucket{le="+Inf"}`);
    assertEquals(values.at(-1), first.get(`${name}_count`));
    assert(values.at(-1)! > 0, name);
  }
  assertEquals(first.get("natter_frame_entries_sum"), 7);
  assertEquals([...first], [...second]);
});

Deno.test("no label has a value of a client's", async () => {
  const app = await createTestApp({ METRICS_KEY });
  const before = [...(await metricsOf(app)).keys()];
  await app.connect("/ws/mallory?room=elsewhere");
  await app.request("/poll/mallory2?room=evil&wait=0");
  await app.request("/nowhere/at-all");
  await app.request("/ws/%00");
  const after = [...(await metricsOf(app)).keys()];
  assertEquals(after, before);
});
