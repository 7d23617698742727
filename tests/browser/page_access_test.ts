/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** For everybody: what axe-core finds, what is read out, and what moves. */

import { assertEquals } from "@std/assert";
import { findings } from "./axe.ts";
import { pageTest, setStage } from "./browser.ts";
import { entry, joinPlayedServer, type PlayedServer } from "./played_server.ts";
import type { Visitor } from "./visitor.ts";

const stage = setStage();

/** Each view of the page: how to come to it. */
const VIEWS: Readonly<Record<string, (visitor: Visitor, server: PlayedServer) => Promise<void>>> = {
  "an empty room": async () => {},
  async "a conversation in all its states"(visitor, server) {
    server.tell(
      entry(1, { body: "see https://natter.example and `code` and\n```\na block\n```" }),
      entry(2, { body: "@Ann, look" }),
      { type: "gap", room: "lobby", from: 3, to: 5 },
      entry(6, { sender: "Ann", body: "mine" }),
      entry(7, { sender: "Ann", body: "", deleted: true }),
      entry(1, { room: "@Ann", sender: "Cai", with: "Cai", body: "x" }),
      { type: "typing", room: "lobby", username: "Ben" },
    );
    await visitor.bubble("mine").waitFor();
    await visitor.send("refused");
    await visitor.row("refused").locator(".message.failed").waitFor();
    await visitor.row("mine").hover();
  },
  async "a closed connection"(visitor, server) {
    server.tell(entry(1));
    server.close(4504);
    await visitor.strip.waitFor();
    await visitor.message.fill("x");
  },
  async "the settings"(visitor) {
    await openSidebar(visitor);
    await visitor.page.locator(".me summary").click();
    await visitor.page.getByRole("button", { name: "Leave", exact: true }).waitFor();
  },
  async "who is here"(visitor) {
    const button = visitor.page.locator(".people-button");
    if (await button.isVisible()) await button.click();
    await visitor.waitForText(visitor.page.locator(".people"), "2 people here");
  },
  async "the form to join, refused"(visitor) {
    await openSidebar(visitor);
    await visitor.page.locator(".me summary").click();
    await visitor.page.getByRole("button", { name: "Leave", exact: true }).click();
    await visitor.askToJoin("..");
    await visitor.refusal.waitFor();
  },
};

async function openSidebar(visitor: Visitor): Promise<void> {
  const menu = visitor.page.locator(".menu-button");
  if (await menu.isVisible()) await menu.click();
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1_200]) {
    pageTest(`axe-core finds nothing on any view, ${colorScheme}, ${width} px wide`, async () => {
      for (const [name, show] of Object.entries(VIEWS)) {
        const [visitor, server] = await joinPlayedServer(stage, {
          answer({ type, ref }, server) {
            if (type !== "message") return;
            server.tell({ type: "error", ref, code: "user_not_found", message: "nobody" });
          },
        }, {
          colorScheme,
          viewport: { width, height: 720 },
          reducedMotion: "reduce",
          bypassCSP: true,
        });
        await using _visitor = visitor;
        await show(visitor, server);
        assertEquals(await findings(visitor), [], name);
      }
    });
  }
}

for (const options of [{ forcedColors: "active" }, { contrast: "more" }] as const) {
  pageTest(`axe-core finds nothing with ${JSON.stringify(options)}`, async () => {
    const [visitor, server] = await joinPlayedServer(stage, {}, { ...options, bypassCSP: true });
    await using _visitor = visitor;
    await VIEWS["a closed connection"]!(visitor, server);
    assertEquals(await findings(visitor), []);
  });
}

pageTest("additions are read out, and history is not", async () => {
  const [visitor, server] = await joinPlayedServer(stage, { head: 30, offset: 0 });
  await using _visitor = visitor;
  await visitor.bubble("message 30").waitFor();
  const spoken = visitor.page.locator(".root > [aria-live='polite']");
  assertEquals(await spoken.textContent(), "");
  assertEquals(await visitor.log.getAttribute("aria-live"), "off");
  server.tell(entry(31));
  await visitor.waitForText(spoken, "Ben: message 31");
  server.tell(...Array.from({ length: 9 }, (_, index) => entry(32 + index)));
  await visitor.waitForText(spoken, "9 new messages");
});

pageTest("nothing moves for those who do not want it", async () => {
  const [visitor] = await joinPlayedServer(stage, {}, { reducedMotion: "reduce" });
  await using _visitor = visitor;
  const moving = await visitor.page.locator(".root").evaluate((root) =>
    [...root.querySelectorAll("*")].filter((each) => {
      const { transitionDuration, animationName } = getComputedStyle(each);
      return transitionDuration !== "0s" || animationName !== "none";
    }).length
  );
  assertEquals(moving, 0);
});
