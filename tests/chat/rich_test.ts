import { assert, assertEquals } from "@std/assert";
import { RateLimitedError } from "../../lib/log/log.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { changedLog } from "../support/memory_log.ts";
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

const REFUSED: readonly (readonly [command: unknown, code: string])[] = [
  ["no object", "bad_json"],
  [[], "bad_json"],
  [null, "bad_json"],
  [{}, "unknown_command"],
  [{ type: "shout" }, "unknown_command"],
  [{ type: "toString" }, "unknown_command"],
  [{ type: "__proto__" }, "unknown_command"],
  [{ type: "message" }, "bad_command"],
  [{ type: "message", room: "lobby" }, "bad_command"],
  [{ type: "message", room: "lobby", to: "bob", body: "a" }, "bad_command"],
  [{ type: "message", room: 1, body: "a" }, "bad_command"],
  [{ type: "message", room: "lobby", body: "a", ref: "" }, "bad_command"],
  [{ type: "message", room: "lobby", body: "a", ref: "a".repeat(65) }, "bad_command"],
  [{ type: "message", room: "lobby", body: "" }, "body_empty"],
  [{ type: "message", room: "lobby", body: "é".repeat(51) }, "body_too_large"],
  [{ type: "message", room: "kitchen", body: "a" }, "not_joined"],
  [{ type: "message", room: "a room", body: "a" }, "room_name_invalid"],
  [{ type: "message", room: "@bob", body: "a" }, "forbidden"],
  [{ type: "message", room: "@alice", body: "a" }, "forbidden"],
  [{ type: "message", to: "nobody", body: "a" }, "user_not_found"],
  [{ type: "message", to: "\u202e", body: "a" }, "user_not_found"],
  [{ type: "message", to: "keyless", body: "a" }, "user_not_found"],
  [{ type: "delete", room: "lobby", offset: 0 }, "bad_command"],
  [{ type: "delete", room: "lobby", offset: 1.5 }, "bad_command"],
  [{ type: "delete", room: "lobby", offset: 1 }, "forbidden"],
  [{ type: "delete", room: "lobby", offset: 99 }, "not_found"],
  [{ type: "join", room: "@bob" }, "forbidden"],
  [{ type: "join", room: "" }, "room_name_invalid"],
  [{ type: "leave", room: "kitchen" }, "not_joined"],
  [{ type: "history", room: "lobby", limit: 0 }, "bad_command"],
  [{ type: "history", room: "lobby", limit: 201 }, "bad_command"],
  [{ type: "history", room: "lobby", before: 1, after: 1 }, "bad_command"],
  [{ type: "history", room: "@bob" }, "forbidden"],
  [{ type: "history", with: " " }, "user_not_found"],
  [{ type: "typing" }, "bad_command"],
  [{ type: "typing", room: "kitchen" }, "not_joined"],
  [{ type: "typing", room: "@bob" }, "forbidden"],
];

Deno.test("a command that cannot be is answered by its error, with its ref, and the socket stays", async () => {
  const { clock, rich, plain, errors } = createTestChat();
  const bob = await rich("bob", { key: "b" });
  await plain("keyless");
  bob.command({ type: "message", room: "lobby", body: "bob's" });
  const alice = await rich("alice", { key: "a" });
  alice.events();
  for (const [command, code] of REFUSED) {
    const isObject = typeof command === "object" && command !== null && !Array.isArray(command);
    const sent = isObject ? { ref: "x", ...command } : command;
    alice.receive(typeof sent === "string" ? sent : JSON.stringify(sent));
    alice.command({ type: "ping" }); // a good command in between: this is about each one alone
    await clock.settle();
    const [error] = alice.eventsOf("error");
    assertEquals(error?.code, code, JSON.stringify(command));
    if (isObject && !("ref" in command)) assertEquals(error.ref, "x", JSON.stringify(command));
    assertEquals(typeof error.message, "string");
  }
  assertEquals([alice.closed, errors], [undefined, []]);
});

Deno.test("ten bad commands in a row end the session", async () => {
  const { rich, clock } = createTestChat();
  const alice = await rich("alice");
  for (let i = 0; i < 9; i++) alice.receive("{");
  alice.command({ type: "ping" });
  for (let i = 0; i < 9; i++) alice.receive("{");
  assertEquals(alice.closed, undefined);
  alice.receive("{");
  assertEquals(alice.closed?.code, CLOSE_CODE.Flooding);
  await clock.settle();
  assertEquals(alice.eventsOf("error").length, 19);
});

