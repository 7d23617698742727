import { assert, assertEquals, assertRejects } from "@std/assert";
import { createTestChat, type TestChat } from "../support/test_chat.ts";

/** What a promise gives, while the clock's turns go by. */
async function settled<T>({ clock }: TestChat, promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  await clock.settle();
  return await promise;
}

/** How somebody fares who connects, and goes again: the close code, or `in`. */
async function fares(testChat: TestChat, name: string, key?: string): Promise<number | "in"> {
  const client = await testChat.rich(name, key === undefined ? {} : { key });
  const code = client.closed?.code ?? "in";
  client.leave();
  return code;
}

Deno.test("a ban holds for the name, and for its key under every name, and nobody else", async () => {
  const testChat = createTestChat();
  const alice = await testChat.rich("alice", { key: "a" });
  const bella = await testChat.rich("bella", { key: "a" });
  const plain = await testChat.plain("alice", { key: "a" });
  const bob = await testChat.rich("bob", { key: "b" });
  const kicked = await settled(testChat, testChat.chat.moderation.ban("Alice", 60));
  assertEquals(kicked, 3);
  assertEquals([alice, bella, plain, bob].map(({ closed }) => closed?.code), [
    4504,
    4504,
    4504,
    undefined,
  ]);
  assertEquals(await fares(testChat, "alice", "a"), 4504);
  assertEquals(await fares(testChat, "bella", "a"), 4504);
  assertEquals(await fares(testChat, "carla", "a"), 4504);
  assertEquals(await fares(testChat, "dora", "c"), "in");
  await testChat.clock.advance(59_999);
  assertEquals(await fares(testChat, "alice", "a"), 4504);
  await testChat.clock.advance(1);
  assertEquals(await fares(testChat, "alice", "a"), "in");
  assertEquals(await fares(testChat, "bella", "a"), "in");
});

Deno.test("a banned name is closed to others too, once its claim is over", async () => {
  const testChat = createTestChat();
  await testChat.rich("alice", { key: "a" });
  await settled(testChat, testChat.chat.moderation.ban("alice", 1000));
  assertEquals(await fares(testChat, "alice", "b"), 4501, "it is held");
  await testChat.clock.advance(300_000);
  assertEquals(await fares(testChat, "alice", "b"), 4504);
  assertEquals(await fares(testChat, "alice"), 4504);
});

Deno.test("a ban of a name that is held without a key leaves the key alone that had it before", async () => {
  const testChat = createTestChat();
  assertEquals(await fares(testChat, "alice", "a"), "in");
  await testChat.clock.advance(300_000);
  const keyless = await testChat.rich("alice");
  assertEquals(await settled(testChat, testChat.chat.moderation.ban("alice", 60)), 1);
  assertEquals(keyless.closed?.code, 4504);
  assertEquals(await fares(testChat, "alice", "a"), 4504, "the name is banned");
  assertEquals(await fares(testChat, "bella", "a"), "in");
});

Deno.test("who asks for a name while it is being banned does not come in", async () => {
  // Asked for in each of the turns around the ban, by the name's own key and by another name's.
  for (const name of ["alice", "bella"]) {
    for (let turns = 0; turns < 6; turns++) {
      const testChat = createTestChat();
      const { chat, clock } = testChat;
      assertEquals(await fares(testChat, "alice", "a"), "in");
      await clock.advance(300_000);
      const asked = testChat.rich(name, { key: "a" });
      for (let i = 0; i < turns; i++) await clock.turn();
      await settled(testChat, chat.moderation.ban("alice", 60));
      const client = await asked;
      await clock.settle();
      assertEquals(client.closed?.code, 4504, `${name} after ${turns} turns`);
      assertEquals(chat.userCount, 0);
    }
  }
});

Deno.test("a ban survives a restart, and so does its end", async () => {
  for (const historyMessagesMax of [1, 1000]) {
    const before = createTestChat({}, { historyMessagesMax });
    await before.rich("alice", { key: "a" });
    for (const seconds of [5, 0, 1000]) {
      await settled(before, before.chat.moderation.ban("alice", seconds));
    }
    await settled(before, before.chat.moderation.ban("carol", 1000));
    await settled(before, before.chat.moderation.ban("carol", 0));
    const after = createTestChat({}, {}, before);
    assertEquals(await fares(after, "alice", "a"), 4504, `${historyMessagesMax} retained`);
    assertEquals(await fares(after, "bella", "a"), 4504);
    assertEquals(await fares(after, "carol", "c"), "in");
    await after.clock.advance(999_999);
    assertEquals(await fares(after, "bella", "a"), 4504);
    await after.clock.advance(1);
    assertEquals(await fares(after, "alice", "a"), "in");
    await settled(after, after.chat.moderation.ban("alice", 1000));
    await settled(after, after.chat.moderation.ban("alice", 0));
    assertEquals(await fares(createTestChat({}, {}, after), "bella", "a"), "in");
  }
});

Deno.test("who lifts a ban closes no socket", async () => {
  const testChat = createTestChat();
  const alice = await testChat.rich("alice", { key: "a" });
  assertEquals(await settled(testChat, testChat.chat.moderation.ban("alice", 0)), 0);
  assertEquals(alice.closed, undefined);
});

