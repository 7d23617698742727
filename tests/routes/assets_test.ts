import { assertEquals } from "@std/assert";
import { slim } from "../../routes/assets.ts";
import { createTestApp } from "../support/app.ts";

Deno.test("scripts may be loaded by pages of any origin, and nothing else may", async () => {
  const { request } = await createTestApp();
  const headers = { Origin: "https://shop.example" };
  for (
    const [path, isShared] of [["/natter.js", true], ["/natter-element.js", true], ["/", false]]
  ) {
    for (const method of ["GET", "HEAD"]) {
      const response = await request(`${path}`, { method, headers });
      await response.text();
      assertEquals(
        ["Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy"].map((name) =>
          response.headers.get(name)
        ),
        isShared ? ["*", "cross-origin"] : [null, "same-origin"],
        `${method} ${path}`,
      );
    }
  }
});

Deno.test("a page is served with and without the ending of its file", async () => {
  const { request } = await createTestApp();
  const texts = await Promise.all(
    ["/embed", "/embed.html"].map(async (path) => await (await request(path)).text()),
  );
  assertEquals(texts[0], texts[1]);
});

Deno.test("the client module is served with its types, which are in its comments", async () => {
  const { request } = await createTestApp();
  const source = Deno.readTextFileSync(new URL("../../static/natter.js", import.meta.url));
  const served = await (await request("/natter.js")).text();
  const docs = (text: string) =>
    text.match(/\/\*\*[^]*?\*\//g)!.map((doc) => doc.replace(/^ +/gm, ""));
  assertEquals(docs(served), docs(source));
  assertEquals(served.split("\n").length, source.split("\n").length);
});

for (
  const [source, served] of [
    ["let a;\n", "let a;\n"],
    ["  let a;\n    let b;", "let a;\nlet b;"],
    ["/** What\n * it is. */\nlet a;", "\n\nlet a;"],
    ["  // why\nlet a; // because", "\nlet a;"],
    ["/** @type {A} */ (a).b; /** c */\nd;", "(a).b;\nd;"],
    ["/** a */\n/** b */\nc;", "\n\nc;"],
    ["a = 1 /* one */;\nb = a / 2;\n// c", "a=1;\nb=a/2;\n"],
    ["a = [\n  /** @type {A} */\n  (b),\n];", "a=[\n\n(b),\n];"],
    ["a((/** @type {A} */ b) => `${b} = ${c}`);", "a((b)=>`${b} = ${c}`);"],
    ['a = "https: //x" + " /* b */ "; // "c"\n', 'a="https: //x" +" /* b */ ";\n'],
    ["a = 'b \"c\" + d'; // e", "a='b \"c\" + d';"],
    ['a = "\\" // b"; c = `\\`\n  // d`;', 'a="\\" // b";c=`\\`\n// d`;'],
    ['a = /[/"] \\/ b/g; // c', 'a=/[/"] \\/ b/g;'],
    ['return / \\/ "/.test(a) ? / b /u : c / d / e;', 'return/ \\/ "/.test(a)?/ b /u:c/d/e;'],
    ["if (a) return b in c;\nelse return -d - -e;", "if(a)return b in c;\nelse return -d - -e;"],
  ] as const
) {
  Deno.test(`${JSON.stringify(source)} is served as ${JSON.stringify(served)}`, () => {
    assertEquals(slim(source, "page.js"), served);
    assertEquals(slim(source, "page.js").split("\n").length, source.split("\n").length);
  });
}

Deno.test("the client module keeps its types, and loses what is only for its authors", () => {
  const source =
    '// @ts-check\n/// <reference lib="dom" />\n/** What it does. */\n  // why\n  go(1, 2);\n';
  assertEquals(
    slim(source, "natter.js"),
    '// @ts-check\n/// <reference lib="dom" />\n/** What it does. */\n\ngo(1,2);\n',
  );
});
