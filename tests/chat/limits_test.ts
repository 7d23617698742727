import { assert, assertEquals } from "@std/assert";
import { createTestChat } from "../support/test_chat.ts";
import { TestClient } from "../support/test_clients.ts";

Deno.test("there are as many rooms with somebody in them as the limit says", async () => {
  const { chat, rich, plain, clock } = createTestChat({ roomsMax: 3, roomsPerConnectionMax: 10 });
  const alice = await rich("alice", { key: "a", rooms: ["one", "two"] });
  const bob = await plain("bob", { rooms: ["three"] });
  assertEquals([alice.closed, bob.closed], [undefined, undefined], "at the bound");
  for (const connect of [rich, plain]) {
    const refused = await connect("carol", { rooms: ["four"] });
    assertEquals([refused.closed?.code, refused.eventsOf("joined")], [4002, []]);
  }
  const dora = await rich("dora", { key: "d", rooms: ["three"] });
  assertEquals(dora.closed, undefined, "a room that is open may be joined, and an inbox is none");
  dora.events();
  dora.command({ type: "join", room: "four", ref: "r" });
  await clock.settle();
  assertEquals(dora.eventsOf("error").map(({ code, ref }) => [code, ref]), [["rooms_full", "r"]]);
  dora.command({ type: "message", room: "four", body: "hi", ref: "s" });
  await clock.settle();
  assertEquals(dora.eventsOf("error")[0].code, "not_joined");

  alice.command({ type: "leave", room: "two" });
  await clock.settle();
  dora.command({ type: "join", room: "four", ref: "t" });
  await clock.settle();
  assertEquals(dora.eventsOf("joined").map(({ room }) => room), ["four"], "freed by leaving");
  for (const client of [alice, bob, dora]) client.leave();
  assertEquals(chat.roomCount, 0);
  const again = await rich("emma", { rooms: ["five", "six", "seven"] });
  assertEquals(again.closed, undefined, "freed by going");
});

Deno.test("whoever asks for rooms in vain fills none", async () => {
  const { chat, rich, store, clock } = createTestChat({ roomsMax: 2, roomsPerConnectionMax: 2 });
  for (let i = 0; i < 10; i++) {
    // The third is one too many: those before it are given back.
    const client = await rich(`n${i}`, { key: `${i}`, rooms: [`a${i}`, `b${i}`] });
    client.command({ type: "join", room: `c${i}` });
    await clock.settle();
    assert(["rooms_full"].includes(client.eventsOf("error")[0].code));
    client.leave();
    assertEquals(chat.roomCount, 0, `${i}`);
  }
  // Nor do those who go while their room is being opened, or ask for one room twice at once.
  for (let i = 0; i < 10; i++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    store.gate = promise;
    const client = await rich(`m${i}`, { rooms: [`d${i}`] });
    client.leave();
    resolve();
    delete store.gate;
    await clock.settle();
    assertEquals(chat.roomCount, 0, `gone ${i}`);
  }
  const twice = await rich("twice", { rooms: ["e"] });
  twice.events();
  for (const room of ["f", "F", "f"]) twice.command({ type: "join", room });
  await clock.settle();
  assertEquals(twice.eventsOf("joined").map(({ room }) => room), ["f", "f", "f"]);
  assertEquals(chat.roomCount, 2);
  twice.leave();
  assertEquals(chat.roomCount, 0);
});

Deno.test("a room that cannot be opened does not count", async () => {
  const { chat, rich, store, clock } = createTestChat({ roomsMax: 1 });
  for (let i = 0; i < 5; i++) {
    store.gate = Promise.reject(new Error("a fault"));
    store.gate.catch(() => {});
    assertEquals((await rich(`n${i}`, { rooms: [`r${i}`] })).closed?.code, 1011);
  }
  delete store.gate;
  await clock.settle();
  assertEquals(chat.roomCount, 0);
  assertEquals((await rich("alice")).closed, undefined);
});

