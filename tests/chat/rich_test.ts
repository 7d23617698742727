import { assert, assertEquals } from "@std/assert";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { createTestChat } from "../support/test_chat.ts";

Deno.test("a client is welcomed, then joins its inbox, then its rooms", async () => {
  const { rich } = createTestChat();
  const alice = await rich("Alice", { key: "k", rooms: ["lobby", "Kitchen"] });
  const [welcome, inbox, lobby, kitchen, ...more] = alice.events();
  assertEquals(welcome, {
    type: "welcome",
    protocol: "natter.v1",
    username: "Alice",
    limits: {
      bodyBytesMax: 100,
      messagesPerSecond: 0,
      messagesBurst: 1,
      roomsPerConnectionMax: 3,
    },
    pingSeconds: 25,
  });
  assertEquals([inbox.type, inbox.room, inbox.head, inbox.recovered], [
    "joined",
    "@Alice",
    0,
    false,
  ]);
  assert(!("users" in inbox));
  assertEquals([lobby.room, lobby.offset, lobby.users, lobby.userCount], ["lobby", 0, [], 0]);
  assertEquals(kitchen.room, "kitchen");
  assertEquals(more, []);
});

Deno.test("a message is acknowledged, and then comes to everybody, its sender too", async () => {
  const { clock, rich, plain } = createTestChat();
  const [alice, bob, carol] = [await rich("alice"), await rich("bob"), await plain("carol")];
  alice.events();
  bob.events();
  alice.command({ type: "message", room: "lobby", body: "hi", ref: "r1" });
  await clock.settle();
  const [ack, message] = alice.events();
  const { id, at } = ack;
  assertEquals(ack, { type: "ack", ref: "r1", room: "lobby", offset: 1, id, at, duplicate: false });
  assertEquals(message, {
    type: "message",
    room: "lobby",
    offset: 1,
    id,
    sender: "alice",
    body: "hi",
    at,
  });
  assertEquals(bob.events(), [message]);
  assertEquals(carol.messages(), ["alice: hi"]);
});

Deno.test("what was said in one turn comes in one frame", async () => {
  const { clock, rich } = createTestChat();
  const [alice, bob] = [await rich("alice"), await rich("bob")];
  const frames = bob.sent.length;
  for (let i = 0; i < 50; i++) alice.command({ type: "message", room: "lobby", body: `${i}` });
  await clock.settle();
  assertEquals(bob.sent.length - frames, 1);
  assertEquals(
    bob.eventsOf("message").map(({ body }) => body),
    Array.from({ length: 50 }, (_, i) => `${i}`),
  );
  assertEquals(alice.eventsOf("ack"), [], "without ref there is no ack");
});

Deno.test("a repeat by ref is acknowledged as a duplicate; another text under it is a conflict", async () => {
  const { clock, rich } = createTestChat();
  const [alice, bob] = [await rich("alice", { key: "k" }), await rich("bob")];
  bob.events();
  const say = (body: string) => alice.command({ type: "message", room: "lobby", body, ref: "r1" });
  say("hi");
  say("hi");
  await clock.settle();
  say("hi");
  say("ho");
  await clock.settle();
  const answers = alice.events().filter(({ ref }) => ref === "r1");
  assertEquals(answers.map(({ type, duplicate, code }) => code ?? `${type} ${duplicate}`), [
    "ack false",
    "ack true",
    "ack true",
    "ref_conflict",
  ]);
  assertEquals(new Set(answers.slice(0, 3).map(({ id }) => id)).size, 1);
  assertEquals(bob.eventsOf("message").length, 1);
});

Deno.test("joining and leaving rooms", async () => {
  const { rich, clock, chat } = createTestChat();
  const [alice, bob] = [await rich("alice"), await rich("bob", { rooms: ["kitchen"] })];
  bob.command({ type: "message", room: "kitchen", body: "early" });
  await clock.advance(1000);
  alice.events();
  alice.command({ type: "join", room: "Kitchen", ref: "j" });
  await clock.settle();
  const [joined, message] = alice.events().filter(({ type }) => type !== "presence");
  assertEquals([joined.type, joined.room, joined.ref, joined.users], ["joined", "kitchen", "j", [
    "bob",
  ]]);
  assertEquals([message.body, message.room], ["early", "kitchen"]);

  alice.command({ type: "leave", room: "kitchen", ref: "l" });
  await clock.settle();
  assertEquals(alice.eventsOf("left"), [{ type: "left", room: "kitchen", ref: "l" }]);
  bob.command({ type: "message", room: "kitchen", body: "late" });
  await clock.settle();
  assertEquals(alice.eventsOf("message"), []);
  assertEquals(chat.roomCount, 2);
});

