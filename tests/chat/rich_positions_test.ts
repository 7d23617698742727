import { assert, assertEquals } from "@std/assert";
import { changedLog } from "../support/memory_log.ts";
import { createTestChat } from "../support/test_chat.ts";

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
