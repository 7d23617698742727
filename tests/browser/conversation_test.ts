import { assertEquals } from "@std/assert";
import { Conversation, ITEMS_MAX } from "../../static/conversation.js";
import type { Message } from "../../static/natter.js";

const JOINED = { epoch: "e", offset: 0, head: 0, recovered: false };

function message(offset: number, parts: Partial<Message> = {}): Message {
  return {
    type: "message",
    room: "lobby",
    offset,
    id: `id-${offset}`,
    sender: "Ben",
    body: `m${offset}`,
    at: offset,
    ...parts,
  };
}

const UNSEEN = { own: false, isSeen: false, isMention: false };
const OWN = { ...UNSEEN, own: true };

/** The items in short: texts, with what is special about them. */
function inShort({ items }: Conversation): string[] {
  return items.map((item) => {
    if (item.kind === "gap") return `gap of ${item.count}`;
    if (item.kind !== "message") return "break";
    return (item.deleted ? "gone" : item.body) +
      (item.delivery === "sent" ? "" : ` ${item.delivery}`);
  });
}

function joined(parts: Partial<typeof JOINED> = {}, read = ""): Conversation {
  const conversation = new Conversation("room", "lobby");
  conversation.begin({ ...JOINED, ...parts }, read);
  return conversation;
}

Deno.test("each message is there once, in the order of offsets, whatever order it came in", () => {
  const conversation = joined({ offset: 2, head: 2 });
  for (const offset of [3, 5, 4, 3, 5]) conversation.take(message(offset), UNSEEN);
  const page = { epoch: "e", more: false, from: 1, to: 2 };
  conversation.prepend({ ...page, entries: [message(1), message(2)] }, () => false);
  assertEquals(inShort(conversation), ["m1", "m2", "m3", "m4", "m5"]);
  assertEquals([conversation.oldest, conversation.hasMore], [1, false]);
});

Deno.test("a message on its way stands last, and keeps its element once it is stored", () => {
  const conversation = joined();
  const pending = { ref: "r", body: "mine", sender: "Ann", at: 1 };
  const { key } = conversation.addPending(pending);
  conversation.take(message(1), UNSEEN);
  assertEquals(inShort(conversation), ["m1", "mine pending"]);
  conversation.acknowledge({ ref: "r", id: "id-2", offset: 2, at: 9 });
  conversation.take(message(2, { sender: "Ann", body: "mine" }), OWN);
  conversation.take(message(3), UNSEEN);
  assertEquals(inShort(conversation), ["m1", "mine", "m3"]);
  assertEquals(conversation.items[1]!.key, key);
});

Deno.test("a message that comes back before its acknowledgement is shown once", () => {
  const conversation = joined();
  const pending = { ref: "r", body: "mine", sender: "Ann", at: 1 };
  conversation.addPending(pending);
  conversation.take(message(1, { sender: "Ann", body: "mine" }), OWN);
  assertEquals(inShort(conversation), ["mine"]);
  conversation.acknowledge({ ref: "r", id: "id-1", offset: 1, at: 9 });
  assertEquals(inShort(conversation), ["mine"]);
});

Deno.test("the same text from another tab does not stand for one that is on its way", () => {
  const conversation = joined();
  for (const ref of ["r", "s"]) {
    conversation.addPending({ ref, body: "mine", sender: "Ann", at: 1 });
  }
  for (const offset of [1, 2, 3]) {
    conversation.take(message(offset, { sender: "Ann", body: "mine" }), OWN);
  }
  assertEquals(inShort(conversation), ["mine", "mine", "mine"]);
  conversation.acknowledge({ ref: "r", id: "id-4", offset: 4, at: 9 });
  conversation.mark("s", "failed", "rate_limited");
  assertEquals(inShort(conversation), ["mine", "mine", "mine", "mine", "mine failed"]);
});

Deno.test("what failed stays, whatever else is said with the same text", () => {
  const conversation = joined();
  conversation.addPending({ ref: "r", body: "mine", sender: "Ann", at: 1 });
  conversation.mark("r", "failed", "user_not_found");
  conversation.take(message(1, { sender: "Ann", body: "mine" }), OWN);
  assertEquals(inShort(conversation), ["mine", "mine failed"]);
  conversation.mark("r", "perhaps", "expired");
  conversation.take(message(2, { sender: "Ann", body: "mine" }), OWN);
  assertEquals(inShort(conversation), ["mine", "mine"]);
});

Deno.test("what failed says so, and can be discarded", () => {
  const conversation = joined();
  conversation.addPending({ ref: "r", body: "mine", sender: "Ann", at: 1 });
  for (const delivery of ["failed", "perhaps", "pending"] as const) {
    conversation.mark("r", delivery, "expired");
    assertEquals(inShort(conversation), [`mine ${delivery}`]);
  }
  conversation.discard("r");
  assertEquals(inShort(conversation), []);
});

Deno.test("a deletion takes the text and leaves the place, in live entries and in history", () => {
  const conversation = joined({ offset: 2, head: 2 });
  conversation.take(message(3), UNSEEN);
  conversation.remove(3);
  conversation.remove(99);
  conversation.prepend({
    epoch: "e",
    more: true,
    from: 1,
    to: 2,
    entries: [
      message(1),
      { type: "deletion", room: "lobby", offset: 2, target: 1, by: "Ben" },
    ],
  }, () => false);
  assertEquals(inShort(conversation), ["gone", "gone"]);
  assertEquals(conversation.hasMore, true);
});

