import { assertEquals } from "@std/assert";
import { Flush } from "../../lib/chat/flush.ts";
import { type Reader, type Recipient, Room } from "../../lib/chat/room.ts";
import { SendBudget } from "../../lib/chat/send_budget.ts";
import { Tally } from "../../lib/chat/tally.ts";
import type { Channel, Entry } from "../../lib/log/log.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeConnection } from "../support/fake_connection.ts";

/** A room with entries, of which those before an offset are not in memory. */
function roomOf(entries: readonly Entry[], inMemoryFrom = 1): Room {
  const attendance = { opened: undefined, enter() {}, leave() {}, close() {} };
  const channel: Channel = {
    name: "lobby",
    epoch: "e",
    head: entries.length,
    first: 1,
    recent: (after, limit) =>
      after + 1 < inMemoryFrom ? undefined : entries.slice(after, after + limit),
    read: (after, limit) => Promise.resolve(entries.slice(after, after + limit)),
    canResume: () => true,
    refresh: () => Promise.resolve(),
    close() {},
  };
  return new Room({ type: "room", key: "lobby", name: "lobby" } as never, channel, attendance);
}

/** Whether a room remembers texts, which it is watched for from now on. */
function memoryOf({ texts }: Room): { readonly isKept: boolean } {
  const memory = { isKept: false };
  const { plainRun, forget } = texts;
  texts.plainRun = function (after) {
    const run = plainRun.call(this, after);
    memory.isKept ||= run !== undefined;
    return run;
  };
  texts.forget = function () {
    memory.isKept = false;
    forget.call(this);
  };
  return memory;
}

function entry(offset: number, author: string, body = `${offset}`): Entry {
  return { offset, kind: "message", id: `m${offset}`, author, sender: author, at: 0, body };
}

/** A flush, and what its plain readers are handed. */
function setUp(sendBufferBytesMax = 1e6) {
  const clock = new FakeClock();
  const budget = new SendBudget({ sendBufferBytesMax, sendBuffersTotalBytesMax: 1e9 });
  const onError = (error: unknown) => {
    throw error;
  };
  const tally = new Tally();
  const flush = new Flush({ budget, stallMs: 1000, clock, tally, onError });
  const arrays: (readonly string[])[] = [];
  const read = (room: Room, author: string): Reader & { readonly said: string[] } => {
    const connection = new FakeConnection();
    const said: string[] = [];
    const session: Recipient = {
      connection,
      identity: { author } as Recipient["identity"],
      isPlain: true,
      isBehind: false,
      awaitsEntries: true,
      tell() {},
      tellText() {},
      flushEvents() {},
      sendEntries() {},
      sendAll(texts, from, to) {
        arrays.push(texts);
        const sent = texts.slice(from, to);
        said.push(...sent.map((text) => JSON.parse(text).msg));
        connection.unsentBytes += sent.join("").length;
      },
      resume() {},
      fellBehind() {},
    };
    const reader = { session, room, offset: 0, isCatchingUp: false, needsPresence: false, said };
    room.readers.add(reader);
    return reader;
  };
  return { clock, flush, tally, arrays, read };
}

Deno.test("plain readers at one position are handed the same texts, each without its own", async () => {
  const { clock, flush, tally, arrays, read } = setUp();
  const room = roomOf(
    ["ann", "bob", "ann", "cai", "ann"].map((author, i) => entry(i + 1, author)),
  );
  const [ann, bob, dan] = ["ann", "bob", "dan"].map((author) => read(room, author));
  flush.markRoom(room);
  await clock.settle();
  assertEquals([ann!.said, bob!.said, dan!.said], [
    ["2", "4"],
    ["1", "3", "4", "5"],
    ["1", "2", "3", "4", "5"],
  ]);
  assertEquals([ann, bob, dan].map((reader) => reader!.offset), [5, 5, 5]);
  assertEquals(new Set(arrays).size, 1);
  assertEquals(tally.plainDeliveries, 11);
});

Deno.test("a plain reader is sent what its connection takes, and its cursor says how far that was", async () => {
  const { clock, flush, read } = setUp(1000);
  const room = roomOf(
    Array.from({ length: 20 }, (_, i) => entry(i + 1, i === 3 ? "ann" : "bob", "x".repeat(270))),
  );
  const ann = read(room, "ann");
  flush.markRoom(room);
  await clock.settle();
  // Three texts of 300 are below the bound; the next one that is not its own passes it.
  assertEquals([ann.said.length, ann.offset], [4, 5]);
});

Deno.test("what was encoded for a reader from far back is forgotten, in a quiet room too", async () => {
  const { clock, flush, read } = setUp();
  const room = roomOf(Array.from({ length: 450 }, (_, i) => entry(i + 1, "bob")), 300);
  const ann = read(room, "ann");
  const memory = memoryOf(room);
  flush.start(ann);
  await clock.settle();
  assertEquals([ann.said.length, ann.offset], [450, 450]);
  assertEquals(memory.isKept, false);
});

Deno.test("a reader whose session ends while its events go out is sent nothing more", async () => {
  const { clock, flush, read } = setUp();
  const room = roomOf([entry(1, "bob")]);
  const ann = read(room, "ann");
  ann.session.flushEvents = () => void room.readers.delete(ann);
  (ann.session.connection as FakeConnection).unsentBytes = 1e7;
  flush.start(ann);
  await clock.settle();
  assertEquals([ann.said, flush.waiting.size], [[], 0]);
});
