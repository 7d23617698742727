import { assert, assertEquals } from "@std/assert";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { Faults } from "../log/support.ts";
import { createTestChat } from "../support/test_chat.ts";
import type { TestPoll } from "../support/test_clients.ts";
import { numbers, say, summary } from "./poll_support.ts";

Deno.test("a held poll is told that its history was lost, and goes on in the new one", async () => {
  const faults = new Faults();
  const chat = createTestChat({}, { openStore: faults.open });
  const alice = await chat.rich("alice");
  await say(chat, alice, ["old"]);
  const { cursor } = (await chat.poll("bob")).answer!;
  const held = await chat.poll("bob", { cursor, wait: 55 });
  faults.leavesSound = false;
  faults.mode = "before commit";
  alice.command({ type: "message", room: "lobby", body: "fails" });
  await chat.clock.settle();
  faults.mode = "none";
  await chat.clock.advance(10_000);
  assertEquals(summary(held), ["joined"]);
  const [joined] = held.answer!.events;
  assertEquals([joined.recovered, joined.offset], [false, 0]);
  const next = await chat.poll("bob", { cursor: held.answer!.cursor });
  await say(chat, alice, ["new"]);
  assertEquals(next.bodies, ["new"]);
});

Deno.test("while the store cannot be read a poll is refused, and then nothing is lost", async () => {
  const chat = createTestChat();
  const alice = await chat.rich("alice");
  const { cursor } = (await chat.poll("bob", { key: "b" })).answer!;
  await say(chat, alice, ["hi"]);
  chat.store.isUnreadable = true;
  // Nobody has this room open: it cannot even be opened.
  const other = await chat.poll("bob", { key: "b", rooms: ["kitchen"] });
  assertEquals(other.refusal?.code, "unavailable");
  const late = await chat.poll("bob", { key: "b", cursor, wait: 0 });
  assert(late.isHeld, "it may be back in a moment");
  await chat.clock.advance(5000);
  assertEquals(late.refusal?.code, "unavailable");
  const patient = await chat.poll("bob", { key: "b", cursor, wait: 0 });
  chat.store.isUnreadable = false;
  await chat.clock.advance(1000);
  assertEquals(patient.bodies, ["hi"]);
});

Deno.test("a poll whose client has gone before it is held is not held", async () => {
  const chat = createTestChat();
  const { cursor } = (await chat.poll("bob")).answer!;
  const held = await chat.poll("bob", { cursor, leavesAtOnce: true });
  assertEquals([held.isHeld, held.refusal, chat.chat.userCount], [false, undefined, 0]);
});

Deno.test("a thousand held polls of one room cost no look at the log, whatever happens elsewhere", async () => {
  const chat = createTestChat({ roomsPerConnectionMax: 10 });
  const alice = await chat.rich("alice", { rooms: ["lobby", "kitchen"] });
  const { cursor } = (await chat.poll("bob")).answer!;
  const polls: TestPoll[] = [];
  for (let i = 0; i < 1000; i++) polls.push(await chat.poll(`reader-${i}`, { cursor }));
  await chat.clock.advance(1000);
  const { watches, reads, open } = chat.counts;
  await say(chat, alice, numbers(1, 100), "kitchen");
  await chat.clock.advance(5000);
  assertEquals({ ...chat.counts }, { watches, reads, open }, "nobody asked the log for anything");
  assertEquals(open, 2, "one watch of each room");
  assert(polls.every(({ isHeld }) => isHeld));
  await say(chat, alice, ["hi"]);
  assert(polls.every(({ bodies }) => bodies.join() === "hi"), "all are answered");
  assertEquals(chat.counts.reads, reads, "from memory");
});

/** What ends a held poll of bob's, and the code that it is told. */
const ENDS: Readonly<
  Record<string, readonly [end: (chat: ReturnType<typeof createTestChat>) => unknown, number]>
> = {
  kicked: [({ chat }) => chat.moderation.kick("bob"), CLOSE_CODE.Kicked],
  banned: [({ chat }) => chat.moderation.ban("bob", 60), CLOSE_CODE.Kicked],
};

for (const [what, [end, code]] of Object.entries(ENDS)) {
  Deno.test(`who is ${what} while a poll is held is told so, once`, async () => {
    const chat = createTestChat();
    const alice = await chat.rich("alice");
    const { cursor } = (await chat.poll("bob", { key: "b" })).answer!;
    const held = await chat.poll("bob", { key: "b", cursor });
    // Twice, and something said, in the turn in which the poll is about to be answered.
    const ended = [end(chat), end(chat)];
    alice.command({ type: "message", room: "lobby", body: "too late for bob" });
    await chat.clock.settle();
    await Promise.all(ended);
    const { events, more, cursor: after } = held.answer!;
    assertEquals(events.map(({ type, code }) => `${type} ${code}`), [`close ${code}`]);
    assertEquals([more, after.split(",").sort()], [false, cursor.split(",").sort()]);
    assertEquals(chat.chat.userCount, 1);
    const again = await chat.poll("bob", { key: "b", cursor });
    assertEquals(again.refusal?.code, what === "banned" ? "banned" : undefined);
  });
}

Deno.test("a token that expires while a poll is held ends it", async () => {
  const chat = createTestChat();
  const expiresAt = chat.clock.wallNow() + 10_000;
  const principal = { author: "u:bob", user: { text: "bob", key: "bob" }, expiresAt };
  const { cursor } = (await chat.poll("bob", { principal })).answer!;
  const held = await chat.poll("bob", { principal, cursor });
  await chat.clock.advance(9000);
  assert(held.isHeld);
  await chat.clock.advance(3000);
  assertEquals(held.answer!.events.map(({ type, code }) => [type, code]), [
    ["close", CLOSE_CODE.Unauthorized],
  ]);
});

Deno.test("when the server is about to end, held polls are told when to come back", async () => {
  const chat = createTestChat();
  const { cursor } = (await chat.poll("bob")).answer!;
  const held = await chat.poll("bob", { cursor });
  chat.chat.announceEnd();
  await chat.clock.settle();
  assertEquals(summary(held), ["reconnect"]);
  assertEquals(held.answer!.cursor, cursor);
});
