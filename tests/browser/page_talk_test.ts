/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Talking: what is sent, and how it is shown. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { pageTest, setStage, someone } from "./browser.ts";
import type { Visitor } from "./visitor.ts";

const stage = setStage();

/** Which side of the conversation a message stands on. */
async function sideOf(visitor: Visitor, text: string): Promise<"left" | "right"> {
  const bubble = await visitor.bubble(text).boundingBox();
  const log = await visitor.log.boundingBox();
  assert(bubble && log);
  return bubble.x + bubble.width / 2 < log.x + log.width / 2 ? "left" : "right";
}

pageTest("two people chat: own messages right, the other's left with name and time", async () => {
  const [alice, bob] = [someone(), someone()];
  await using a = await stage.join(alice);
  await using b = await stage.join(bob);
  await a.send("Hello from the one");
  await b.bubble("Hello from the one").waitFor();
  await b.send("Hello from the other");
  await a.bubble("Hello from the other").waitFor();
  const both = [[a, bob, "one", "other"], [b, alice, "other", "one"]] as const;
  for (const [me, them, mine, theirs] of both) {
    assertEquals(await sideOf(me, `Hello from the ${mine}`), "right");
    assertEquals(await sideOf(me, `Hello from the ${theirs}`), "left");
    const other = me.row(`Hello from the ${theirs}`);
    assertEquals(await other.locator(".sender").textContent(), them);
    const time = other.locator(".head time");
    const at = Date.parse(await time.getAttribute("datetime") ?? "");
    assertLess(Math.abs(Date.now() - at), 60_000);
    assert((await time.getAttribute("title"))!.includes(String(new Date(at).getFullYear())));
    assertEquals((await me.messages()).length, 2, "one's own message is shown once");
  }
});

pageTest("three tabs of one person show the same, each message once", async () => {
  await using visitor = await stage.open();
  await visitor.page.locator("#room").fill("three-tabs");
  await visitor.join(someone());
  const pages = [visitor.page];
  for (let tab = 2; tab <= 3; tab++) {
    const page = await visitor.page.context().newPage();
    await page.goto(`${stage.server.url}#room=three-tabs`);
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await page.getByRole("textbox", { name: "Message", exact: true }).waitFor();
    pages.push(page);
  }
  for (const [index, page] of pages.entries()) {
    await page.locator("textarea").fill(`from tab ${index}`);
    await page.locator("textarea").press("Enter");
    for (const each of pages) {
      await each.locator(".bubble", { hasText: `from tab ${index}` }).waitFor();
    }
  }
  for (const page of pages) {
    assertEquals(await page.locator(".message.own.sent .bubble").allTextContents(), [
      "from tab 0",
      "from tab 1",
      "from tab 2",
    ]);
  }
});

const TRICKS = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  "</div><natter-chat></natter-chat>",
  "&lt;b&gt;",
  "javascript:alert(1)",
  "[a](javascript:alert(1))",
  "data:text/html,<script>alert(1)</script>",
  "\u202eevil\u202c",
  "https://bank.example@evil.example/",
];

pageTest("markup, script links and bidi tricks stay text, in messages and in names", async () => {
  await using a = await stage.join(`${someone()} 美玲`);
  await using b = await stage.join(someone());
  for (const [index, trick] of TRICKS.entries()) {
    const body = `${index} ${trick}`;
    await a.send(body);
    const bubble = b.log.locator(".bubble").nth(index);
    await bubble.waitFor();
    assertEquals(await bubble.textContent(), body);
    assertEquals(await bubble.locator("*").count(), 0, body);
  }
  const direction = await b.bubble("evil").last().evaluate((bubble) =>
    getComputedStyle(bubble).unicodeBidi
  );
  assertEquals(direction, "plaintext");
});

pageTest("a link opens elsewhere and takes nothing along; code is code", async () => {
  await using a = await stage.join(someone());
  await a.send("see https://natter.example/a?b. And `let a` or\n```\nx < y\n```");
  const link = a.log.locator("a");
  assertEquals(await link.getAttribute("href"), "https://natter.example/a?b");
  assertEquals(await link.getAttribute("rel"), "noopener noreferrer nofollow");
  assertEquals(await link.getAttribute("target"), "_blank");
  assertEquals(await a.log.locator(":not(pre) > code").textContent(), "let a");
  assertEquals(await a.log.locator("pre").textContent(), "x < y");
  await a.send("👍🏽");
  await a.log.locator(".bubble.large").waitFor();
});

pageTest("one's own message can be deleted, by a second click, and is gone for all", async () => {
  await using a = await stage.join(someone());
  await using b = await stage.join(someone());
  await a.send("a slip");
  await a.stored("a slip");
  await b.bubble("a slip").waitFor();
  assertEquals(await b.row("a slip").getByRole("button", { name: "Delete" }).count(), 0);
  const row = a.row("a slip");
  await row.hover();
  await row.getByRole("button", { name: "Delete", exact: true }).click();
  await row.getByRole("button", { name: "Delete it?" }).click();
  for (const visitor of [a, b]) {
    await visitor.bubble("Deleted").waitFor();
    assertEquals(await visitor.bubble("a slip").count(), 0);
  }
});
