import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  colourOf,
  createPainter,
  formatMessage,
  harmless,
  harmlessExcerpt,
  harmlessRows,
  PALETTE,
  widthOf,
} from "../../lib/terminal/format.ts";
import { screenOf } from "./terminal.ts";

/** What strangers may say, and what is shown of it. */
const TEXTS: readonly (readonly [what: string, text: string, shown: string])[] = [
  ["plain text", "Grüße, 世界 👋🏽", "Grüße, 世界 👋🏽"],
  ["a title", "\x1b]0;owned\x07", "␛]0;owned␇"],
  ["a link", "\x1b]8;;http://x\x1b\\y", "␛]8;;http://x␛\\y"],
  ["a cursor that goes up", "\x1b[2Ayou: yes", "␛[2Ayou: yes"],
  ["a cleared screen", "\x1b[2J\x1bc", "␛[2J␛c"],
  ["a return to the first column", "hi\r12:00 bob: bye", "hi␍12:00 bob: bye"],
  ["backspaces", "alice\b\b\b\b\bbob", "alice␈␈␈␈␈bob"],
  ["an escape of one byte", "\u009b2J\u009d0;x\u009c", "\ufffd2J\ufffd0;x\ufffd"],
  ["next line", "a\u0085b", "a\ufffdb"],
  ["NUL and DEL", "a\0b\x7fc", "a␀b␡c"],
  ["newlines", "a\nb\u2028c\u2029d", "a␊b␤c␤d"],
  ["other feeds", "a\vb\fc", "a␋b␌c"],
  ["tabs", "a\tb", "a  b"],
  ["reordering", "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061cy", "gnp.exe x y"],
  ["half of a character", "a\ud800b", "a\ufffdb"],
];

for (const [what, text, shown] of TEXTS) {
  Deno.test(`a terminal is safe from ${what}`, () => {
    assertEquals(harmless(text), shown);
    const paint = createPainter(false);
    const message = { sender: text, to: text, body: text, at: 0 };
    const rows = formatMessage(message, { self: "me", room: text, columns: 80, paint });
    for (const row of [...rows, ...harmlessRows(text, 80), harmlessExcerpt(text, 80)]) {
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067]/.test(row), JSON.stringify(row));
    }
  });
}

const style = { self: "me", columns: 40, paint: createPainter(false) };
const at = new Date(2026, 1, 3, 4, 5).getTime();

const MESSAGES = [
  ["a short one", { body: "hi" }, ["04:05 bob: hi"]],
  ["several lines", { body: "a\n  b\r\n\nc" }, ["04:05 bob: a", "        b", "      ", "      c"]],
  ["a direct one", { to: "me", body: "psst" }, ["04:05 bob → me: psst"]],
  ["a deleted one", { body: "", deleted: true }, ["04:05 bob: (deleted)"]],
  ["words", { body: "one two three four five six seven eight" }, [
    "04:05 bob: one two three four five six ",
    "      seven eight",
  ]],
  ["no words", { body: "x".repeat(70) }, [
    `04:05 bob: ${"x".repeat(29)}`,
    `      ${"x".repeat(34)}`,
    `      ${"x".repeat(7)}`,
  ]],
  ["a long name", { sender: "n".repeat(32), body: "hi" }, [
    `04:05 ${"n".repeat(32)}: `,
    "      hi",
  ]],
  ["a line that pretends to be another's", {
    body: `yes${" ".repeat(26)}04:06 carol: me too\n04:07 carol: really`,
  }, [
    `04:05 bob: yes${" ".repeat(26)}`,
    "      04:06 carol: me too",
    "      04:07 carol: really",
  ]],
  ["wide characters", { body: "世".repeat(20) }, [
    `04:05 bob: ${"世".repeat(14)}`,
    `      ${"世".repeat(6)}`,
  ]],
  ["from right to left", { body: "שלום" }, ["04:05 bob: \u2068שלום\u2069"]],
] as const;

for (const [what, message, rows] of MESSAGES) {
  Deno.test(`a message fits the terminal, with its rows under the first: ${what}`, () => {
    const formatted = formatMessage({ sender: "bob", at, ...message }, style);
    assertEquals(formatted, [...rows]);
    for (const row of formatted) assert(widthOf(row) <= style.columns, row);
  });
}

Deno.test("no row of a very long message begins where another message would", () => {
  const words = "12:00 carol: yes ".repeat(500) + "x".repeat(500) + "\n".repeat(500);
  const rows = formatMessage({ sender: "bob", body: words, at }, style);
  assertEquals(rows.length, 201);
  assertMatch(rows.at(-1)!, /^ {6}\(and \d+ more lines\)$/);
  const screen = screenOf(rows.join("\r\n"), style.columns);
  assertEquals(screen.filter((row) => /^\S/.test(row)).length, 1);
});

Deno.test("a name has one colour in all its spellings, and names have several", () => {
  assertEquals(colourOf("STRASSE"), colourOf("straße"));
  const names = Array.from({ length: 100 }, (_, index) => `user${index}`);
  assertEquals(new Set(names.map(colourOf)).size, PALETTE.length);
});

Deno.test("an own name is told from others, and nothing is painted without colours", () => {
  const [coloured, plain] = [createPainter(true), createPainter(false)];
  assertEquals(coloured.name("Alice", "alice"), "\x1b[1;7mAlice\x1b[0m");
  assertEquals(coloured.name("bob", "alice"), `\x1b[38;5;${colourOf("bob")}mbob\x1b[0m`);
  assertEquals(coloured.name("\x1b[0m", "alice").split("\x1b").length, 3);
  assertEquals([plain.name("bob", "alice"), plain.dim("x")], ["bob", "x"]);
});

Deno.test("every colour of names has a contrast of 3 to black and to white", () => {
  for (const colour of PALETTE) {
    const luminance = luminanceOf(colour);
    assert((luminance + 0.05) / 0.05 >= 3, `${colour} on black`);
    assert(1.05 / (luminance + 0.05) >= 3, `${colour} on white`);
  }
});

/** WCAG's relative luminance of a colour of the cube of 256. */
function luminanceOf(colour: number): number {
  const index = colour - 16;
  const [red, green, blue] = [Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6]
    .map((level) => (level === 0 ? 0 : 55 + 40 * level) / 255)
    .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
