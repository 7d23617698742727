/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Who is asked for: direct messages, mentions, what is unread, who types, sound and notifications. */

import { assertEquals } from "@std/assert";
import { until } from "../support/deadline.ts";
import { pageTest, setStage, someone } from "./browser.ts";
import { entry, joinPlayedServer } from "./played_server.ts";

const stage = setStage();

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
      entry(1, { room: "@Ann", sender: "Cai", with: "Cai", body: "x" }),
    );
    await visitor.bubble("@Ann!").waitFor();
    assertEquals(await told(), ["asked", "Ben · #lobby: @Ann!", "Cai: x"]);
    await visitor.page.reload();
    await visitor.message.waitFor();
    await visitor.page.locator(".me summary").click();
    assertEquals(await visitor.page.getByLabel("Sound for new messages").isChecked(), true);
  },
);
