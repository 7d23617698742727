import { assertEquals } from "@std/assert";
import { ANONYMOUS } from "../../lib/auth/principal.ts";
import { WIPE_MS } from "../../lib/limits.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { createTestChat } from "../support/test_chat.ts";

Deno.test("a message goes to all other users, and not to its sender", async () => {
  const { clock, plain } = createTestChat();
  const [alice, bob, carol] = [await plain("alice"), await plain("bob"), await plain("carol")];
  alice.receive("hi");
  await clock.settle();
  assertEquals([alice, bob, carol].map((c) => c.messages()), [[], ["alice: hi"], ["alice: hi"]]);
});

Deno.test("a message stays in its room, and a room is one in any case of its name", async () => {
  const { clock, plain } = createTestChat();
  const alice = await plain("alice", { rooms: ["Kitchen"] });
  const bob = await plain("bob", { rooms: ["kitchen"] });
  const carol = await plain("carol");
  alice.receive("hi");
  await clock.settle();
  assertEquals([bob, carol].map((c) => c.messages()), [["alice: hi"], []]);
});

Deno.test("who joins hears what is said from then on", async () => {
  const { clock, plain } = createTestChat();
  const alice = await plain("alice");
  alice.receive("before");
  await clock.settle();
  const bob = await plain("bob");
  alice.receive("after");
  await clock.settle();
  assertEquals(bob.messages(), ["alice: after"]);
});

Deno.test("what is said before the session is open is heard, in its order", async () => {
  const { chat, clock, plain } = createTestChat();
  const bob = await plain("bob");
  const { TestClient } = await import("../support/test_clients.ts");
  const request = {
    isPlain: true,
    username: "alice",
    address: "192.0.2.1",
    claimsWithoutKey: true,
    rooms: [],
    cursor: new Map(),
  };
  const alice = new TestClient().open((connection) =>
    chat.open(connection, request, Promise.resolve(ANONYMOUS))
  );
  alice.receive("one");
  alice.receive("two");
  await clock.settle();
  assertEquals(bob.messages(), ["alice: one", "alice: two"]);
});

Deno.test("a name is held by one socket without a key, in any case, in any room", async () => {
  const { chat, clock, plain } = createTestChat();
  const alice = await plain("Alice");
  const bob = await plain("bob");
  const twin = await plain("aLICE", { rooms: ["kitchen"] });
  assertEquals(twin.closed?.code, CLOSE_CODE.UsernameTaken);
  twin.receive("I am alice");
  twin.leave();
  bob.receive("hello");
  await clock.settle();
  assertEquals([alice, bob, twin].map((c) => c.messages()), [["bob: hello"], [], []]);
  assertEquals((await plain("alice")).closed?.code, CLOSE_CODE.UsernameTaken);
  assertEquals(chat.userCount, 2);
  alice.leave();
  assertEquals((await plain("alice")).closed, undefined);
});

Deno.test("two sockets of one key are one user: neither hears the other", async () => {
  const { clock, plain } = createTestChat();
  const [one, two] = [await plain("alice", { key: "k" }), await plain("ALICE", { key: "k" })];
  const bob = await plain("bob");
  one.receive("hi");
  bob.receive("hello");
  await clock.settle();
  assertEquals([one, two, bob].map((c) => c.messages()), [
    ["bob: hello"],
    ["bob: hello"],
    ["alice: hi"],
  ]);
});

Deno.test("names that cannot be are refused with a close code", async () => {
  const { chat, plain } = createTestChat();
  const refusals:
    readonly (readonly [username: string | undefined, rooms: string[], code: number])[] = [
      ["", [], CLOSE_CODE.UsernameInvalid],
      [undefined, [], CLOSE_CODE.UsernameInvalid],
      ["alice", ["a room"], CLOSE_CODE.RoomInvalid],
      ["alice", [""], CLOSE_CODE.RoomInvalid],
      ["alice", ["@bob"], CLOSE_CODE.RoomInvalid],
      ["alice", ["one", "two"], CLOSE_CODE.RoomInvalid],
    ];
  for (const [username, rooms, code] of refusals) {
    assertEquals((await plain(username, { rooms })).closed?.code, code);
  }
  assertEquals([chat.userCount, chat.roomCount], [0, 0]);
});

Deno.test("an empty text is ignored; a binary message ends the session", async () => {
  const { clock, plain } = createTestChat();
  const [alice, bob] = [await plain("alice"), await plain("bob")];
  alice.receive("");
  await clock.settle();
  assertEquals([bob.messages(), alice.closed], [[], undefined]);
  alice.receive(new Uint8Array(1));
  assertEquals(alice.closed?.code, CLOSE_CODE.UnsupportedData);
});

