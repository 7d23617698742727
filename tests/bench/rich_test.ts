import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeEntry, type Event } from "../../lib/protocol/event.ts";
import { type Ears, EVERYBODY, NOBODY } from "./conversation.ts";
import { bodyOf, nameOf } from "./dialects.ts";
import { RichConversation } from "./rich.ts";

const encoder = new TextEncoder();

function listen(watched = EVERYBODY) {
  const delivered: number[] = [];
  const heard: [sender: number, micros: number][] = [];
  const joined: [client: number, past: number][] = [];
  const acknowledged: number[] = [];
  const ears: Ears = {
    watchedBy: () => watched,
    delivered: (_client, count) => delivered.push(count),
    heard: (sender, micros) => heard.push([sender, micros]),
    acknowledged: (micros) => acknowledged.push(micros),
    joined: (client, past) => joined.push([client, past]),
    answer: () => {},
  };
  const conversation = new RichConversation(ears, 10);
  /** As in the crowd's buffer: something before the frame, and something of the last one behind it. */
  function hear(client: number, ...events: string[]): void {
    const frame = `[${events.join()}]`;
    const bytes = encoder.encode(`12345${frame},"offset":99}`);
    conversation.hear(client, bytes, 5, 5 + frame.length);
  }
  return { conversation, hear, delivered, heard, joined, acknowledged };
}

function entry(
  offset: number,
  sender = 7,
  micros = 1000 + offset,
  id = "abcdefghijklmnop",
): string {
  const body = bodyOf(micros);
  const at = 1_795_327_200_000;
  const draft = { offset, kind: "message", id, sender: nameOf(sender), at, body } as const;
  return encodeEntry("lobby", draft);
}

function event(event: Event | Record<string, unknown>): string {
  return JSON.stringify(event);
}

function joinedAt(offset: number, head = offset, recovered = false): string {
  return event({
    type: "joined",
    room: "lobby",
    epoch: "k3f9",
    offset,
    head,
    recovered,
    users: ["u0001", "u0002"],
    userCount: 2,
  });
}

/** The `ref` of what a client says. */
function refOf(conversation: RichConversation, client: number): string {
  return JSON.parse(conversation.command(client, "000000000001 hi!")).ref;
}

Deno.test("entries are counted, with sender and time, however wide their offsets are", () => {
  const { conversation, hear, delivered, heard } = listen();
  for (const offset of [1, 9, 98, 99_999]) {
    hear(0, joinedAt(offset - 1));
    hear(0, entry(offset), entry(offset + 1), entry(offset + 2));
  }
  assertEquals(delivered, [3, 3, 3, 3]);
  assertEquals(heard.slice(-2), [[7, 101_000], [7, 101_001]]);
  assertEquals(conversation.faults, []);
});

Deno.test("a client that watches one sender hears no other, one that watches nobody hears none", () => {
  const one = listen(3);
  one.hear(0, entry(1, 3), entry(2, 4), entry(3, 3));
  assertEquals(one.heard, [[3, 1001], [3, 1003]]);
  const none = listen(NOBODY);
  none.hear(0, entry(1), entry(2));
  assertEquals([none.heard, none.delivered], [[], [2]]);
});

Deno.test("entries of another shape, and other events between them, cost no delivery", () => {
  const { conversation, hear, delivered, heard } = listen();
  const presence = event({ type: "presence", room: "lobby", joins: ['"}],[{'], userCount: 1 });
  const reordered = event({
    sender: "u0002",
    offset: 4,
    body: bodyOf(5),
    type: "message",
    more: { nested: ["\\"] },
  });
  hear(0, entry(1), presence, entry(2), entry(3, 8, 1, "a shorter id"), reordered, entry(5));
  hear(0, entry(6), entry(7));
  assertEquals(delivered, [5, 2]);
  assertEquals(heard.map(([sender]) => sender), [7, 7, 8, 2, 7, 7, 7]);
  assertEquals(conversation.faults, []);
});

