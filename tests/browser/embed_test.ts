/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** `<natter-chat>` on other people's pages: of another origin, twice, in other colours. */

import { assert, assertEquals } from "@std/assert";
import { createHmac, issue } from "../auth/support.ts";
import { API_KEY, pageTest, type Server, setStage, someone, startServer } from "./browser.ts";
import { Visitor } from "./visitor.ts";

const stage = setStage();

/** A chat server, and a page of another origin with a policy of its own and the element in it. */
async function setShop(isListed: boolean, body: string, env: Record<string, string> = {}) {
  // The page's port must be known before the server starts.
  const started = Promise.withResolvers<Server>();
  const shop = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async () => {
    const { url } = await started.promise;
    const { origin, host } = new URL(url);
    const policy = `default-src 'none'; script-src ${origin}; connect-src ${origin} ws://${host}`;
    const script = `<script type="module" src="${url}natter-element.js"></script>`;
    const html = `<!DOCTYPE html><html lang="en"><title>A shop</title>${script}${body}`;
    return new Response(html, {
      headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy },
    });
  });
  const origin = `http://127.0.0.1:${shop.addr.port}`;
  const allowed = isListed ? { ALLOWED_ORIGINS: `http://other.example,${origin}` } : {};
  const server = await startServer(0, { API_KEY, ...allowed, ...env });
  started.resolve(server);
  return {
    server,
    origin,
    async [Symbol.asyncDispose]() {
      await shop.shutdown();
      await server.kill();
    },
  };
}

pageTest("a page of a listed origin has a whole chat from one script and one element", async () => {
  await using shop = await setShop(true, `<natter-chat room="support"></natter-chat>`);
  await using visitor = await Visitor.open(stage.browser, shop.origin);
  await visitor.waitForText(visitor.page.locator(".room-line"), "support");
  await visitor.join(someone());
  await visitor.send("from the shop");
  await visitor.stored("from the shop");
  await visitor.page.reload();
  await visitor.bubble("from the shop").waitFor();
  const room = await shop.server.ask("GET", "api/rooms/support/messages") as {
    entries: { body: string }[];
  };
  assertEquals(room.entries.map(({ body }) => body), ["from the shop"]);
});

pageTest(
  "a page of an origin that is not listed loads the script, and is kept out of the chat",
  async () => {
    await using shop = await setShop(false, `<natter-chat room="support"></natter-chat>`);
    await using visitor = await Visitor.open(stage.browser, shop.origin);
    await visitor.askToJoin(someone());
    await visitor.waitForText(visitor.refusal, "The server cannot be reached.");
    const users = await shop.server.ask("GET", "api/rooms/support/users") as { userCount: number };
    assertEquals(users.userCount, 0);
    assertEquals(await visitor.page.locator(".chat").isVisible(), false);
    visitor.complaints = visitor.complaints.filter((text) =>
      !/WebSocket connection|Failed to load|CORS policy/.test(text)
    );
  },
);

pageTest("two chats on one page are two people in two rooms, and hear each other", async () => {
  const body = `<natter-chat id="one" room="here" username="one-${someone()}"></natter-chat>
    <natter-chat id="two" room="here" username="two-${someone()}" theme="dark" lang="zh-TW"></natter-chat>`;
  await using shop = await setShop(true, body);
  await using visitor = await Visitor.open(stage.browser, shop.origin);
  const [one, two] = ["#one", "#two"].map((id) => visitor.page.locator(id));
  await one!.locator("textarea").fill("from the first");
  await one!.locator("textarea").press("Enter");
  await two!.locator(".other .bubble", { hasText: "from the first" }).waitFor();
  assertEquals(await two!.locator(".root").getAttribute("lang"), "zh-Hant");
  assertEquals(await one!.locator(".root").getAttribute("lang"), "en");
  const papers = await visitor.page.locator("natter-chat").evaluateAll((all) =>
    all.map((each) => getComputedStyle(each.shadowRoot!.querySelector(".root")!).backgroundColor)
  );
  assert(papers[0] !== papers[1]);
});

