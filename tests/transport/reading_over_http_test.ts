import { assert, assertEquals } from "@std/assert";
import { until, within } from "../support/deadline.ts";
import { EventStreamClient } from "../support/event_stream_client.ts";
import { readMetrics } from "../support/metrics.ts";
import { descriptorCount } from "../support/process.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { assertStallIsBounded, publish48Megabytes } from "../support/stall.ts";

const KEY = "a-key-of-at-least-128-bits";
const METRICS_KEY = "a-metrics-key-of-the-test";

/** What a poll is answered with. */
interface Answer {
  readonly cursor: string;
  readonly more: boolean;
  // deno-lint-ignore no-explicit-any
  readonly events: readonly any[];
}

async function poll(
  { url }: TestServer,
  path: string,
  query: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const search = new URLSearchParams(query);
  const init = signal === undefined ? {} : { signal };
  const response = await within(fetch(new URL(`/poll/${path}?${search}`, url), init), "an answer");
  assertEquals(response.status, 200);
  return await response.json();
}

async function say({ url }: TestServer, body: string): Promise<void> {
  const response = await fetch(new URL("/messages/writer", url), {
    method: "POST",
    headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "text/plain" },
    body,
  });
  assertEquals(response.status, 201);
  await response.body?.cancel();
}

/** How many places are taken: a look that takes none, as a poll would for as long as it is answered. */
async function places({ url }: TestServer): Promise<number> {
  const headers = { Authorization: `Bearer ${METRICS_KEY}` };
  const response = await fetch(new URL("/metrics", url), { headers });
  return [...readMetrics(await response.text())]
    .filter(([name]) => name.startsWith("natter_connections{"))
    .reduce((sum, [, value]) => sum + value, 0);
}

/** Whether there is no place for a poll. */
async function isFull({ url }: TestServer): Promise<boolean> {
  const response = await fetch(new URL("/poll/other?wait=0", url));
  await response.body?.cancel();
  return response.status === 503;
}

Deno.test("an event leaves at once, whatever encodings the client would take", async () => {
  await using server = await startServer();
  using stream = await EventStreamClient.open(server.url, "/events/bob", {
    "Accept-Encoding": "gzip, br, deflate",
  });
  assertEquals(stream.response.headers.get("Content-Encoding"), null);
  assertEquals((await stream.nextOf("joined")).room, "lobby");
  for (const body of ["one", "two"]) {
    await say(server, body);
    assertEquals((await stream.nextOf("message")).body, body);
  }
});

Deno.test("a held poll is answered by the message that it waited for", async () => {
  await using server = await startServer();
  const { cursor } = await poll(server, "bob", { wait: "0" });
  const held = poll(server, "bob", { cursor });
  // Held or not yet, it gets what comes.
  await say(server, "hi");
  assertEquals((await held).events.map(({ body }) => body), ["hi"]);
});

Deno.test("a poll or a stream that its client has left frees its place and its descriptor", async () => {
  await using server = await startServer({ CONNECTIONS_MAX: "1", METRICS_KEY });
  const { pid } = server.process;
  const { cursor } = await poll(server, "bob", { wait: "0" });
  const descriptors = await descriptorCount(pid);
  const taken = (count: number) => async () => await places(server) === count;
  for (let times = 0; times < 3; times++) {
    await until(taken(0), "the place is free");
    const abort = new AbortController();
    const held = poll(server, "bob", { cursor }, abort.signal).catch(() => "abandoned");
    await until(taken(1), "the poll is held");
    assert(await isFull(server));
    abort.abort();
    assertEquals(await held, "abandoned");
    await until(taken(0), "the poll is forgotten");
    using _stream = await EventStreamClient.open(server.url, "/events/bob");
    assert(await isFull(server));
    _stream[Symbol.dispose]();
    await until(taken(0), "the stream is forgotten");
  }
  await until(
    async () => await descriptorCount(pid) <= descriptors + 2,
    "the descriptors are given back",
  );
});

