import { assert, assertEquals } from "@std/assert";
import { POLL_PRESENCE_MS, VISIT_MS, WIPE_MS } from "../../lib/limits.ts";
import { createTestChat } from "../support/test_chat.ts";

Deno.test("an abandoned poll is forgotten at once, and its room 30 s later", async () => {
  const chat = createTestChat();
  const { clock, counts } = chat;
  await clock.advance(WIPE_MS);
  const nothing = [clock.alarmCount, counts.open, chat.chat.userCount, chat.chat.roomCount];
  const { cursor } = (await chat.poll("bob")).answer!;
  await clock.advance(1000);
  const before = [clock.alarmCount, counts.open, chat.chat.userCount, chat.chat.roomCount];
  const held = await chat.poll("bob", { cursor });
  assertEquals(chat.chat.userCount, 1);
  held.abandon();
  await clock.settle();
  assertEquals(
    [clock.alarmCount, counts.open, chat.chat.userCount, chat.chat.roomCount],
    before,
  );
  await clock.advance(POLL_PRESENCE_MS - 1);
  assertEquals(chat.chat.roomCount, 1);
  await clock.advance(1);
  assertEquals(
    [clock.alarmCount, counts.open, chat.chat.userCount, chat.chat.roomCount],
    nothing,
  );
});

Deno.test("who polls is shown without flicker, and gone 30 s after the last poll", async () => {
  const chat = createTestChat();
  const { clock } = chat;
  const alice = await chat.rich("alice");
  await clock.advance(1000);
  alice.events();
  let { cursor } = (await chat.poll("bob", { wait: 0 })).answer!;
  // At the bound: the last moment of the 30 s, and a held poll that is far longer.
  for (const pauseMs of [0, 1, 5000, 29_999]) {
    await clock.advance(pauseMs);
    const poll = await chat.poll("bob", { cursor, wait: 55 });
    await clock.advance(55_000);
    ({ cursor } = poll.answer!);
  }
  assertEquals(alice.eventsOf("presence").map(({ joins, leaves }) => [joins, leaves]), [
    [["bob"], []],
  ]);
  await clock.advance(POLL_PRESENCE_MS - 1);
  assertEquals(alice.eventsOf("presence"), []);
  await clock.advance(1000);
  assertEquals(alice.eventsOf("presence").map(({ leaves }) => leaves), [["bob"]]);
});

Deno.test("a socket that goes does not shorten the 30 s of a poll", async () => {
  const chat = createTestChat();
  const { clock } = chat;
  const alice = await chat.rich("alice");
  const socket = await chat.rich("bob", { key: "b" });
  await clock.advance(1000);
  await chat.poll("bob", { key: "b", wait: 0 });
  alice.events();
  await clock.advance(10_000);
  socket.leave();
  await clock.advance(POLL_PRESENCE_MS - 10_000 - 1);
  assertEquals(alice.eventsOf("presence"), []);
  await clock.advance(1000);
  assertEquals(alice.eventsOf("presence").map(({ leaves }) => leaves), [["bob"]]);
});

Deno.test("a poll under a name that somebody else has is refused, with a key and without", async () => {
  const chat = createTestChat();
  await chat.rich("bob", { key: "b" });
  for (const key of ["another", undefined]) {
    const poll = await chat.poll("Bob", key === undefined ? {} : { key });
    assertEquals(poll.refusal?.code, "username_taken");
  }
  assertEquals(chat.chat.userCount, 1);
  // Of a name that is held without a key nothing is stored.
  await chat.clock.advance(301_000);
  await chat.rich("carol");
  assertEquals((await chat.poll("carol")).refusal?.code, "username_taken");
});

Deno.test("without a key a poll claims nothing, and keeps nobody from the name", async () => {
  const chat = createTestChat();
  const { cursor } = (await chat.poll("bob")).answer!;
  const held = await chat.poll("bob", { cursor });
  assertEquals(chat.directory.size, 0);
  const bob = await chat.rich("bob", { key: "b" });
  assertEquals(bob.closed, undefined);
  assert(held.isHeld);
  assertEquals((await chat.poll("bob", { cursor })).refusal?.code, "username_taken");
  const [joined] = bob.eventsOf("joined");
  assertEquals(joined.room, "@bob");
});

Deno.test("with a key a poll claims the name, and holds it for as long as a socket does", async () => {
  const chat = createTestChat();
  await chat.poll("bob", { key: "b", wait: 0 });
  await chat.clock.advance(299_000);
  assertEquals((await chat.poll("bob", { key: "other" })).refusal?.code, "username_taken");
  await chat.clock.advance(2000);
  assertEquals((await chat.poll("bob", { key: "other" })).refusal, undefined);
});

Deno.test("an address shows no more people who are not there than it may have new names", async () => {
  const { clock, poll } = createTestChat({ claimsPerMinute: 2 });
  const cursor = (await poll("ann")).answer!.cursor;
  assertEquals((await poll("bob", { cursor, wait: 0 })).refusal, undefined);
  assertEquals((await poll("cat", { cursor, wait: 0 })).refusal?.code, "rate_limited");
  assertEquals((await poll("cat", { cursor, wait: 0, address: "192.0.2.2" })).refusal, undefined);
  for (let i = 0; i < 5; i++) {
    await clock.advance(VISIT_MS - 1);
    assertEquals((await poll("ann", { cursor, wait: 0 })).refusal, undefined, "no new name");
  }
});

Deno.test("who is kicked is gone at once, though pollers are shown for a while", async () => {
  const { chat, clock, poll, rich } = createTestChat();
  const alice = await rich("alice");
  const { cursor } = (await poll("bob", { key: "b" })).answer!;
  await clock.advance(1000);
  const held = await poll("bob", { key: "b", cursor });
  chat.moderation.kick("bob");
  await clock.advance(6000);
  assertEquals(held.answer!.events.map(({ type, code }) => [type, code]), [["close", 4504]]);
  const leaves = alice.eventsOf("presence").flatMap(({ leaves }) => leaves);
  assertEquals(leaves, ["bob"]);
});
