import { assert, assertEquals } from "@std/assert";
import { RECONNECTS_PER_SECOND } from "../lib/limits.ts";
import { Client } from "./support/client.ts";
import { until, within } from "./support/deadline.ts";
import { FaultProxy } from "./support/fault_proxy.ts";
import { RawClient } from "./support/raw_client.ts";
import { ask, head, RawHttp } from "./support/raw_http.ts";
import { TestRedis, testWithRedis } from "./support/redis.ts";
import { RichClient } from "./support/rich_client.ts";
import { startServer } from "./support/server.ts";
import { checkLog } from "./support/siege.ts";
import { openSilentPeer } from "./support/silent_peer.ts";
import { TemporaryDatabase } from "./support/temporary_database.ts";

const KEY = "a-key-of-at-least-128-bits";
const CLIENTS = 500;
const MESSAGES = ["Natter is listening", "Natter is draining"];

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal}: 500 clients are asked to come back evenly, then closed with 4000, and it ends with 0, though a peer does not answer`, async () => {
    await using server = await startServer({ CONNECTIONS_PER_IP_MAX: "0", DRAIN_SECONDS: "10" });
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, i) => {
        const client = await RichClient.open(server.url, `/ws/user${i}?room=room${i % 50}`);
        await client.next("joined");
        return client;
      }),
    );
    const others = [
      await Client.open(server.url, "/ws/plain"),
      await Client.open(server.url, "/ws"),
    ];
    using _silent = await openSilentPeer(server.port);
    server.process.kill(signal);
    const delays = await Promise.all(clients.map(async (client) => {
      const { afterMs } = await client.next("reconnect");
      assertEquals(await within(client.closed, "the end"), { code: 4000, reason: "drain" });
      return afterMs as number;
    }));
    for (const client of others) {
      assertEquals(await within(client.closed, "the end"), { code: 4000, reason: "drain" });
    }
    assertEquals((await within(server.process.status, "the process ends")).code, 0);
    delays.sort((a, b) => a - b);
    assertEquals(delays[0], 0);
    for (let from = 0; from <= delays.at(-1)!; from += 100) {
      const share = delays.filter((delay) => delay >= from && delay < from + 100).length;
      assert(share <= RECONNECTS_PER_SECOND / 10 + 1, `${share} in the 100 ms from ${from}`);
    }
    checkLog(server.log, [], MESSAGES);
  });
}

Deno.test("while it drains it is alive but not ready, and whoever comes is told to come back", async () => {
  await using server = await startServer({ DRAIN_SECONDS: "20" });
  const status = async (path: string) => (await ask(server.port, `GET /${path}`)).status;
  assertEquals([await status("healthz"), await status("readyz")], [200, 200]);
  using _silent = await openSilentPeer(server.port);
  server.process.kill("SIGTERM");
  await until(async () => await status("readyz") === 503, "it is not ready");
  assertEquals(await status("healthz"), 200);
  for (const subprotocols of [[], ["natter.v1"]]) {
    const late = await Client.open(server.url, "/ws/late", subprotocols);
    assertEquals((await within(late.closed, "the end")).code, 4000);
  }
});

Deno.test("what was sent before the signal is acknowledged, stored, and there after the next start", async () => {
  using database = new TemporaryDatabase();
  const env = { DATABASE: database.name, MESSAGES_PER_SECOND: "0" };
  const acknowledged: string[] = [];
  {
    await using server = await startServer(env);
    const alice = await RichClient.open(server.url, "/ws/alice", KEY);
    await alice.joined("lobby");
    const bob = await Client.open(server.url, "/ws/bob");
    for (let i = 0; i < 200; i++) {
      alice.send({ type: "message", room: "lobby", body: `rich ${i}`, ref: `${i}` });
      bob.send(`plain ${i}`);
    }
    // That it has begun to hear them is all that can be known without an answer.
    await alice.next("ack").then(({ ref }) => acknowledged.push(ref));
    server.process.kill("SIGTERM");
    while (true) {
      const event = await alice.next("ack").catch(() => undefined);
      if (event === undefined) break;
      acknowledged.push(event.ref);
    }
    assertEquals((await within(alice.closed, "the end")).code, 4000);
    assertEquals((await within(server.process.status, "the process ends")).code, 0);
  }
  await using server = await startServer({ ...env, HISTORY_ON_JOIN: "1000" });
  await using reader = await RichClient.open(server.url, "/ws/reader");
  const { head } = await reader.next("joined");
  const stored = new Set<string>();
  for (let i = 0; i < head; i++) stored.add((await reader.next("message")).body);
  assertEquals(stored.size, head, "each once");
  for (const ref of acknowledged) assert(stored.has(`rich ${ref}`), ref);
  assertEquals(acknowledged.length, [...stored].filter((body) => body.startsWith("rich")).length);
});

testWithRedis(
  "with Redis too what was said before the signal is acknowledged and delivered first",
  async () => {
    await using redis = await TestRedis.start();
    await using proxy = await FaultProxy.listen(redis.port);
    const REDIS_URL = proxy.url.replace("http", "redis");
    await using server = await startServer({ REDIS_URL, DRAIN_SECONDS: "20" });
    const alice = await RichClient.open(server.url, "/ws/alice", KEY);
    await alice.joined("lobby");
    const bob = await Client.open(server.url, "/ws/bob");
    while ((await within(alice.next("presence"), "bob is there")).userCount < 2);
    proxy.stall("down");
    alice.send({ type: "message", room: "lobby", body: "the last", ref: "r" });
    alice.send({ type: "ping" });
    await within(alice.next("pong"), "the message is heard");
    server.process.kill("SIGTERM");
    await within(alice.next("reconnect"), "it drains");
    proxy.heal();
    assertEquals((await within(alice.next("ack"), "it is acknowledged")).ref, "r");
    const delivered = await within(bob.nextMessage(), "it is delivered");
    assertEquals(delivered, { sender: "alice", msg: "the last" });
    assertEquals((await within(alice.closed, "the end")).code, 4000);
    assertEquals((await within(bob.closed, "the end")).code, 4000);
    assertEquals((await within(server.process.status, "the process ends")).code, 0);
  },
);

Deno.test("peers that read nothing, send half a request, or stall a body do not hold it up", async () => {
  await using server = await startServer({ DRAIN_SECONDS: "2", MESSAGES_PER_SECOND: "0" });
  const { port } = server;
  using _silent = await RawClient.open(port, "/ws/silent", { subprotocols: ["natter.v1"] });
  using _echo = await RawClient.open(port, "/ws");
  using half = await RawHttp.connect(port);
  await half.write("GET /healthz HTTP/1.1\r\nHost");
  using body = await RawHttp.connect(port);
  await body.write(
    head("POST /messages/a", ["Host: a", "Content-Type: text/plain", "Content-Length: 9"]),
  );
  using idle = await RawHttp.connect(port);
  await idle.write(head("GET /healthz", ["Host: a"]));
  assertEquals(await idle.status(), 200);
  const writer = await RichClient.open(server.url, "/ws/writer?room=aside", KEY);
  writer.send({ type: "join", room: "lobby" });
  await writer.joined("lobby");
  const text = "x".repeat(8000);
  for (let i = 0; i < 500; i++) {
    writer.send({ type: "message", room: "lobby", body: text, ref: `${i}` });
  }
  for (let i = 0; i < 500; i++) await writer.next("ack");
  server.process.kill("SIGTERM");
  assertEquals((await within(writer.closed, "the end")).code, 4000);
  assertEquals((await within(server.process.status, "the process ends")).code, 0);
});

Deno.test("a second signal ends at once, with another code", async () => {
  for (
    const [first, second] of [
      ["SIGTERM", "SIGTERM"],
      ["SIGTERM", "SIGINT"],
      ["SIGINT", "SIGTERM"],
    ] as const
  ) {
    await using server = await startServer({ DRAIN_SECONDS: "3600" });
    using _silent = await openSilentPeer(server.port);
    const alice = await Client.open(server.url, "/ws/alice");
    server.process.kill(first);
    await within(alice.closed, "the drain");
    server.process.kill(second);
    assertEquals((await within(server.process.status, "the process ends")).code, 1);
  }
});
