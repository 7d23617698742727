/// <reference lib="dom" />
/**
 * Makes docs/screenshot.png for the README: the real page with the real server, a short
 * conversation, in a wide window and on a phone.
 *
 * The texts need fonts for Chinese and emoji (Debian: fonts-inter fonts-noto-cjk
 * fonts-noto-color-emoji).
 */

import type { BrowserContextOptions } from "playwright-core";
import { startBrowser, startServer, Visitor } from "./browser.ts";

const TARGET = new URL("../../docs/screenshot.png", import.meta.url);
const BYTES_MAX = 150 * 1024;
const WIDE: BrowserContextOptions = { viewport: { width: 960, height: 700 } };
const PHONE: BrowserContextOptions = {
  viewport: { width: 340, height: 640 },
  colorScheme: "dark",
  locale: "zh-TW",
  hasTouch: true,
  isMobile: true,
};

/** The clock that the windows show. */
const AT = new Date(2026, 4, 9, 10, 8);

await using server = await startServer();
const browser = await startBrowser();

/** Opens a window and joins. */
async function enter(name: string, options: BrowserContextOptions): Promise<Visitor> {
  const visitor = await Visitor.open(browser, `${server.url}#room=tea-house`, {
    reducedMotion: "reduce",
    ...options,
  });
  await visitor.page.clock.setFixedTime(AT);
  await visitor.page.locator("#nickname").fill(name);
  await visitor.page.locator("#join").click();
  await visitor.page.locator("#message").waitFor();
  return visitor;
}

const robin = await enter("Robin", WIDE);
const mei = await enter("\u7f8e\u73b2", PHONE);
const mateo = await enter("Mateo", {});
const everyone = [robin, mei, mateo];

const conversation: [Visitor, string][] = [
  [mateo, "Morning! Is the harbour walk still on? ☀️"],
  [
    mei,
    "\u65e9\u5b89\uff01\u6c23\u8c61\u8aaa\u56db\u9ede\u4ee5\u5f8c\u624d\u6703\u4e0b\u96e8\u3002",
  ],
  [robin, "Then let’s go early. Ten o’clock at the tea house?"],
  [mei, "\u5341\u9ede\u53ef\u4ee5 👍"],
  [mei, "\u6211\u5e36\u8336\u8449\u548c\u90a3\u628a\u597d\u96e8\u5098\u3002"],
  [mateo, "Perfect. I bring the map."],
  [
    robin,
    "The pier is closed, so we take the upper path:\nup the stairs, then left at the lighthouse.",
  ],
];
for (const [speaker, text] of conversation) {
  await speaker.page.locator("#message").fill(text);
  await speaker.page.locator("#send").click();
  for (const visitor of everyone) {
    await visitor.bubble(text.split("\n")[0]!).waitFor({ state: "attached" });
  }
}
await robin.message.fill("See you there");
await mei.page.locator("#log").evaluate((log) => log.scrollTo(0, log.scrollHeight));

/** One window's picture, as an address that a page can show. */
async function picture(visitor: Visitor): Promise<string> {
  const png = await visitor.page.screenshot({ caret: "hide" });
  return `data:image/png;base64,${png.toString("base64")}`;
}

const sheet = await browser.newPage({ viewport: { width: 1_280, height: 760 } });
await sheet.setContent(`<!DOCTYPE html>
  <style>
    body { margin: 0; height: 100vh; background: #e3d7c1; position: relative }
    img { position: absolute; border-radius: 12px; box-shadow: 0 2px 10px #4a351a40 }
    img:first-of-type { left: 30px; top: 30px }
    img:last-of-type { right: 30px; bottom: 30px; border-radius: 28px }
  </style>
  <img src="${await picture(robin)}"><img src="${await picture(mei)}">`);
await sheet.evaluate(() => Promise.all(Array.from(document.images, (image) => image.decode())));
const png = await sheet.screenshot();
for (const visitor of everyone) await visitor[Symbol.asyncDispose]();
await browser.close();

if (png.length > BYTES_MAX) {
  throw new RangeError(`The screenshot is too large: ${png.length} bytes of ${BYTES_MAX}`);
}
await Deno.mkdir(new URL(".", TARGET), { recursive: true });
await Deno.writeFile(TARGET, png);
console.log(`docs/screenshot.png: ${png.length} bytes`);