Deno.test("an address joins rooms and reads pages 32 times as often as it claims names", async () => {
  const { rich, clock } = createTestChat({ claimsPerMinute: 1, roomsPerConnectionMax: 100 });
  const alice = await rich("alice", { key: "a" }); // which joins one
  alice.events();
  const ask = async (client: TestClient, command: Record<string, unknown>) => {
    client.command({ ref: "r", ...command });
    await clock.settle();
    const [answer] = client.events().filter(({ ref }) => ref === "r");
    return answer.code ?? answer.type;
  };
  for (let i = 0; i < 15; i++) {
    assertEquals(await ask(alice, { type: "join", room: `r${i}` }), "joined");
    assertEquals(await ask(alice, { type: "history", room: "lobby" }), "history");
  }
  assertEquals(await ask(alice, { type: "history", with: "bob" }), "history", "at the bound");
  for (
    const command of [{ type: "join", room: "more" }, { type: "history", room: "lobby" }, {
      type: "token",
      token: "x",
    }]
  ) {
    assertEquals(await ask(alice, command), "rate_limited", command.type);
  }
  assertEquals(await ask(alice, { type: "join", room: "r1" }), "joined", "where it is already");
  const far = await rich("bob", { address: "192.0.2.2" });
  assertEquals(await ask(far, { type: "history", room: "lobby" }), "history", "another address");
  const near = await rich("carol");
  assertEquals([near.closed?.code, near.events()], [4002, []]);
  await clock.advance(1875);
  assertEquals(await ask(alice, { type: "history", room: "lobby" }), "history");
  assertEquals(await ask(alice, { type: "history", room: "lobby" }), "rate_limited");
});

Deno.test("a connection takes as much as the rooms that it names", async () => {
  const { rich } = createTestChat({ claimsPerMinute: 1, roomsPerConnectionMax: 40 });
  const rooms = (count: number) => Array.from({ length: count }, (_, i) => `r${i}`);
  const many = await rich("alice", { key: "a", rooms: rooms(33) });
  assertEquals(many.closed?.code, 4002);
  const other = await rich("bob", { address: "192.0.2.2", key: "b", rooms: rooms(32) });
  assertEquals(other.closed, undefined);
});

Deno.test("too many new names of an address close with 4002, and hold none", async () => {
  const { rich, plain, directory } = createTestChat({ claimsPerMinute: 2 });
  await rich("alice", { key: "a" });
  await plain("bob");
  for (const connect of [rich, plain]) {
    const refused = await connect("carol", { key: "c" });
    assertEquals(refused.closed?.code, 4002);
  }
  assertEquals(directory.size, 2);
  assertEquals((await rich("alice", { key: "a" })).closed, undefined, "an own name is not new");
  assertEquals((await rich("carol", { key: "d", address: "192.0.2.2" })).closed, undefined);
});

Deno.test("who goes while the name is being looked up holds it no longer than others", async () => {
  const { chat, directory, clock } = createTestChat();
  const client = new TestClient().open((connection) =>
    chat.open(connection, {
      isPlain: false,
      username: "alice",
      address: "192.0.2.1",
      rooms: [],
      cursor: new Map(),
      claimsWithoutKey: true,
    }, Promise.resolve({ author: "k:a" }))
  );
  while (directory.size === 0) await undefined;
  client.leave();
  await clock.settle();
  assertEquals([directory.size, chat.userCount, chat.roomCount], [1, 0, 0]);
  await clock.advance(300_000);
  assertEquals(directory.size, 0);
});

Deno.test("at the end all are told when to come back, evenly spread", async () => {
  const cases: readonly (readonly [count: number, stepMs: number])[] = [
    [0, 0],
    [1, 4],
    [10, 4],
    [250, 4],
    [400, 2.5],
    [500, 2],
    [501, 2],
    [2000, 2],
  ];
  for (const [count, stepMs] of cases) {
    const { chat, rich, plain, clock } = createTestChat();
    const clients: TestClient[] = [];
    for (let i = 0; i < count; i++) {
      // Several sockets of one user are several that come back.
      clients.push(await rich(`u${i >> 1}`, { key: `${i >> 1}`, rooms: [`r${i % 90}`] }));
    }
    const reader = await plain("plain", { rooms: ["r0"] });
    for (const client of clients) client.events();
    chat.announceEnd();
    await clock.settle();
    const told = clients.map((client) =>
      client.eventsOf("reconnect").map((event) => event.afterMs)
    );
    assert(told.every(({ length }) => length === 1), `${count}`);
    const sorted = told.flat().sort((a, b) => a - b);
    assertEquals(sorted, sorted.map((_, index) => Math.round(index * stepMs)), `${count}`);
    assertEquals(reader.messages(), [], "the plain protocol knows no such event");
    for (const { closed } of clients) assertEquals(closed, undefined);
  }
});
