import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Client } from "../support/client.ts";
import { until, within } from "../support/deadline.ts";
import { RawClient } from "../support/raw_client.ts";
import { RichClient } from "../support/rich_client.ts";
import { spawnServer, startServer } from "../support/server.ts";
import { assertStallIsBounded, publish48Megabytes } from "../support/stall.ts";
import { TemporaryDatabase } from "../support/temporary_database.ts";

const KEY = "a-key-of-at-least-128-bits";

/** However long a machine takes to publish 48 MB, a reader that reads nothing meanwhile stays. */
const PATIENT = { STALL_SECONDS: "3600", PING_SECONDS: "3600" };

Deno.test("the rich protocol over a real socket: selected, never echoing the key", async () => {
  await using server = await startServer();
  const alice = await RichClient.open(server.url, "/ws/Alice?room=Kitchen", KEY);
  assertEquals(alice.client.socket.protocol, "natter.v1");
  assertEquals((await alice.next("welcome")).username, "Alice");
  assertEquals((await alice.next("joined")).room, "@Alice");
  assertEquals((await alice.next("joined")).room, "kitchen");
  alice.send({ type: "message", room: "kitchen", body: "hi", ref: "r" });
  assertEquals((await alice.next("ack")).offset, 1);
  assertEquals((await alice.next("message")).body, "hi");
  await alice.client[Symbol.asyncDispose]();
  assertEquals(server.log.filter((line) => line.includes(KEY)), []);
});

Deno.test("a malformed key is refused with 4502, a taken name with 4501", async () => {
  await using server = await startServer();
  await using alice = await RichClient.open(server.url, "/ws/alice", KEY);
  // A socket is open before its key is known.
  await alice.next("welcome");
  await using tab = await Client.open(server.url, "/ws/alice", [
    "natter.plain",
    `natter.auth.${KEY}`,
  ]);
  assertEquals(tab.socket.protocol, "natter.plain");
  for (const [key, code] of [["short", 4502], [KEY.toUpperCase(), 4501]] as const) {
    const client = await Client.open(server.url, "/ws/alice", ["natter.v1", `natter.auth.${key}`]);
    assertEquals((await within(client.closed, "the end")).code, code);
  }
});

Deno.test("a key may come as a bearer token too", async () => {
  await using server = await startServer();
  const headers = { headers: { "Authorization": `Bearer ${KEY}` } };
  using first = await RawClient.open(server.port, "/ws/alice", {
    ...headers,
    subprotocols: ["natter.v1"],
  });
  using second = await RawClient.open(server.port, "/ws/alice", {
    ...headers,
    subprotocols: ["natter.v1"],
  });
  for (const client of [first, second]) {
    const event = await client.next();
    assert(event.type === "text");
    assertEquals(JSON.parse(event.text)[0].type, "welcome");
    await client.sendClose();
  }
});

Deno.test("what was acknowledged before kill -9 is there after it, each once, and readers resume", async () => {
  using database = new TemporaryDatabase();
  const env = { DATABASE: database.name, MESSAGES_PER_SECOND: "0" };
  const acknowledged = new Map<string, number>();
  let position: string | undefined;
  const received: number[] = [];
  {
    await using server = await startServer(env);
    const reader = await RichClient.open(server.url, "/ws/reader", "b".repeat(22));
    const { epoch } = await reader.next("joined").then(() => reader.next("joined"));
    const writers = await Promise.all(
      Array.from(
        { length: 8 },
        (_, i) => RichClient.open(server.url, `/ws/w${i}`, `${i}`.repeat(22)),
      ),
    );
    let sent = 0;
    const storm = writers.map(async (writer, i) => {
      try {
        for (let n = 0;; n++) {
          const ref = `writer ${i} message ${n}`;
          writer.send({ type: "message", room: "lobby", body: ref, ref });
          sent++;
          if (n % 20 === 19) {
            for (let k = 0; k < 20; k++) {
              const ack = await writer.next("ack");
              acknowledged.set(ack.ref, ack.offset);
            }
          }
        }
      } catch { /* the server is gone */ }
    });
    // The reader stops in the middle of it all.
    while (received.length < 300) received.push((await reader.next("message")).offset);
    position = `${epoch}:${received.at(-1)}`;
    await until(() => acknowledged.size > 1000, "a thousand acknowledged messages");
    server.process.kill("SIGKILL");
    await within(Promise.all(storm), "the writers notice");
    await within(reader.client.closed, "the reader notices");
    assert(sent > acknowledged.size);
  }

  await using server = await startServer(env);
  const reader = await RichClient.open(
    server.url,
    `/ws/reader?cursor=${encodeURIComponent(`lobby=${position}`)}`,
    "b".repeat(22),
  );
  const joined = await reader.next("joined").then(() => reader.next("joined"));
  assertEquals([joined.recovered, joined.offset], [true, received.at(-1)]);
  const bodies = new Map<number, string>();
  while (received.at(-1)! < joined.head) {
    const { offset, body } = await reader.next("message");
    received.push(offset);
    bodies.set(offset, body);
  }
  assertEquals(
    received,
    Array.from({ length: joined.head }, (_, i) => i + 1),
    "no hole, nothing twice",
  );
  for (const [ref, offset] of acknowledged) {
    if (bodies.has(offset)) assertEquals(bodies.get(offset), ref);
    else assert(offset <= 300, `${ref} was acknowledged and is gone`);
  }
  assertEquals(new Set(bodies.values()).size, bodies.size);

  // A client that did not hear its acknowledgement sends again under the same ref.
  const writer = await RichClient.open(server.url, "/ws/w0", "0".repeat(22));
  const own = [...acknowledged].find(([ref]) => ref.startsWith("writer 0 "))!;
  writer.send({ type: "message", room: "lobby", body: own[0], ref: own[0] });
  const ack = await writer.next("ack");
  assertEquals([ack.duplicate, ack.offset], [true, own[1]]);
  for (const { client } of [reader, writer]) await client[Symbol.asyncDispose]();
});

