/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What the page says and does while the network or the server is not there. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { until } from "../support/deadline.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { TemporaryDatabase } from "../support/temporary_database.ts";
import { pageTest, setStage, someone, startServer } from "./browser.ts";
import { entry, joinPlayedServer } from "./played_server.ts";
import { Visitor } from "./visitor.ts";

const stage = setStage();

pageTest("offline, what is said waits its turn, says so, and arrives once", async () => {
  await using proxy = await FaultProxy.listen(stage.server.port);
  await using other = await stage.join(someone());
  await using visitor = await Visitor.open(stage.browser, `${proxy.url}#room=${stage.room}`);
  await visitor.join(someone());
  proxy.refuse();
  proxy.cut();
  await visitor.waitForText(visitor.strip, "The connection was lost.");
  await visitor.send("said offline");
  await visitor.send("and this");
  await visitor.row("said offline").locator(".message.pending").waitFor();
  await visitor.waitForText(visitor.strip, "2 unsent");
  // Long enough for the click to come before the page's own try.
  await visitor.waitForText(visitor.strip, /Again in ([4-9]|1\d) s/);
  proxy.heal();
  await visitor.page.getByRole("button", { name: "Try now" }).click();
  await visitor.stored("said offline");
  await visitor.stored("and this");
  await visitor.strip.waitFor({ state: "hidden" });
  await other.bubble("and this").waitFor();
  assertEquals(await other.messages(), ["said offline", "and this"]);
  assertEquals(await visitor.messages(), ["said offline", "and this"]);
  visitor.forgiveNetworkErrors();
});

pageTest(
  "a message whose answer is lost arrives once, and is marked until that is known",
  async () => {
    await using proxy = await FaultProxy.listen(stage.server.port);
    await using other = await stage.join(someone());
    await using visitor = await Visitor.open(stage.browser, `${proxy.url}#room=${stage.room}`);
    await visitor.join(someone());
    proxy.stall("down");
    await visitor.send("no answer");
    await other.bubble("no answer").waitFor();
    await visitor.row("no answer").locator(".message.pending").waitFor();
    proxy.cut();
    proxy.heal();
    await visitor.stored("no answer");
    assertEquals(await visitor.messages(), ["no answer"]);
    assertEquals(await other.messages(), ["no answer"]);
    visitor.forgiveNetworkErrors();
  },
);

pageTest("what was not sent is not lost by loading the page again", async () => {
  await using proxy = await FaultProxy.listen(stage.server.port);
  await using visitor = await Visitor.open(stage.browser, `${proxy.url}#room=${stage.room}`);
  await visitor.join(someone());
  proxy.stall("up");
  await visitor.send("over a reload");
  await visitor.row("over a reload").locator(".message.pending").waitFor();
  proxy.cut();
  proxy.heal();
  await visitor.page.reload();
  await visitor.stored("over a reload");
  assertEquals(await visitor.messages(), ["over a reload"]);
  visitor.forgiveNetworkErrors();
});

pageTest(
  "a server that is killed under a typing user comes back: all arrives once, the draft stays",
  async () => {
    using database = new TemporaryDatabase();
    const settings = { DATABASE: database.name };
    const names = [someone(), someone()];
    const first = await startServer(0, settings);
    await using proxy = await FaultProxy.listen(first.port);
    await using a = await Visitor.open(stage.browser, proxy.url);
    await using b = await Visitor.open(stage.browser, proxy.url);
    await a.join(names[0]!);
    await b.join(names[1]!);
    await a.send("before the crash");
    await b.bubble("before the crash").waitFor();
    await a.message.pressSequentially("typing when ");
    proxy.refuse();
    await first.kill();
    await a.strip.waitFor();
    await a.message.press("End");
    await a.message.pressSequentially("it died");
    await a.message.press("Enter");
    await a.waitForText(a.strip, "1 unsent");
    await a.message.pressSequentially("the next draft");
    await using second = await startServer(0, settings);
    proxy.target = second.port;
    proxy.heal();
    await a.stored("typing when it died");
    await b.bubble("typing when it died").waitFor();
    for (const visitor of [a, b]) {
      assertEquals(await visitor.messages(), ["before the crash", "typing when it died"]);
      await visitor.strip.waitFor({ state: "hidden" });
      visitor.forgiveNetworkErrors();
    }
    assertEquals(await a.message.inputValue(), "the next draft");
  },
);

pageTest("a server that forgot says that the history is another one", async () => {
  const first = await startServer();
  await using proxy = await FaultProxy.listen(first.port);
  await using visitor = await Visitor.open(stage.browser, proxy.url);
  await visitor.join(someone());
  await visitor.send("will be forgotten");
  await visitor.stored("will be forgotten");
  proxy.refuse();
  await first.kill();
  await using second = await startServer();
  proxy.target = second.port;
  proxy.heal();
  await visitor.waitForText(visitor.log.locator(".note.break"), "The server began a new history");
  assertEquals(await visitor.messages(), []);
  await visitor.send("anew");
  await visitor.stored("anew");
  visitor.forgiveNetworkErrors();
});

pageTest("a server that is about to end says so, and the page comes back by itself", async () => {
  const first = await startServer();
  await using proxy = await FaultProxy.listen(first.port);
  await using visitor = await Visitor.open(stage.browser, proxy.url);
  await visitor.join(someone());
  await first.drain();
  proxy.refuse();
  await visitor.waitForText(visitor.strip, /The server is restarting|The connection was lost/);
  await using second = await startServer();
  proxy.target = second.port;
  proxy.heal();
  await visitor.strip.waitFor({ state: "hidden" });
  visitor.forgiveNetworkErrors();
});

