/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Talking: what is sent, how it is shown, what is unread, and who is asked for. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { until } from "../support/deadline.ts";
import { entry, joinPlayedServer, pageTest, setStage, someone, type Visitor } from "./browser.ts";

const stage = setStage();

/** Which side of the conversation a message stands on. */
async function sideOf(visitor: Visitor, text: string): Promise<"left" | "right"> {
  const bubble = await visitor.bubble(text).boundingBox();
  const log = await visitor.log.boundingBox();
  assert(bubble && log);
  return bubble.x + bubble.width / 2 < log.x + log.width / 2 ? "left" : "right";
}

/** The parts of a key event that tell what an input method does with it. */
interface Key {
  readonly keyCode?: number;
  readonly isComposing?: boolean;
}

/** Dispatches composition events and Enter keys on the message field. */
async function dispatch(visitor: Visitor, ...events: (Key | "compositionend")[]): Promise<void> {
  await visitor.message.evaluate((field, events) => {
    for (const init of events) {
      const event = typeof init === "string"
        ? new CompositionEvent(init, { bubbles: true })
        : new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init });
      field.dispatchEvent(event);
    }
  }, events);
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

pageTest("Enter sends, Shift+Enter breaks the line", async () => {
  await using visitor = await stage.join(someone());
  await visitor.message.fill("first line");
  await visitor.message.press("Shift+Enter");
  await visitor.page.keyboard.type("second line");
  await visitor.message.press("Enter");
  await visitor.bubble("first line\nsecond line").waitFor();
  assertEquals(await visitor.message.inputValue(), "");
});

pageTest(
  "Enter inside a composition picks a candidate and sends nothing, in every order of events",
  async () => {
    await using visitor = await stage.join(someone());
    await visitor.message.fill("美玲");
    await dispatch(visitor, { isComposing: true, keyCode: 229 });
    await dispatch(visitor, { isComposing: true }, "compositionend");
    // Safari: the composition has ended, and the key that ended it comes after.
    await dispatch(visitor, "compositionend", { keyCode: 229 });
    assertEquals(await visitor.message.inputValue(), "美玲");
    await dispatch(visitor, { keyCode: 13 });
    await visitor.bubble("美玲").waitFor();
    assertEquals(await visitor.message.inputValue(), "");
  },
);

