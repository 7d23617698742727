/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What a person chooses: the language, and the colours. */

import { assert, assertEquals } from "@std/assert";
import { DEPLOY_VARIABLE } from "../../lib/config.ts";
import { startServer } from "../support/server.ts";
import { pageTest, setStage, someone } from "./browser.ts";
import { DEADLINE_MS, Visitor } from "./visitor.ts";

const stage = setStage();

pageTest(
  "a server that knows nothing of its other instances says so, in each language",
  async () => {
    await using alone = await startServer({ [DEPLOY_VARIABLE]: "x7k2" });
    await using visitor = await Visitor.open(stage.browser, alone.url);
    const note = visitor.page.locator(".join .alone");
    await visitor.waitForText(note, "Only people on the same instance of this server are here.");
    await visitor.page.locator(".join").getByLabel("Language").selectOption("zh-Hans");
    await visitor.waitForText(note, "这里只有连接到同一个服务器实例的人。");
    await using other = await stage.open();
    await other.nickname.waitFor();
    assertEquals(await other.page.locator(".join .alone").isVisible(), false);
  },
);

pageTest(
  "each language is the one that the person prefers, and the switch says it all anew",
  async () => {
    for (
      const [locale, nickname, join] of [
        ["zh-TW", "暱稱", "加入"],
        ["zh-CN", "昵称", "加入"],
        ["fr-FR", "Nickname", "Join"],
      ] as const
    ) {
      await using visitor = await stage.open({ locale });
      await visitor.page.getByRole("textbox", { name: nickname, exact: true }).waitFor();
      await visitor.page.getByRole("button", { name: join, exact: true }).waitFor();
      const page = visitor.page.locator("html");
      assertEquals(
        await page.getAttribute("lang"),
        await visitor.page.locator(".root").getAttribute("lang"),
      );
    }
    await using visitor = await stage.join(someone());
    await visitor.send("hello");
    await visitor.page.locator(".me summary").click();
    await visitor.page.locator(".me").getByLabel("Language").selectOption("zh-Hant");
    await visitor.page.getByRole("textbox", { name: "訊息", exact: true }).waitFor();
    await visitor.waitForText(visitor.log.locator(".sender"), "我");
    assertEquals(await visitor.page.locator("html").getAttribute("lang"), "zh-Hant");
    await visitor.page.reload();
    await visitor.page.getByRole("textbox", { name: "訊息", exact: true }).waitFor({
      timeout: DEADLINE_MS,
    });
  },
);

pageTest("colours follow the system, and the switch wins", async () => {
  await using visitor = await stage.open({ colorScheme: "dark" });
  const paper = () =>
    visitor.page.locator(".root").evaluate((root) => getComputedStyle(root).backgroundColor);
  const dark = await paper();
  await visitor.page.locator(".join").getByLabel("Colours").selectOption("light");
  const light = await paper();
  assert(dark !== light);
  await visitor.page.reload();
  await visitor.nickname.waitFor();
  assertEquals(await paper(), light);
  assertEquals(
    await visitor.page.locator("html").evaluate((html) => getComputedStyle(html).backgroundColor),
    light,
  );
});

pageTest("what one chooses in one tab, the other tab shows", async () => {
  await using visitor = await stage.open();
  const other = await visitor.page.context().newPage();
  await other.goto(stage.server.url);
  await visitor.page.locator(".join").getByLabel("Language").selectOption("zh-Hant");
  await other.getByRole("textbox", { name: "暱稱", exact: true }).waitFor();
  await visitor.page.locator(".join").getByLabel("色彩").selectOption("dark");
  await other.locator(".root[data-theme='dark']").waitFor();
  assertEquals(await other.locator("html").getAttribute("lang"), "zh-Hant");
});