Deno.test("a connection joins as many rooms as the limit says, and no more", async () => {
  const { rich, clock } = createTestChat({ roomsPerConnectionMax: 3 });
  const alice = await rich("alice", { key: "k", rooms: ["a", "b"] });
  alice.events();
  alice.command({ type: "join", room: "c" });
  alice.command({ type: "join", room: "d" });
  await clock.settle();
  const answers = alice.events().filter(({ type }) => type !== "presence");
  assertEquals(answers.map(({ type, code }) => code ?? type).sort(), ["joined", "rooms_full"]);
  const many = await rich("bob", { rooms: ["a", "b", "c", "d"] });
  assertEquals(many.closed?.code, CLOSE_CODE.RoomInvalid);
});

Deno.test("a deleted message is gone for all, and only its author can delete it", async () => {
  const { rich, plain, clock } = createTestChat();
  const [alice, bob, carol] = [
    await rich("alice", { key: "a" }),
    await rich("bob"),
    await plain("carol"),
  ];
  alice.command({ type: "message", room: "lobby", body: "secret" });
  alice.command({ type: "message", room: "lobby", body: "stays" });
  await clock.settle();
  bob.events();
  alice.events();
  alice.command({ type: "delete", room: "lobby", offset: 1, ref: "d" });
  alice.command({ type: "delete", room: "lobby", offset: 1, ref: "d" });
  await clock.settle();
  const deletion = { type: "deletion", room: "lobby", offset: 3, target: 1, by: "alice" };
  assertEquals(bob.events(), [deletion]);
  const acks = alice.eventsOf("ack");
  assertEquals(acks.map(({ ref, offset, duplicate }) => [ref, offset, duplicate]), [
    ["d", 3, false],
    ["d", 3, true],
  ]);
  assertEquals(carol.messages(), ["alice: secret", "alice: stays"]);

  const late = (await rich("late")).events();
  const [gone, stays] = late.filter(({ type }) => type === "message");
  assertEquals([gone.body, gone.deleted, stays.body, stays.deleted], [
    "",
    true,
    "stays",
    undefined,
  ]);
  alice.command({ type: "history", room: "lobby" });
  await clock.settle();
  assert(!JSON.stringify(alice.events()).includes("secret"));
});

Deno.test("typing is told to the others of the room, or to one user, and never stored", async () => {
  const { rich, plain, clock } = createTestChat();
  const [alice, bob, carol] = [
    await rich("alice", { key: "a" }),
    await rich("bob", { key: "b" }),
    await plain("carol"),
  ];
  await clock.advance(1000);
  for (const client of [alice, bob]) client.events();
  alice.command({ type: "typing", room: "lobby" });
  alice.command({ type: "typing", to: "bob" });
  await clock.settle();
  assertEquals(bob.events(), [
    { type: "typing", room: "lobby", username: "alice" },
    { type: "typing", to: "bob", username: "alice" },
  ]);
  assertEquals([alice.events(), carol.sent], [[], []]);
  for (let i = 0; i < 10; i++) alice.command({ type: "typing", room: "lobby" });
  await clock.settle();
  assert(bob.events().length < 3, "typing is limited");
});

Deno.test("while the store is down, writers are told so, readers stay, and then all goes on", async () => {
  const { rich, plain, clock, store, errors } = createTestChat();
  const [alice, bob, carol] = [await rich("alice"), await rich("bob"), await plain("carol")];
  await clock.advance(1000);
  for (const client of [alice, bob]) client.events();
  store.isDown = true;
  alice.command({ type: "message", room: "lobby", body: "lost?", ref: "r" });
  carol.receive("lost");
  await clock.settle();
  assertEquals(alice.events().map(({ code, ref }) => [code, ref]), [["unavailable", "r"]]);
  assertEquals(carol.closed?.code, CLOSE_CODE.InternalError);
  store.isDown = false;
  alice.command({ type: "message", room: "lobby", body: "lost?", ref: "r" });
  await clock.settle();
  assertEquals(alice.eventsOf("ack").map(({ duplicate }) => duplicate), [false]);
  assertEquals(bob.eventsOf("message").map(({ body }) => body), ["lost?"]);
  assertEquals([alice.closed, bob.closed, errors], [undefined, undefined, []]);
});

Deno.test("a ref comes back as it was sent, whatever it is", async () => {
  const { rich, clock } = createTestChat();
  const alice = await rich("alice");
  alice.events();
  for (let times = 0; times < 2; times++) {
    alice.receive('{"type":"message","room":"lobby","body":"a","ref":"\\ud800\\u0000"}');
    await clock.settle();
  }
  const acks = alice.eventsOf("ack").map(({ ref, duplicate }) => [ref, duplicate]);
  assertEquals(acks, [["\ud800\0", false], ["\ud800\0", true]]);
});

Deno.test("half a surrogate pair is no text: all see the same in its place", async () => {
  const { rich, clock } = createTestChat();
  const [alice, bob] = [await rich("alice"), await rich("bob")];
  alice.receive('{"type":"message","room":"lobby","body":"a\\ud800b"}');
  await clock.settle();
  assertEquals(bob.eventsOf("message").map(({ body }) => body), ["a\ufffdb"]);
});
