/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Coming in: a name, a room, what is remembered, and what is refused in words. */

import { assert, assertEquals } from "@std/assert";
import { pageTest, setStage, someone } from "./browser.ts";
import { joinPlayedServer, playServer } from "./played_server.ts";
import { Visitor } from "./visitor.ts";

const stage = setStage();

pageTest(
  "the name is asked for first, and remembered with its key for the next visit",
  async () => {
    const name = someone();
    await using visitor = await stage.open();
    const isFocused = await visitor.nickname.evaluate((field) =>
      (field.getRootNode() as ShadowRoot).activeElement === field
    );
    assert(isFocused);
    await visitor.join(name);
    const page = await visitor.page.context().newPage();
    await page.goto(stage.server.url);
    const nickname = page.getByRole("textbox", { name: "Nickname", exact: true });
    assertEquals(await nickname.inputValue(), name);
    // The first tab is still here: the second one has the same key.
    await nickname.press("Enter");
    await page.getByRole("textbox", { name: "Message", exact: true }).waitFor();
  },
);

pageTest("a tab that is loaded again is where it was", async () => {
  await using visitor = await stage.open();
  await visitor.page.locator("#room").fill("reload-room");
  await visitor.join(someone());
  await visitor.send("before");
  await visitor.stored("before");
  await visitor.openRoom("second");
  await visitor.message.fill("a draft");
  await visitor.page.reload();
  await visitor.message.waitFor();
  await visitor.waitForText(visitor.page.locator(".title"), "second");
  assertEquals(await visitor.message.inputValue(), "a draft");
  await visitor.entry("reload-room").click();
  await visitor.bubble("before").waitFor();
  assertEquals(await visitor.messages(), ["before"]);
  assertEquals(await visitor.message.inputValue(), "", "a draft belongs to its room");
});

pageTest("the address names the room, also while one is in another", async () => {
  await using visitor = await Visitor.open(stage.browser, `${stage.server.url}#room=harbour`);
  await visitor.waitForText(visitor.page.locator(".room-line"), "harbour");
  assertEquals(await visitor.page.locator("#room").isVisible(), false);
  await visitor.join(someone());
  await visitor.waitForText(visitor.page.locator(".title"), "harbour");
  await visitor.page.evaluate(() => location.hash = "#room=pier");
  await visitor.waitForText(visitor.page.locator(".title"), "pier");
  assertEquals(await visitor.page.locator(".sidebar .entry-name").allTextContents(), [
    "harbour",
    "pier",
    await visitor.page.locator(".me .entry-name").textContent(),
  ]);
});

pageTest("a name that is taken is refused in words, and others are offered", async () => {
  const name = someone();
  await using _first = await stage.join(name);
  await using second = await stage.open();
  await second.askToJoin(name.toUpperCase());
  await second.waitForText(second.refusal, "is taken. Pick another one.");
  const chips = second.page.locator(".chip");
  assertEquals(await chips.count(), 4);
  await chips.first().click();
  await second.message.waitFor();
  await second.waitForText(second.page.locator(".me .entry-name"), `${name.toUpperCase()}2`);
});

for (
  const [name, words] of [
    ["", "Enter a nickname."],
    ["..", "does not accept the name"],
    ["x".repeat(33), "longer than 32"],
    ["a\u202eb", "does not accept the name"],
    ["!!!", "does not accept the name"],
  ] as const
) {
  pageTest(`the name ${JSON.stringify(name)} is refused: ${words}`, async () => {
    await using visitor = await stage.open();
    await visitor.askToJoin(name);
    await visitor.waitForText(visitor.refusal, words);
    assertEquals(await visitor.nickname.getAttribute("aria-invalid"), "true");
    await visitor.join(someone());
  });
}

pageTest("a room that cannot be is refused in words, and the lobby is offered", async () => {
  await using visitor = await Visitor.open(stage.browser, `${stage.server.url}#room=no%20such`);
  await visitor.askToJoin(someone());
  await visitor.waitForText(visitor.refusal, "does not exist or is not open to you");
  await visitor.page.getByRole("button", { name: "Go to the lobby instead" }).click();
  await visitor.message.waitFor();
  await visitor.waitForText(visitor.page.locator(".title"), "lobby");
});