pageTest("the host hears what happens, sets colours, and takes the chat away again", async () => {
  const name = someone();
  await using shop = await setShop(true, `<natter-chat room="a"></natter-chat>`);
  await using visitor = await Visitor.open(stage.browser, shop.origin);
  await visitor.page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(globalThis, { heard });
    for (const type of ["joined", "message", "unread", "closed", "left", "state"]) {
      document.addEventListener(`natter-${type}`, (event) => {
        heard.push(`${type} ${JSON.stringify((event as CustomEvent).detail)}`);
      });
    }
    const chat = document.querySelector("natter-chat") as HTMLElement;
    chat.style.setProperty("--natter-own", "rgb(1, 2, 3)");
  });
  await visitor.join(name);
  await shop.server.ask("POST", "api/rooms/a/messages", { sender: "Robot", body: "beep" });
  await visitor.bubble("beep").waitFor();
  await visitor.send("boop");
  await visitor.stored("boop");
  const colour = await visitor.bubble("boop").evaluate((bubble) =>
    getComputedStyle(bubble).backgroundColor
  );
  assertEquals(colour, "rgb(1, 2, 3)");
  await visitor.page.locator("natter-chat").evaluate((chat) => chat.setAttribute("room", "b"));
  await visitor.waitForText(visitor.page.locator(".title"), "b");
  await visitor.page.locator("natter-chat").evaluate((chat) => chat.remove());
  const heard = await visitor.page.evaluate(() =>
    (globalThis as unknown as { heard: string[] }).heard
  );
  assert(heard.includes(`joined {"username":"${name}","room":"a"}`), heard.join("\n"));
  assert(heard.includes('message {"room":"a","sender":"Robot","body":"beep"}'), heard.join("\n"));
  assert(heard.some((each) => each.startsWith('state {"state":"open"')));
});

pageTest("in token mode the host says who it is, by an attribute or by a property", async () => {
  const secret = "a secret of at least thirty-two bytes";
  const name = someone();
  await using shop = await setShop(true, `<main></main>`, { AUTH: "token", AUTH_SECRET: secret });
  await using visitor = await Visitor.open(stage.browser, shop.origin);
  const exp = Math.floor(Date.now() / 1000) + 600;
  const token = await issue(await createHmac(secret), { sub: name, exp });
  const place = (kind: "attribute" | "property" | "none") =>
    visitor.page.evaluate(([kind, name, token]) => {
      const chat = document.createElement("natter-chat");
      chat.setAttribute("username", name!);
      if (kind === "attribute") chat.setAttribute("token", token!);
      if (kind === "property") Object.assign(chat, { getToken: () => Promise.resolve(token) });
      document.querySelector("main")!.replaceChildren(chat);
    }, [kind, name, token]);
  for (const kind of ["attribute", "property"] as const) {
    await place(kind);
    await visitor.message.waitFor();
  }
  await place("none");
  await visitor.waitForText(visitor.refusal, "only with a valid token");
});

pageTest(
  "the example at /embed has two chats, and each remembers what is open in itself only",
  async () => {
    await using visitor = await Visitor.open(stage.browser, `${stage.server.url}embed`);
    const chats = visitor.page.locator("natter-chat");
    const names = [someone(), someone()];
    const join = async () => {
      for (const [index, name] of names.entries()) {
        await chats.nth(index).locator("#nickname").fill(name);
        await chats.nth(index).locator("#nickname").press("Enter");
        await chats.nth(index).locator("textarea").waitFor();
      }
    };
    await join();
    await visitor.page.reload();
    for (const [index, room] of ["support", "café"].entries()) {
      await chats.nth(index).locator("textarea").waitFor();
      const rooms = chats.nth(index).locator(".sidebar .entries .entry-name");
      assertEquals(await rooms.allTextContents(), [room]);
      assertEquals(await chats.nth(index).locator(".me .entry-name").textContent(), names[index]);
    }
  },
);

pageTest("the page works under a sub-path behind a proxy", async () => {
  await using proxy = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    if (!pathname.startsWith("/chat/")) return new Response(null, { status: 404 });
    const target = new URL(pathname.slice("/chat".length) + search, stage.server.url);
    if (request.headers.get("Upgrade") === "websocket") return bridge(request, target);
    return fetch(target, { headers: { Accept: request.headers.get("Accept") ?? "*/*" } });
  });
  const url = `http://127.0.0.1:${proxy.addr.port}/chat/`;
  await using visitor = await Visitor.open(stage.browser, url);
  await visitor.join(someone());
  await visitor.send("through the proxy");
  await visitor.stored("through the proxy");
});

/** Hands a socket on, both ways. */
function bridge(request: Request, target: URL): Response {
  target.protocol = "ws:";
  const offered = request.headers.get("Sec-WebSocket-Protocol")!.split(/, */);
  const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "natter.v1" });
  const onward = new WebSocket(target, offered);
  onward.onmessage = ({ data }) => socket.send(data);
  onward.onclose = () => socket.close();
  socket.onmessage = ({ data }) => onward.send(data);
  socket.onclose = () => onward.close();
  return response;
}
