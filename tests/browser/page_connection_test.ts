/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** How the page stands by its connection: losses, refusals, rooms, a sub-path. */

import { assert, assertEquals } from "@std/assert";
import type { WebSocketRoute } from "playwright-core";
import { pageTest, playServer, setStage, someone, startServer, Visitor } from "./browser.ts";

const stage = setStage();

pageTest(
  "a killed server: the page says so, keeps the text, comes back, and says what is missing",
  async () => {
    const first = await startServer();
    let second: Awaited<ReturnType<typeof startServer>> | undefined;
    try {
      await using a = await Visitor.open(stage.browser, first.url);
      await using b = await Visitor.open(stage.browser, first.url);
      await a.join("Ann");
      await b.join("Ben");
      await a.send("before");
      await b.bubble("before").waitFor();

      await first.kill();
      await a.waitForText(a.status, "Trying again in");
      await a.message.fill("written meanwhile");
      await a.message.press("Enter");
      assert(await a.sendButton.isDisabled());
      await a.waitForText(a.page.locator("#composer-note"), "your text stays here");
      assertEquals(await a.messages(), ["before"]);
      await a.waitForText(a.log, "May not have arrived");
      assertEquals(await b.log.locator(".doubt").count(), 0, "another's message has arrived");

      second = await startServer(first.port);
      for (const visitor of [a, b]) {
        await visitor.waitForText(visitor.status, "Connected as");
        await visitor.waitForText(visitor.notes, "Messages sent meanwhile are not shown");
        visitor.forgiveSocketErrors();
      }
      assertEquals(await a.message.inputValue(), "written meanwhile");
      await a.message.press("Enter");
      await b.bubble("written meanwhile").waitFor();
      await b.send("and on");
      await a.bubble("and on").waitFor();
      assertEquals(await a.messages(), ["before", "written meanwhile", "and on"]);
    } finally {
      await first.kill();
      await second?.kill();
    }
  },
);

pageTest("a server in trouble at first: the page says so, and joins when it can", async () => {
  await using visitor = await stage.open();
  let troubled = true;
  await playServer(visitor, (socket) => {
    if (troubled) socket.close({ code: 1011 });
  });
  await visitor.askToJoin("Ann");
  await visitor.waitForText(visitor.status, "The server ran into a problem.");
  assert(await visitor.nickname.isVisible());
  troubled = false;
  await visitor.waitForText(visitor.status, "Connected as");
  assertEquals(await visitor.notes.count(), 0, "nothing was missed");
});

pageTest("our own name, still held after a loss, does not throw us out", async () => {
  await using visitor = await stage.open();
  const sockets: WebSocketRoute[] = [];
  let held = false;
  await playServer(visitor, (socket) => {
    sockets.push(socket);
    if (held) socket.close({ code: 4501 });
  });
  await visitor.join("Ann");
  held = true;
  await sockets[0]!.close({ code: 1001 });
  await visitor.waitForText(visitor.status, "still holds your name");
  assert(await visitor.message.isVisible());
  held = false;
  await visitor.waitForText(visitor.status, "Connected as");
  await visitor.waitForText(visitor.notes, "Reconnected.");
});

pageTest(
  "a name lost to another leads back to the form, and the conversation is kept",
  async () => {
    await using visitor = await stage.open();
    await playServer(visitor, (socket, number) => {
      if (number === 0) socket.send('{"sender":"Ben","msg":"hi"}');
      if (number === 0) socket.onMessage(() => socket.close({ code: 4500 }));
    });
    await visitor.join("Ann");
    await visitor.send("what now");
    await visitor.waitForText(visitor.page.getByRole("alert"), "does not accept the name");
    await visitor.join("Anna");
    assertEquals(await visitor.messages(), ["hi", "what now"]);
    await visitor.waitForText(visitor.notes, "Messages sent meanwhile are not shown");
  },
);

