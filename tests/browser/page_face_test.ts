/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The page's face: languages, keyboard, width, contrast, motion. */

import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import type { WebSocketRoute } from "playwright-core";
import { joinPlayedServer, pageTest, setStage, someone } from "./browser.ts";

const stage = setStage();

for (
  const [locale, lang, join, placeholder] of [
    ["en-GB", "en", "Join", "Write a message"],
    ["zh-TW", "zh-Hant", "\u52a0\u5165", "\u8f38\u5165\u8a0a\u606f"],
    ["zh-CN", "zh-Hans", "\u52a0\u5165", "\u8f93\u5165\u6d88\u606f"],
    ["fr-FR", "en", "Join", "Write a message"],
  ] as const
) {
  pageTest(`a browser that prefers ${locale} gets ${lang}`, async () => {
    await using visitor = await stage.open({ locale });
    assertEquals(await visitor.page.locator("html").getAttribute("lang"), lang);
    await visitor.page.getByRole("button", { name: join, exact: true }).waitFor();
    const field = visitor.page.locator("#message");
    assertEquals(await field.getAttribute("placeholder"), placeholder);
    assertEquals(await visitor.page.locator("#language").inputValue(), lang);
  });
}

pageTest("the switch changes every text at once, and is remembered", async () => {
  const name = someone();
  await using visitor = await stage.join(name);
  await visitor.send("hi");
  await visitor.page.getByLabel("Language", { exact: true }).selectOption({
    label: "\u7e41\u9ad4\u4e2d\u6587",
  });
  await visitor.waitForText(visitor.status, "\u5df2\u9023\u7dda");
  await visitor.waitForText(visitor.status, name);
  assertEquals(await visitor.log.getAttribute("aria-label"), "\u5c0d\u8a71");
  assertEquals(await visitor.log.locator(".sender").textContent(), "\u6211");
  assert(await visitor.page.getByRole("textbox", { name: "\u8a0a\u606f" }).isVisible());
  assertEquals(await visitor.messages(), ["hi"], "what people wrote is never translated");
  await visitor.page.reload();
  assertEquals(await visitor.page.locator("html").getAttribute("lang"), "zh-Hant");
  assert(await visitor.page.getByRole("textbox", { name: "\u66b1\u7a31" }).isVisible());
});

pageTest("everything can be done with the keyboard alone, and the focus is seen", async () => {
  await using a = await stage.open();
  await using b = await stage.join(someone());
  const { keyboard } = a.page;
  await keyboard.type(someone());
  await keyboard.press("Enter");
  await a.message.waitFor();
  await keyboard.type("no mouse");
  await keyboard.press("Tab");
  assert(await a.sendButton.evaluate((button) => document.activeElement === button));
  await keyboard.press("Space");
  await b.bubble("no mouse").waitFor();
  const outline = () =>
    a.page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement!);
      return { id: document.activeElement!.id, outlineStyle, width: parseFloat(outlineWidth) };
    });
  assertEquals((await outline()).id, "message", "ready for the next one");
  const seen = new Set<string>();
  for (let stop = 0; stop < 4; stop++) {
    const { id, outlineStyle, width } = await outline();
    assertEquals(outlineStyle, "solid", id);
    assertGreaterOrEqual(width, 2, id);
    seen.add(id);
    await keyboard.press("Shift+Tab");
  }
  assertEquals([...seen], ["message", "log", "leave", "language"]);
});

for (const width of [320, 390, 1_280]) {
  pageTest(`nothing is wider than a window of ${width} pixels`, async () => {
    const viewport = { width, height: 568 };
    const [opened, say] = await joinPlayedServer(stage, { viewport });
    await using visitor = opened;
    const overflow = () =>
      visitor.page.evaluate(() => {
        const log = document.getElementById("log")!;
        const root = document.documentElement;
        return [root.scrollWidth - root.clientWidth, log.scrollWidth - log.clientWidth];
      });
    const words = "W".repeat(300);
    say(
      words,
      "https://example.org/" + "a/".repeat(200),
      "\u5b57".repeat(300),
      "\u2014".repeat(300),
    );
    await visitor.bubble("example.org").waitFor();
    await visitor.send(words);
    for (const language of ["en", "zh-Hant", "zh-Hans"]) {
      await visitor.page.locator("#language").selectOption(language);
      assertEquals(await overflow(), [0, 0], language);
    }
    await visitor.page.evaluate(() => location.hash = "#room=" + "m".repeat(64));
    await visitor.page.locator("#status[data-phase=connected]").waitFor();
    assertEquals(await overflow(), [0, 0], "a long name of a room");
    await visitor.page.locator("#leave").click();
    await visitor.page.locator("#nickname").fill("W".repeat(40));
    await visitor.page.locator("#join").click();
    await visitor.page.getByRole("alert").waitFor();
    assertEquals(await overflow(), [0, 0], "the form");
  });
}