Deno.test("a body may have as many bytes as the limit says, and no more", async () => {
  const { clock, plain } = createTestChat({ bodyBytesMax: 6 });
  const [alice, bob] = [await plain("alice"), await plain("bob")];
  alice.receive("王王");
  alice.receive("王王a");
  await clock.settle();
  assertEquals(bob.messages(), ["alice: 王王"]);
  assertEquals(alice.closed?.code, CLOSE_CODE.MessageTooBig);
});

Deno.test("who is too fast is out at the first message over the limit, and reconnecting is no way round", async () => {
  const { clock, plain } = createTestChat({ messagesPerSecond: 1, messagesBurst: 3 });
  const [alice, bob] = [await plain("alice"), await plain("bob")];
  for (let i = 0; i < 5; i++) alice.receive(`${i}`);
  await clock.settle();
  assertEquals(bob.messages(), ["alice: 0", "alice: 1", "alice: 2"]);
  assertEquals(alice.closed?.code, CLOSE_CODE.Flooding);
  const again = await plain("alice");
  again.receive("again");
  assertEquals(again.closed?.code, CLOSE_CODE.Flooding);
  await clock.advance(3000);
  (await plain("alice")).receive("rested");
  await clock.settle();
  assertEquals(bob.messages().at(-1), "alice: rested");
});

Deno.test("a reader that does not read waits, and then receives every message in order", async () => {
  const { chat, clock, plain } = createTestChat();
  const [alice, bob, slow] = [await plain("alice"), await plain("bob"), await plain("slow")];
  slow.reads = false;
  for (let i = 0; i < 200; i++) {
    alice.receive(`${i}`);
    slow.receive(`from slow ${i}`);
    await clock.settle();
  }
  assertEquals(bob.sent.length, 400);
  assertEquals(slow.sent.length < 40, true, "it waits once its send buffer is full");
  assertEquals(chat.waitingCount, 1);
  slow.drain();
  await clock.advance(100);
  assertEquals(slow.messages(), Array.from({ length: 200 }, (_, i) => `alice: ${i}`));
  assertEquals([slow.closed, chat.waitingCount], [undefined, 0]);
});

Deno.test("a reader without any progress is closed after the stall time, and not before", async () => {
  const { clock, plain } = createTestChat();
  const [alice, slow] = [await plain("alice"), await plain("slow")];
  slow.reads = false;
  for (let i = 0; i < 100; i++) alice.receive(`${i}`);
  await clock.advance(19_900);
  assertEquals(slow.closed, undefined);
  await clock.advance(200);
  assertEquals(slow.closed?.code, CLOSE_CODE.TooFarBehind);
});

Deno.test("a reader that makes some progress is not closed for being slow", async () => {
  const { clock, plain } = createTestChat();
  const [alice, slow] = [await plain("alice"), await plain("slow")];
  slow.reads = false;
  for (let i = 0; i < 100; i++) alice.receive(`${i}`);
  for (let i = 0; i < 10; i++) {
    await clock.advance(15_000);
    slow.unsentBytes -= 1;
  }
  assertEquals(slow.closed, undefined);
});

Deno.test("a reader that falls out of the retained log is closed, and the others miss nothing", async () => {
  const { clock, plain } = createTestChat({}, { historyMessagesMax: 50 });
  const [alice, bob, slow] = [await plain("alice"), await plain("bob"), await plain("slow")];
  slow.reads = false;
  for (let i = 0; i < 300; i++) {
    alice.receive(`${i}`);
    await clock.settle();
  }
  slow.drain();
  await clock.advance(1000);
  assertEquals(slow.closed?.code, CLOSE_CODE.TooFarBehind);
  assertEquals(bob.sent.length, 300);
});

Deno.test("who has left is forgotten: no user, no room, no alarm", async () => {
  const { chat, clock, plain } = createTestChat();
  await clock.advance(WIPE_MS);
  const alarms = clock.alarmCount;
  const clients = [await plain("alice"), await plain("bob", { rooms: ["kitchen"] })];
  clients[0]!.receive("hi");
  await clock.settle();
  for (const client of clients) client.leave();
  await clock.advance(10_000);
  assertEquals([chat.userCount, chat.roomCount, chat.waitingCount], [0, 0, 0]);
  assertEquals(clock.alarmCount, alarms);
});
