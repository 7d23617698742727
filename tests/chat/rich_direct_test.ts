import { assertEquals } from "@std/assert";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { createTestChat } from "../support/test_chat.ts";

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
