/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Everything by keyboard alone, and where the focus is. */

import { assert, assertEquals } from "@std/assert";
import { until } from "../support/deadline.ts";
import { pageTest, setStage } from "./browser.ts";
import { entry, joinPlayedServer } from "./played_server.ts";
import type { Visitor } from "./visitor.ts";

const stage = setStage();

/** What has the focus, in words. */
function focused(visitor: Visitor): Promise<string> {
  return visitor.page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    const label = active?.getAttribute("aria-label") ?? active?.textContent ?? "";
    return `${active?.localName} ${label.trim()}`;
  });
}

/** Whether what has the focus shows it. */
function isFocusVisible(visitor: Visitor): Promise<boolean> {
  return visitor.page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    if (!active) return false;
    const marked = [active, ...active.querySelectorAll(".bubble, .note")];
    return marked.some((each) => getComputedStyle(each).outlineStyle !== "none");
  });
}

pageTest(
  "from joining to deleting, everything is done by keyboard, and the focus is always seen",
  async () => {
    const deleted: unknown[] = [];
    const [visitor, server] = await joinPlayedServer(stage, {
      answer({ type, offset }) {
        if (type === "delete") deleted.push(offset);
      },
    });
    await using _visitor = visitor;
    const press = async (...keys: string[]) => {
      for (const key of keys) await visitor.page.keyboard.press(key);
    };
    server.tell(
      entry(1),
      entry(2, { sender: "Ann", body: "mine" }),
      entry(3, { body: "https://a.example" }),
    );
    await visitor.bubble("https://a.example").waitFor();
    assertEquals(await focused(visitor), "textarea Message", "joining leads to writing");
    assert(await isFocusVisible(visitor));
    await press("Shift+Tab");
    assertEquals((await focused(visitor)).startsWith("button Write to"), true);
    await press("Shift+Tab");
    assertEquals(await focused(visitor), "a https://a.example");
    await press("Shift+Tab");
    assert((await focused(visitor)).includes("https://a.example"));
    assert(await isFocusVisible(visitor));
    await press("ArrowUp");
    assert((await focused(visitor)).includes("mine"), await focused(visitor));
    assert(await isFocusVisible(visitor));
    await press("Tab");
    assertEquals(await focused(visitor), "button Delete");
    await press("Enter");
    assertEquals(await focused(visitor), "button Delete it?");
    await press("Enter");
    server.tell({ type: "deletion", room: "lobby", offset: 4, target: 2, by: "Ann" });
    await visitor.bubble("Deleted").waitFor();
    assertEquals(deleted, [2]);
    assert((await focused(visitor)).startsWith("div"), "the focus stays with the row");
    await press("End");
    assert((await focused(visitor)).includes("https://a.example"));
  },
);

pageTest("the drawers of a narrow window take the focus, keep it, and give it back", async () => {
  const [visitor] = await joinPlayedServer(stage, {}, { viewport: { width: 360, height: 640 } });
  await using _visitor = visitor;
  const press = (key: string) => visitor.page.keyboard.press(key);
  await visitor.page.locator(".menu-button").focus();
  await press("Enter");
  assertEquals(await focused(visitor), "button #lobby");
  const left = async () => (await visitor.page.locator(".sidebar").boundingBox())?.x;
  await until(async () => await left() === 0, "the drawer is in");
  for (let step = 0; step < 12; step++) {
    await press("Tab");
    assert(!(await focused(visitor)).includes("Message"), "the chat behind is out of reach");
  }
  await press("Escape");
  assertEquals(await focused(visitor), "button Show conversations and settings");
  await visitor.page.locator(".people-button").focus();
  await press("Enter");
  assertEquals(await focused(visitor), "button BBen");
  await press("Enter");
  await visitor.waitForText(visitor.page.locator(".title"), "Ben");
  assertEquals(await focused(visitor), "textarea Message");
});

pageTest("who is here, as a drawer beside the rooms, keeps the focus too", async () => {
  const [visitor] = await joinPlayedServer(stage, {}, { viewport: { width: 800, height: 640 } });
  await using _visitor = visitor;
  await visitor.page.locator(".people-button").focus();
  await visitor.page.keyboard.press("Enter");
  for (let step = 0; step < 8; step++) {
    await visitor.page.keyboard.press("Tab");
    const isBehind = await visitor.page.locator(".sidebar :focus, .main :focus").count();
    assertEquals(isBehind, 0, await focused(visitor));
  }
  await visitor.page.keyboard.press("Escape");
  assertEquals(await focused(visitor), "button Show who is here");
  await visitor.entry("lobby").focus();
  assertEquals(await focused(visitor), "button #lobby", "the rooms are in reach again");
});

pageTest("Escape takes back a composition, and only then closes the drawer", async () => {
  const [visitor] = await joinPlayedServer(stage, {}, { viewport: { width: 360, height: 640 } });
  await using _visitor = visitor;
  await visitor.page.locator(".menu-button").click();
  const field = visitor.page.locator("#new-room");
  const drawer = visitor.page.locator(".root[data-drawer]");
  for (const init of [{ isComposing: true }, { keyCode: 229 }]) {
    await field.dispatchEvent("keydown", { key: "Escape", bubbles: true, ...init });
    assertEquals(await drawer.count(), 1);
  }
  await field.press("Escape");
  assertEquals(await drawer.count(), 0);
});

