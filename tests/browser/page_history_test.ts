/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Long conversations: the past upwards, the place kept, and ten thousand messages. */

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { until } from "../support/deadline.ts";
import { pageTest, setStage } from "./browser.ts";
import { entry, joinPlayedServer, type Play } from "./played_server.ts";
import type { Visitor } from "./visitor.ts";

const stage = setStage();

/** A server with a past of so many messages, of which it tells the last fifty. */
function withPast(head: number): Play & { questions: number } {
  const play = {
    head,
    offset: head - 50,
    questions: 0,
    answer({ type, before, ref, limit, room }, server) {
      if (type !== "history") return;
      play.questions++;
      const to = Number(before) - 1;
      const from = Math.max(1, to - Number(limit) + 1);
      const entries = Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));
      server.tell({ type: "history", ref, room, epoch: "e", entries, more: from > 1, from, to });
    },
  } satisfies Play & { questions: number } as Play & { questions: number };
  return play;
}

/** The first message in view, and where it stands. */
function topOf(visitor: Visitor): Promise<{ text: string; top: number }> {
  return visitor.log.evaluate((log) => {
    const { top } = log.getBoundingClientRect();
    const bubbles = [...log.querySelectorAll(".bubble")];
    const first = bubbles.find((bubble) => bubble.getBoundingClientRect().bottom > top);
    return { text: first?.textContent ?? "", top: first?.getBoundingClientRect().top ?? 0 };
  });
}

/** Scrolls, as a person does, and waits until it is drawn. */
async function scrollTo(visitor: Visitor, top: number): Promise<void> {
  await visitor.log.evaluate(async (log, top) => {
    log.scrollTop = top;
    for (let frame = 0; frame < 3; frame++) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }, top);
}

/** Begins to look how long each frame takes. */
async function watchFrames(visitor: Visitor): Promise<void> {
  await visitor.page.evaluate(() => {
    const frames = { longest: 0 };
    Object.assign(globalThis, { frames });
    let last = performance.now();
    requestAnimationFrame(function look(now) {
      frames.longest = Math.max(frames.longest, now - last);
      last = now;
      requestAnimationFrame(look);
    });
  });
}

function longestFrame(visitor: Visitor): Promise<number> {
  return visitor.page.evaluate(() =>
    Math.round((globalThis as unknown as { frames: { longest: number } }).frames.longest)
  );
}

pageTest("the past comes as one reads upwards, and what is read stays where it is", async () => {
  const play = withPast(400);
  const [visitor] = await joinPlayedServer(stage, play);
  await using _visitor = visitor;
  await visitor.bubble("message 400").waitFor();
  await scrollTo(visitor, 300);
  const before = await topOf(visitor);
  await until(async () => (await visitor.messages()).includes("message 345"), "a page of the past");
  const after = await topOf(visitor);
  assertEquals(after.text, before.text);
  assertLess(Math.abs(after.top - before.top), 2);
  await until(async () => {
    await scrollTo(visitor, 0);
    return (await topOf(visitor)).text === "message 1";
  }, "the beginning");
  await visitor.waitForText(visitor.page.locator(".beginning"), /This is where \W*lobby\W* begins/);
  assertEquals(play.questions, 4);
});

pageTest(
  "new messages do not take the view away from who reads above; a button leads down",
  async () => {
    const [visitor, server] = await joinPlayedServer(stage, withPast(200));
    await using _visitor = visitor;
    await visitor.bubble("message 200").waitFor();
    await scrollTo(visitor, 600);
    const before = await topOf(visitor);
    server.tell(entry(201), entry(202));
    const jump = visitor.page.locator(".jump");
    await visitor.waitForText(jump, "2 new messages");
    assertEquals((await topOf(visitor)).text, before.text);
    await jump.click();
    await visitor.bubble("message 202").waitFor();
    assertEquals(await visitor.row("message 201").locator(".unread-line").count(), 1);
    await jump.waitFor({ state: "hidden" });
    assertEquals(await visitor.page.title(), "Natter");
  },
);