pageTest("what cannot even be asked for is told where it was entered", async () => {
  await using visitor = await stage.open();
  const room = visitor.page.locator("#room");
  await room.fill("@bob");
  await visitor.askToJoin(someone());
  await visitor.waitForText(visitor.refusal, "does not exist or is not open to you");
  assertEquals(await room.getAttribute("aria-invalid"), "true");
  const chat = visitor.page.locator("natter-chat");
  for (
    const [name, value, words] of [
      ["token", "no token", "only with a valid token"],
      ["server", "ftp://natter.example", "cannot be reached"],
    ] as const
  ) {
    await chat.evaluate((chat, { name, value }) => chat.setAttribute(name, value), { name, value });
    await visitor.askToJoin(someone());
    await visitor.waitForText(visitor.refusal, words);
    await chat.evaluate((chat, name) => chat.removeAttribute(name), name);
  }
  await room.fill("#signed");
  await visitor.join(someone());
  await visitor.waitForText(visitor.page.locator(".title"), /^#signed$/);
});

pageTest("a second room that cannot be is said, and the first one stays", async () => {
  await using visitor = await stage.join(someone());
  await visitor.page.locator("#new-room").fill("no such");
  await visitor.page.locator("#new-room").press("Enter");
  await visitor.waitForText(
    visitor.page.locator(".toast"),
    /The room “\W*no such\W*” does not exist/,
  );
  await visitor.waitForText(visitor.page.locator(".title"), stage.room);
});

pageTest("a room that is closed to one is shown no longer, and that is said", async () => {
  const [visitor, server] = await joinPlayedServer(stage);
  await using _visitor = visitor;
  await visitor.openRoom("tea");
  const joined = { type: "joined", room: "tea", epoch: "e", offset: 0, head: 0, recovered: false };
  server.tell({ ...joined, users: ["Ann"], userCount: 1 }, { type: "left", room: "tea" });
  await visitor.waitForText(
    visitor.page.locator(".toast"),
    /The room “\W*tea\W*” does not exist or is not open to you/,
  );
  await visitor.waitForText(visitor.page.locator(".title"), "lobby");
  assertEquals(await visitor.entry("tea").count(), 0);
});

pageTest("why a room cannot be joined is said once, and leaving one says nothing", async () => {
  const [visitor] = await joinPlayedServer(stage, {
    answer({ type, room, ref }, server) {
      if (type !== "join" || room !== "full") return;
      server.tell({ type: "error", ref, code: "rooms_full", message: "no more rooms" });
    },
  });
  await using _visitor = visitor;
  const toast = visitor.page.locator(".toast");
  await toast.evaluate((toast) => {
    const said: unknown[] = [];
    Object.assign(globalThis, { said });
    new MutationObserver(() => said.push(toast.textContent)).observe(toast, { childList: true });
  });
  await visitor.openRoom("silent");
  await visitor.page.getByRole("button", { name: /Leave \W*silent/ }).click();
  await visitor.page.locator("#new-room").fill("full");
  await visitor.page.locator("#new-room").press("Enter");
  await visitor.waitForText(toast, /That did not work: \W*full: no more rooms/);
  await visitor.waitForText(visitor.page.locator(".title"), "lobby");
  const said = await visitor.page.evaluate(() =>
    (globalThis as unknown as { said: string[] }).said
  );
  assertEquals(said.length, 1, said.join());
});

pageTest(
  "while the server is away, another name can be chosen, and nothing takes the focus",
  async () => {
    await using visitor = await stage.open();
    let isDown = true;
    await visitor.page.routeWebSocket(/\/ws\//, (socket) => {
      if (isDown) socket.close({ code: 1012 });
      else socket.connectToServer();
    });
    await visitor.page.reload();
    await visitor.askToJoin(someone());
    await visitor.waitForText(visitor.refusal, "The server is restarting.");
    await visitor.page.locator("#room").fill("elsewhere");
    const name = someone();
    await visitor.nickname.fill(name);
    await visitor.nickname.press("Enter");
    // Not before: the page's own try under the first name would come in.
    isDown = false;
    await visitor.message.waitFor();
    await visitor.waitForText(visitor.page.locator(".me .entry-name"), name);
    await visitor.waitForText(visitor.page.locator(".title"), "elsewhere");
  },
);

pageTest("an unreachable server is said, and tried again", async () => {
  await using visitor = await stage.open();
  let isDown = true;
  await visitor.page.routeWebSocket(/\/ws\//, (socket) => {
    if (isDown) socket.close({ code: 1012 });
    else socket.connectToServer();
  });
  await visitor.page.reload();
  await visitor.askToJoin(someone());
  await visitor.waitForText(visitor.refusal, "The server is restarting.");
  isDown = false;
  await visitor.message.waitFor();
});

for (
  const [code, words] of [
    [4500, "does not accept the name"],
    [4502, "only with a valid token"],
    [4504, "You were removed"],
    [4599, "closed the connection for good (4599)"],
  ] as const
) {
  pageTest(`a close with ${code} before the welcome is told beside the name`, async () => {
    await using visitor = await stage.open();
    await playServer(visitor, {
      greet(server) {
        server.close(code);
        return true;
      },
    });
    await visitor.askToJoin("Ann");
    await visitor.waitForText(visitor.refusal, words);
  });
}

pageTest("leaving gives the name back to the form, and nothing connects by itself", async () => {
  const name = someone();
  await using visitor = await stage.join(name);
  await visitor.page.locator(".me summary").click();
  await visitor.page.getByRole("button", { name: "Leave", exact: true }).click();
  await visitor.nickname.waitFor();
  await visitor.page.reload();
  await visitor.nickname.waitFor();
  assertEquals(await visitor.nickname.inputValue(), name);
});

pageTest("who leaves and joins again is in the room that the sidebar names", async () => {
  await using visitor = await stage.join(someone());
  await visitor.page.locator(".me summary").click();
  await visitor.page.getByRole("button", { name: "Leave", exact: true }).click();
  await visitor.join(someone());
  await visitor.entry(stage.room).click();
  await stage.server.ask("POST", `api/rooms/${stage.room}/messages`, {
    sender: "Robot",
    body: "heard",
  });
  await visitor.bubble("heard").waitFor();
});

pageTest("without storage it all works, for as long as the page lives", async () => {
  await using visitor = await stage.open();
  await visitor.page.addInitScript(() => {
    const refuse = () => {
      throw new DOMException("denied", "SecurityError");
    };
    for (const area of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(globalThis, area, { get: refuse });
    }
  });
  await visitor.page.reload();
  await visitor.join(someone());
  await visitor.send("kept nowhere");
  await visitor.stored("kept nowhere");
});
