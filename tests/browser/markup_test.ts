import { assertEquals } from "@std/assert";
import { isLargeEmoji, parseBody } from "../../static/markup.js";

/** Pieces in short: text as it is, links in angle brackets, code in backticks, blocks in braces. */
function inShort(body: string): string[] {
  return parseBody(body).map(({ type, text }) => {
    return { text, link: `<${text}>`, code: `\`${text}\``, block: `{${text}}` }[type];
  });
}

const BODIES: Readonly<Record<string, string[]>> = {
  "": [],
  "hello": ["hello"],
  "two\nlines": ["two\nlines"],
  "<b>bold</b> &amp; <script>alert(1)</script>": ["<b>bold</b> &amp; <script>alert(1)</script>"],

  "see https://natter.example/a?b=c#d": ["see ", "<https://natter.example/a?b=c#d>"],
  "http://a.example.": ["<http://a.example>", "."],
  "(https://a.example/b)": ["(", "<https://a.example/b>", ")"],
  "https://a.example/Mark_(sign)": ["<https://a.example/Mark_(sign)>"],
  "HTTPS://A.example, really!": ["<HTTPS://A.example>", ", really!"],
  "去https://a.example/茶。再說": ["去", "<https://a.example/茶>", "。再說"],
  "「https://a.example」": ["「", "<https://a.example>", "」"],
  "https://a.example https://b.example": ["<https://a.example>", " ", "<https://b.example>"],
  "javascript:alert(1)": ["javascript:alert(1)"],
  "data:text/html,x ftp://a.example file:///etc": ["data:text/html,x ftp://a.example file:///etc"],
  "https://": ["https://"],
  "http://[": ["http://["],
  "https://bank.example@evil.example/": ["https://bank.example@evil.example/"],
  "https://a.example/\u202egnp.exe": ["<https://a.example/>", "\u202egnp.exe"],
  "https://a.example/\u2066x": ["<https://a.example/>", "\u2066x"],
  "https://a.example/\"onclick='x'": ["<https://a.example/>", "\"onclick='x'"],

  "run `deno task start` now": ["run ", "`deno task start`", " now"],
  "`https://a.example`": ["`https://a.example`"],
  "a ` b": ["a ` b"],
  "`a\nb`": ["`a\nb`"],
  "``": ["``"],
  "```\nlet a;\n```": ["{let a;}"],
  "```ts\nlet a;\nlet b;\n```\nafter": ["{let a;\nlet b;}", "after"],
  "before\n```x```": ["before", "{x}"],
  "```open": ["```open"],
  "``````": [],
  "```a``` and ```b```": ["{a}", " and ", "{b}"],
  "```\nhttps://a.example `x`\n```": ["{https://a.example `x`}"],
};

for (const [body, pieces] of Object.entries(BODIES)) {
  Deno.test(`the body ${JSON.stringify(body)} is ${JSON.stringify(pieces)}`, () => {
    assertEquals(inShort(body), pieces);
  });
}

Deno.test("a link leads where it says, over http or https and nothing else", () => {
  for (const body of [...Object.keys(BODIES), "x https://a.example/%20 y"]) {
    for (const piece of parseBody(body)) {
      if (piece.type !== "link") continue;
      assertEquals(piece.href, piece.text);
      assertEquals(/^https?:$/.test(new URL(piece.href).protocol), true, piece.href);
    }
  }
});

Deno.test("the longest message is parsed in a time that grows with its length only", () => {
  for (const part of ["`", "```", "https://", "(", ")", "https://a.example/((", "`a\n", "❤"]) {
    const parsed = parseBody(part.repeat(8_192 / part.length));
    assertEquals(parsed.length > 0 || part === "```", true, part);
  }
});

const EMOJI: Readonly<Record<string, boolean>> = {
  "👍": true,
  "👍🏽 ❤️": true,
  "👨‍👩‍👧‍👦": true,
  "🇹🇼🇩🇪": true,
  "☀️": true,
  "🎉🎉🎉🎉🎉🎉": true,
  "🎉🎉🎉🎉🎉🎉🎉": false,
  "ok 👍": false,
  "1": false,
  "#": false,
  "": false,
  " ": false,
  "美": false,
};

for (const [body, isLarge] of Object.entries(EMOJI)) {
  Deno.test(`${JSON.stringify(body)} is ${isLarge ? "" : "not "}shown large`, () => {
    assertEquals(isLargeEmoji(body), isLarge);
  });
}
