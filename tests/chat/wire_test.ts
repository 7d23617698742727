import { assert, assertEquals } from "@std/assert";
import { CursorTrack, EventStreamWire, PollWire, RICH_WIRE } from "../../lib/chat/wire.ts";
import { CURSOR_CHANNELS_MAX, FRAME_CHARS_MAX } from "../../lib/limits.ts";
import type { Frame } from "../../lib/chat/room_texts.ts";
import { parseCursor } from "../../lib/protocol/position.ts";
import { Random } from "../simulation/random.ts";
import { createTestChat } from "../support/test_chat.ts";
import { parseStreamedEvent, type StreamedEvent } from "../support/test_clients.ts";

function frame(room: string, offsets: readonly number[]): Frame {
  const entries = offsets.map((offset) => {
    const json = JSON.stringify({ type: "message", room, offset });
    return { type: "message" as const, offset, json };
  });
  const text = `[${entries.map(({ json }) => json).join(",")}]`;
  return { room, entries, text, to: offsets.at(-1)! };
}

function joined(room: string, epoch: string, offset: number, recovered = false): string {
  return JSON.stringify({ type: "joined", room, epoch, offset, head: offset, recovered });
}

const cursorOf = (text: string) => parseCursor(text)!;

Deno.test("a cursor's track follows what goes out", () => {
  const track = new CursorTrack(cursorOf("Lobby=e:1,@ALICE=e:2,other=x:9"));
  assertEquals(track.text, "lobby=e:1,@ALICE=e:2,other=x:9");
  track.own(joined("@Alice", "f", 2));
  assertEquals(track.text, "lobby=e:1,other=x:9,@Alice=f:2", "one inbox, as it is shown");
  track.own(joined("lobby", "f", 1));
  track.entry("lobby", 5);
  assertEquals(track.text, "other=x:9,@Alice=f:2,lobby=f:5");
  track.own(JSON.stringify({ type: "gap", room: "lobby", from: 6, to: 8 }));
  assertEquals(track.text, "other=x:9,@Alice=f:2,lobby=f:8");
  track.entry("elsewhere", 5);
  track.own(JSON.stringify({ type: "left", room: "other" }));
  track.own(JSON.stringify({ type: "presence", room: "lobby", userCount: 1 }));
  assertEquals(track.text, "@Alice=f:2,lobby=f:8");
  assertEquals(track.before("lobby"), "@Alice=f:2,lobby=f:");
});

Deno.test("of more channels than a cursor may have, those that were not asked for go first", () => {
  const others = Array.from({ length: CURSOR_CHANNELS_MAX }, (_, i) => `r${i}=e:1`);
  const track = new CursorTrack(cursorOf(others.join(",")));
  track.own(joined("r0", "e", 1));
  track.own(joined("new", "e", 1));
  const cursor = cursorOf(track.text);
  assertEquals(cursor.size, CURSOR_CHANNELS_MAX);
  assertEquals(["r0", "r1", "r2", "new"].map((name) => cursor.has(name)), [
    true,
    false,
    true,
    true,
  ]);
});

Deno.test("a server-sent event has its type, the cursor after it, and its data in one line", () => {
  const wire = new EventStreamWire(cursorOf("@\u00e9va=e:3"));
  const [text, ...more] = wire.encode([joined("a", "e", 4)], frame("a", [5, 6]));
  assertEquals(more, []);
  assertEquals(text!.split("\n"), [
    "event: joined",
    "id: @%C3%A9va=e:3,a=e:4",
    `data: ${joined("a", "e", 4)}`,
    "",
    "event: message",
    "id: @%C3%A9va=e:3,a=e:5",
    'data: {"type":"message","room":"a","offset":5}',
    "",
    "event: message",
    "id: @%C3%A9va=e:3,a=e:6",
    'data: {"type":"message","room":"a","offset":6}',
    "",
    "",
  ]);
  const [next] = wire.encode(['{"type":"presence","room":"a"}']);
  assertEquals(parseStreamedEvent(next!).id, "@%C3%A9va=e:3,a=e:6");
  assertEquals(wire.encode([]), []);
});

