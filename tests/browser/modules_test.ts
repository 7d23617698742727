import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { readCloseCode } from "../../static/close_codes.js";
import type { Item } from "../../static/items.js";
import { isComposing, isSendKey } from "../../static/keys.js";
import { chooseLanguage, TEXTS } from "../../static/languages.js";
import { isOneGroup } from "../../static/message_row.js";
import { checkName, mentions, suggestNames } from "../../static/names.js";
import { bytesOf, mayReconnect } from "../../static/natter.js";
import { Storage } from "../../static/storage.js";

const STATIC = new URL("../../static/", import.meta.url);

/** What the scripts say, less what only other scripts know. */
function sources(): string {
  return [...Deno.readDirSync(STATIC)]
    .filter(({ name }) => name.endsWith(".js") && name !== "languages.js" && name !== "natter.js")
    .map(({ name }) => Deno.readTextFileSync(new URL(name, STATIC))).join("\n");
}

Deno.test("all languages say the same things, with the same values, and nothing is left empty", () => {
  const values = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
  for (const [language, texts] of Object.entries(TEXTS)) {
    assertEquals(Object.keys(texts), Object.keys(TEXTS.en), language);
    for (const [key, text] of Object.entries(texts)) {
      assert(text.trim() !== "", `${language} ${key}`);
      const english = TEXTS.en[key as keyof typeof TEXTS.en];
      assertEquals(values(text), values(english), `${language} ${key}`);
      for (const form of text.split("|")) assertEquals(values(form), values(english), key);
    }
  }
});

Deno.test("every text is used; that no other is asked for, the types see to", () => {
  const code = sources();
  for (const key of Object.keys(TEXTS.en)) assert(code.includes(`"${key}"`), `unused: ${key}`);
});

Deno.test("the two Chinese are two", () => {
  const different = Object.entries(TEXTS["zh-Hant"]).filter(([key, text]) => {
    return text !== TEXTS["zh-Hans"][key as keyof typeof TEXTS.en];
  });
  assert(different.length > 40);
  for (const [key, text] of Object.entries(TEXTS["zh-Hant"])) {
    assert(!/[们这时开关设]/.test(text), `${key}: ${text}`);
  }
});

for (
  const [preferred, chosen, language] of [
    [["en-GB"], null, "en"],
    [["zh-TW", "en"], null, "zh-Hant"],
    [["zh-HK"], null, "zh-Hant"],
    [["yue"], null, "zh-Hant"],
    [["zh-Hans-TW"], null, "zh-Hans"],
    [["zh-CN"], null, "zh-Hans"],
    [["zh"], null, "zh-Hans"],
    [["fr", "zh-SG", "en"], null, "zh-Hans"],
    [["fr"], null, "en"],
    [[], null, "en"],
    [["zh-TW"], "en", "en"],
    [["zh-TW"], "nonsense", "zh-Hant"],
  ] as const
) {
  Deno.test(`who prefers ${preferred.join(", ")} and chose ${chosen} reads ${language}`, () => {
    assertEquals(chooseLanguage([...preferred], chosen), language);
  });
}

Deno.test("every close code means something, and the client waits where the page says so", () => {
  for (let code = 1000; code < 5000; code++) {
    const { remedy, text } = readCloseCode(code);
    assert(text in TEXTS.en);
    assertEquals(remedy === "wait", mayReconnect(code), `${code}`);
  }
});

Deno.test("names that cannot be are known before the server is asked", () => {
  const names = {
    "": "nameEmpty",
    ".": "nameInvalid",
    "..": "nameInvalid",
    "\ud800": "nameInvalid",
  };
  for (const [name, wrong] of Object.entries(names)) assertEquals(checkName(name), wrong);
  assertEquals(checkName("a".repeat(33)), "nameTooLong");
  for (const name of ["a", "😀".repeat(32), "é".normalize("NFD").repeat(32)]) {
    assertEquals(checkName(name), undefined);
  }
});

Deno.test("other names are like the one that is taken, short enough, and not the same", () => {
  for (const name of ["Ann", "美玲", "x".repeat(32), "😀".repeat(32)]) {
    const others = suggestNames(name);
    assertEquals(new Set(others).size, 4);
    for (const other of others) {
      assertEquals(checkName(other), undefined);
      assertNotEquals(other, name);
    }
  }
});

