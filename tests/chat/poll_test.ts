import { assert, assertEquals } from "@std/assert";
import { FRAME_CHARS_MAX } from "../../lib/limits.ts";
import { createTestChat } from "../support/test_chat.ts";
import { numbers, say, summary } from "./poll_support.ts";

Deno.test("a poll without a cursor is told where it begins, and gets the page before the head", async () => {
  const chat = createTestChat({ historyOnJoin: 3 });
  const alice = await chat.rich("alice");
  await say(chat, alice, numbers(1, 5));
  const { answer } = await chat.poll("bob");
  assertEquals(answer!.events.map(({ type, offset }) => `${type} ${offset}`), [
    "joined 2",
    "message 3",
    "message 4",
    "message 5",
  ]);
  const { epoch, recovered } = answer!.events[0];
  assertEquals([answer!.cursor, answer!.more, recovered], [`lobby=${epoch}:5`, false, false]);
});

Deno.test("a poll whose cursor is at the head is held until something comes", async () => {
  const chat = createTestChat();
  const alice = await chat.rich("alice");
  const { cursor } = (await chat.poll("bob")).answer!;
  const held = await chat.poll("bob", { cursor });
  await chat.clock.advance(24_999);
  assert(held.isHeld);
  await say(chat, alice, ["hi"]);
  assertEquals(summary(held), ["message 1"]);
  assertEquals(held.answer!.cursor, cursor.replace(/0$/, "1"));
  assertEquals(chat.errors, []);
});

for (const wait of [0, 1, 25, 55]) {
  Deno.test(`a poll with nothing to tell is answered after ${wait} s, and not before`, async () => {
    const chat = createTestChat();
    const { cursor } = (await chat.poll("bob")).answer!;
    const poll = await chat.poll("bob", { cursor, wait });
    await chat.clock.advance(Math.max(0, wait * 1000 - 1));
    assertEquals(poll.isHeld, wait > 0);
    await chat.clock.advance(1);
    assertEquals(poll.answer, { cursor, more: false, events: [] });
  });
}

Deno.test("a short poll gets what there is", async () => {
  const chat = createTestChat();
  const alice = await chat.rich("alice");
  const { cursor } = (await chat.poll("bob")).answer!;
  await say(chat, alice, ["hi"]);
  const poll = await chat.poll("bob", { cursor, wait: 0 });
  assertEquals(poll.bodies, ["hi"]);
});

Deno.test("what comes in the moment in which a poll has waited long enough is told", async () => {
  const chat = createTestChat();
  const alice = await chat.rich("alice");
  const { cursor } = (await chat.poll("bob")).answer!;
  const poll = await chat.poll("bob", { cursor, wait: 25 });
  await chat.clock.advance(24_999);
  // It is stored, and its readers are about to be told: then the alarm rings.
  alice.command({ type: "message", room: "lobby", body: "just now" });
  await chat.clock.turn();
  assert(await chat.clock.ring(1));
  await chat.clock.settle();
  assertEquals([poll.refusal, poll.bodies], [undefined, ["just now"]]);
});

Deno.test("polls walk through more than a page, each entry once", async () => {
  const chat = createTestChat({}, { historyMessagesMax: 10_000 });
  const alice = await chat.rich("alice");
  let { cursor } = (await chat.poll("bob")).answer!;
  for (let i = 0; i < 50; i++) await say(chat, alice, numbers(i * 100 + 1, i * 100 + 100));
  const bodies: string[] = [];
  for (let pages = 1, more = true; more; pages++) {
    const poll = await chat.poll("bob", { cursor });
    bodies.push(...poll.bodies);
    ({ cursor, more } = poll.answer!);
    assert(pages < 100);
    const chars = JSON.stringify(poll.answer!.events).length;
    assert(chars < 2 * FRAME_CHARS_MAX, `${chars} characters are no page`);
  }
  assertEquals(bodies, numbers(1, 5000));
});

