import { assert, assertEquals } from "@std/assert";
import { Random } from "../simulation/random.ts";
import { Client } from "../support/client.ts";
import { CHANNELS, stored, Walker, write } from "../support/cursor_walker.ts";
import { until, within } from "../support/deadline.ts";
import { TestRedis, testWithRedis } from "../support/redis.ts";
import { RichClient } from "../support/rich_client.ts";
import { startServer } from "../support/server.ts";
import { API_KEY, Instances, keyOf, program } from "./support.ts";

function test(
  sentence: string,
  env: Readonly<Record<string, string>>,
  run: (instances: Instances) => Promise<void>,
): void {
  testWithRedis(`three instances: ${sentence}`, async () => {
    await using instances = await Instances.start(3, env);
    await run(instances);
  });
}

/** What becomes of a socket under a name: `in`, or its close code. */
async function fares(url: string, name: string, key?: string): Promise<string> {
  const auth = key === undefined ? [] : [`natter.auth.${key}`];
  const client = await Client.open(url, `/ws/${name}`, ["natter.v1", ...auth]);
  try {
    const [first] = JSON.parse(await client.next() as string);
    return first.type === "welcome" ? "in" : first.type;
  } catch {
    return `${(await client.closed).code}`;
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

const MESSAGES = 1500;

test(
  "a reader walks over all of them and over four transports: nothing is lost, nothing comes twice",
  {},
  async (instances) => {
    const random = new Random(1);
    const walker = new Walker(instances, keyOf("reader"), random.fork(), MESSAGES);
    await walker.pollOnce(0);
    const writing = Promise.all(Array.from({ length: 6 }, (_, index) => {
      const refs = Array.from({ length: MESSAGES / 6 }, (_, i) => `ref ${index} ${i}`);
      return write(instances, keyOf("writer"), random.fork(), refs, () => {});
    }));
    const transports = ["short poll", "events", "socket", "long poll"] as const;
    for (let hop = 0; walker.count < MESSAGES; hop++) {
      const transport = hop % 2 === 0 ? transports[hop / 2 % 4]! : random.pick(transports);
      await walker.hop(transport);
    }
    const ids = (await writing).flat();
    await until(() => walker.pollOnce(0), "everything is read");
    await walker.gone();
    let count = 0;
    for (const channel of CHANNELS) {
      const entries = await stored(instances, keyOf("reader"), channel);
      assertEquals(walker.seen.get(channel), entries, channel);
      assertEquals(entries.map((entry) => parseInt(entry)), entries.map((_, index) => index + 1));
      count += entries.length;
    }
    assertEquals([count, ids.length], [MESSAGES, MESSAGES]);
    for (const transport of transports) assert(walker.hops[transport]! > 2, transport);
  },
);

test(
  "readers of all of them see the same, whoever says it, and the ack comes before the message",
  {},
  async (instances) => {
    const clients = await Promise.all([0, 1, 2].map(async (index) => {
      const { url } = instances.at(index);
      const client = await RichClient.open(url, `/ws/u${index}`, keyOf(`u${index}`));
      await client.joined("lobby");
      return client;
    }));
    const seen = clients.map(() => [] as string[]);
    const reading = clients.map(async (client, index) => {
      const acks = new Set<string>();
      while (seen[index]!.length < 300) {
        const event = await client.next("message", "ack");
        if (event.type === "ack") acks.add(event.id);
        else {
          if (event.sender === `u${index}`) assert(acks.has(event.id), "the ack comes first");
          assertEquals(event.offset, seen[index]!.push(event.id));
        }
      }
    });
    for (let i = 0; i < 100; i++) {
      for (const client of clients) {
        client.send({ type: "message", room: "lobby", body: `${i}`, ref: crypto.randomUUID() });
      }
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await within(Promise.all(reading), "all have seen all");
    assertEquals(seen[1], seen[0]);
    assertEquals(seen[2], seen[0]);
    for (const client of clients) await client[Symbol.asyncDispose]();
  },
);

test("of twenty sockets that claim a name at once, one has it", {}, async (instances) => {
  for (const keyed of [true, false]) {
    const sockets = await Promise.all(Array.from({ length: 20 }, (_, i) => {
      const auth = keyed ? [`natter.auth.${keyOf(`nora ${i}`).replace(" ", "-")}`] : [];
      return Client.open(instances.at(i).url, `/ws/nora${keyed}`, ["natter.v1", ...auth]);
    }));
    const codes = await Promise.all(sockets.map(async (socket) => {
      const first = socket.next().then(() => "in", () => "");
      return await Promise.race([first, socket.closed.then(({ code }) => `${code}`)]);
    }));
    assertEquals(codes.filter((code) => code !== "4501"), ["in"]);
    await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()));
  }
});

test(
  "a direct message reaches its recipient's sockets on all of them, and so does typing",
  {},
  async (instances) => {
    const [one, two, three] = instances.servers.map(({ url }) => url);
    await using alice = await RichClient.open(one!, "/ws/alice", keyOf("alice"));
    await using bob = await RichClient.open(two!, "/ws/bob", keyOf("bob"));
    for (const client of [alice, bob]) await client.joined("lobby");
    // Later, so that the name is shown as the other has claimed it.
    await using bobToo = await RichClient.open(three!, "/ws/BOB", keyOf("bob"));
    await bobToo.joined("lobby");
    alice.send({ type: "typing", to: "bob" });
    alice.send({ type: "typing", room: "lobby" });
    for (const client of [bob, bobToo]) {
      const events = [await client.next("typing"), await client.next("typing")];
      assertEquals(events.map(({ username }) => username), ["alice", "alice"]);
      assertEquals(new Set(events.map(({ room, to }) => room ?? to)), new Set(["bob", "lobby"]));
    }
    alice.send({ type: "message", to: "Bob", body: "psst", ref: "r" });
    const { id } = await alice.next("ack");
    for (const client of [bob, bobToo]) {
      const message = await client.next("message");
      assertEquals([message.body, message.id, message.with], ["psst", id, "alice"]);
    }
  },
);

test("presence is that of all of them, after an end in order, and after a death", {
  DRAIN_SECONDS: "1",
}, async (instances) => {
  const [one, two, three] = instances.servers;
  await using alice = await RichClient.open(one!.url, "/ws/alice", keyOf("alice"));
  await alice.joined("lobby");
  const bob = await RichClient.open(two!.url, "/ws/bob", keyOf("bob"));
  assertEquals((await alice.next("presence")).joins, ["alice"]);
  assertEquals((await alice.next("presence")).joins, ["bob"]);
  while ((await bob.next("joined")).room !== "lobby");
  const { users } = await (await fetch(new URL("api/rooms/lobby/users", three!.url))).json();
  assertEquals(users, ["alice", "bob"]);
  const rooms = await fetch(new URL("api/rooms", three!.url), {
    headers: { Authorization: `Bearer ${API_KEY}` },
  });
  assertEquals((await rooms.json()).map((room: { userCount: number }) => room.userCount), [2]);

  const carol = await RichClient.open(three!.url, "/ws/carol", keyOf("carol"));
  assertEquals((await alice.next("presence")).joins, ["carol"]);
  const startedAt = performance.now();
  await instances.end(two!, "SIGKILL");
  assertEquals((await alice.next("presence")).leaves, ["bob"]);
  assert(performance.now() - startedAt < 15_000);
  await instances.end(three!, "SIGTERM");
  assertEquals((await alice.next("presence")).leaves, ["carol"]);
  await Promise.all([bob.closed, carol.closed]);
});

test("kicks and bans reach every one, and a deletion every reader", {}, async (instances) => {
  const [one, two, three] = instances.servers;
  const open = (index: number, name: string) =>
    RichClient.open(instances.at(index).url, `/ws/${name}`, keyOf(name));
  const alices = await Promise.all([0, 1, 2].map((index) => open(index, "alice")));
  await using bob = await open(1, "bob");
  for (const client of [...alices, bob]) await client.joined("lobby");
  const { offset } = await alices[0]!.say("lobby", "rude");
  assertEquals((await bob.next("message")).body, "rude");
  assertEquals((await program(three!, `DELETE /api/rooms/lobby/messages/${offset}`)).status, 200);
  assertEquals((await bob.next("deletion")).target, offset);

  assertEquals(await program(three!, "DELETE /api/users/Alice"), { status: 200, kicked: 3 });
  for (const alice of alices) assertEquals((await within(alice.closed, "kicked")).code, 4504);
  assertEquals(await fares(one!.url, "alice", keyOf("alice")), "in");
  assertEquals((await program(one!, "DELETE /api/users/alice?ban=60")).status, 200);
  for (const { url } of instances.servers) {
    assertEquals(await fares(url, "alice", keyOf("alice")), "4504");
    assertEquals(await fares(url, "bella", keyOf("alice")), "4504");
  }
  assertEquals((await program(two!, "DELETE /api/users/alice?ban=0")).status, 200);
  assertEquals(await fares(three!.url, "alice", keyOf("alice")), "in");
});

test("a user's messages are counted over all of them", {
  MESSAGES_PER_SECOND: "1",
  MESSAGES_BURST: "6",
}, async (instances) => {
  const startedAt = performance.now();
  const statuses = await Promise.all(Array.from({ length: 30 }, async (_, i) => {
    const response = await fetch(new URL("messages/alice", instances.at(i).url), {
      method: "POST",
      headers: {
        "Authorization": `Bearer ${keyOf("alice")}`,
        "Content-Type": "text/plain",
      },
      body: `${i}`,
    });
    await response.body?.cancel();
    if (response.status === 429) assert(Number(response.headers.get("Retry-After")) >= 1);
    return response.status;
  }));
  const taken = statuses.filter((status) => status === 201).length;
  const refilled = Math.ceil((performance.now() - startedAt) / 1000);
  assert(taken >= 6 && taken <= 6 + refilled, `${taken} of 30`);
  assert(statuses.every((status) => status === 201 || status === 429), `${statuses}`);
});

testWithRedis(
  "an instance starts without Redis, says that it is not ready, and becomes so by itself",
  async () => {
    await using redis = await TestRedis.start();
    await redis.kill();
    await using server = await startServer({ REDIS_URL: redis.url });
    const status = async (path: string, init?: RequestInit) => {
      const response = await fetch(new URL(path, server.url), init);
      await response.body?.cancel();
      return response.status;
    };
    assertEquals([await status("healthz"), await status("readyz")], [200, 503]);
    const startedAt = performance.now();
    assertEquals(await status("messages/alice", { method: "POST", body: "hi" }), 503);
    assert(performance.now() - startedAt < 5000);
    await redis.restart();
    await until(async () => await status("readyz") === 200, "it is ready");
    assertEquals(await status("messages/alice", { method: "POST", body: "hi" }), 201);
    assert(server.log.some((line) => line.includes("Redis is out of reach")), server.log.join());
  },
);
