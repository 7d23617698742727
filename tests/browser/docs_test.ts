/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** `/docs` as people see it: whole, readable on any width, and behind a proxy. */

import { assert, assertEquals } from "@std/assert";
import { findings } from "./axe.ts";
import { pageTest, setStage } from "./browser.ts";
import { Visitor } from "./visitor.ts";

const stage = setStage();

const openDocs = (options = {}) =>
  Visitor.open(stage.browser, `${stage.server.url}docs`, { bypassCSP: true, ...options });

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [320, 1_200]) {
    pageTest(`axe-core finds nothing on /docs, ${colorScheme}, ${width} px wide`, async () => {
      await using visitor = await openDocs({ colorScheme, viewport: { width, height: 720 } });
      const { page } = visitor;
      assertEquals(await findings(visitor), [], "closed");
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      assertEquals(await findings(visitor), [], "open");
      const overflow = await page.evaluate(() =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth
      );
      assertEquals(overflow, 0, "nothing is to be scrolled sideways");
    });
  }
}

pageTest("every link on /docs leads somewhere, and no script is needed", async () => {
  await using visitor = await openDocs({ javaScriptEnabled: false });
  const links = await visitor.page.locator("a").all();
  assert(links.length > 50);
  const targets = new Set(
    await Promise.all(links.map(async (link) => await link.getAttribute("href") ?? "")),
  );
  const html = await (await fetch(`${stage.server.url}docs`)).text();
  for (const target of targets) {
    if (target.startsWith("#")) assert(html.includes(`id="${target.slice(1)}"`), target);
    else {
      const response = await fetch(new URL(target, `${stage.server.url}docs`));
      await response.text();
      assertEquals(response.status, 200, target);
    }
  }
  assertEquals(html.includes("<script"), false);
});

pageTest("/docs shows every interface, protocol and code", async () => {
  await using visitor = await openDocs();
  const text = await visitor.page.evaluate(() => document.body.textContent ?? "");
  const read = async (path: string) => await (await fetch(stage.server.url + path)).json();
  const [openApi, asyncApi] = [await read("openapi.json"), await read("asyncapi.json")];
  for (
    const word of [
      ...Object.keys(openApi.paths),
      ...Object.keys({ ...openApi.components.schemas, ...asyncApi.components.schemas }),
      ...asyncApi["x-close-codes"].map(({ code }: { code: number }) => `${code}`),
      ...asyncApi["x-error-codes"].map(({ code }: { code: string }) => code),
    ]
  ) assert(text.includes(word), word);
  await visitor.page.locator("summary", { hasText: "/poll/{username}" }).click();
  assert(await visitor.page.getByText("Seconds to wait for something").isVisible());
});

pageTest("below a path of a proxy /docs finds its style sheet and the documents", async () => {
  const proxy = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const path = /^\/chat\/(.*)/.exec(new URL(request.url).pathname)?.[1];
    if (path === undefined) return new Response("not here", { status: 404 });
    return fetch(stage.server.url + path, { headers: request.headers });
  });
  await using _proxy = { [Symbol.asyncDispose]: () => proxy.shutdown() };
  const url = `http://127.0.0.1:${proxy.addr.port}/chat/docs`;
  await using visitor = await Visitor.open(stage.browser, url);
  const { page } = visitor;
  assert(await page.evaluate(() => document.styleSheets[0]!.cssRules.length > 10));
  await page.getByRole("link", { name: "openapi.json" }).first().click();
  await page.waitForURL("**/chat/openapi.json");
});