for (
  const [body, name, isMention] of [
    ["hello Ann", "Ann", true],
    ["hello ANN!", "Ann", true],
    ["@ann, look", "Ann", true],
    ["ann", "Ann", true],
    ["Annual planning", "Ann", false],
    ["a plan", "an", false],
    ["banner", "ann", false],
    ["banner for ann", "ann", true],
    ["@美玲好", "美玲", true],
    ["美玲，好", "美玲", true],
    ["是美玲嗎", "美玲", false],
    ["anything", "", false],
  ] as const
) {
  Deno.test(`"${body}" ${isMention ? "speaks" : "does not speak"} of "${name}"`, () => {
    assertEquals(mentions(body, name), isMention);
  });
}

Deno.test("bytes are counted as the server counts them", () => {
  for (const [text, bytes] of [["", 0], ["a", 1], ["é", 2], ["美", 3], ["😀", 4]] as const) {
    assertEquals(bytesOf(text), bytes);
  }
});

Deno.test("Enter sends only alone, and never for an input method", () => {
  const key = (parts: Partial<KeyboardEvent>) => ({ key: "Enter", ...parts }) as KeyboardEvent;
  assertEquals(isSendKey(key({ keyCode: 13 })), true);
  const others = [{ shiftKey: true }, { altKey: true }, { isComposing: true }, { keyCode: 229 }];
  for (const parts of [...others, { key: "a" }]) assertEquals(isSendKey(key(parts)), false);
  assertEquals(isComposing(key({ isComposing: true })), true);
});

Deno.test("messages stand together where sender and minute are one", () => {
  const item = { kind: "message", own: false, sender: "Ann", at: 60_000 } as const;
  const both = (parts: Record<string, unknown>) =>
    isOneGroup(item as Item, { ...item, ...parts } as Item);
  assertEquals(both({ at: 119_999 }), true);
  for (const parts of [{ at: 120_000 }, { sender: "Ben" }, { own: true }, { kind: "gap" }]) {
    assertEquals(both(parts), false);
  }
});

Deno.test("where nothing can be stored, it is remembered while the page lives", () => {
  const { localStorage } = globalThis;
  const refusal = () => {
    throw new DOMException("denied", "SecurityError");
  };
  Object.defineProperty(globalThis, "localStorage", { get: refusal, configurable: true });
  try {
    const store = new Storage(new URL("http://natter.example/"));
    assertEquals(store.get("nickname"), "");
    store.set("nickname", "Ann");
    assertEquals(store.get("nickname"), "Ann");
    store.set("rooms", '["a"]');
    assertEquals(store.list("rooms"), ["a"]);
  } finally {
    Object.defineProperty(globalThis, "localStorage", { value: localStorage, configurable: true });
  }
});

Deno.test("servers do not see each other's keys, and what is no list is none", () => {
  const [one, other] = ["http://a.example/", "http://a.example/chat/"].map((url) =>
    new Storage(new URL(url))
  );
  one!.set("nickname", "Ann");
  assertEquals([one!.get("nickname"), other!.get("nickname")], ["Ann", ""]);
  one!.set("rooms", "{");
  assertEquals(one!.list("rooms"), []);
  one!.set("rooms", '"a"');
  assertEquals(one!.list("rooms"), []);
  one!.set("nickname", "");
  one!.set("rooms", "");
});

Deno.test("the page and the element hold nothing that a strict policy would stop", () => {
  for (const { name } of Deno.readDirSync(STATIC)) {
    const text = Deno.readTextFileSync(new URL(name, STATIC)).replace(/<pre>.*?<\/pre>/gs, "");
    assert(!/\binnerHTML|\bouterHTML|insertAdjacentHTML|document\.write|\beval\(/.test(text), name);
    if (!name.endsWith(".html")) continue;
    assert(!/\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)/.test(text), name);
    assert(!/(?:src|href)="(?:https?:)?\/\//.test(text), `${name} loads from elsewhere`);
  }
});