Deno.test("a poll is told what it cannot know, and its cursor follows the rest too", () => {
  const wire = new PollWire(cursorOf("a=e:4"));
  const left = '{"type":"left","room":"b"}', gap = '{"type":"gap","room":"a","from":5,"to":6}';
  const reconnect = '{"type":"reconnect","afterMs":5}';
  const told = wire.encode([
    '{"type":"welcome"}',
    joined("a", "f", 4, true),
    joined("b", "f", 0),
    '{"type":"presence","room":"a"}',
    '{"type":"typing","room":"a","username":"bob"}',
    left,
    gap,
    reconnect,
  ], frame("a", [7, 8]));
  const [first, second] = frame("a", [7, 8]).entries;
  assertEquals(told, [joined("b", "f", 0), left, gap, reconnect, first!.json, second!.json]);
  assertEquals(wire.cursor, "a=f:8");
});

Deno.test("the rich wire shares a frame, and puts own events before it where both fit", () => {
  const entries = frame("a", [1]);
  assertEquals(RICH_WIRE.encode([], entries), [entries.text]);
  assertEquals(RICH_WIRE.encode(['{"a":1}'], entries), [`[{"a":1},${entries.text.slice(1)}`]);
  const long = `"${"x".repeat(FRAME_CHARS_MAX - 2)}"`;
  assertEquals(RICH_WIRE.encode([long], entries), [`[${long}]`, entries.text]);
  assertEquals(RICH_WIRE.encode([long, "1"]), [`[${long}]`, "[1]"]);
});

/** The entries of a stream, by channel. */
function entriesOf(events: readonly StreamedEvent[]): Record<string, number[]> {
  const offsets: Record<string, number[]> = { "@Bob": [], a: [], b: [] };
  for (const { type, data } of events) {
    if (type === "message" || type === "deletion") offsets[data.room]!.push(data.offset);
  }
  return offsets;
}

for (let seed = 1; seed <= 4; seed++) {
  Deno.test(`a stream that is cut after any event goes on with nothing lost and nothing twice (seed ${seed})`, async () => {
    const random = new Random(seed);
    const chat = createTestChat({ historyOnJoin: 1000 });
    const { clock } = chat;
    const rooms = ["a", "b"];
    const alice = await chat.rich("alice", { rooms, key: "a" });
    await chat.rich("Bob", { key: "b" });
    const heads: Record<string, number> = { "@Bob": 0, a: 0, b: 0 };
    const say = () => {
      const [place, isLong] = [random.pick(["a", "b", "@Bob"]), random.chance(0.2)];
      const body = isLong ? "long ".repeat(19) : "short";
      const isDeletion = place !== "@Bob" && heads[place]! > 0 && random.chance(0.1);
      heads[place]!++;
      if (place === "@Bob") alice.command({ type: "message", to: "bob", body });
      else if (isDeletion) alice.command({ type: "delete", room: place, offset: 1 });
      else alice.command({ type: "message", room: place, body });
    };
    for (let i = 0; i < 20; i++) say();
    await clock.settle();
    const bob = await chat.stream("Bob", { rooms, key: "b" });
    for (let round = 0; round < 25; round++) {
      bob.reads = random.chance(0.7);
      if (bob.reads) bob.drain();
      for (let i = random.below(12); i > 0; i--) say();
      if (random.chance(0.2)) await chat.rich(`guest-${round}`, { rooms });
      if (random.chance(0.5)) await clock.turn();
      else await clock.advance(random.below(500));
    }
    bob.drain();
    await clock.advance(1000);
    const events = bob.events();
    bob.leave();
    const all = entriesOf(events);
    const contiguous = (head: number) => Array.from({ length: head }, (_, index) => index + 1);
    for (const [room, offsets] of Object.entries(all)) {
      const head = offsets.at(-1)!;
      assert(head > 10);
      assertEquals(offsets, contiguous(head), room);
    }
    for (let cut = 0; cut < events.length; cut++) {
      const again = await chat.stream("bob", { rooms, key: "b", cursor: events[cut]!.id });
      const rest = again.events();
      again.leave();
      const before = events.slice(0, cut + 1);
      const known = new Set(before.filter(({ type }) => type === "joined").map((e) => e.data.room));
      for (const { type, data } of rest) {
        if (type === "joined") assertEquals(data.recovered, known.has(data.room), `cut ${cut}`);
      }
      assertEquals(entriesOf([...before, ...rest]), all, `cut after event ${cut}`);
    }
    assertEquals(chat.errors, []);
  });
}

