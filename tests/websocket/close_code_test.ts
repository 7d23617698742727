import { assert, assertEquals } from "@std/assert";
import {
  CLOSE_CODE,
  CLOSE_REASON_BYTES_MAX,
  isValidCloseCode,
  mayReconnect,
  truncateReason,
} from "../../lib/websocket/close_code.ts";

Deno.test("only the codes of RFC 6455 section 7.4 and of the IANA registry may be on the wire", () => {
  const ranges: string[] = [];
  let first: number | undefined;
  for (let code = 0; code <= 65_536; code++) {
    if (isValidCloseCode(code)) first ??= code;
    else if (first !== undefined) {
      ranges.push(`${first}-${code - 1}`);
      first = undefined;
    }
  }
  assertEquals(ranges, ["1000-1003", "1007-1014", "3000-4999"]);
});

Deno.test("a code that is not an integer is not on the wire", () => {
  for (const code of [NaN, Infinity, -1000, 1000.5]) assert(!isValidCloseCode(code), `${code}`);
});

Deno.test("a client comes back exactly after the codes that allow it", () => {
  const back = [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 4000, 4001, 4002, 4003, 4004, 4499];
  const stay = [1002, 1003, 1007, 1008, 1009, 1010, 4500, 4501, 4502, 4503, 4504, 4505, 4506, 4999];
  assertEquals(back.filter(mayReconnect), back);
  assertEquals(stay.filter(mayReconnect), []);
});

Deno.test("a client comes back after codes that only runtimes make up", () => {
  assertEquals([0, 999, 1015, 2999, 3000, 5000].map(mayReconnect), Array(6).fill(true));
});

Deno.test("every named code is unique", () => {
  const codes = Object.values(CLOSE_CODE);
  assertEquals(new Set<number>(codes).size, codes.length);
});

Deno.test("a reason is cut at 123 bytes, between two code points", () => {
  const table: [name: string, text: string, expected: string][] = [
    ["empty", "", ""],
    ["one byte below", "a".repeat(122), "a".repeat(122)],
    ["exactly", "a".repeat(123), "a".repeat(123)],
    ["one byte above", "a".repeat(124), "a".repeat(123)],
    ["two-byte characters", "é".repeat(62), "é".repeat(61)],
    ["two bytes at the bound", "a".repeat(122) + "é", "a".repeat(122)],
    ["three bytes at the bound", "a".repeat(121) + "漢", "a".repeat(121)],
    ["three bytes that fit exactly", "a".repeat(120) + "漢", "a".repeat(120) + "漢"],
    ["four bytes at the bound", "a".repeat(120) + "😀", "a".repeat(120)],
    ["four bytes that fit exactly", "a".repeat(119) + "😀b", "a".repeat(119) + "😀"],
    ["a lone high surrogate", "a\ud800b", "a\ufffdb"],
    ["a lone low surrogate", "\udc00", "\ufffd"],
    ["a lone surrogate that does not fit", "a".repeat(121) + "\ud83d", "a".repeat(121)],
    ["a lone surrogate that fits exactly", "a".repeat(120) + "\ud83d", "a".repeat(120) + "\ufffd"],
  ];
  for (const [name, text, expected] of table) {
    assertEquals(truncateReason(text), expected, name);
    assert(new TextEncoder().encode(expected).length <= CLOSE_REASON_BYTES_MAX, name);
  }
});