Deno.test("an orderly end keeps everything, and says no more than it is", async () => {
  using database = new TemporaryDatabase();
  const env = { DATABASE: database.name };
  {
    await using server = await startServer(env);
    const alice = await RichClient.open(server.url, "/ws/alice", KEY);
    alice.send({ type: "message", room: "lobby", body: "kept", ref: "r" });
    await alice.next("ack");
    server.process.kill("SIGTERM");
    assertEquals((await within(alice.client.closed, "the drain")).code, 4000);
    assertEquals((await within(server.process.status, "the process ends")).code, 0);
  }
  await using server = await startServer(env);
  const bob = await RichClient.open(server.url, "/ws/bob", KEY);
  assertEquals((await bob.next("message")).body, "kept");
  await bob.client[Symbol.asyncDispose]();
});

Deno.test("a database in use stops the start with one line and exit code 1", async () => {
  using database = new TemporaryDatabase();
  await using _server = await startServer({ DATABASE: database.name });
  const second = spawnServer({ HOST: "127.0.0.1", PORT: "0", DATABASE: database.name });
  const { code, stdout, stderr } = await within(second.output(), "the process ends");
  const text = new TextDecoder().decode(stderr);
  assertEquals([code, stdout.length, text.trim().split("\n").length], [1, 0, 1]);
  assertStringIncludes(text, database.name);
});

Deno.test("a reader woken after 48 MB have gone by receives every entry in order", async () => {
  await using server = await startServer({ MESSAGES_PER_SECOND: "0", ...PATIENT });
  using slow = await RawClient.open(server.port, "/ws/slow", { subprotocols: ["natter.v1"] });
  await publish48Megabytes(server);
  let next = 1;
  while (next <= 6000) {
    const event = await slow.next();
    if (event.type === "ping") continue;
    assert(event.type === "text", event.type);
    for (const entry of JSON.parse(event.text)) {
      assert(entry.type !== "gap");
      if (entry.type === "message") assertEquals(entry.offset, next++);
    }
  }
  await slow.sendClose();
});

Deno.test("a reader woken after its entries are gone gets one exact gap", async () => {
  await using server = await startServer({
    MESSAGES_PER_SECOND: "0",
    HISTORY_MESSAGES_MAX: "1000",
    ...PATIENT,
  });
  using slow = await RawClient.open(server.port, "/ws/slow", { subprotocols: ["natter.v1"] });
  await publish48Megabytes(server);
  const gaps: unknown[] = [];
  let next = 1;
  while (next <= 6000) {
    const event = await slow.next();
    if (event.type === "ping") continue;
    assert(event.type === "text", event.type);
    for (const entry of JSON.parse(event.text)) {
      if (entry.type === "gap") {
        gaps.push(entry);
        assertEquals([entry.from, entry.to], [next, 5000]);
        next = entry.to + 1;
      } else if (entry.type === "message") assertEquals(entry.offset, next++);
    }
  }
  assertEquals(gaps.length, 1);
  await slow.sendClose();
});

Deno.test("a reader stalled with 48 MB going past it costs at most its send buffer and 8 MB", async () => {
  await assertStallIsBounded(({ port }) =>
    RawClient.open(port, "/ws/slow", { subprotocols: ["natter.v1"] })
  );
});