Deno.test("a stream keeps what its cursor says of channels that it does not read", async () => {
  const chat = createTestChat();
  const alice = await chat.rich("alice", { rooms: ["a"] });
  const stream = await chat.stream("bob", { rooms: ["a"], cursor: "Other=x:9,@bob=y:3" });
  alice.command({ type: "message", room: "a", body: "hi" });
  await chat.clock.settle();
  const events = stream.events();
  for (const { id } of events) {
    const cursor = cursorOf(id);
    assertEquals([cursor.get("other")?.offset, cursor.get("@bob")?.offset], [9, 3]);
  }
  assertEquals(events.at(-1)!.type, "message");
});

Deno.test("a stream begins with its welcome, and tells presence and typing", async () => {
  const chat = createTestChat();
  const stream = await chat.stream("bob");
  const alice = await chat.rich("alice");
  alice.command({ type: "typing", room: "lobby" });
  await chat.clock.advance(1000);
  const types = stream.events().map(({ type }) => type);
  assertEquals(types.slice(0, 2), ["welcome", "joined"]);
  assertEquals(new Set(types.slice(2)), new Set(["presence", "typing"]));
});

Deno.test("a stream that is not read waits at its cursor, and goes on where it stood", async () => {
  const chat = createTestChat({ sendBufferBytesMax: 1000 });
  const alice = await chat.rich("alice");
  const slow = await chat.stream("slow");
  slow.reads = false;
  for (let i = 0; i < 100; i++) {
    alice.command({ type: "message", room: "lobby", body: `${i}` });
    await chat.clock.settle();
  }
  assert(slow.unsentBytes < 3000, `${slow.unsentBytes} bytes are unsent`);
  assertEquals(chat.chat.waitingCount, 1);
  slow.drain();
  await chat.clock.advance(1000);
  const bodies = slow.events().filter(({ type }) => type === "message").map((e) => e.data.body);
  assertEquals(bodies, Array.from({ length: 100 }, (_, i) => `${i}`));
});

Deno.test("a stream that takes nothing is told that it fell behind", async () => {
  const chat = createTestChat({ sendBufferBytesMax: 100 });
  const slow = await chat.stream("slow");
  const alice = await chat.rich("alice");
  slow.reads = false;
  for (let i = 0; i < 10; i++) {
    alice.command({ type: "message", room: "lobby", body: `${i}` });
    await chat.clock.settle();
  }
  await chat.clock.advance(19_000);
  assertEquals(slow.closed, undefined);
  await chat.clock.advance(2000);
  assertEquals(slow.closed?.code, 4001);
  assertEquals(chat.chat.userCount, 1);
});

Deno.test("a stream that cannot be opened is refused, and leaves nothing behind", async () => {
  const chat = createTestChat();
  await chat.rich("bob", { key: "b" });
  const before = [chat.chat.userCount, chat.chat.roomCount, chat.directory.size];
  for (
    const [name, join, code] of [
      ["bob", { key: "other" }, "username_taken"],
      ["bob", {}, "username_taken"],
      ["\u202e", {}, "username_invalid"],
      ["carol", { rooms: ["a room"] }, "room_name_invalid"],
      ["carol", { rooms: ["a", "b", "c", "d"] }, "room_name_invalid"],
    ] as const
  ) {
    assertEquals((await chat.stream(name, join)).refusal?.code, code);
    assertEquals((await chat.poll(name, join)).refusal?.code, code);
  }
  assertEquals([chat.chat.userCount, chat.chat.roomCount, chat.directory.size], before);
});

Deno.test("a stream that is refused its last room leaves the others", async () => {
  const chat = createTestChat({ roomsMax: 2 });
  const alice = await chat.rich("alice", { rooms: ["a"] });
  const before = [chat.chat.userCount, chat.chat.roomCount, chat.directory.size];
  const stream = await chat.stream("bob", { rooms: ["a", "b", "c"] });
  assertEquals(stream.refusal?.code, "rooms_full");
  assertEquals([chat.chat.userCount, chat.chat.roomCount, chat.directory.size], before);
  await chat.clock.advance(10_000);
  const shown = alice.eventsOf("presence").at(-1);
  assertEquals([shown.leaves, shown.userCount], [["bob"], 1]);
});
