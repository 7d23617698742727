import { assertEquals } from "@std/assert";
import { Chat, type ChatOptions } from "../../lib/chat/chat.ts";
import { BACKLOG_MESSAGES_MAX } from "../../lib/limits.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { FakeConnection } from "../support/fake_connection.ts";

function createChat(options: Partial<ChatOptions> = {}) {
  const clock = { now: 0 };
  const chat = new Chat({
    bodyBytesMax: 100,
    messagesPerSecond: 0,
    messagesBurst: 1,
    sendBufferBytesMax: 100,
    stallSeconds: 20,
    now: () => clock.now,
    ...options,
  });
  function join(username: string | undefined, ...rooms: string[]): FakeConnection {
    return new FakeConnection().open((connection) => chat.open(connection, { username, rooms }));
  }
  return { chat, clock, join };
}

function messages(connection: FakeConnection): string[] {
  return connection.sent.map((text) => {
    const { sender, msg } = JSON.parse(text as string);
    return `${sender}: ${msg}`;
  });
}

Deno.test("a message goes to all other users, and not to its sender", () => {
  const { join } = createChat();
  const [alice, bob, carol] = [join("alice"), join("bob"), join("carol")];
  alice.receive("hi");
  assertEquals([alice, bob, carol].map(messages), [[], ["alice: hi"], ["alice: hi"]]);
});

Deno.test("a message stays in its room", () => {
  const { join } = createChat();
  const [alice, bob, carol] = [join("alice"), join("bob", "lobby"), join("carol", "kitchen")];
  alice.receive("hi");
  assertEquals([bob, carol].map(messages), [["alice: hi"], []]);
});

Deno.test("a room is one in any case of its name", () => {
  const { join } = createChat();
  const [alice, bob] = [join("alice", "Kitchen"), join("bob", "kitchen")];
  alice.receive("hi");
  assertEquals(messages(bob), ["alice: hi"]);
});

Deno.test("a name is held by one socket, in any case, in any room", () => {
  const { chat, join } = createChat();
  const alice = join("Alice");
  const twin = join("aLICE", "kitchen");
  assertEquals(twin.closed?.code, CLOSE_CODE.UsernameTaken);
  assertEquals(alice.closed, undefined);
  assertEquals(chat.userCount, 1);
});

Deno.test("a refused twin neither hears, nor speaks, nor takes the name with it", () => {
  const { join } = createChat();
  const [alice, bob] = [join("alice"), join("bob")];
  const twin = join("alice");
  twin.receive("I am alice");
  twin.leave();
  bob.receive("hello");
  assertEquals([alice, bob, twin].map(messages), [["bob: hello"], [], []]);
  assertEquals(join("alice").closed?.code, CLOSE_CODE.UsernameTaken);
});

Deno.test("a name is free again when its holder has gone", () => {
  const { chat, join } = createChat();
  join("alice").leave();
  assertEquals(chat.userCount, 0);
  assertEquals(join("alice").closed, undefined);
});

Deno.test("names that cannot be are refused with a close code", () => {
  const { join } = createChat();
  assertEquals(join("").closed?.code, CLOSE_CODE.UsernameInvalid);
  assertEquals(join(undefined).closed?.code, CLOSE_CODE.UsernameInvalid);
  assertEquals(join("alice", "a room").closed?.code, CLOSE_CODE.RoomInvalid);
  assertEquals(join("alice", "").closed?.code, CLOSE_CODE.RoomInvalid);
  assertEquals(join("alice", "one", "two").closed?.code, CLOSE_CODE.RoomInvalid);
  assertEquals(join("alice").closed, undefined);
});

Deno.test("an empty text is ignored; a binary message ends the session", () => {
  const { join } = createChat();
  const [alice, bob] = [join("alice"), join("bob")];
  alice.receive("");
  assertEquals([messages(bob), alice.closed], [[], undefined]);
  alice.receive(new Uint8Array(1));
  assertEquals(alice.closed?.code, CLOSE_CODE.UnsupportedData);
});