Deno.test("a stream that takes nothing keeps its place until its connection has gone", async () => {
  await using server = await startServer({
    CONNECTIONS_MAX: "2",
    METRICS_KEY,
    STALL_SECONDS: "1",
    SEND_BUFFER_BYTES_MAX: "65536",
    MESSAGES_PER_SECOND: "0",
    BODY_BYTES_MAX: "65536",
  });
  const users = async () => {
    const response = await fetch(new URL("/api/rooms/lobby/users", server.url));
    return (await response.json()).users.includes("slow");
  };
  const stream = await EventStreamClient.open(server.url, "/events/slow");
  await until(users, "the reader is there");
  await until(async () => {
    // Several at once: the kernel's buffers take megabytes.
    await Promise.all(Array.from({ length: 8 }, () => say(server, "x".repeat(65_000))));
    return !await users();
  }, "the reader is closed");
  // What the runtime holds for it is on its way still: one more connection is all that there is room for.
  const { cursor } = await poll(server, "bob", { wait: "0", room: "silent" });
  await until(async () => await places(server) === 1, "the poll is answered");
  const abort = new AbortController();
  const held = poll(server, "bob", { cursor, room: "silent" }, abort.signal).catch(() => {});
  await until(async () => await places(server) === 2, "the poll is held");
  assert(await isFull(server));
  stream[Symbol.dispose]();
  await until(async () => !await isFull(server), "its place is free");
  abort.abort();
  await held;
});

Deno.test("SIGTERM answers held polls, ends streams with 4000, and ends in time", async () => {
  await using server = await startServer({ DRAIN_SECONDS: "20", METRICS_KEY });
  const { cursor } = await poll(server, "bob", { wait: "0" });
  await until(async () => await places(server) === 0, "the short poll has gone");
  const held = poll(server, "bob", { cursor });
  using stream = await EventStreamClient.open(server.url, "/events/carol");
  await until(async () => await places(server) === 2, "both are there");
  server.process.kill("SIGTERM");
  const [reconnect] = (await held).events;
  assertEquals([reconnect.type, typeof reconnect.afterMs], ["reconnect", "number"]);
  assertEquals(typeof (await stream.nextOf("reconnect")).afterMs, "number");
  const { code, reason } = await stream.nextOf("close");
  assertEquals([code, reason, await stream.next()], [4000, "drain", undefined]);
  const ended = performance.now();
  assertEquals((await within(server.process.status, "the process ends")).code, 0);
  assert(performance.now() - ended < 15_000, "nothing held the end up to its deadline");
});

Deno.test("SIGTERM ends a server with a stream that nobody reads", async () => {
  await using server = await startServer({ DRAIN_SECONDS: "1", MESSAGES_PER_SECOND: "0" });
  using _stalled = await EventStreamClient.open(server.url, "/events/stalled");
  for (let i = 0; i < 200; i++) await say(server, "x".repeat(8000));
  server.process.kill("SIGTERM");
  assertEquals((await within(server.process.status, "the process ends")).code, 0);
});

for (const [what, retained] of [["all of them", 100_000], ["one exact gap", 1000]] as const) {
  Deno.test(`a stream woken after 48 MB have gone by receives ${what}, in order`, async () => {
    await using server = await startServer({
      MESSAGES_PER_SECOND: "0",
      STALL_SECONDS: "3600",
      HISTORY_MESSAGES_MAX: `${retained}`,
    });
    using slow = await EventStreamClient.open(server.url, "/events/slow");
    await publish48Megabytes(server);
    let next = 1, gaps = 0;
    while (next <= 6000) {
      const event = await slow.next();
      assert(event !== undefined, "the stream ended");
      const { type, data, id } = event;
      if (type === "gap") {
        gaps++;
        assertEquals([data.from, data.to], [next, 6000 - retained]);
        next = data.to + 1;
      } else if (type === "message") {
        assertEquals([data.offset, Number(id.split(":").at(-1))], [next, next]);
        next++;
      }
    }
    assertEquals(gaps, retained < 6000 ? 1 : 0);
  });
}

Deno.test("a stalled stream with 48 MB going past it costs at most its send buffer and 8 MB", async () => {
  await assertStallIsBounded(({ url }) => EventStreamClient.open(url, "/events/slow"));
});
