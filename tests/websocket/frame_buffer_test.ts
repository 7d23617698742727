import { assertEquals } from "@std/assert";
import { encodeFrame, encodeInto, OPCODE } from "../../lib/websocket/frame.ts";
import { MASK } from "./support.ts";

Deno.test("a frame is written into a buffer where it was told, and nowhere else", async (t) => {
  const table: [name: string, payload: string][] = [
    ["empty", ""],
    ["ASCII", "Hello"],
    ["ASCII, the longest short form", "a".repeat(125)],
    ["ASCII, the shortest middle form", "a".repeat(126)],
    ["62 units in 124 bytes", "é".repeat(62)],
    ["63 units in 126 bytes: the header grows", "é".repeat(63)],
    ["125 units in 375 bytes", "漢".repeat(125)],
    ["32,767 units in 65,534 bytes", "é".repeat(32_767)],
    ["32,768 units in 65,536 bytes: the header grows", "é".repeat(32_768)],
    ["surrogate pairs", "😀".repeat(40)],
    ["a lone surrogate", "a\ud83d"],
  ];
  for (const [name, payload] of table) {
    for (const mask of [undefined, MASK]) {
      await t.step(`${name}${mask === undefined ? "" : ", masked"}`, () => {
        const frame = { opcode: OPCODE.Text, payload, mask };
        const expected = encodeFrame({ ...frame, payload: new TextEncoder().encode(payload) });
        assertEquals(encodeFrame(frame).toHex(), expected.toHex());

        const roomy = new Uint8Array(expected.length + 1000).fill(0xee);
        assertEquals(encodeInto(frame, roomy, 7), expected.length);
        assertEquals(roomy.subarray(0, 7).toHex(), "ee".repeat(7));
        assertEquals(roomy.subarray(7, 7 + expected.length).toHex(), expected.toHex());

        const exact = new Uint8Array(7 + expected.length);
        assertEquals(encodeInto(frame, exact, 7), expected.length);
        assertEquals(exact.subarray(7).toHex(), expected.toHex());
        for (const missing of [1, 2, 3, 8, expected.length]) {
          const size = Math.max(0, 7 + expected.length - missing);
          const small = new Uint8Array(size).fill(0xee);
          assertEquals(encodeInto(frame, small, 7), 0, `${missing} bytes are missing`);
          assertEquals(small.subarray(0, 7).toHex(), "ee".repeat(Math.min(7, size)));
        }
      });
    }
  }
});

Deno.test("bytes that do not fit in a buffer are not written", () => {
  const frame = { opcode: OPCODE.Binary, payload: new Uint8Array(3) };
  assertEquals(encodeInto(frame, new Uint8Array(5), 0), 5);
  assertEquals(encodeInto(frame, new Uint8Array(5), 1), 0);
});
