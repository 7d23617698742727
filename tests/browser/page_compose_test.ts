/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Writing: what the message field takes, and what it says of it. */

import { assertEquals } from "@std/assert";
import { pageTest, setStage, someone } from "./browser.ts";
import { joinPlayedServer } from "./played_server.ts";
import type { Visitor } from "./visitor.ts";

const stage = setStage();

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