Deno.test("too fast is refused with the time to wait, and flooding in a row ends the session", async () => {
  const { rich, clock } = createTestChat({ messagesPerSecond: 1, messagesBurst: 1 });
  const alice = await rich("alice");
  const say = () => alice.command({ type: "message", room: "lobby", body: "a" });
  say();
  say();
  await clock.settle();
  const [error] = alice.eventsOf("error");
  assertEquals([error.code, error.retryAfterMs], ["rate_limited", 1000]);
  for (let i = 0; i < 98; i++) say();
  await clock.settle();
  assertEquals(alice.closed, undefined);
  await clock.advance(1000);
  say();
  for (let i = 0; i < 99; i++) say();
  await clock.settle();
  assertEquals(alice.closed, undefined, "a message that is taken begins the count anew");
  say();
  await clock.settle();
  assertEquals(alice.closed?.code, CLOSE_CODE.Flooding);
});

Deno.test("what the log refuses for its rate, where others append too, counts as flooding", async () => {
  let isEmpty = true;
  const memory = createTestChat();
  const log = changedLog(memory.log, {
    append: (channel, draft) =>
      isEmpty ? Promise.reject(new RateLimitedError(1000)) : memory.log.append(channel, draft),
  });
  const { rich } = createTestChat({ log, messagesBurst: 1 }, {}, memory);
  const [bob, alice] = [await rich("bob", { key: "b" }), await rich("alice", { key: "a" })];
  const say = async (times: number) => {
    for (let i = 0; i < times; i++) {
      alice.command({ type: "message", ...(i % 2 ? { to: "bob" } : { room: "lobby" }), body: "a" });
      await memory.clock.settle();
    }
  };
  await say(99);
  isEmpty = false;
  await say(1);
  assertEquals(bob.eventsOf("message").length, 1);
  isEmpty = true;
  await say(99);
  assertEquals(alice.closed, undefined, "a message that is taken begins the count anew");
  await say(1);
  assertEquals(alice.closed?.code, CLOSE_CODE.Flooding);
});

Deno.test("who begins anew in another epoch begins where a newcomer does", async () => {
  const memory = createTestChat();
  const later: { epoch?: string } = {};
  const told: (() => void)[] = [];
  const log = changedLog(memory.log, {
    watch: async (name, onChange) => {
      told.push(onChange);
      return new Proxy(await memory.log.watch(name, onChange), {
        get(channel, key) {
          if (key === "epoch") return later.epoch ?? channel.epoch;
          if (key === "canResume" && later.epoch !== undefined) return () => false;
          const value = Reflect.get(channel, key, channel);
          return typeof value === "function" ? value.bind(channel) : value;
        },
      });
    },
  });
  const { rich, clock } = createTestChat({ log, historyOnJoin: 250 }, {}, memory);
  const alice = await rich("alice");
  for (let i = 0; i < 300; i++) alice.command({ type: "message", room: "lobby", body: `${i}` });
  await clock.settle();
  alice.events();
  later.epoch = "another";
  for (const onChange of told) onChange();
  await clock.settle();
  const [bob] = (await rich("bob")).eventsOf("joined");
  const [joined] = alice.eventsOf("joined");
  assertEquals([joined.epoch, joined.recovered, joined.offset], ["another", false, 50]);
  assertEquals([bob.epoch, bob.recovered, bob.offset], ["another", false, 50]);
});

Deno.test("direct messages to nobody are counted like others", async () => {
  const { rich, clock } = createTestChat({ messagesPerSecond: 1, messagesBurst: 2 });
  const alice = await rich("alice", { key: "a" });
  const say = () => alice.command({ type: "message", to: "nobody", body: "a" });
  for (let i = 0; i < 3; i++) say();
  await clock.settle();
  const codes = alice.eventsOf("error").map(({ code }) => code);
  assertEquals(codes.sort(), ["rate_limited", "user_not_found", "user_not_found"]);
  for (let i = 0; i < 99; i++) say();
  await clock.settle();
  assertEquals(alice.closed?.code, CLOSE_CODE.Flooding);
});