pageTest("leaving a room leaves the focus in the list", async () => {
  await using visitor = await stage.join("Leaver");
  await visitor.openRoom("second");
  await visitor.page.getByRole("button", { name: /Leave \W*second/ }).focus();
  await visitor.page.keyboard.press("Enter");
  await visitor.waitForText(visitor.page.locator(".title"), stage.room);
  assertEquals(await focused(visitor), `button #${stage.room}`);
});

pageTest("a list is one stop of the Tab key, and arrows move in it", async () => {
  const [visitor, server] = await joinPlayedServer(stage);
  await using _visitor = visitor;
  server.tell({
    type: "presence",
    room: "lobby",
    users: ["Ann", "Ben", "Cai", "Dora"],
    userCount: 4,
  });
  await visitor.waitForText(visitor.page.locator(".people"), "4 people here");
  const people = visitor.page.locator(".people button.entry");
  assertEquals(
    await people.evaluateAll((all) => all.map((each) => (each as HTMLElement).tabIndex)),
    [
      0,
      -1,
      -1,
    ],
  );
  await people.first().focus();
  await visitor.page.keyboard.press("ArrowDown");
  assertEquals(await focused(visitor), "button CCai");
  await visitor.page.keyboard.press("End");
  assertEquals(await focused(visitor), "button DDora");
  server.tell({ type: "presence", room: "lobby", joins: ["Eve"], leaves: ["Cai"], userCount: 4 });
  await visitor.waitForText(people.last(), "Eve");
  assertEquals(await focused(visitor), "button DDora", "also where the list is another one");
  server.tell({ type: "presence", room: "lobby", joins: [], leaves: ["Dora"], userCount: 3 });
  await visitor.waitForText(visitor.page.locator(".people"), "3 people here");
  assertEquals(await focused(visitor), "button BBen", "who has it may leave");
  server.tell({ type: "presence", room: "lobby", users: ["Ann"], userCount: 1 });
  await visitor.waitForText(visitor.page.locator(".people"), "1 person here");
  assertEquals(await focused(visitor), "ul AAnnYou", "and so may all");
});

pageTest(
  "of several rooms only the one where the focus is can be left by the next Tab",
  async () => {
    const [visitor, server] = await joinPlayedServer(stage);
    await using _visitor = visitor;
    for (const room of ["tea", "harbour"]) await visitor.openRoom(room);
    const stops = () =>
      visitor.page.locator(".lists button").evaluateAll((all) =>
        all.map((each) => (each as HTMLElement).tabIndex).join(" ")
      );
    assertEquals(await stops(), "-1 -1 -1 -1 0 0 0", "the last one's two, and the form's");
    await visitor.entry("harbour").focus();
    await visitor.page.keyboard.press("ArrowUp");
    assertEquals(await stops(), "-1 -1 0 0 -1 -1 0");
    await visitor.page.keyboard.press("Tab");
    assertEquals(await focused(visitor), "button Leave \u2068tea\u2069");
    server.tell(entry(1));
    await visitor.waitForText(visitor.entry("lobby").locator(".badge"), "1");
    assertEquals(await focused(visitor), "button Leave \u2068tea\u2069", "and keeps it");
    await visitor.page.keyboard.press("Enter");
    await visitor.entry("tea").waitFor({ state: "detached" });
    assertEquals(await focused(visitor), "button #harbour");
  },
);

pageTest("a row that goes leaves the focus in the conversation", async () => {
  const [visitor, server] = await joinPlayedServer(stage, {
    answer({ type, ref }, server) {
      if (type !== "message") return;
      server.tell({ type: "error", ref, code: "forbidden", message: "not here" });
    },
  });
  await using _visitor = visitor;
  const discard = async (text: string) => {
    await visitor.send(text);
    await visitor.row(text).getByRole("button", { name: "Discard" }).focus();
    await visitor.page.keyboard.press("Enter");
    await visitor.row(text).waitFor({ state: "detached" });
  };
  await discard("the only one");
  assertEquals(await focused(visitor), "div Conversation");
  server.tell(...Array.from({ length: 600 }, (_, index) => entry(index + 1)));
  await visitor.bubble("message 600").waitFor();
  await discard("the last one");
  assert((await focused(visitor)).includes("message 600"), await focused(visitor));
  await until(async () => {
    await visitor.log.evaluate((log) => log.scrollTop = 0);
    return await visitor.bubble("message 600").count() === 0;
  }, "it is let go of");
  const words = await focused(visitor);
  assert(words.includes("message ") && !words.includes("message 600"), words);
  await visitor.openRoom("tea");
  await visitor.entry("lobby").click();
  await visitor.bubble("message 600").waitFor();
  await visitor.row("message 600").focus();
  await visitor.page.evaluate(() => location.hash = "#room=harbour");
  await visitor.waitForText(visitor.page.locator(".title"), "harbour");
  assertEquals(await focused(visitor), "div Conversation");
});