/** Contrasts below WCAG's AA among the texts that can be seen. */
function findFaintTexts(): string[] {
  const parse = (color: string) => color.match(/[\d.]+/g)!.map(Number);
  const luminance = (color: string) => {
    const [red, green, blue] = parse(color).map((value) => {
      const part = value / 255;
      return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const ground = (element: Element | null): string => {
    if (!element) return "rgb(255, 255, 255)";
    const color = getComputedStyle(element).backgroundColor;
    return parse(color)[3] === 0 ? ground(element.parentElement) : color;
  };
  const faint: string[] = [];
  let looked = 0;
  for (const element of document.querySelectorAll<HTMLElement>("body *")) {
    const ownText = [...element.childNodes].some((node) =>
      node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== ""
    );
    if (!ownText || !element.checkVisibility() || element.closest(":disabled, noscript")) continue;
    looked++;
    const tones = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    const contrast = (Math.max(...tones) + 0.05) / (Math.min(...tones) + 0.05);
    if (contrast < 4.5) faint.push(`${element.className}#${element.id}: ${contrast.toFixed(2)}`);
  }
  return looked < 5 ? ["too few texts were looked at"] : faint;
}

for (const colorScheme of ["light", "dark"] as const) {
  pageTest(`all text has enough contrast in ${colorScheme} colours`, async () => {
    await using visitor = await stage.open({ colorScheme, reducedMotion: "reduce" });
    let socket: WebSocketRoute | undefined;
    await visitor.page.routeWebSocket(/\/ws\//, (opened) => {
      if (opened.url().endsWith("taken")) opened.close({ code: 4501 });
      socket = opened;
    });
    await visitor.page.reload();
    const background = await visitor.page.evaluate(() =>
      getComputedStyle(document.documentElement).backgroundColor
    );
    assertEquals(background, colorScheme === "light" ? "rgb(246, 241, 231)" : "rgb(23, 21, 19)");
    await visitor.askToJoin("taken");
    await visitor.page.getByRole("alert").waitFor();
    assertEquals(await visitor.page.evaluate(findFaintTexts), [], "the form");
    await visitor.join("Ann");
    await visitor.send("mine");
    // Names enough for every hue.
    for (const sender of "abcdefghij") socket!.send(JSON.stringify({ sender, msg: "theirs" }));
    await visitor.bubble("theirs").nth(9).waitFor();
    const hues = await visitor.log.locator(".group").evaluateAll((groups) =>
      new Set(groups.map((group) => group.className.match(/hue-\d/)?.[0])).size
    );
    assertEquals(hues, 7, "six hues, and none for oneself");
    await visitor.message.fill("x".repeat(9_000));
    await socket!.close({ code: 4504 });
    await visitor.waitForText(visitor.log, "May not have arrived");
    assertEquals(await visitor.page.evaluate(findFaintTexts), [], "the conversation");
  });
}

pageTest("nothing moves for a person who asked for less motion", async () => {
  for (const reducedMotion of ["no-preference", "reduce"] as const) {
    await using visitor = await stage.open({ reducedMotion });
    await visitor.page.routeWebSocket(/\/ws\//, () => {});
    await visitor.page.reload();
    await visitor.page.evaluate(() => {
      let count = 0;
      addEventListener("animationstart", () => count++);
      Object.defineProperty(globalThis, "animationCount", { get: () => count });
    });
    await visitor.join("Ann");
    await visitor.send("steady");
    await visitor.page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    await visitor.page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    const count = Number(
      await visitor.page.evaluate(() => Reflect.get(globalThis, "animationCount")),
    );
    if (reducedMotion === "reduce") assertEquals(count, 0);
    else assertGreaterOrEqual(count, 1, "the proof that a motion would have been seen");
  }
});

pageTest("the field grows with its text, also where the style sheet cannot do it", async () => {
  for (const able of [true, false]) {
    await using visitor = await stage.open();
    if (!able) {
      await visitor.page.addInitScript(() => {
        CSS.supports = () => false;
        addEventListener("DOMContentLoaded", () => {
          document.getElementById("message")!.style.setProperty("field-sizing", "fixed");
        });
      });
      await visitor.page.reload();
    }
    await visitor.join(someone());
    const height = async () => (await visitor.message.boundingBox())!.height;
    const lowest = await height();
    await visitor.message.fill("one\ntwo\nthree");
    const grown = await height();
    assertEquals(grown - lowest, 48, `two more lines of 24 pixels, style sheet able: ${able}`);
    const hidden = await visitor.message.evaluate((field) =>
      field.scrollHeight - field.clientHeight
    );
    assertEquals(hidden, 0);
    await visitor.message.fill("line\n".repeat(100));
    assertLess(await height(), 200);
    await visitor.message.press("Enter");
    assertEquals(await height(), lowest);
  }
});
