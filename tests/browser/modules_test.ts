import { assert, assertEquals, assertMatch } from "@std/assert";
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, backoffMs } from "../../static/backoff.js";
import { readCloseCode } from "../../static/close_codes.js";
import { chooseLanguage, TEXTS } from "../../static/languages.js";
import {
  chatAddress,
  checkName,
  countBytes,
  NAME_CODE_POINTS_MAX,
  parseFrame,
  roomOfHash,
} from "../../static/plain_protocol.js";

const STATIC = new URL("../../static/", import.meta.url);

Deno.test("backoff: uniform below a bound that doubles up to the cap", () => {
  const almostOne = () => 1 - Number.EPSILON;
  assertEquals(backoffMs(0, () => 0), 0);
  assertEquals(backoffMs(0, almostOne), BACKOFF_BASE_MS - 1);
  assertEquals(backoffMs(3, () => 0.25), 2 * BACKOFF_BASE_MS);
  assertEquals(backoffMs(5, almostOne), BACKOFF_CAP_MS - 1);
  assertEquals(backoffMs(5_000, almostOne), BACKOFF_CAP_MS - 1);
  assertEquals(backoffMs(9, () => 0.5, 4_000), 2_000);
});

Deno.test("close codes: the ranges decide where the table is silent", () => {
  assertEquals(readCloseCode(4499).remedy, "retry");
  assertEquals(readCloseCode(4506), { remedy: "stop", text: "refused" });
  assertEquals(readCloseCode(3000).remedy, "retry");
  assertEquals(readCloseCode(4500).remedy, "name");
  assertEquals(readCloseCode(4503).remedy, "room");
});

Deno.test("bytes are counted as UTF-8", () => {
  assertEquals(countBytes("abc"), 3);
  assertEquals(countBytes("é"), 2);
  assertEquals(countBytes("\u4f60\u597d"), 6);
  assertEquals(countBytes("😀"), 4);
  // A lone surrogate leaves the browser as U+FFFD.
  assertEquals(countBytes("\ud800"), 3);
});

Deno.test("names are checked lightly before the server decides", () => {
  const longest = "😀".repeat(NAME_CODE_POINTS_MAX);
  assertEquals(checkName(longest), undefined);
  assertEquals(checkName(longest + "a"), "nameTooLong");
  assertEquals(checkName("e\u0301".repeat(NAME_CODE_POINTS_MAX)), undefined, "counted after NFC");
  assertEquals(checkName(""), "nameEmpty");
  assertEquals(checkName("."), "nameInvalid");
  assertEquals(checkName(".."), "nameInvalid");
  assertEquals(checkName("a\ud800"), "nameInvalid");
  assertEquals(checkName("a.b"), undefined);
});

Deno.test("the chat's address keeps the page's sub-path and carries any name", () => {
  const page = "https://example.org/talk/?utm=1#room=tea";
  assertEquals(chatAddress(page, "alice", ""), "wss://example.org/talk/ws/alice");
  assertEquals(
    chatAddress("http://localhost:8000/index.html", "a/b?c#d %", "tea & cake"),
    "ws://localhost:8000/ws/a%2Fb%3Fc%23d%20%25?room=tea+%26+cake",
  );
});

Deno.test("the room stands in the fragment", () => {
  assertEquals(roomOfHash(""), "");
  assertEquals(roomOfHash("#room=tea"), "tea");
  assertEquals(roomOfHash("#x=1&room=%E8%8C%B6"), "\u8336");
  assertEquals(roomOfHash("#tea"), "");
});

Deno.test("frames that are no chat message are skipped", () => {
  assertEquals(parseFrame('{"sender":"a","msg":"b"}'), { sender: "a", text: "b" });
  const others = ["", "{", "null", "[]", "1", '{"sender":"a"}', '{"sender":1,"msg":"b"}'];
  for (const frame of [...others, '{"sender":"a","msg":null}', new ArrayBuffer(1)]) {
    assertEquals(parseFrame(frame), undefined, String(frame));
  }
});

Deno.test("the language: chosen, else the first preferred one that the page speaks", () => {
  const cases: [string[], string][] = [
    [["en-GB"], "en"],
    [["zh-TW", "en"], "zh-Hant"],
    [["zh-HK"], "zh-Hant"],
    [["zh-Hant-CN"], "zh-Hant"],
    [["yue"], "zh-Hant"],
    [["zh-CN"], "zh-Hans"],
    [["zh"], "zh-Hans"],
    [["zh-SG"], "zh-Hans"],
    [["zh-Hans-HK"], "zh-Hans"],
    [["fr", "de-CH", "zh-TW"], "zh-Hant"],
    [["fr"], "en"],
    [[], "en"],
  ];
  for (const [preferred, expected] of cases) {
    assertEquals(chooseLanguage(preferred), expected, preferred.join());
  }
  assertEquals(chooseLanguage(["zh-TW"], "zh-Hans"), "zh-Hans");
  assertEquals(chooseLanguage(["zh-TW"], "klingon"), "zh-Hant");
});

Deno.test("every language has the same keys, with the same values in their texts", () => {
  const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
  const english = Object.entries(TEXTS.en);
  for (const [language, texts] of Object.entries(TEXTS)) {
    assertEquals(Object.keys(texts).sort(), english.map(([key]) => key).sort(), language);
    for (const [key, text] of english) {
      const translated = texts[key as keyof typeof texts];
      assertMatch(translated, /\S/, `${language}.${key}`);
      assertEquals(places(translated), places(text), `${language}.${key}`);
    }
  }
});

Deno.test("every text is used, and every text that the page names exists", async () => {
  const page = await Deno.readTextFile(new URL("index.html", STATIC));
  const named = [...page.matchAll(/data-(?:text|label|placeholder)="(\w+)"/g)].map((m) => m[1]!);
  for (const key of named) assert(key in TEXTS.en, `index.html names "${key}"`);

  const used = new Set(named);
  for await (const { name } of Deno.readDir(STATIC)) {
    if (!name.endsWith(".js") || name === "languages.js") continue;
    const source = await Deno.readTextFile(new URL(name, STATIC));
    for (const [, word] of source.matchAll(/"(\w+)"/g)) used.add(word!);
  }
  for (const key of Object.keys(TEXTS.en)) {
    assert(used.has(key), `nothing uses the text "${key}"`);
  }
});

Deno.test("no file of the page makes markup from text, or holds inline script or style", async () => {
  for await (const { name } of Deno.readDir(STATIC)) {
    const source = await Deno.readTextFile(new URL(name, STATIC));
    assert(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/.test(source), name);
    if (name.endsWith(".html")) {
      assert(!/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:/i.test(source), name);
    }
  }
});
