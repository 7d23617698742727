import { assertEquals } from "@std/assert";
import { explainBytes } from "../../lib/wire/explain.ts";
import type { Side } from "../../lib/wire/frame_reader.ts";
import { createInk } from "../../lib/wire/ink.ts";
import { GOLDEN } from "./explain_golden.ts";

const ink = createInk(false);

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(hex.replaceAll(/[ |]/g, ""));
}

function explain(hex: string, sender?: Side): string {
  return explainBytes(bytesOf(hex), ink, sender).lines.map((line) => line.trimEnd()).join("\n");
}

for (const [name, hex, text] of GOLDEN) {
  Deno.test(`explained as it should read: ${name}`, () => assertEquals(explain(hex), text));
}

Deno.test("a binary message in three frames is counted, and begins anew", () => {
  const lines = explain("02 01 61 | 00 00 | 80 02 6263 | 82 00").split("\n");
  assertEquals(lines.filter((line) => line.includes("whole, of")), [
    "                 message whole, of 3 frames: 3 bytes",
  ]);
});

const LENGTHS: readonly [length: number, header: string, rows: string[]][] = [
  [125, "82 7d", ["      .111 1101  length  125, in these 7 bits"]],
  [126, "82 7e 007e", [
    "      .111 1110  length  126, so the next 2 bytes tell it",
    "  00 7e          length  126, in 16 bits",
  ]],
  [256, "82 7e 0100", [
    "      .111 1110  length  126, so the next 2 bytes tell it",
    "  01 00          length  256, in 16 bits",
  ]],
  [65_535, "82 7e ffff", [
    "      .111 1110  length  126, so the next 2 bytes tell it",
    "  ff ff          length  65535, in 16 bits",
  ]],
  [65_536, "82 7f 0000000000010000", [
    "      .111 1111  length  127, so the next 8 bytes tell it",
    "  00 00 00 00 00 01 00 00  length  65536, in 64 bits",
  ]],
];

Deno.test("the length's three forms", async (t) => {
  for (const [length, header, rows] of LENGTHS) {
    await t.step(`${length} bytes`, () => {
      const lines = explain(header + "05".repeat(length)).split("\n");
      assertEquals(lines.filter((line) => line.includes("length")), rows);
      const dumped = Math.min(length, 256);
      assertEquals(lines.filter((line) => line.startsWith("  05 ")).length, Math.ceil(dumped / 16));
      const more = length > 256 ? [`  … and ${length - 256} bytes more`] : [];
      assertEquals(lines.filter((line) => line.startsWith("  …")), more);
    });
  }
});

const PROTOCOL = "Cannot read frame: ";
const NOT_UTF8 = "Cannot read text: it is not UTF-8";
const FAULTS: readonly [hex: string, code: number, message: string, sender?: Side][] = [
  ["81 05 48 65 6c 6c 6f", 1002, `${PROTOCOL}it is not masked`, "client"],
  ["81 80 00000000", 1002, `${PROTOCOL}it is masked`, "server"],
  ["81 80 00000000 | 81 00", 1002, `${PROTOCOL}it is not masked`],
  ["f1 80 00000000", 1002, `${PROTOCOL}reserved bits are 7`],
  ["91 00", 1002, `${PROTOCOL}reserved bits are 1`],
  ["83 00", 1002, `${PROTOCOL}opcode 3 is reserved`],
  ["8f 00", 1002, `${PROTOCOL}opcode 15 is reserved`],
  ["09 00", 1002, `${PROTOCOL}a control frame is fragmented`],
  ["89 7e 007e", 1002, `${PROTOCOL}a control frame has 126 bytes`],
  ["80 00", 1002, `${PROTOCOL}there is no message to continue`],
  ["01 00 | 81 00", 1002, `${PROTOCOL}a message begins inside another`],
  ["82 7e 007d", 1002, `${PROTOCOL}length is not minimal`],
  ["82 7f 000000000000ffff", 1002, `${PROTOCOL}length is not minimal`],
  ["82 7f ffffffffffffffff", 1002, `${PROTOCOL}length is top bit set`],
  [
    "82 7f 0000000000100001",
    1009,
    "Cannot read message: frame has 1048577 bytes, at most 1048576 are allowed",
  ],
  [
    `02 00 ${"00 00".repeat(1024)}`,
    1009,
    `Cannot read message: message has more than 1024 fragments`,
  ],
  ["88 01 03", 1002, `${PROTOCOL}a close frame has 1 byte`],
  ["88 02 03ed", 1002, `${PROTOCOL}close code is 1005`],
  ["88 03 03e8 ff", 1007, NOT_UTF8],
  ["81 02 e6bc", 1007, NOT_UTF8],
  ["01 01 61 | 80 01 bc", 1007, NOT_UTF8],
];

