/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Joining and talking on the page: what is sent, what is shown, what is refused in words. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { pageTest, setStage, someone, type Visitor } from "./browser.ts";

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

/** Dispatches composition events and Enter keys on the field that has the focus. */
async function dispatch(visitor: Visitor, ...events: (Key | "compositionend")[]): Promise<void> {
  await visitor.page.evaluate((events) => {
    for (const init of events) {
      const event = typeof init === "string"
        ? new CompositionEvent(init, { bubbles: true })
        : new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init });
      document.activeElement!.dispatchEvent(event);
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

  for (
    const [me, them, mine, theirs] of [[a, bob, "one", "other"], [
      b,
      alice,
      "other",
      "one",
    ]] as const
  ) {
    assertEquals(await sideOf(me, `Hello from the ${mine}`), "right");
    assertEquals(await sideOf(me, `Hello from the ${theirs}`), "left");
    const group = me.log.locator(".group", { hasText: `Hello from the ${theirs}` });
    assertEquals(await group.locator(".sender").textContent(), them);
    const at = Date.parse(await group.locator("time").getAttribute("datetime") ?? "");
    assertLess(Math.abs(Date.now() - at), 60_000);
    assertEquals((await me.messages()).length, 2, "one's own message is shown once");
  }
});

pageTest("consecutive messages of one sender stand under one name", async () => {
  await using a = await stage.join(someone());
  await using b = await stage.join(someone());
  for (const text of ["first", "second"]) {
    await a.send(text);
    await b.bubble(text).waitFor();
  }
  await b.send("between");
  await a.bubble("between").waitFor();
  await a.send("third");
  await b.bubble("third").waitFor();
  for (const visitor of [a, b]) {
    assertEquals(await visitor.messages(), ["first", "second", "between", "third"]);
    assertEquals(await visitor.log.locator(".sender").count(), 3);
    assertEquals(await visitor.log.locator("time").count(), 3);
  }
});

pageTest("whatever people write stays text", async () => {
  await using a = await stage.join(someone());
  await using b = await stage.join(someone());
  const texts = [
    `<img src=x onerror="globalThis.harmed = 1">`,
    `<script>globalThis.harmed = 1</script>`,
    `<a href="javascript:globalThis.harmed = 1">click</a> javascript:globalThis.harmed=1`,
    `<svg onload=globalThis.harmed=1><style>*{display:none}</style>`,
    `&lt;b&gt; \u202Eesrever \u2066isolated`,
  ];
  for (const text of texts) {
    await a.send(text);
    await b.log.locator(".message").nth(texts.indexOf(text)).waitFor();
  }
  for (const visitor of [a, b]) {
    assertEquals(await visitor.messages(), texts);
    const found = await visitor.log.evaluate((log) => ({
      elements: [...log.querySelectorAll("*")].map((element) => element.localName).sort(),
      bidi: [...log.querySelectorAll(".message")].map((message) =>
        getComputedStyle(message).unicodeBidi
      ),
      harmed: "harmed" in globalThis,
    }));
    assertEquals(found, {
      elements: ["bdi", "div", "p", "p", "p", "p", "p", "p", "time"],
      bidi: texts.map(() => "plaintext"),
      harmed: false,
    });
  }
});

pageTest("Enter sends, Shift+Enter breaks the line, blank text is not sent", async () => {
  await using a = await stage.join(someone());
  await using b = await stage.join(someone());
  await a.message.fill("  \n ");
  await a.message.press("Enter");
  assert(await a.sendButton.isDisabled());
  await a.message.fill("");
  await a.message.pressSequentially("one");
  await a.message.press("Shift+Enter");
  await a.message.pressSequentially("two");
  assertEquals(await a.messages(), []);
  await a.message.press("Enter");
  await b.bubble("one").waitFor();
  assertEquals(await b.messages(), ["one\ntwo"]);
  assertEquals(await a.messages(), ["one\ntwo"]);
  assertEquals(await a.message.inputValue(), "");
  const box = await b.bubble("one").boundingBox();
  assertLess(40, box?.height ?? 0, "the line break is seen");
});

pageTest(
  "Enter in a composition of the input method picks a candidate, and sends nothing",
  async () => {
    await using a = await stage.join(someone());
    await using b = await stage.join(someone());
    await a.message.focus();
    await a.page.evaluate(() => {
      const seen: boolean[] = [];
      addEventListener("keydown", (event) => seen.push(event.isComposing), { capture: true });
      Object.assign(globalThis, { seen });
    });
    const devtools = await a.page.context().newCDPSession(a.page);
    await devtools.send("Input.imeSetComposition", {
      text: "\u4f60\u597d",
      selectionStart: 2,
      selectionEnd: 2,
    });
    const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
    await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
    await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
    assertEquals(await a.page.evaluate(() => Reflect.get(globalThis, "seen")), [true]);
    assertEquals(await a.messages(), []);

    await devtools.send("Input.insertText", { text: "\u4f60\u597d" });
    assertEquals(await a.message.inputValue(), "\u4f60\u597d");
    await a.message.press("Enter");
    await b.bubble("\u4f60\u597d").waitFor();
    assertEquals(await b.messages(), ["\u4f60\u597d"]);
  },
);

