import { assertEquals } from "@std/assert";
import { parseRoomName, parseUsername } from "../../lib/protocol/name.ts";

const ACCEPTED: readonly (readonly [name: string, why: string])[] = [
  ["a", "one letter"],
  ["alice", "Latin"],
  ["Zoë", "Latin with a mark"],
  ["Nguyễn Ðức", "Vietnamese, two marks on a base"],
  ["王小明", "Chinese"],
  ["さくら", "Japanese"],
  ["김철수", "Korean"],
  ["Алёна", "Cyrillic"],
  ["Ωμέγα", "Greek"],
  ["नमस्ते", "Devanagari with a virama"],
  ["สมชาย", "Thai"],
  ["مريم", "Arabic"],
  ["שָׁלוֹם", "Hebrew with points"],
  ["42", "digits"],
  ["٤٢", "Arabic-Indic digits"],
  ["🙂", "an emoji"],
  ["❤️", "an emoji with a selector"],
  ["👨‍👩‍👧‍👦", "an emoji with joiners"],
  ["👍🏽", "an emoji with a skin tone"],
  ["🇹🇼", "a flag"],
  ["1️⃣", "a keycap"],
  ["a_b-c.d", "the three punctuation marks"],
  ["mary jane", "an inner space"],
  ["e\u0301\u0302\u0303\u0304\u0306", "four marks on a base, once composed"],
  ["__proto__", "a name that is a property of objects"],
  ["a".repeat(32), "32 code points"],
  ["🙂".repeat(32), "32 code points of two UTF-16 units, 128 bytes"],
];

const REFUSED: readonly (readonly [name: string, why: string])[] = [
  ["", "nothing"],
  [" ", "a space"],
  [" alice", "a space before"],
  ["alice ", "a space after"],
  ["mary  jane", "two spaces"],
  ["mary\u00a0jane", "a no-break space"],
  ["mary\tjane", "a tab"],
  ["mary\njane", "a line break"],
  ["a\u0000", "a control character"],
  ["a\u200bb", "a zero-width space"],
  ["a\u200db", "a joiner outside of an emoji"],
  ["a\u202eb", "a bidi override"],
  ["a\u2066b", "a bidi isolate"],
  ["a\u00adb", "a soft hyphen"],
  ["\u3164", "a letter that shows nothing"],
  ["a\ufe0f", "a selector outside of an emoji"],
  ["\u{e0061}", "a tag outside of an emoji"],
  ["\u0301a", "a mark without a base"],
  ["e\u0301\u0302\u0303\u0304\u0306\u0307", "five marks on a base, once composed"],
  ["_-.", "punctuation alone"],
  ["..", "a path"],
  ["a/b", "a slash"],
  ["@alice", "an at sign"],
  ["<b>", "markup"],
  ["a,b", "a comma"],
  ["аlice", "Cyrillic а in Latin"],
  ["Ωmega", "Greek Ω in Latin"],
  ["ａlіce", "Cyrillic і in fullwidth Latin"],
  ["\ud800", "half a surrogate pair"],
  ["\ue000", "a private character"],
  ["a".repeat(33), "33 code points"],
  ["🙂".repeat(31) + "👍🏽", "33 code points"],
  ["a".repeat(100_000), "a very long one"],
];

Deno.test("a username may be any of these", () => {
  for (const [name, why] of ACCEPTED) {
    assertEquals(parseUsername(name)?.text, name.normalize("NFC"), why);
  }
});

Deno.test("a username may be none of these", () => {
  for (const [name, why] of REFUSED) assertEquals(parseUsername(name), undefined, why);
});

Deno.test("two names are one when they differ in case, width, composition or ß", () => {
  const pairs = [
    ["Alice", "alice"],
    ["straße", "STRASSE"],
    ["ＡＬＩＣＥ", "alice"],
    ["Zoe\u0308", "zoë"],
    ["ΣΑΣ", "σας"],
    ["ﬁn", "FIN"],
  ] as const;
  for (const [one, other] of pairs) {
    assertEquals(parseUsername(one)?.key, parseUsername(other)?.key, `${one} and ${other}`);
  }
});

Deno.test("a name is shown in the spelling in which it came", () => {
  assertEquals(parseUsername("AlIcE")?.text, "AlIcE");
});

Deno.test("a room's name has no spaces and up to 64 code points", () => {
  assertEquals(parseRoomName("general")?.key, "general");
  assertEquals(parseRoomName("my room"), undefined);
  assertEquals(parseRoomName("a".repeat(64))?.key, "a".repeat(64));
  assertEquals(parseRoomName("a".repeat(65)), undefined);
  assertEquals(parseRoomName("@alice"), undefined);
});

Deno.test("a name has at most 128 bytes of UTF-8", () => {
  assertEquals(parseRoomName("王".repeat(42) + "é")?.text.length, 43);
  assertEquals(parseRoomName("王".repeat(43)), undefined);
});

Deno.test("a name whose key grows beyond 64 code points is refused", () => {
  // U+FDFA is one letter, and 18 code points in NFKC.
  assertEquals(parseUsername("\ufdfa".repeat(3))?.text, "\ufdfa".repeat(3));
  assertEquals(parseUsername("\ufdfa".repeat(4)), undefined);
});

Deno.test("a long run of emoji that ends badly is refused without trying all ways to read it", () => {
  // Trying them all would take longer than any test runner waits.
  assertEquals(parseRoomName("👍🏽".repeat(15) + "!"), undefined);
  assertEquals(parseUsername("🏽👍🏽".repeat(10) + "!"), undefined);
});