Deno.test("a joiner gets the last entries, and one with a position exactly what came after it", async () => {
  const { rich, clock } = createTestChat({ historyOnJoin: 5 });
  const alice = await rich("alice");
  for (let i = 1; i <= 20; i++) alice.command({ type: "message", room: "lobby", body: `${i}` });
  await clock.settle();

  const fresh = (await rich("fresh")).events();
  assertEquals([fresh[1].offset, fresh[1].head, fresh[1].recovered], [15, 20, false]);
  assertEquals(fresh.slice(2).map(({ offset }) => offset), [16, 17, 18, 19, 20]);

  const { epoch } = fresh[1];
  const back = (await rich("back", { cursor: `lobby=${epoch}:8` })).events();
  assertEquals([back[1].offset, back[1].recovered], [8, true]);
  assertEquals(
    back.slice(2).map(({ offset }) => offset),
    Array.from({ length: 12 }, (_, i) => i + 9),
  );

  const cursors = [`lobby=${epoch}:21`, "lobby=other:8", "garbage", `kitchen=${epoch}:8`];
  for (const [i, cursor] of cursors.entries()) {
    const lost = (await rich(`lost ${i}`, { cursor })).events();
    assertEquals([lost[1].offset, lost[1].recovered], [15, false], cursor);
  }
});

Deno.test("a cursor's names may be spelled in any way; of two for one room the first counts", async () => {
  const { rich, clock } = createTestChat({ historyOnJoin: 0 });
  const alice = await rich("undefined", { key: "k" });
  const [inbox, lobby] = alice.eventsOf("joined").map(({ epoch }) => epoch);
  for (let i = 1; i <= 5; i++) alice.command({ type: "message", room: "lobby", body: `${i}` });
  alice.command({ type: "message", to: "undefined", body: "to myself" });
  await clock.settle();
  const cursor = `@no%20%20name=${inbox}:1,LOBBY=${lobby}:3,@UNDEFINED=${inbox}:0,lobby=${lobby}:4`;
  const back = await rich("undefined", { key: "k", cursor });
  assertEquals(
    back.eventsOf("joined").map(({ room, offset, recovered }) => [room, offset, recovered]),
    [["@undefined", 0, true], ["lobby", 3, true]],
  );
});

Deno.test("a position that is no longer retained is not recovered", async () => {
  const { rich, clock } = createTestChat({ historyOnJoin: 5 }, { historyMessagesMax: 10 });
  const alice = await rich("alice");
  const { epoch } = alice.eventsOf("joined")[0];
  for (let i = 1; i <= 30; i++) alice.command({ type: "message", room: "lobby", body: `${i}` });
  await clock.settle();
  const [joined] = (await rich("bob", { cursor: `lobby=${epoch}:10` })).eventsOf("joined");
  assertEquals([joined.offset, joined.recovered], [25, false]);
  const [edge] = (await rich("carol", { cursor: `lobby=${epoch}:20` })).eventsOf("joined");
  assertEquals([edge.offset, edge.recovered], [20, true]);
});

Deno.test("frames hold at most 200 entries", async () => {
  const { rich, clock } = createTestChat({ sendBufferBytesMax: 1_000_000 });
  const alice = await rich("alice");
  const { epoch } = alice.eventsOf("joined")[0];
  for (let i = 1; i <= 450; i++) alice.command({ type: "message", room: "lobby", body: `${i}` });
  await clock.settle();
  const bob = await rich("bob", { cursor: `lobby=${epoch}:0` });
  const frames = bob.sent.map((frame) => JSON.parse(frame as string))
    .map((events) => events.filter(({ type }: { type: string }) => type === "message").length)
    .filter((count) => count > 0);
  assertEquals(frames, [200, 200, 50]);
});