pageTest("who is removed is told, keeps the text, and comes back only by asking", async () => {
  const name = someone();
  await using visitor = await stage.join(name);
  await visitor.message.fill("half a thought");
  await stage.server.ask("DELETE", `api/users/${name}`);
  await visitor.waitForText(visitor.strip, "You were removed from this chat.");
  assertEquals(await visitor.sendButton.getAttribute("aria-disabled"), "true");
  await visitor.message.press("Enter");
  assertEquals(await visitor.message.inputValue(), "half a thought");
  await visitor.page.getByRole("button", { name: "Join again" }).click();
  await visitor.strip.waitFor({ state: "hidden" });
  await visitor.message.press("Enter");
  await visitor.stored("half a thought");
});

pageTest("a name that was taken while one was away leads back to the form", async () => {
  const [visitor, server] = await joinPlayedServer(stage, {
    greet(server, number) {
      if (number > 0) server.close(4501);
      return number > 0;
    },
  });
  await using _visitor = visitor;
  server.close(1012);
  await visitor.waitForText(visitor.strip, "is taken");
  await visitor.page.getByRole("button", { name: "Choose another" }).click();
  await visitor.waitForText(visitor.refusal, "is taken");
  assert(await visitor.page.locator(".chip").count() > 0);
});

pageTest(
  "what could not be sent in time says whether it may have been, and can be tried again",
  async () => {
    let isDeaf = true;
    let refs: unknown[] = [];
    const [visitor, server] = await joinPlayedServer(stage, {
      answer({ type, ref, room, body }, server) {
        if (type !== "message") return;
        refs.push(ref);
        if (isDeaf) return;
        const { id, at } = entry(1);
        server.tell({ type: "ack", ref, room, offset: 1, id, at, duplicate: false });
        server.tell(entry(1, { sender: "Ann", body }));
      },
    });
    await using _visitor = visitor;
    await visitor.page.clock.install();
    await visitor.send("perhaps");
    await visitor.row("perhaps").locator(".message.pending").waitFor();
    server.close(4504);
    await visitor.waitForText(visitor.row("perhaps").locator(".delivery"), "May have been sent");
    isDeaf = false;
    await visitor.page.getByRole("button", { name: "Join again" }).click();
    await visitor.strip.waitFor({ state: "hidden" });
    refs = refs.slice(0, 1);
    await visitor.row("perhaps").getByRole("button", { name: "Try again" }).click();
    await visitor.stored("perhaps");
    assertEquals(refs[0], refs[1], "under the same ref it cannot be said twice");
  },
);

pageTest("a gap is said where it is", async () => {
  const [visitor, server] = await joinPlayedServer(stage);
  await using _visitor = visitor;
  server.tell(entry(1), { type: "gap", room: "lobby", from: 2, to: 5 }, entry(6));
  await visitor.waitForText(visitor.log.locator(".note.gap"), "4 messages are missing here");
  const rows = await visitor.log.locator(".row").allTextContents();
  assertEquals(rows.map((text) => /missing|message \d/.exec(text)?.[0]), [
    "message 1",
    "missing",
    "message 6",
  ]);
});

for (
  const [blocked, words] of [
    [[], "Live by events"],
    [["**/events/**"], "Live by polling"],
  ] as const
) {
  pageTest(`without WebSocket${blocked.length > 0 ? " and streams" : ""}: "${words}"`, async () => {
    await using visitor = await Visitor.open(
      stage.browser,
      `${stage.server.url}#room=${stage.room}`,
    );
    await visitor.page.addInitScript(() => {
      Object.defineProperty(globalThis, "WebSocket", {
        value: class {
          constructor() {
            throw new DOMException("blocked");
          }
        },
      });
    });
    for (const pattern of blocked) {
      await visitor.page.route(pattern, (route) => route.fulfill({ status: 404, body: "" }));
    }
    await visitor.page.reload();
    await visitor.askToJoin(someone());
    await visitor.message.waitFor();
    await visitor.waitForText(visitor.status, words);
    await visitor.send("over HTTP");
    await visitor.stored("over HTTP");
    const row = visitor.row("over HTTP");
    await row.hover();
    assertEquals(await row.getByRole("button", { name: "Delete" }).count(), 0, "it cannot, here");
    visitor.forgiveNetworkErrors();
  });
}

pageTest(
  "hundreds of new messages at once leave the page at work, and who reads above stays there",
  async () => {
    const [visitor, server] = await joinPlayedServer(stage, { head: 200, offset: 0 });
    await using _visitor = visitor;
    await visitor.bubble("message 200").waitFor();
    const text = await visitor.log.evaluate((log) => {
      log.scrollTop = 1_500;
      return new Promise<string>((resolve) =>
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(topText())))
      );
      function topText() {
        const { top } = log.getBoundingClientRect();
        const row = [...log.querySelectorAll(".row")].find((row) =>
          row.getBoundingClientRect().bottom > top
        );
        return `${row?.textContent} ${Math.round(row?.getBoundingClientRect().top ?? 0)}`;
      }
    });
    for (let offset = 201; offset <= 500; offset++) server.tell(entry(offset));
    await visitor.waitForText(visitor.page.locator(".jump"), "300 new messages");
    const after = await visitor.log.evaluate((log) => {
      const { top } = log.getBoundingClientRect();
      const row = [...log.querySelectorAll(".row")].find((row) =>
        row.getBoundingClientRect().bottom > top
      );
      return `${row?.textContent} ${Math.round(row?.getBoundingClientRect().top ?? 0)}`;
    });
    assertEquals(after, text, "what is read stays where it is");
    assertLess(await visitor.log.locator(".row").count(), 241);
    await visitor.page.locator(".jump").click();
    await visitor.bubble("message 500").waitFor();
    await until(async () => await visitor.page.locator(".jump").isHidden(), "it is at the end");
  },
);