Deno.test("a body may have as many bytes as the limit says, and no more", () => {
  const { join } = createChat({ bodyBytesMax: 6 });
  const [alice, bob] = [join("alice"), join("bob")];
  alice.receive("王王");
  alice.receive("王王a");
  assertEquals(messages(bob), ["alice: 王王"]);
  assertEquals(alice.closed?.code, CLOSE_CODE.MessageTooBig);
});

Deno.test("who is too fast is out at the first message over the limit, and reconnecting is no way round", () => {
  const { join, clock } = createChat({ messagesPerSecond: 1, messagesBurst: 3 });
  const [alice, bob] = [join("alice"), join("bob")];
  for (let i = 0; i < 5; i++) alice.receive(`${i}`);
  assertEquals(messages(bob), ["alice: 0", "alice: 1", "alice: 2"]);
  assertEquals(alice.closed?.code, CLOSE_CODE.Flooding);

  const again = join("alice");
  again.receive("again");
  assertEquals(again.closed?.code, CLOSE_CODE.Flooding);
  clock.now += 3_000;
  join("alice").receive("rested");
  assertEquals(messages(bob).at(-1), "alice: rested");
});

Deno.test("a reader that does not read waits, and then receives every message in order", () => {
  const { chat, join } = createChat();
  const [alice, bob, slow] = [join("alice"), join("bob"), join("slow")];
  slow.reads = false;
  for (let i = 0; i < 50; i++) alice.receive(`${i}`);
  const all = Array.from({ length: 50 }, (_, i) => `alice: ${i}`);
  assertEquals(messages(bob), all);
  assertEquals(
    slow.sent.length < 10,
    true,
    "it waits before its send buffer is far over its bound",
  );

  slow.drain();
  chat.sweep();
  alice.receive("50");
  assertEquals(messages(slow), [...all, "alice: 50"]);
  assertEquals(slow.closed, undefined);
});

Deno.test("a reader that waited does not hear itself when it goes on", () => {
  const { chat, join } = createChat();
  const [alice, slow] = [join("alice"), join("slow")];
  slow.reads = false;
  for (let i = 0; i < 20; i++) {
    alice.receive(`a${i}`);
    slow.receive(`s${i}`);
  }
  slow.drain();
  chat.sweep();
  assertEquals(messages(slow), Array.from({ length: 20 }, (_, i) => `alice: a${i}`));
});

Deno.test("a reader without any progress is closed after the stall time, and not before", () => {
  const { chat, clock, join } = createChat();
  const [alice, slow] = [join("alice"), join("slow")];
  slow.reads = false;
  for (let i = 0; i < 50; i++) alice.receive(`${i}`);
  clock.now = 19_999;
  chat.sweep();
  assertEquals(slow.closed, undefined);
  clock.now = 20_000;
  chat.sweep();
  assertEquals(slow.closed?.code, CLOSE_CODE.TooFarBehind);
});

Deno.test("a reader that makes some progress is not closed for being slow", () => {
  const { chat, clock, join } = createChat();
  const [alice, slow] = [join("alice"), join("slow")];
  slow.reads = false;
  for (let i = 0; i < 50; i++) alice.receive(`${i}`);
  for (let i = 0; i < 10; i++) {
    clock.now += 15_000;
    slow.unsentBytes -= 1;
    chat.sweep();
  }
  assertEquals(slow.closed, undefined);
});

Deno.test("a reader that falls out of the backlog is closed, and the others miss nothing", () => {
  const { join } = createChat();
  const [alice, bob, slow] = [join("alice"), join("bob"), join("slow")];
  slow.reads = false;
  const count = BACKLOG_MESSAGES_MAX + 100;
  for (let i = 0; i < count; i++) alice.receive(`${i}`);
  assertEquals(slow.closed?.code, CLOSE_CODE.TooFarBehind);
  assertEquals(bob.sent.length, count);
});

Deno.test("a waiting reader that leaves is forgotten, and its name is free", () => {
  const { chat, join } = createChat();
  const [alice, slow] = [join("alice"), join("slow")];
  slow.reads = false;
  for (let i = 0; i < 50; i++) alice.receive(`${i}`);
  slow.leave();
  chat.sweep();
  assertEquals(chat.userCount, 1);
  const again = join("slow");
  alice.receive("now");
  assertEquals(messages(again), ["alice: now"]);
});
