import { assert, assertEquals } from "@std/assert";
import { Presence, type PresenceChange } from "../../lib/chat/presence.ts";
import { PRESENCE_GRACE_MS } from "../../lib/limits.ts";
import { parseUsername } from "../../lib/protocol/name.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { createTestChat } from "../support/test_chat.ts";

function createPresence() {
  const clock = new FakeClock();
  const changes: PresenceChange[] = [];
  const presence = new Presence(clock, (change) => changes.push(change));
  const user = (name: string) => parseUsername(name)!;
  return {
    clock,
    presence,
    enter: (name: string) => presence.enter(user(name)),
    leave: (name: string) => presence.leave(user(name), PRESENCE_GRACE_MS),
    /** The changes since the last call. */
    taken: () => changes.splice(0),
  };
}

Deno.test("the first who comes shows at once, the next with the interval, sorted", async () => {
  const { clock, enter, taken } = createPresence();
  enter("bob");
  await clock.advance(0);
  assertEquals(taken(), [{ joins: ["bob"], leaves: [], userCount: 1 }]);
  enter("dora");
  enter("carl");
  await clock.advance(249);
  assertEquals(taken(), []);
  await clock.advance(1);
  assertEquals(taken(), [{ joins: ["carl", "dora"], leaves: [], userCount: 3 }]);
});

Deno.test("who leaves shows after the grace, and who is back by then never does", async () => {
  const { clock, enter, leave, taken } = createPresence();
  enter("bob");
  enter("carl");
  await clock.advance(1000);
  taken();
  leave("bob");
  leave("carl");
  await clock.advance(4999);
  enter("carl");
  assertEquals(taken(), []);
  await clock.advance(1);
  assertEquals(taken(), [{ joins: [], leaves: ["bob"], userCount: 1 }]);
});

Deno.test("a user with two tabs is one, and leaves with the last", async () => {
  const { clock, enter, leave, taken } = createPresence();
  enter("bob");
  enter("BOB");
  await clock.advance(1000);
  assertEquals(taken(), [{ joins: ["bob"], leaves: [], userCount: 1 }]);
  leave("bob");
  await clock.advance(10_000);
  assertEquals(taken(), []);
  leave("bob");
  await clock.advance(10_000);
  assertEquals(taken(), [{ joins: [], leaves: ["bob"], userCount: 0 }]);
});

Deno.test("who comes and goes between two changes was never there", async () => {
  const { clock, presence, enter, leave, taken } = createPresence();
  enter("bob");
  await clock.advance(0);
  taken();
  leave("bob");
  await clock.advance(4900);
  enter("carl");
  await clock.advance(0);
  assertEquals(taken(), [{ joins: ["carl"], leaves: [], userCount: 2 }]);
  await clock.advance(100); // bob's grace ends within carl's interval
  enter("bob");
  await clock.advance(250);
  assertEquals(taken(), [], "gone and back");
  assertEquals(presence.snapshot(), { users: ["bob", "carl"], userCount: 2 });
});

Deno.test("above 200 users only their number is told, and a snapshot when they are few again", async () => {
  const { clock, presence, enter, leave, taken } = createPresence();
  for (let i = 0; i < 200; i++) enter(`u${i}`);
  await clock.advance(0);
  assertEquals(taken()[0]!.joins!.length, 200);
  enter("last");
  await clock.advance(250);
  assertEquals(taken(), [{ userCount: 201 }]);
  assertEquals([presence.snapshot().users.length, presence.snapshot().userCount], [200, 201]);
  leave("u7");
  await clock.advance(10_000);
  const [{ users, joins, userCount }] = taken() as [PresenceChange];
  assertEquals([users!.length, users!.includes("u7"), users!.includes("last"), joins, userCount], [
    200,
    false,
    true,
    undefined,
    200,
  ]);
});

/** What a reader knows of a room, by what it was told. */
class View {
  users = new Set<string>();
  userCount = 0;

  // deno-lint-ignore no-explicit-any
  hear(event: any): void {
    if (event.type !== "joined" && event.type !== "presence") return;
    if (event.users !== undefined) this.users = new Set(event.users);
    for (const name of event.joins ?? []) this.users.add(name);
    for (const name of event.leaves ?? []) this.users.delete(name);
    this.userCount = event.userCount;
  }
}

Deno.test("1,000 joins in a second cost a reader five frames", async () => {
  const { clock, rich, plain } = createTestChat({ sendBufferBytesMax: 1_000_000 });
  const reader = await rich("reader");
  await clock.advance(1000);
  const before = reader.sent.length;
  for (let i = 0; i < 1000; i++) {
    await plain(`user ${i}`);
    await clock.advance(1);
  }
  const frames = reader.sent.length - before;
  assert(frames <= 5, `${frames} frames in one second`);
  await clock.advance(1000);
  const view = new View();
  for (const event of reader.events()) view.hear(event);
  assertEquals(view.userCount, 1001);
});

Deno.test("snapshot and differences never leave a ghost, whenever one joins", async () => {
  const { clock, rich, plain } = createTestChat();
  const anchor = await rich("anchor");
  const readers: [View, Awaited<ReturnType<typeof rich>>][] = [[new View(), anchor]];
  for (let i = 0; i < 60; i++) {
    const guest = await plain(`guest ${i % 7}`);
    if (i % 5 === 0) readers.push([new View(), await rich(`reader ${i}`)]);
    await clock.advance((i * 137) % 400);
    guest.leave();
    await clock.advance((i * 71) % 900);
  }
  await clock.advance(20_000);
  for (const [view, reader] of readers) for (const event of reader.events()) view.hear(event);
  const expected = new Set(["anchor", ...Array.from({ length: 12 }, (_, i) => `reader ${i * 5}`)]);
  for (const [view] of readers) {
    assertEquals([view.users, view.userCount], [expected, expected.size]);
  }
});

Deno.test("a reader that missed a difference gets a snapshot when it goes on", async () => {
  const { clock, rich, plain } = createTestChat();
  const [alice, slow] = [await rich("alice"), await rich("slow")];
  await clock.advance(1000);
  slow.reads = false;
  for (let i = 0; i < 50; i++) {
    alice.command({ type: "message", room: "lobby", body: `${i}` });
    await clock.settle();
  }
  slow.events();
  const bob = await plain("bob");
  await clock.advance(1000);
  bob.leave();
  await plain("carl");
  await clock.advance(6000);
  assertEquals(slow.eventsOf("presence"), []);
  slow.drain();
  await clock.advance(200);
  const [snapshot] = slow.eventsOf("presence");
  assertEquals([snapshot.users, snapshot.userCount], [["alice", "carl", "slow"], 3]);
});
