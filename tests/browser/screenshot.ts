/// <reference lib="dom" />
/**
 * Makes the pictures: two for the README (docs/), and one of every state in every language, colour scheme
 * and width (data/screenshots/), to look at after a change.
 *
 * The texts need fonts for Chinese and emoji (Debian: fonts-inter fonts-noto-cjk
 * fonts-noto-color-emoji).
 */

import type { BrowserContextOptions } from "playwright-core";
import { API_KEY, startBrowser, startServer } from "./browser.ts";
import { entry, type Play, type PlayedServer, playServer } from "./played_server.ts";
import { Visitor } from "./visitor.ts";

const DOCS = new URL("../../docs/", import.meta.url);
const ALBUM = new URL("../../data/screenshots/", import.meta.url);
const BYTES_MAX = 200 * 1024;
const WIDE: BrowserContextOptions = { viewport: { width: 1_080, height: 700 } };
const PHONE: BrowserContextOptions = {
  viewport: { width: 340, height: 640 },
  colorScheme: "dark",
  locale: "zh-TW",
  hasTouch: true,
  isMobile: true,
};

/** The clock that the windows show. */
const AT = new Date(2026, 4, 9, 10, 8);

await using server = await startServer(0, { API_KEY });
const browser = await startBrowser();

/** Opens a window and joins. */
async function enter(
  name: string,
  room: string,
  options: BrowserContextOptions,
  path = "",
): Promise<Visitor> {
  const visitor = await Visitor.open(browser, `${server.url}${path}#room=${room}`, {
    reducedMotion: "reduce",
    ...options,
  });
  await visitor.page.clock.setFixedTime(AT);
  await visitor.page.locator("#nickname").first().fill(name);
  await visitor.page.locator("#nickname").first().press("Enter");
  await visitor.page.locator("textarea").first().waitFor();
  return visitor;
}

/** One window's picture, as an address that a page can show. */
async function picture(visitor: Visitor): Promise<string> {
  const png = await visitor.page.screenshot({ caret: "hide" });
  return `data:image/png;base64,${png.toString("base64")}`;
}

/** Puts pictures on one sheet. */
async function layOut(name: string, height: number, style: string, pictures: string[]) {
  const sheet = await browser.newPage({ viewport: { width: 1_280, height } });
  await sheet.setContent(`<!DOCTYPE html>
    <style>
      body { margin: 0; height: 100vh; background: #dfe5d8; position: relative }
      img { position: absolute; border-radius: 14px; box-shadow: 0 2px 14px #14302240 }
      ${style}
    </style>
    ${pictures.map((source) => `<img src="${source}">`).join("")}`);
  await sheet.evaluate(() => Promise.all(Array.from(document.images, (image) => image.decode())));
  const png = await sheet.screenshot();
  if (png.length > BYTES_MAX) {
    throw new RangeError(`${name} has ${png.length} of ${BYTES_MAX} bytes`);
  }
  await Deno.writeFile(new URL(name, DOCS), png);
  console.log(`docs/${name}: ${png.length} bytes`);
}

async function makeConversation(): Promise<void> {
  const robin = await enter("Robin", "tea-house", WIDE);
  const mei = await enter("美玲", "tea-house", PHONE);
  const mateo = await enter("Mateo", "tea-house", {});
  const everyone = [robin, mei, mateo];
  await robin.openRoom("harbour");
  await robin.entry("tea-house").click();
  const conversation: [Visitor, string][] = [
    [mateo, "Morning! Is the harbour walk still on? ☀️"],
    [mei, "早安！氣象說四點以後才會下雨。"],
    [robin, "Then let’s go early. Ten o’clock at the tea house?"],
    [mei, "十點可以 👍"],
    [mei, "我帶茶葉和那把好雨傘。"],
    [mateo, "Perfect. The map: https://harbour.example/walk"],
    [
      robin,
      "The pier is closed, so we take the upper path:\nup the stairs, then left at the lighthouse.",
    ],
    [mei, "@Robin 好，燈塔見"],
  ];
  for (const [speaker, text] of conversation) {
    await speaker.page.locator("textarea").fill(text);
    await speaker.page.locator("textarea").press("Enter");
    for (const visitor of everyone) {
      await visitor.bubble(text.split("\n")[0]!).waitFor({ state: "attached" });
    }
  }
  await mateo.page.locator(".people").getByRole("button", { name: "Robin" }).click();
  await mateo.send("Shall I bring your hat?");
  await robin.entry("Mateo").locator(".badge").waitFor();
  await server.ask("POST", "api/rooms/harbour/messages", {
    sender: "Robot",
    body: "High tide at 11",
  });
  await robin.entry("harbour").locator(".badge").waitFor();
  // The client tells of typing once a second, and its clock stood still.
  await robin.page.clock.setFixedTime(AT.getTime() + 2_000);
  await robin.page.mouse.move(600, 690);
  await robin.message.pressSequentially("See you there");
  await mei.page.locator(".typing", { hasText: "Robin" }).waitFor();
  const style = `img:first-of-type { left: 30px; top: 30px }
    img:last-of-type { right: 30px; bottom: 30px; border-radius: 28px }`;
  await layOut("screenshot.png", 760, style, [await picture(robin), await picture(mei)]);
  for (const visitor of everyone) await visitor[Symbol.asyncDispose]();
}