pageTest("a real composition of the browser is not sent by its Enter", async () => {
  await using visitor = await stage.join(someone());
  await visitor.message.focus();
  const session = await visitor.page.context().newCDPSession(visitor.page);
  await session.send("Input.imeSetComposition", {
    text: "ㄇㄟ",
    selectionStart: 2,
    selectionEnd: 2,
  });
  const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
  await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
  await session.send("Input.insertText", { text: "美" });
  assertEquals(await visitor.message.inputValue(), "美");
  assertEquals(await visitor.messages(), []);
  await visitor.message.press("Enter");
  await visitor.bubble("美").waitFor();
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

pageTest("direct messages are a conversation of their own, unread until it is opened", async () => {
  const [alice, bob] = [someone(), someone()];
  await using a = await stage.join(alice);
  await using b = await stage.join(bob);
  await a.page.locator(".people").getByRole("button", { name: bob }).click();
  await a.send("psst");
  await a.stored("psst");
  await b.waitForText(b.entry(alice).locator(".badge.call"), "1");
  assertEquals(await b.bubble("psst").count(), 0, "it is not in the room");
  assertEquals(await b.page.title(), "(1!) Natter");
  await b.entry(alice).click();
  await b.bubble("psst").waitFor();
  await b.entry(alice).locator(".badge").waitFor({ state: "detached" });
  await b.send("yes?");
  await a.bubble("yes?").waitFor();
  await a.page.reload();
  await a.message.waitFor();
  await a.entry(bob).click();
  await a.bubble("yes?").waitFor();
  assertEquals(await a.messages(), ["psst", "yes?"]);
});

pageTest(
  "a direct message to somebody who is not there says so, and can be discarded",
  async () => {
    await using visitor = await stage.join(someone());
    await stage.server.ask("POST", `api/rooms/${stage.room}/messages`, {
      sender: "Robot",
      body: "beep",
    });
    const row = visitor.row("beep");
    await row.hover();
    await row.getByRole("button", { name: "Write to" }).click();
    await visitor.waitForText(visitor.page.locator(".title"), "Robot");
    await visitor.send("anyone?");
    const failed = visitor.row("anyone?");
    await visitor.waitForText(failed.locator(".delivery"), "nobody has this name now");
    await failed.getByRole("button", { name: "Discard" }).click();
    await failed.waitFor({ state: "detached" });
  },
);

pageTest("other rooms count what is unread, and a mention stands out", async () => {
  const name = someone();
  await using visitor = await stage.join(name);
  await visitor.openRoom("tea");
  const say = (room: string, body: string) =>
    stage.server.ask("POST", `api/rooms/${room}/messages`, { sender: "Robot", body });
  await visitor.waitForText(visitor.status, "here");
  await say(stage.room, "one");
  await visitor.waitForText(visitor.entry(stage.room).locator(".badge"), "1");
  await say(stage.room, `@${name} two`);
  await visitor.waitForText(visitor.entry(stage.room).locator(".badge.call"), "@1");
  await visitor.entry(stage.room).click();
  await visitor.bubble("two").waitFor();
  assertEquals(await visitor.row("one").locator(".unread-line").textContent(), "New");
  assertEquals(await visitor.log.locator(".mention").count(), 1);
  await visitor.entry(stage.room).locator(".badge").waitFor({ state: "detached" });
  await visitor.send("three");
  await visitor.log.locator(".unread-line").waitFor({ state: "detached" });
});

pageTest("the title counts also what comes as the page is put out of sight", async () => {
  const [visitor, server] = await joinPlayedServer(stage);
  await using _visitor = visitor;
  await visitor.openRoom("tea");
  await visitor.page.evaluate(() => {
    // There will be no frame any more.
    globalThis.requestAnimationFrame = () => {
      Object.defineProperty(document, "hidden", { get: () => true });
      document.dispatchEvent(new Event("visibilitychange"));
      return 0;
    };
  });
  server.tell(entry(1));
  await until(async () => await visitor.page.title() === "(1) Natter", "it counts");
});

pageTest("who types and who is here is shown, to the others", async () => {
  const [alice, bob] = [someone(), someone()];
  await using a = await stage.open();
  await a.page.locator("#room").fill("typing");
  await a.join(alice);
  await using b = await stage.open();
  await b.page.locator("#room").fill("typing");
  await b.join(bob);
  await a.waitForText(a.page.locator(".people"), "2 people here");
  assertEquals(await a.page.locator(".people .entry-name").allTextContents(), [alice, bob].sort());
  await b.message.pressSequentially("I");
  await a.waitForText(a.page.locator(".typing"), `${bob}⁩ is typing…`);
  assertEquals(await b.page.locator(".typing").textContent(), "");
  await b.message.press("Enter");
  await a.page.locator(".typing", { hasText: "typing" }).waitFor({ state: "detached" });
});

pageTest("what is too long is counted before the server would refuse it", async () => {
  await using visitor = await stage.join(someone());
  const note = visitor.page.locator(".note-line").first();
  await visitor.message.fill("é".repeat(4_000));
  await visitor.waitForText(note, "192 bytes left");
  await visitor.message.fill("é".repeat(4_097));
  await visitor.waitForText(note, "Too long by 2 bytes.");
  assertEquals(await visitor.message.getAttribute("aria-invalid"), "true");
  await visitor.message.press("Enter");
  assertEquals((await visitor.message.inputValue()).length, 4_097);
  assertEquals(await visitor.messages(), []);
  await visitor.message.fill("é".repeat(4_096));
  await visitor.message.press("Enter");
  await visitor.stored("ééé");
});

pageTest("a paste of 100 KB is taken, counted, and does not hold the page up", async () => {
  await using visitor = await stage.join(someone());
  await visitor.message.focus();
  const longest = await visitor.message.evaluate(async (field) => {
    const gaps: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    let last = performance.now();
    let frames = 0;
    requestAnimationFrame(function look(now) {
      gaps.push(now - last);
      last = now;
      if (++frames < 10) requestAnimationFrame(look);
      else resolve();
    });
    (field as HTMLTextAreaElement).setRangeText("word 美玲 ".repeat(7_700));
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
    await promise;
    return Math.max(...gaps);
  });
  await visitor.waitForText(visitor.page.locator(".note-line.error"), "Too long by");
  console.log(`a paste of 100 KB: the longest frame was ${Math.round(longest)} ms`);
});

pageTest(
  "the body limit is the server's, and what it refuses all the same is given back",
  async () => {
    const [visitor] = await joinPlayedServer(stage, {
      answer({ type, ref }, server) {
        if (type !== "message") return;
        server.tell({ type: "error", ref, code: "forbidden", message: "not here" });
      },
    });
    await using _visitor = visitor;
    await visitor.send("refused");
    await visitor.waitForText(visitor.row("refused").locator(".delivery"), "not open to you");
  },
);

pageTest("long names and texts stay inside a narrow window", async () => {
  const [visitor, server] = await joinPlayedServer(stage, {}, {
    viewport: { width: 320, height: 568 },
  });
  await using _visitor = visitor;
  const sender = "W".repeat(32);
  server.tell(
    entry(1, { sender, body: "x".repeat(500) }),
    entry(2, { sender: "א".repeat(32), body: "https://a.example/" + "y".repeat(300) }),
    entry(3, { sender, body: "```\n" + "z".repeat(300) + "\n```" }),
    entry(4, { sender, body: "長".repeat(300) }),
  );
  await visitor.bubble("長").waitFor();
  const isWithin = await visitor.log.evaluate((log) => log.scrollWidth <= log.clientWidth);
  assert(isWithin);
  const page = await visitor.page.evaluate(() =>
    document.documentElement.scrollWidth <= innerWidth
  );
  assert(page);
});

pageTest("on a touch screen a button that is not seen takes no tap", async () => {
  const [visitor, server] = await joinPlayedServer(stage, {}, {
    viewport: { width: 360, height: 640 },
    hasTouch: true,
    isMobile: true,
  });
  await using _visitor = visitor;
  server.tell(entry(1), entry(2));
  const button = visitor.row("message 2").getByRole("button", { name: "Write to" });
  const box = await button.boundingBox();
  assert(box);
  const tap = () => visitor.page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  await tap();
  await visitor.log.locator(".row:focus", { hasText: "message 1" }).waitFor();
  await visitor.bubble("message 2").tap();
  await visitor.log.locator(".row:focus", { hasText: "message 2" }).waitFor();
  await tap();
  await visitor.waitForText(visitor.page.locator(".title"), "Ben");
});

pageTest(
  "sound and notifications are asked for by a click only, and call for what is meant for one",
  async () => {
    const [visitor, server] = await joinPlayedServer(stage, {}, { permissions: ["notifications"] });
    await using _visitor = visitor;
    await visitor.page.evaluate(() => {
      const told: string[] = [];
      class FakeNotification {
        static permission = "default";
        static requestPermission() {
          told.push("asked");
          this.permission = "granted";
          return Promise.resolve("granted");
        }
        constructor(title: string, { body }: NotificationOptions) {
          told.push(`${title}: ${body}`);
        }
      }
      Object.assign(globalThis, { told, Notification: FakeNotification });
      document.hasFocus = () => false;
    });
    const told = () =>
      visitor.page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    server.tell(entry(1, { body: "@Ann?" }));
    await visitor.bubble("@Ann?").waitFor();
    assertEquals(await told(), []);
    await visitor.page.locator(".me summary").click();
    await visitor.page.getByLabel("Notify me when I am called").check();
    await visitor.page.getByLabel("Sound for new messages").check();
    server.tell(
      entry(2, { body: "to all" }),
      entry(3, { body: "@Ann!" }),
      {
        type: "message",
        room: "@Ann",
        offset: 1,
        id: "d",
        sender: "Cai",
        with: "Cai",
        body: "x",
        at: 1,
      },
    );
    await visitor.bubble("@Ann!").waitFor();
    assertEquals(await told(), ["asked", "Ben · #lobby: @Ann!", "Cai: x"]);
    await visitor.page.reload();
    await visitor.message.waitFor();
    await visitor.page.locator(".me summary").click();
    assertEquals(await visitor.page.getByLabel("Sound for new messages").isChecked(), true);
  },
);
