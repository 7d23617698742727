import { assertEquals } from "@std/assert";
import { exceedsBytes } from "../../lib/protocol/text.ts";

Deno.test("a text exceeds its bound by bytes of UTF-8, not by characters", () => {
  for (const [character, bytes] of [["a", 1], ["é", 2], ["王", 3], ["🙂", 4]] as const) {
    const text = character.repeat(10);
    assertEquals(exceedsBytes(text, 10 * bytes - 1), true, `${character} over`);
    assertEquals(exceedsBytes(text, 10 * bytes), false, `${character} at`);
    assertEquals(exceedsBytes(text, 10 * bytes + 1), false, `${character} under`);
  }
});

Deno.test("an empty text exceeds nothing", () => {
  assertEquals(exceedsBytes("", 0), false);
});