pageTest("the view follows while one is at the end, also when the window changes", async () => {
  const [visitor, server] = await joinPlayedServer(stage, withPast(100));
  await using _visitor = visitor;
  await visitor.bubble("message 100").waitFor();
  const isAtEnd = () =>
    visitor.log.evaluate((log) => log.scrollHeight - log.clientHeight - log.scrollTop < 2);
  server.tell(entry(101, { body: "a tall one\n".repeat(20) }));
  await visitor.bubble("a tall one").waitFor();
  await until(isAtEnd, "it follows");
  await visitor.page.setViewportSize({ width: 360, height: 400 });
  await until(isAtEnd, "it follows the window");
  await visitor.message.fill("a\nb\nc\nd\ne");
  await until(isAtEnd, "it follows the field");
});

pageTest("ten thousand messages are as light as a few hundred", async () => {
  const [visitor, server] = await joinPlayedServer(stage, { head: 10_000, offset: 0 });
  await using _visitor = visitor;
  await visitor.bubble("message 10000").waitFor();
  const count = () => visitor.log.locator(".row").count();
  assertLess(await count(), 241);
  const nodes = await visitor.page.locator(".root").evaluate((root) =>
    root.querySelectorAll("*").length
  );
  assertLess(nodes, 6_000);
  const longest = await visitor.log.evaluate(async (log) => {
    let longest = 0;
    let last = performance.now();
    for (let step = 0; step < 150; step++) {
      log.scrollTop -= 400;
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    return longest;
  });
  console.log(`10,000 messages: the longest frame while scrolling was ${Math.round(longest)} ms`);
  assertLess(await count(), 241);
  const { text } = await topOf(visitor);
  const reached = Number(text.split(" ")[1]);
  assertLess(reached, 9_700, "it goes up");
  server.tell(entry(10_001));
  await visitor.page.locator(".jump").click();
  await visitor.bubble("message 10001").waitFor();
  assertLess(await count(), 241);
  await watchFrames(visitor);
  for (let offset = 10_002; offset <= 10_101; offset++) {
    server.tell(entry(offset));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await visitor.bubble("message 10101").waitFor();
  console.log(`50 new messages a second on top: ${await longestFrame(visitor)} ms`);
  assertLess(await count(), 241);
  // And down again by scrolling, through rows that had been let go of.
  for (let step = 0; step < 30; step++) await scrollTo(visitor, 0);
  const high = Number((await topOf(visitor)).text.split(" ")[1]);
  assertLess(high, 9_500);
  for (let step = 0; step < 10; step++) await scrollTo(visitor, 1e6);
  assertGreater(Number((await topOf(visitor)).text.split(" ")[1]), high);
  await until(async () => {
    await scrollTo(visitor, 1e6);
    return await visitor.bubble("message 10101").count() === 1;
  }, "the newest again");
});

pageTest("days stand between messages", async () => {
  const [visitor, server] = await joinPlayedServer(stage);
  await using _visitor = visitor;
  const now = new Date();
  const noon = (days: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - days, 12).getTime();
  const at = [noon(400), noon(400), noon(1), noon(0)];
  server.tell(...at.map((at, index) => entry(index + 1, { at })));
  await visitor.bubble("message 4").waitFor();
  const days = await visitor.log.locator(".divider.day").allTextContents();
  assertEquals(days.slice(1), ["yesterday", "today"]);
  assert(days[0]!.includes(String(new Date(noon(400)).getFullYear())), days[0]);
});

pageTest("after midnight today is another day", async () => {
  const [visitor, server] = await joinPlayedServer(stage);
  await using _visitor = visitor;
  const days = visitor.log.locator(".divider.day");
  const noon = new Date(2026, 4, 9, 12).getTime();
  await visitor.page.clock.setFixedTime(noon);
  server.tell(entry(1, { at: noon }));
  await visitor.bubble("message 1").waitFor();
  assertEquals(await days.allTextContents(), ["today"]);
  const next = noon + 86_400_000;
  await visitor.page.clock.setFixedTime(next);
  server.tell(entry(2, { at: next }));
  await visitor.bubble("message 2").waitFor();
  assertEquals(await days.allTextContents(), ["yesterday", "today"]);
});
