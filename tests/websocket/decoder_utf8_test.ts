import { assertEquals } from "@std/assert";
import { concat, head, hex, read } from "./support.ts";

/**
 * What bytes are to UTF-8, by trial: the first continuation byte that fits after E0, ED, F0 and F4
 * is found among 80 and A0, the further ones may all be 80.
 */
function judgeUtf8(bytes: Uint8Array): "whole" | "beginning" | "impossible" {
  const rest = ["", "80", "a0", "8080", "a080", "808080", "a08080"].find((rest) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(concat([bytes, hex(rest)]));
      return true;
    } catch {
      return false;
    }
  });
  return rest === undefined ? "impossible" : rest === "" ? "whole" : "beginning";
}

Deno.test("wrong UTF-8 fails at the first impossible byte, before its frame ends", async (t) => {
  // "bytes that may stay | the impossible one", as in the Autobahn test suite's section 6.4.
  const table: [name: string, bytes: string][] = [
    ["beyond Unicode, fourth byte", "ce ba e1 bd b9 cf 83 ce bc ce b5 f4 | 90"],
    ["beyond Unicode, F5", "61 | f5"],
    ["a continuation alone", "61 | 80"],
    ["an overlong of two", "| c1"],
    ["an overlong of three", "e0 | 9f"],
    ["an overlong of four", "f0 | 8f"],
    ["a surrogate", "ed | a0"],
    ["ASCII inside a character of three", "e6 bc | 61"],
    ["ASCII inside a character of four", "f0 9f 98 | 61"],
    ["a new character inside another", "f0 9f | e6"],
  ];
  for (const [name, bytes] of table) {
    await t.step(name, () => {
      const [good = "", bad = ""] = bytes.split("|");
      const begin = (last: string) => [head(last + "1", "7d"), hex(good)];
      for (const last of ["8", "0"]) {
        assertEquals(read("server", begin(last)), []);
        assertEquals(read("server", [...begin(last), hex(bad)]), ["error 1007"]);
        assertEquals(read("server", [...begin(last), hex(bad + "61")]), ["error 1007"]);
        assertEquals(read("server", [concat([...begin(last), hex(bad)])]), ["error 1007"]);
      }
      // The same over the boundary of two fragments.
      const length = hex(good).length.toString(16).padStart(2, "0");
      const fragments = [head("01", length), hex(good), head("00", "7d")];
      assertEquals(read("server", fragments), []);
      assertEquals(read("server", [...fragments, hex(bad)]), ["error 1007"]);
    });
  }
});

Deno.test("every beginning of a text fails exactly when no text begins so", () => {
  const edges = hex("00 7f 80 8f 90 9f a0 bf c0 ed f4 ff");
  const frame = head("81", "7d");
  let beginnings: Uint8Array[] = [new Uint8Array()];
  for (let size = 1; size <= 4; size++) {
    const longer: Uint8Array[] = [];
    for (const beginning of beginnings) {
      const lasts = size === 1 ? Array.from({ length: 256 }, (_, i) => i) : edges;
      for (const last of lasts) {
        const bytes = concat([beginning, new Uint8Array([last])]);
        const verdict = judgeUtf8(bytes);
        const expected = verdict === "impossible" ? ["error 1007"] : [];
        const chunks = [frame, beginning, bytes.subarray(-1)];
        assertEquals(read("server", chunks), expected, bytes.toHex());
        assertEquals(read("server", [concat([frame, bytes])]), expected, bytes.toHex());
        if (verdict === "beginning") longer.push(bytes);
      }
    }
    beginnings = longer;
  }
  assertEquals(beginnings, [], "No character has more than four bytes");
});