Deno.test("frames hold at most 256 Ki characters", async () => {
  const { rich, clock } = createTestChat({ bodyBytesMax: 100_000, sendBufferBytesMax: 10_000_000 });
  const [alice, bob] = [await rich("alice"), await rich("bob")];
  for (let i = 0; i < 10; i++) {
    alice.command({ type: "message", room: "lobby", body: "x".repeat(100_000) });
  }
  await clock.settle();
  for (const frame of bob.sent) assert(frame.length < 256 * 1024 + 1000, `${frame.length}`);
  assertEquals(bob.eventsOf("message").length, 10);
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

Deno.test("history comes in pages, backwards and forwards", async () => {
  const { rich, clock } = createTestChat();
  const alice = await rich("alice");
  for (let i = 1; i <= 120; i++) alice.command({ type: "message", room: "lobby", body: `${i}` });
  await clock.settle();
  alice.events();
  async function page(command: Record<string, unknown>) {
    alice.command({ type: "history", room: "lobby", ref: "h", ...command });
    await clock.settle();
    const [answer] = alice.eventsOf("history");
    const offsets = answer.entries.map(({ offset }: { offset: number }) => offset);
    return [offsets[0], offsets.at(-1), offsets.length, answer.more];
  }
  assertEquals(await page({}), [71, 120, 50, true]);
  assertEquals(await page({ before: 71, limit: 60 }), [11, 70, 60, true]);
  assertEquals(await page({ before: 11 }), [1, 10, 10, false]);
  assertEquals(await page({ before: 1 }), [undefined, undefined, 0, false]);
  assertEquals(await page({ after: 0, limit: 100 }), [1, 100, 100, true]);
  assertEquals(await page({ after: 100 }), [101, 120, 20, false]);
  assertEquals(await page({ after: 999 }), [undefined, undefined, 0, false]);
});

Deno.test("a direct message reaches the two inboxes, and nobody else", async () => {
  const { rich, clock } = createTestChat();
  const [alice, tab, bob, eve] = [
    await rich("alice", { key: "a" }),
    await rich("alice", { key: "a" }),
    await rich("Bob", { key: "b" }),
    await rich("eve", { key: "e" }),
  ];
  for (const client of [alice, tab, bob, eve]) client.events();
  alice.command({ type: "message", to: "bob", body: "psst", ref: "r" });
  await clock.settle();
  const [ack, own] = alice.events();
  assertEquals([ack.type, ack.room, ack.offset], ["ack", "@alice", 1]);
  assertEquals([own.room, own.sender, own.to, own.with, own.body], [
    "@alice",
    "alice",
    "bob",
    "Bob",
    "psst",
  ]);
  assertEquals(tab.events(), [own]);
  const [received] = bob.events();
  assertEquals([received.room, received.sender, received.to, received.with, received.id], [
    "@Bob",
    "alice",
    "bob",
    "alice",
    own.id,
  ]);
  assertEquals(eve.events(), []);
  alice.command({ type: "message", to: "bob", body: "psst", ref: "r" });
  await clock.settle();
  assertEquals([alice.eventsOf("ack")[0].duplicate, bob.events()], [true, []]);
});

Deno.test("a direct message to somebody who is away waits in the inbox", async () => {
  const { rich, clock } = createTestChat();
  const bob = await rich("bob", { key: "b" });
  bob.leave();
  const alice = await rich("alice", { key: "a" });
  alice.command({ type: "message", to: "bob", body: "psst" });
  await clock.settle();
  const back = await rich("bob", { key: "b" });
  assertEquals(back.eventsOf("message").map(({ body }) => body), ["psst"]);
});

Deno.test("another owner of a name begins with an empty inbox", async () => {
  const { rich, clock } = createTestChat();
  const bob = await rich("bob", { key: "b" });
  const alice = await rich("alice", { key: "a" });
  alice.command({ type: "message", to: "bob", body: "for the first" });
  await clock.settle();
  bob.leave();
  await clock.advance(299_000);
  assertEquals((await rich("bob", { key: "other" })).closed?.code, CLOSE_CODE.UsernameTaken);
  await clock.advance(2_000);
  const other = await rich("bob", { key: "other" });
  assertEquals(other.closed, undefined);
  assertEquals(other.eventsOf("message"), []);
  alice.command({ type: "message", to: "bob", body: "for the second" });
  await clock.settle();
  assertEquals(other.eventsOf("message").map(({ body }) => body), ["for the second"]);
});

Deno.test("a direct message whose ref stands for another, or that is a repeat, goes to nobody", async () => {
  const { rich, clock } = createTestChat();
  const [bob, carol] = [await rich("bob", { key: "b" }), await rich("carol", { key: "c" })];
  const alice = await rich("alice", { key: "a" });
  const message = { type: "message", to: "bob", body: "for bob", ref: "r" };
  alice.command(message);
  await clock.settle();
  alice.command({ ...message, to: "carol" });
  await clock.settle();
  assertEquals(alice.eventsOf("error").map(({ code }) => code), ["ref_conflict"]);
  assertEquals(carol.eventsOf("message"), []);

  bob.leave();
  await clock.advance(300_000);
  const other = await rich("bob", { key: "other" });
  alice.command(message);
  await clock.settle();
  assertEquals(alice.eventsOf("ack").map(({ duplicate }) => duplicate), [true]);
  assertEquals(other.eventsOf("message"), []);
});

Deno.test("a deletion whose ref stands for something else takes no copy away", async () => {
  const { rich, clock } = createTestChat();
  const [bob, alice] = [await rich("bob", { key: "b" }), await rich("alice", { key: "a" })];
  alice.command({ type: "message", to: "bob", body: "for bob", ref: "r" });
  await clock.settle();
  alice.command({ type: "delete", room: "@alice", offset: 1, ref: "r" });
  await clock.settle();
  assertEquals(alice.eventsOf("error").map(({ code }) => code), ["ref_conflict"]);
  assertEquals(bob.eventsOf("deletion"), []);
  alice.command({ type: "delete", room: "@alice", offset: 1, ref: "s" });
  await clock.settle();
  assertEquals(bob.eventsOf("deletion").map(({ target }) => target), [1]);
});

Deno.test("history with one user is that conversation alone", async () => {
  const { rich, clock } = createTestChat();
  const alice = await rich("alice", { key: "a" });
  const [bob, carol] = [await rich("bob", { key: "b" }), await rich("carol", { key: "c" })];
  for (let i = 0; i < 30; i++) {
    bob.command({ type: "message", to: "alice", body: `b${i}` });
    carol.command({ type: "message", to: "alice", body: `c${i}` });
    alice.command({ type: "message", to: "Bob", body: `a${i}` });
    await clock.settle();
  }
  alice.events();
  alice.command({ type: "history", with: "BOB", limit: 5 });
  await clock.settle();
  const [page] = alice.eventsOf("history");
  const bodies = page.entries.map(({ body }: { body: string }) => body);
  assertEquals([page.with, bodies, page.more], ["BOB", ["a27", "b28", "a28", "b29", "a29"], true]);
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

Deno.test("a reader that fell out of the retained log gets one exact gap, then all that is left", async () => {
  const { chat, rich, clock } = createTestChat({}, { historyMessagesMax: 50 });
  const [alice, slow] = [await rich("alice"), await rich("slow")];
  await clock.advance(1000);
  slow.reads = false;
  for (let i = 0; i < 300; i++) {
    alice.command({ type: "message", room: "lobby", body: `${i}` });
    await clock.settle();
  }
  slow.drain();
  await clock.advance(1000);
  const events = slow.events().filter(({ type }) => type === "message" || type === "gap");
  const at = events.findIndex(({ type }) => type === "gap");
  const gap = events[at];
  assertEquals([gap.from, gap.to], [events[at - 1].offset + 1, events[at + 1].offset - 1]);
  const offsets = events.filter(({ type }) => type === "message").map(({ offset }) => offset);
  assertEquals(offsets.at(-1), 300);
  assertEquals(offsets.length + gap.to - gap.from + 1, 300);
  assertEquals(chat.tally.gaps, 1);
  assertEquals(slow.closed, undefined);
});

Deno.test("while a connection is behind, a command with a large answer is refused as busy", async () => {
  const { rich, clock } = createTestChat();
  const [alice, slow] = [await rich("alice"), await rich("slow")];
  slow.reads = false;
  for (let i = 0; i < 50; i++) {
    alice.command({ type: "message", room: "lobby", body: `${i}` });
    await clock.settle();
  }
  slow.command({ type: "history", room: "lobby", ref: "h" });
  await clock.settle();
  const [error] = slow.eventsOf("error");
  assertEquals([error.code, error.ref], ["busy", "h"]);
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

Deno.test("who asks and asks and never reads the answers is closed", async () => {
  const { rich, clock } = createTestChat({ sendBufferBytesMax: 1000 });
  const alice = await rich("alice");
  alice.reads = false;
  for (let i = 0; i < 500 && alice.closed === undefined; i++) {
    alice.command({ type: "ping", ref: `${i}` });
    await clock.settle();
  }
  assertEquals(alice.closed?.code, CLOSE_CODE.TooFarBehind);
  assert(alice.unsentBytes < 3000, `${alice.unsentBytes} unsent`);
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