async function makeEmbedded(): Promise<void> {
  const options = { viewport: { width: 1_180, height: 900 } };
  const host = await enter("Dana", "", options, "embed");
  const [support, cafe] = [host.page.locator("natter-chat").first(), host.page.locator(".violet")];
  await cafe.locator("#nickname").fill("小安");
  await cafe.locator("#nickname").press("Enter");
  await cafe.locator("textarea").waitFor();
  const say = (room: string, sender: string, body: string) =>
    server.ask("POST", `api/rooms/${room}/messages`, { sender, body });
  await support.locator("textarea").fill("Hi! My order says “on its way” since Monday.");
  await support.locator("textarea").press("Enter");
  await support.locator(".own.sent").waitFor();
  await say("support", "Kim", "Hello Dana, let me look. Which number is it?");
  await cafe.locator("textarea").fill("今天有檸檬塔嗎？");
  await cafe.locator("textarea").press("Enter");
  await cafe.locator(".own.sent").waitFor();
  await say("caf%C3%A9", "店長", "有的，下午三點出爐 🍋");
  await support.locator(".other").waitFor();
  await cafe.locator(".other").waitFor();
  await host.page.evaluate(() => (document.activeElement as HTMLElement)?.blur());
  await layOut("screenshot-embed.png", 940, "img { left: 50px; top: 20px }", [await picture(host)]);
  await host[Symbol.asyncDispose]();
}

/** What a picture of a state needs: a played server, and what happens. */
interface Scene extends Play {
  happen(visitor: Visitor, server: PlayedServer): Promise<unknown>;
}

const silent = () => {};

const SCENES: Readonly<Record<string, Scene>> = {
  empty: { happen: async () => {} },
  talk: {
    async happen(visitor, server) {
      server.tell(
        entry(1, { sender: "美玲", body: "早安！氣象說四點以後才會下雨。" }),
        entry(2, { body: "Then early: https://harbour.example and `deno task start`" }),
        entry(3, { body: "```ts\nconst tea = await brew();\n```" }),
        entry(4, { sender: "Ann", body: "One more time, with feeling" }),
        entry(5, { sender: "Ann", body: "🎉" }),
        entry(6, { sender: "نور", body: "مرحبا @Ann" }),
        entry(7, { sender: "Ann", body: "", deleted: true }),
        { type: "typing", room: "lobby", username: "Ben" },
      );
      await visitor.bubble("🎉").waitFor();
    },
  },
  pending: {
    answer: silent,
    happen: async (visitor) => await visitor.send("on its way"),
  },
  failed: {
    answer({ type, ref }, server) {
      if (type === "message") server.tell({ type: "error", ref, code: "forbidden", message: "" });
    },
    async happen(visitor) {
      await visitor.send("not for this room");
      await visitor.log.locator(".failed").waitFor();
    },
  },
  offline: {
    greet(server, number) {
      if (number > 0) server.close(1012);
      return number > 0;
    },
    async happen(visitor, server) {
      server.close(1012);
      await visitor.strip.waitFor();
      await visitor.send("said while away");
      await visitor.strip.getByText("1").first().waitFor();
    },
  },
  taken: {
    greet(server, number) {
      if (number > 0) server.close(4501);
      return number > 0;
    },
    async happen(visitor, server) {
      server.close(1012);
      await visitor.page.locator(".strip[data-state='closed'] button").click();
      await visitor.refusal.waitFor();
    },
  },
  gap: {
    async happen(visitor, server) {
      server.tell(entry(1), { type: "gap", room: "lobby", from: 2, to: 9 }, entry(10));
      await visitor.log.locator(".gap").waitFor();
    },
  },
  unrecovered: {
    async happen(visitor, server) {
      server.tell(entry(1));
      const joined = { type: "joined", room: "lobby", epoch: "other", offset: 0, head: 1 };
      server.tell({ ...joined, recovered: false, users: ["Ann"], userCount: 1 }, entry(1));
      await visitor.log.locator(".break").waitFor();
    },
  },
  kicked: {
    async happen(visitor, server) {
      server.tell(entry(1));
      server.close(4504);
      await visitor.strip.waitFor();
    },
  },
  drained: {
    greet(server, number) {
      if (number > 0) server.close(4000);
      return number > 0;
    },
    async happen(visitor, server) {
      server.tell(entry(1), { type: "reconnect", afterMs: 20_000 });
      server.close(4000);
      await visitor.strip.waitFor();
    },
  },
  unread: {
    head: 60,
    offset: 0,
    async happen(visitor, server) {
      await visitor.bubble("message 60").waitFor();
      await visitor.log.evaluate((log) => log.scrollTop -= 500);
      await visitor.page.locator(".jump").waitFor();
      server.tell(entry(61), entry(62));
      await visitor.page.locator(".jump.has-new").waitFor();
    },
  },
};

async function makeAlbum(): Promise<void> {
  await Deno.mkdir(ALBUM, { recursive: true });
  for (const [name, scene] of Object.entries(SCENES)) {
    const locales = name === "talk" ? ["en-US", "zh-TW", "zh-CN"] : ["en-US"];
    for (const locale of locales) {
      for (const colorScheme of ["light", "dark"] as const) {
        for (const width of [320, 1_100]) {
          const visitor = await Visitor.open(browser, server.url, {
            reducedMotion: "reduce",
            locale,
            colorScheme,
            viewport: { width, height: 640 },
          });
          const played = await playServer(visitor, scene);
          await visitor.page.locator("#nickname").fill("Ann");
          await visitor.page.locator("#nickname").press("Enter");
          await visitor.page.locator("textarea").waitFor();
          visitor.complaints = [];
          await scene.happen(visitor, played);
          const path = new URL(`${name}-${locale}-${colorScheme}-${width}.png`, ALBUM);
          await visitor.page.screenshot({ path: decodeURIComponent(path.pathname), caret: "hide" });
          await visitor.page.context().close();
        }
      }
    }
  }
  console.log(`data/screenshots: ${[...Deno.readDirSync(ALBUM)].length} pictures`);
}

await makeConversation();
await makeEmbedded();
await makeAlbum();
await browser.close();