pageTest(
  "Enter right after a composition, as Safari orders the events, sends nothing",
  async () => {
    await using a = await stage.join(someone());
    await a.message.fill("\u4f60\u597d");
    await dispatch(a, { isComposing: true });
    assertEquals(await a.messages(), []);
    await dispatch(a, "compositionend", { keyCode: 229, isComposing: false });
    assertEquals(await a.messages(), []);
    assertEquals(await a.message.inputValue(), "\u4f60\u597d");
    await dispatch(a, { keyCode: 13 });
    assertEquals(await a.messages(), ["\u4f60\u597d"]);
  },
);

pageTest("a taken nickname is said in words, and a second one works", async () => {
  const name = someone();
  await using _first = await stage.join(name);
  await using second = await stage.open();
  await second.askToJoin(name.toUpperCase());
  const error = second.page.getByRole("alert");
  await second.waitForText(error, "is taken. Pick another one.");
  assertEquals((await error.textContent())?.includes(name.toUpperCase()), true);
  assert(!await second.message.isVisible());
  const selected = await second.nickname.evaluate((field) => {
    const { selectionStart, selectionEnd, value } = field as HTMLInputElement;
    return document.activeElement === field && value.slice(selectionStart!, selectionEnd!);
  });
  assertEquals(selected, name.toUpperCase());
  await second.page.keyboard.type(someone());
  await second.page.keyboard.press("Enter");
  await second.message.waitFor();
  assert(!await error.isVisible());
});

pageTest("names that the server refuses are refused in words", async () => {
  await using visitor = await stage.open();
  for (const name of ["<b>", "a\u202Eb", "---", "a/../b"]) {
    await visitor.askToJoin(name);
    const error = visitor.page.getByRole("alert");
    await visitor.waitForText(error, "does not accept the name");
    assert((await error.textContent())?.includes(name), name);
    assertEquals(await visitor.nickname.getAttribute("aria-invalid"), "true");
    await visitor.nickname.fill("");
    assert(!await error.isVisible());
  }
});

pageTest("names that cannot be right are refused before a connection is made", async () => {
  await using visitor = await stage.open();
  let sockets = 0;
  visitor.page.on("websocket", () => sockets++);
  for (
    const [name, words] of [
      ["", "Enter a nickname."],
      ["   ", "Enter a nickname."],
      ["x".repeat(33), "longer than 32"],
      ["..", "does not accept"],
    ] as const
  ) {
    await visitor.askToJoin(name);
    await visitor.waitForText(visitor.page.getByRole("alert"), words);
  }
  assertEquals(sockets, 0);
  await visitor.join(` ${someone()} `);
  assertEquals(sockets, 1);
});

pageTest(
  "a message over the limit is refused before it is sent, and stays in the field",
  async () => {
    await using a = await stage.join(someone());
    await using b = await stage.join(someone());
    const note = a.page.locator("#composer-note");
    for (const text of ["x".repeat(8_193), "\u5b57".repeat(2_731)]) {
      await a.message.fill(text);
      await a.waitForText(note, "Too long by 1 bytes");
      assert(await a.sendButton.isDisabled());
      await a.message.press("Enter");
      assertEquals(await a.message.inputValue(), text);
      assertEquals(await a.messages(), []);
    }
    const longest = "\u5b57".repeat(2_730) + "xx";
    await a.message.fill(longest);
    await a.waitForText(note, "0 bytes left");
    await a.message.press("Enter");
    await b.bubble(longest).waitFor();
    assertEquals(await b.messages(), [longest]);
    await a.waitForText(a.status, "Connected as");
  },
);

pageTest("the nickname is remembered over a reload", async () => {
  const name = someone();
  await using visitor = await stage.join(name);
  await visitor.page.reload();
  assertEquals(await visitor.nickname.inputValue(), name);
  await visitor.page.keyboard.press("Enter");
  await visitor.waitForText(visitor.status, name);
});

pageTest("the page works where the browser's storage is blocked", async () => {
  await using visitor = await stage.open();
  await visitor.page.addInitScript(() => {
    Object.defineProperty(globalThis, "localStorage", {
      get: () => {
        throw new DOMException("Blocked", "SecurityError");
      },
    });
  });
  await visitor.page.reload();
  await visitor.join(someone());
  await visitor.page.getByLabel("Language").selectOption("zh-Hans");
  assertEquals(await visitor.page.locator("#send").textContent(), "\u53d1\u9001");
});