Deno.test("of bodies above the size of a page each comes in a page of its own", async () => {
  const chat = createTestChat({ bodyBytesMax: 400_000, sendBufferBytesMax: 1_000_000 });
  const alice = await chat.rich("alice");
  let { cursor } = (await chat.poll("bob")).answer!;
  const bodies = ["a", "b", "c"].map((letter) => letter.repeat(300_000));
  await say(chat, alice, bodies);
  for (const [index, body] of bodies.entries()) {
    const poll = await chat.poll("bob", { cursor });
    assertEquals([poll.bodies, poll.answer!.more], [[body], index < 2]);
    ({ cursor } = poll.answer!);
  }
});

Deno.test("a full page of one room leaves the others for the next polls, and loses nothing", async () => {
  const chat = createTestChat({ bodyBytesMax: 400_000, sendBufferBytesMax: 1_000_000 });
  const rooms = ["a", "b", "c"];
  const alice = await chat.rich("alice", { rooms });
  let { cursor } = (await chat.poll("bob", { rooms })).answer!;
  for (const room of rooms) await say(chat, alice, [room.repeat(300_000), `end of ${room}`], room);
  const told: string[] = [];
  for (let polls = 1, more = true; more; polls++) {
    const poll = await chat.poll("bob", { rooms, cursor });
    assertEquals(new Set(poll.answer!.events.map(({ type }) => type)), new Set(["message"]));
    told.push(...poll.bodies.map((body) => body.slice(0, 8)));
    ({ cursor, more } = poll.answer!);
    assert(polls < 10);
  }
  const wanted = rooms.flatMap((room) => [room.repeat(8), `end of ${room}`]);
  assertEquals(told.toSorted(), wanted.toSorted());
  assertEquals(chat.errors, []);
});

Deno.test("a full page of a first poll keeps the beginnings of all rooms", async () => {
  const chat = createTestChat({ bodyBytesMax: 400_000, sendBufferBytesMax: 1_000_000 });
  const rooms = ["a", "b"];
  const alice = await chat.rich("alice", { rooms });
  for (const room of rooms) await say(chat, alice, [room.repeat(300_000)], room);
  const first = await chat.poll("bob", { rooms });
  assertEquals(summary(first), ["joined", "message 1", "joined"]);
  assertEquals(first.answer!.more, true);
  const second = await chat.poll("bob", { rooms, cursor: first.answer!.cursor });
  assertEquals(second.bodies, ["b".repeat(300_000)]);
  assertEquals(second.answer!.more, false);
});

Deno.test("one poll tells what came to several rooms and the inbox in one turn", async () => {
  const chat = createTestChat();
  const rooms = ["a", "b"];
  const alice = await chat.rich("alice", { rooms, key: "a" });
  const { cursor } = (await chat.poll("bob", { rooms, key: "b" })).answer!;
  const held = await chat.poll("bob", { rooms, key: "b", cursor });
  alice.command({ type: "message", room: "a", body: "in a" });
  alice.command({ type: "message", room: "b", body: "in b" });
  alice.command({ type: "message", to: "bob", body: "to bob" });
  await chat.clock.settle();
  let { bodies } = held;
  if (bodies.length < 3) {
    const rest = await chat.poll("bob", { rooms, key: "b", cursor: held.answer!.cursor });
    bodies = [...bodies, ...rest.bodies];
  }
  assertEquals(bodies.toSorted(), ["in a", "in b", "to bob"]);
});

Deno.test("who polls first and is written to later gets it, over polls that had nothing", async () => {
  const chat = createTestChat();
  const first = await chat.poll("bob", { key: "b" });
  assertEquals(first.answer!.events.map(({ room }) => room), ["@bob", "lobby"]);
  let { cursor } = first.answer!;
  ({ cursor } = (await chat.poll("bob", { key: "b", cursor, wait: 0 })).answer!);
  const held = await chat.poll("bob", { key: "b", cursor });
  const alice = await chat.rich("alice", { key: "a" });
  alice.command({ type: "message", to: "bob", body: "psst" });
  await chat.clock.settle();
  assertEquals(held.bodies, ["psst"]);
  assertEquals(held.answer!.events.map(({ room }) => room), ["@bob"]);
  assertEquals(alice.eventsOf("error"), []);
});

