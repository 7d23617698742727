/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Windows of all kinds: narrow ones, touch screens, and what a keyboard covers. */

import { assert, assertEquals } from "@std/assert";
import { pageTest, setStage, someone } from "./browser.ts";
import { entry, joinPlayedServer } from "./played_server.ts";

const stage = setStage();

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
  "a keyboard that covers the page, as on an iPhone, leaves the field above it",
  async () => {
    await using visitor = await stage.join(someone());
    await visitor.page.evaluate(() => {
      Object.defineProperty(visualViewport!, "height", { get: () => 400 });
      visualViewport!.dispatchEvent(new Event("resize"));
    });
    const chat = await visitor.page.locator("natter-chat").boundingBox();
    const field = await visitor.message.boundingBox();
    assertEquals(chat?.height, 400);
    assert(field && field.y + field.height <= 400);
  },
);