Deno.test("every fault is named, with the close that answers it, and nothing is read after it", async (t) => {
  for (const [hex, code, message, sender] of FAULTS) {
    await t.step(`${message}: ${hex.slice(0, 40)}`, () => {
      const { lines, fault } = explainBytes(bytesOf(hex), ink, sender);
      assertEquals([fault?.closeCode, fault?.message], [code, message]);
      assertEquals(lines.at(-2), `  ✗ ${message}`);
      assertEquals(lines.at(-1)?.slice(0, 31), `    the answer is a close, ${code}`);
      const more = explainBytes(bytesOf(`${hex} 41 41 41`), ink, sender).lines;
      if (hex.startsWith("89 7e") || hex.startsWith("82 7")) return; // That is payload.
      assertEquals(more.at(-1), "After an error nothing is read: 3 bytes ignored.");
    });
  }
});

Deno.test("the largest length is not rounded", () => {
  const lines = explain("82 7f ffffffffffffffff").split("\n");
  assertEquals(lines[6], "  ff ff ff ff ff ff ff ff  length  18446744073709551615, in 64 bits");
});

Deno.test("a text can do nothing to a terminal", () => {
  const text = new TextEncoder().encode("\x1b]0;title\x07\u202e\n\x9b2J\x7f");
  const shown = explain(`81 ${text.length.toString(16)} ${text.toHex()}`);
  assertEquals(shown.split("\n").at(-1), `                 text    "␛]0;title␇␊\ufffd2J␡"`);
  // deno-lint-ignore no-control-regex
  assertEquals(shown.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/g), null);
});

Deno.test("a long text is cut, and its length still told", () => {
  const shown = explain(`81 7e 2000 ${"61".repeat(8192)}`).split("\n");
  assertEquals(shown[6], "  20 00          length  8192, in 16 bits");
  assertEquals(shown.at(-1), `                 text    "${"a".repeat(3999)}…"`);
  // Of no width at all.
  const marks = explain(`81 7e 2000 ${"cc81".repeat(4096)}`).split("\n");
  assertEquals(marks.at(-1), `                 text    "${"\u0301".repeat(4000)}…"`);
});

Deno.test("close codes come with their meaning, and with whether to come back", async (t) => {
  const table = [
    ["03e9", "1001, going away: a server stops, or a page is left", true],
    ["03f5", "1013, try again later: the server has too much to do", true],
    ["0bb8", "3000, registered with IANA by a library", true],
    ["0fa0", "4000, in Natter: the server is about to stop", true],
    ["1195", "4501, in Natter: the name is taken", false],
    ["1387", "4999, private use: the server's own", false],
    ["03ea", "1002, protocol error: the other side broke RFC 6455", false],
  ] as const;
  for (const [code, meaning, mayReturn] of table) {
    await t.step(meaning, () => {
      const [told, then] = explain(`88 02 ${code}`).split("\n").slice(-2);
      assertEquals(told?.slice(25), meaning);
      assertEquals(then?.includes("may come back"), mayReturn);
    });
  }
});

Deno.test("ink colours what is shown, and changes nothing else", () => {
  const bytes = bytesOf("81 85 37 fa 21 3d 7f 9f 4d 51 58 | 81 00");
  const coloured = explainBytes(bytes, createInk(true)).lines.join("\n");
  // deno-lint-ignore no-control-regex
  const bare = coloured.replaceAll(/\x1b\[[\d;]*m/g, "");
  assertEquals(bare, explainBytes(bytes, ink).lines.join("\n"));
  assertEquals(bare === coloured, false);
});
