/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** A conversation that grows: what the view follows, what it leaves alone, what the page keeps. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { MESSAGES_MAX } from "../../static/conversation.js";
import { joinPlayedServer, pageTest, setStage, someone, type Visitor } from "./browser.ts";

const stage = setStage();

/** Waits until the conversation shows its newest end. */
async function waitForEnd(visitor: Visitor): Promise<void> {
  await visitor.page.waitForFunction(() => {
    const log = document.getElementById("log")!;
    return log.scrollHeight - log.clientHeight - log.scrollTop < 2;
  });
}

/** Scrolls up, as a person who reads above, and waits until the page has noticed. */
async function readAbove(visitor: Visitor, pixels: number): Promise<void> {
  await visitor.log.evaluate((log, pixels) =>
    new Promise((done) => {
      log.addEventListener("scrollend", done, { once: true });
      log.scrollBy(0, -pixels);
    }), pixels);
  await visitor.page.locator("#jump").waitFor();
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `message ${from + index}.`);

pageTest(
  "the view follows new messages at the end, and stays where a person reads above",
  async () => {
    const [opened, say] = await joinPlayedServer(stage, { reducedMotion: "reduce" });
    await using visitor = opened;
    const jump = visitor.page.locator("#jump");
    say(...numbered(0, 100));
    await visitor.bubble("message 99.").waitFor();
    await waitForEnd(visitor);
    assert(!await jump.isVisible());

    await readAbove(visitor, 600);
    const position = () =>
      visitor.bubble("message 80.").evaluate((e) => e.getBoundingClientRect().y);
    const before = await position();
    say(...numbered(100, 103));
    await visitor.waitForText(jump, "New messages: 3");
    assertEquals(await position(), before);

    await jump.click();
    await jump.waitFor({ state: "hidden" });
    await waitForEnd(visitor);
    say("followed");
    await visitor.bubble("followed").waitFor();
    await waitForEnd(visitor);

    await readAbove(visitor, 600);
    await visitor.send("my own");
    await jump.waitFor({ state: "hidden" });
    await waitForEnd(visitor);
  },
);

pageTest("a long conversation keeps its newest messages, and the place of a reader", async () => {
  const [opened, say] = await joinPlayedServer(stage, { reducedMotion: "reduce" });
  await using visitor = opened;
  say(...numbered(0, MESSAGES_MAX));
  await visitor.bubble(`message ${MESSAGES_MAX - 1}.`).waitFor();
  assertEquals((await visitor.messages()).length, MESSAGES_MAX);
  await readAbove(visitor, 2_000);
  const read = visitor.bubble("message 1950.");
  const before = await read.evaluate((bubble) => bubble.getBoundingClientRect().y);

  say(...numbered(MESSAGES_MAX, MESSAGES_MAX + 120));
  await visitor.bubble(`message ${MESSAGES_MAX + 119}.`).waitFor({ state: "attached" });
  const kept = await visitor.messages();
  assertEquals(kept[0], "message 150.", "the oldest go fifty at a time");
  assertEquals(kept.length, MESSAGES_MAX - 30);
  assertLess(Math.abs(await read.evaluate((b) => b.getBoundingClientRect().y) - before), 2);
});

pageTest("messages that come while nobody looks are counted in the title", async () => {
  await using a = await stage.join(someone());
  await using b = await stage.join(someone());
  const look = (hidden: boolean) =>
    a.page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await b.send("seen");
  await a.bubble("seen").waitFor();
  assertEquals(await a.page.title(), "Natter");
  await look(true);
  for (const text of ["first unseen", "second unseen"]) {
    await b.send(text);
    await a.bubble(text).waitFor();
  }
  assertEquals(await a.page.title(), "(2) Natter");
  await look(false);
  assertEquals(await a.page.title(), "Natter");
});
