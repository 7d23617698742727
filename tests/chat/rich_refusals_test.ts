import { assert, assertEquals } from "@std/assert";
import { RateLimitedError } from "../../lib/log/log.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { changedLog } from "../support/memory_log.ts";
import { createTestChat } from "../support/test_chat.ts";

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