Deno.test("what is missing is said: a gap in one history, a break between two", () => {
  const conversation = joined();
  conversation.take(message(1), UNSEEN);
  conversation.miss(2, 4);
  conversation.take(message(5), UNSEEN);
  conversation.begin({ epoch: "e", offset: 5, head: 5, recovered: true });
  conversation.begin({ epoch: "e", offset: 10, head: 12, recovered: false });
  conversation.take(message(11), UNSEEN);
  assertEquals(inShort(conversation), ["m1", "gap of 3", "m5", "gap of 5", "m11"]);

  conversation.addPending({ ref: "r", body: "mine", sender: "Ann", at: 1 });
  conversation.begin({ epoch: "f", offset: 3, head: 4, recovered: false });
  conversation.take(message(4), UNSEEN);
  assertEquals(inShort(conversation), ["break", "m4", "mine pending"]);
  assertEquals([conversation.oldest, conversation.hasMore], [4, true]);
});

Deno.test("a history that goes on under another epoch stays, and so does its past", () => {
  const conversation = joined({ offset: 5, head: 5 });
  conversation.take(message(6), UNSEEN);
  conversation.begin({ epoch: "f", offset: 6, head: 7, recovered: true });
  conversation.take(message(7), UNSEEN);
  const page = { epoch: "f", more: false, from: 1, to: 5, entries: [message(5)] };
  conversation.prepend(page, () => false);
  assertEquals(inShort(conversation), ["m5", "m6", "m7"]);
});

Deno.test("a page of a history that ended meanwhile is not mixed in", () => {
  const conversation = joined();
  conversation.begin({ epoch: "f", offset: 3, head: 3, recovered: false });
  const page = { epoch: "e", more: true, from: 1, to: 1, entries: [message(1)] };
  conversation.prepend(page, () => false);
  assertEquals(inShort(conversation), ["break"]);
});

Deno.test("what comes unseen is unread, from a line on, until somebody looks", () => {
  const conversation = joined();
  conversation.take(message(1), { ...UNSEEN, isSeen: true });
  conversation.take(message(2), OWN);
  assertEquals([conversation.unread, conversation.lineKey], [0, ""]);
  conversation.take(message(3), UNSEEN);
  conversation.take(message(4), { ...UNSEEN, isMention: true });
  assertEquals([conversation.unread, conversation.mentions], [2, 1]);
  assertEquals(conversation.lineKey, conversation.items[2]!.key);
  assertEquals(conversation.markRead(), true);
  assertEquals([conversation.unread, conversation.mentions], [0, 0]);
  assertEquals(conversation.lineKey, conversation.items[2]!.key, "the line stays");
  assertEquals(conversation.markRead(), false);
  conversation.addPending({ ref: "r", body: "mine", sender: "Ann", at: 1 });
  assertEquals(conversation.lineKey, "", "who answers has read");
});

Deno.test("an earlier visit's place is where the unread begins, in the same history only", () => {
  const parts = { offset: 0, head: 4 };
  for (const [read, unread] of [["e:2", 2], ["f:2", 0], ["", 0], ["e:x", 0], ["e:9", 0]] as const) {
    const conversation = joined(parts, read);
    for (const offset of [1, 2, 3, 4]) conversation.take(message(offset), UNSEEN);
    assertEquals(conversation.unread, unread, read);
  }
});

Deno.test("an unread message that is deleted is not unread any more", () => {
  const conversation = joined();
  conversation.take(message(1), UNSEEN);
  conversation.remove(1);
  assertEquals(conversation.unread, 0);
});

Deno.test("a mention that is deleted calls nobody any more", () => {
  const conversation = joined();
  for (const offset of [1, 2]) conversation.take(message(offset), { ...UNSEEN, isMention: true });
  conversation.take(message(3), UNSEEN);
  conversation.remove(3);
  assertEquals([conversation.unread, conversation.mentions], [2, 2]);
  conversation.remove(1);
  assertEquals([conversation.unread, conversation.mentions], [1, 1]);
  conversation.markRead();
  conversation.remove(2);
  assertEquals([conversation.unread, conversation.mentions], [0, 0]);
});

Deno.test("of the past too it is known what speaks of one", () => {
  const conversation = joined({ offset: 3, head: 3 });
  const page = { epoch: "e", more: false, from: 1, to: 3 };
  const entries = [message(1), message(2), message(3, { sender: "Ann" })];
  conversation.prepend({ ...page, entries }, (sender) => sender === "Ann", (body) => body !== "m1");
  const marked = conversation.items.map((item) => item.kind === "message" && item.isMention);
  assertEquals(marked, [false, true, false]);
  assertEquals([conversation.unread, conversation.mentions], [0, 0]);
});

Deno.test("of very many the oldest are let go of, and can be loaded again", () => {
  const conversation = joined();
  for (let offset = 1; offset <= ITEMS_MAX; offset++) conversation.take(message(offset), UNSEEN);
  conversation.trim(false);
  assertEquals([conversation.items.length, conversation.hasMore], [ITEMS_MAX, false]);
  conversation.take(message(ITEMS_MAX + 1), UNSEEN);
  conversation.trim(false);
  const first = conversation.items[0]!;
  assertEquals([first.place, conversation.oldest], [5_002, 5_002]);
  assertEquals([conversation.items.length, conversation.hasMore], [15_000, true]);
  for (let offset = 0; offset < 25_000; offset++) {
    conversation.take(message(30_000 + offset), UNSEEN);
  }
  conversation.trim(true);
  assertEquals(conversation.items.length, 40_000, "somebody may be reading there");
  conversation.take(message(90_000), UNSEEN);
  conversation.trim(true);
  assertEquals(conversation.items.length, 15_000);
});