Deno.test("a ban may last as long as history does", async () => {
  const testChat = createTestChat({ historyDays: 1 });
  const { moderation } = testChat.chat;
  assertEquals(await fares(testChat, "alice", "a"), "in");
  assertEquals(await settled(testChat, moderation.ban("alice", 86_400)), 0);
  assertEquals(await fares(testChat, "alice", "a"), 4504);
});

Deno.test("a kick tells what was said before it, and keeps nobody out", async () => {
  const testChat = createTestChat();
  const { chat, clock } = testChat;
  const alice = await testChat.rich("Alice", { key: "a" });
  alice.events();
  alice.command({ type: "ping", ref: "r" });
  assertEquals(await chat.moderation.kick("ALICE"), 1);
  assertEquals(alice.events().map(({ type }) => type), ["pong"]);
  assertEquals(alice.closed, { code: 4504, reason: "kicked" });
  await clock.settle();
  assertEquals(chat.userCount, 0);
  assertEquals(await fares(testChat, "alice", "a"), "in");
});

/** The texts that stand in a channel. */
async function texts(testChat: TestChat, channelName: string): Promise<string[]> {
  const channel = await settled(testChat, testChat.log.watch(channelName, () => {}));
  const found: string[] = [];
  for (let after = 0; after < channel.head;) {
    const entries = await settled(testChat, channel.read(after, 200));
    found.push(...entries.map(({ body }) => body).filter((body) => body !== ""));
    after = entries.at(-1)!.offset;
  }
  channel.close();
  return found;
}

Deno.test("a person is erased who has said more than one step of erasing takes", async () => {
  for (const count of [499, 500, 501, 1200]) {
    const testChat = createTestChat({}, { historyMessagesMax: 10_000 });
    const { clock } = testChat;
    const alice = await testChat.rich("alice", { key: "a", rooms: ["lobby", "kitchen"] });
    const bob = await testChat.rich("bob", { key: "b" });
    for (let i = 0; i < count; i++) {
      const room = i % 3 === 0 ? "kitchen" : "lobby";
      alice.command({ type: "message", room, body: `alice ${i}` });
      if (i % 100 === 0) bob.command({ type: "message", room: "lobby", body: `bob ${i}` });
      if (i % 200 === 199) await clock.settle();
    }
    await clock.settle();
    const erased = await settled(testChat, testChat.chat.moderation.erase("alice"));
    assertEquals(erased, count);
    assertEquals(await texts(testChat, "kitchen"), []);
    const left = await texts(testChat, "lobby");
    assert(left.length === Math.ceil(count / 100) && left.every((text) => text.startsWith("bob")));
    assertEquals(await settled(testChat, testChat.chat.moderation.erase("alice")), 0);
  }
});

Deno.test("an inbox of more than one page is erased, the others' copies of their own stay", async () => {
  const testChat = createTestChat();
  const { clock } = testChat;
  await testChat.rich("alice", { key: "a" });
  const bob = await testChat.rich("bob", { key: "b" });
  for (let i = 0; i < 450; i++) bob.command({ type: "message", to: "alice", body: `${i}` });
  await clock.settle();
  assertEquals(await settled(testChat, testChat.chat.moderation.erase("alice")), 450);
  assertEquals(await texts(testChat, "@alice/k:a"), []);
  assertEquals((await texts(testChat, "@bob/k:b")).length, 450);
  assertEquals(await settled(testChat, testChat.chat.moderation.erase("alice")), 0);
});

Deno.test("what was said under a name without a key is erased, of no longer name", async () => {
  const testChat = createTestChat();
  const { clock, chat } = testChat;
  for (const name of ["al", "alice", "alice.b", "Alice"]) {
    const client = await testChat.rich(name);
    client.command({ type: "message", room: "lobby", body: name });
    await clock.settle();
    client.leave();
  }
  await settled(testChat, chat.moderation.say("lobby", "alice", "a program's"));
  assertEquals(await settled(testChat, chat.moderation.erase("ALICE")), 2);
  assertEquals(await texts(testChat, "lobby"), ["al", "alice.b", "a program's"]);
});

Deno.test("who is erased keeps the name and the inbox, and stays banned, over a restart too", async () => {
  const testChat = createTestChat();
  await testChat.rich("Alice", { key: "a" });
  await settled(testChat, testChat.chat.moderation.erase("alice"));
  for (const later of [testChat, createTestChat({}, {}, testChat)]) {
    const holder = await settled(later, later.directory.holder("alice"));
    assertEquals([holder?.author, holder?.user.text], ["k:a", "Alice"]);
    assertEquals(await fares(later, "alice", "b"), 4501, "it is held");
    assertEquals(await fares(later, "alice", "a"), "in");
  }
  await settled(testChat, testChat.chat.moderation.ban("alice", 60));
  await settled(testChat, testChat.chat.moderation.erase("alice"));
  const after = createTestChat({}, {}, testChat);
  assertEquals(await fares(after, "bella", "a"), 4504);
});

Deno.test("erasing that the store could not take is told, and goes on when it is asked for again", async () => {
  const testChat = createTestChat();
  const before = await testChat.rich("alice", { key: "a" });
  before.command({ type: "message", room: "lobby", body: "hi" });
  await testChat.clock.settle();
  testChat.store.isDown = true;
  const { moderation } = testChat.chat;
  const erasing = moderation.erase("alice");
  await assertRejects(() => settled(testChat, erasing), Error, "down");
  testChat.store.isDown = false;
  assertEquals(await settled(testChat, moderation.erase("alice")), 1, "again, from the beginning");
});