Deno.test("a hole, a repeat and a gap are faults", () => {
  for (const offsets of [[1, 3], [1, 1], [1, 2, 1]]) {
    const { conversation, hear } = listen();
    hear(0, ...offsets.map((offset) => entry(offset)));
    assertEquals(conversation.faults, ["1 entries out of place"], String(offsets));
  }
  const { conversation, hear } = listen();
  hear(0, entry(1), event({ type: "gap", room: "lobby", from: 2, to: 11 }), entry(12));
  assertEquals(conversation.faults, ["10 entries in gaps"]);
});

Deno.test("each client has a place of its own", () => {
  const { conversation, hear } = listen();
  hear(0, entry(1));
  hear(1, entry(1), entry(2));
  hear(0, entry(2));
  assertEquals(conversation.faults, []);
});

Deno.test("what is said has a ref of its own, and waits for its ack", () => {
  const { conversation, hear } = listen();
  const refs = [refOf(conversation, 0), refOf(conversation, 0), refOf(conversation, 1)];
  assertEquals(new Set(refs).size, 3);
  assert(refs.every((ref) => ref.length === 16));
  const ack = (ref: string) => event({ type: "ack", ref, room: "lobby", duplicate: false });
  hear(0, ack(refs[0]!), ack(refs[1]!));
  assertEquals([conversation.unanswered, conversation.faults], [1, ["1 messages without an ack"]]);
  hear(1, ack(refs[2]!));
  assertEquals([conversation.unanswered, conversation.faults], [0, []]);
});

Deno.test("an ack of something else, of a duplicate or to somebody else is unexpected", () => {
  const { conversation, hear } = listen();
  const ref = refOf(conversation, 0);
  const ack = (over: object) => event({ type: "ack", ref, duplicate: false, ...over });
  assertThrows(() => hear(0, ack({ ref: "x" })), Error, "unexpected");
  assertThrows(() => hear(0, ack({ duplicate: true })), Error, "unexpected");
  assertThrows(() => hear(1, ack({})), Error, "unexpected");
});

Deno.test("an error, an event without a meaning here and a text that is no array are unexpected", () => {
  const { hear, conversation } = listen();
  assertThrows(() => hear(0, event({ type: "error", code: "busy" })), Error, "busy");
  assertThrows(() => hear(0, event({ type: "reconnect", afterMs: 1 })), Error, "unexpected");
  const bytes = encoder.encode(entry(1));
  assertThrows(() => conversation.hear(0, bytes, 0, bytes.length), Error, "no array");
});

Deno.test("who joins is told how much is still to come, and who is alone has a room", () => {
  const { conversation, hear, joined } = listen();
  assertEquals(conversation.request(3), { path: "/ws/u0003", subprotocols: ["natter.v1"] });
  assertEquals(conversation.request(3, { ownRoom: true }).path, "/ws/u0003?room=own-3");
  hear(3, event({ type: "welcome", limits: { bodyBytesMax: 1 } }), joinedAt(70, 120));
  assertEquals(joined, [[3, 50]]);
});

Deno.test("who comes back says where it stands, and must be recovered", () => {
  const { conversation, hear, joined } = listen();
  hear(0, joinedAt(119));
  hear(0, entry(120));
  assertEquals(conversation.request(5, { back: 100 }).path, "/ws/u0005?cursor=lobby=k3f9:20");
  assertThrows(() => hear(5, joinedAt(70, 120)), Error, "unexpected");
  hear(5, joinedAt(20, 120, true));
  assertEquals(joined.at(-1), [5, 100]);
});

Deno.test("an ack tells the time of its message, and only to whom it is due", () => {
  const { conversation, hear, acknowledged } = listen();
  hear(3, joinedAt(0));
  const ref = JSON.parse(conversation.command(3, bodyOf(4711))).ref;
  const ack = event({
    type: "ack",
    ref,
    id: "abcdefghijklmnop",
    offset: 1,
    at: 0,
    duplicate: false,
  });
  assertThrows(() => hear(4, ack), Error, "unexpected event");
  hear(3, ack);
  assertEquals([acknowledged, conversation.unanswered], [[4711], 0]);
});
