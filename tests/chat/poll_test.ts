import { assert, assertEquals } from "@std/assert";
import { FRAME_CHARS_MAX, POLL_PRESENCE_MS, VISIT_MS, WIPE_MS } from "../../lib/limits.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { Faults } from "../log/support.ts";
import { createTestChat, type TestClient, type TestPoll } from "../support/test_chat.ts";

/** Says one thing after another in a room, and waits until all is stored. */
async function say(
  { clock }: ReturnType<typeof createTestChat>,
  client: TestClient,
  bodies: readonly string[],
  room = "lobby",
): Promise<void> {
  for (const body of bodies) client.command({ type: "message", room, body });
  await clock.settle();
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
}

/** Events as `type`, and for entries `type offset`. */
function summary({ answer }: TestPoll): string[] {
  return answer!.events.map(({ type, offset }) =>
    type === "message" || type === "deletion" ? `${type} ${offset}` : type
  );
}

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