Deno.test("a position that is not recovered is told as joined, with the page before the head", async () => {
  const chat = createTestChat({ historyOnJoin: 2 });
  const alice = await chat.rich("alice");
  await say(chat, alice, numbers(1, 5));
  const poll = await chat.poll("bob", { cursor: "lobby=other:5" });
  assertEquals(summary(poll), ["joined", "message 4", "message 5"]);
  assertEquals(poll.answer!.events[0].recovered, false);
});

Deno.test("entries that are no longer retained are a gap in a poll, and the cursor is behind it", async () => {
  const chat = createTestChat({}, { historyMessagesMax: 20 });
  const alice = await chat.rich("alice", { rooms: ["lobby"] });
  const { cursor } = (await chat.poll("bob")).answer!;
  const slow = await chat.poll("bob", { cursor });
  // More than is retained comes in the turn in which the poll is held.
  await say(chat, alice, numbers(1, 100));
  const [gap, ...entries] = slow.answer!.events;
  assertEquals([gap.type, gap.from, gap.to], ["gap", 1, entries[0].offset - 1]);
  assertEquals(entries.at(-1).offset, 100);
  const next = await chat.poll("bob", { cursor: slow.answer!.cursor, wait: 0 });
  assertEquals(next.answer!.events, []);
});

Deno.test("a deletion is told, and the text that it takes is told nobody", async () => {
  const chat = createTestChat();
  const alice = await chat.rich("alice", { key: "a" });
  const { cursor } = (await chat.poll("bob")).answer!;
  await say(chat, alice, ["secret"]);
  const before = (await chat.poll("bob", { cursor })).answer!.cursor;
  const held = await chat.poll("bob", { cursor: before });
  alice.command({ type: "delete", room: "lobby", offset: 1 });
  await chat.clock.settle();
  assertEquals(summary(held), ["deletion 2"]);
  const anew = await chat.poll("carol", { cursor });
  assertEquals([summary(anew), anew.bodies], [["message 1", "deletion 2"], [""]]);
});

Deno.test("channels of the cursor that are not asked for come back as they were", async () => {
  const chat = createTestChat();
  const alice = await chat.rich("alice", { rooms: ["a", "b"] });
  const both = (await chat.poll("bob", { rooms: ["a", "b"], key: "b" })).answer!.cursor;
  await say(chat, alice, ["in a"], "a");
  await say(chat, alice, ["in b"], "b");
  const onlyA = await chat.poll("bob", { rooms: ["a"], key: "b", cursor: both });
  assertEquals(onlyA.bodies, ["in a"]);
  const onlyB = await chat.poll("bob", { rooms: ["b"], key: "b", cursor: onlyA.answer!.cursor });
  assertEquals(onlyB.bodies, ["in b"]);
  const rest = await chat.poll("bob", {
    rooms: ["a", "b"],
    key: "b",
    cursor: onlyB.answer!.cursor,
    wait: 0,
  });
  assertEquals(rest.answer!.events, []);
});

Deno.test("a cursor may spell its channels otherwise", async () => {
  const chat = createTestChat();
  const bob = await chat.rich("bob", { key: "b" });
  const { cursor } = (await chat.poll("Alice", { key: "a", rooms: ["lobby"] })).answer!;
  assert(cursor.startsWith("@Alice="));
  await say(chat, bob, ["hi"]);
  bob.command({ type: "message", to: "alice", body: "psst" });
  await chat.clock.settle();
  const otherwise = cursor.replace("@Alice", "@ALICE").replace("lobby", "Lobby");
  const poll = await chat.poll("alice", { key: "a", rooms: ["LOBBY"], cursor: otherwise });
  assertEquals(summary(poll), ["message 1", "message 1"]);
  const after = cursor.replaceAll(":0", ":1");
  assertEquals(poll.answer!.cursor.split(",").sort(), after.split(",").sort());
});