for (
  const [code, words] of [
    [4502, "valid token"],
    [4504, "You were removed"],
    [4505, "too much in too short a time"],
    [1009, "too long"],
    [1007, "do not understand each other"],
  ] as const
) {
  pageTest(
    `a close with ${code} is said in words, and only the person brings it back`,
    async () => {
      await using visitor = await stage.open();
      const sockets: WebSocketRoute[] = [];
      await playServer(visitor, (socket) => sockets.push(socket));
      await visitor.join("Ann");
      await visitor.send("the last straw");
      await sockets[0]!.close({ code });
      await visitor.waitForText(visitor.status, words);
      assertEquals(await visitor.status.getAttribute("data-phase"), "refused");
      assertEquals(await visitor.messages(), ["the last straw"]);
      await visitor.page.evaluate(() => dispatchEvent(new Event("online")));
      assertEquals(sockets.length, 1);
      await visitor.tryNowButton.click();
      await visitor.waitForText(visitor.status, "Connected as");
      assertEquals(sockets.length, 2);
    },
  );
}

pageTest("a device without a network says offline, and comes back when it has one", async () => {
  await using a = await stage.join(someone());
  await using b = await stage.join(someone());
  await a.page.context().setOffline(true);
  await a.waitForText(a.status, "Offline");
  await a.message.fill("not yet");
  assert(await a.sendButton.isDisabled());
  await a.page.context().setOffline(false);
  await a.waitForText(a.status, "Connected as");
  await a.waitForText(a.notes, "Reconnected.");
  await a.sendButton.click();
  await b.bubble("not yet").waitFor();
  a.forgiveSocketErrors();
});

pageTest("leaving frees the name, and empties the conversation", async () => {
  const name = someone();
  await using a = await stage.join(name);
  await a.send("mine");
  await a.page.getByRole("button", { name: "Leave", exact: true }).click();
  assertEquals(await a.nickname.inputValue(), name);
  await a.waitForText(a.status, "Not connected");
  await using b = await stage.join(name);
  await a.join(someone());
  assertEquals(await a.messages(), []);
  await a.send("another");
  await b.bubble("another").waitFor();
});

pageTest("the fragment of the address names the room", async () => {
  const [ann, ben, cleo] = [someone(), someone(), someone()];
  await using a = await Visitor.open(stage.browser, `${stage.server.url}#room=tea`);
  await using b = await Visitor.open(stage.browser, `${stage.server.url}#room=tea`);
  await a.join(ann);
  await b.join(ben);
  await using c = await stage.join(cleo);
  await a.send("for the tea room");
  await b.bubble("for the tea room").waitFor();
  await a.waitForText(a.page.locator("#room"), "tea");

  await b.page.evaluate(() => location.hash = "#room=lobby");
  await b.waitForText(b.page.locator("#room"), "lobby");
  await b.waitForText(b.status, "Connected as");
  await c.send("for the lobby");
  await b.bubble("for the lobby").waitFor();
  assertEquals(await b.messages(), ["for the lobby"]);
  assertEquals(await c.messages(), ["for the lobby"]);
});

pageTest("a room that is refused is said in words, with a way to the lobby", async () => {
  await using visitor = await Visitor.open(stage.browser, `${stage.server.url}#room=@inbox`);
  const name = someone();
  await visitor.askToJoin(name);
  await visitor.waitForText(visitor.page.getByRole("alert"), "does not exist or is not open");
  await visitor.page.getByRole("link", { name: "Go to the lobby instead" }).click();
  await visitor.join(name);
  assert(!await visitor.page.getByRole("alert").isVisible());
});

pageTest("the page works below a path of its own, behind a proxy", async () => {
  const context = await stage.browser.newContext();
  await context.route("**/talk/**", async (route) => {
    const url = route.request().url().replace("/talk/", "/");
    await route.fulfill({ response: await route.fetch({ url }) });
  });
  const page = await context.newPage();
  const opened: string[] = [];
  await page.routeWebSocket(/./, (socket) => void opened.push(socket.url()));
  await page.goto(`${stage.server.url}talk/`);
  await page.getByLabel("Nickname").fill("Ann");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  assertEquals(opened, [stage.server.url.replace("http:", "ws:") + "talk/ws/Ann"]);
  await context.close();
});

pageTest("the page keeps to its content security policy, which holds", async () => {
  await using visitor = await stage.join(someone());
  await visitor.send("all is well");
  assertEquals(visitor.complaints, []);

  // The proof that a violation would have been seen, and would have had no effect.
  const reported = visitor.page.waitForEvent("console", (message) => message.type() === "error");
  const harmed = await visitor.page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.harmed = true";
    document.body.append(script);
    return "harmed" in globalThis;
  });
  assert(!harmed);
  assert((await reported).text().includes("Content Security Policy"));
  visitor.complaints = [];
});
