import { assertEquals, assertStrictEquals } from "@std/assert";
import { joinBytes, SharedFrames } from "../../lib/transport/shared_frames.ts";
import { encodeFrame, OPCODE } from "../../lib/websocket/frame.ts";
import { Random } from "../simulation/random.ts";

const frameOf = (payload: string) => encodeFrame({ opcode: OPCODE.Text, payload });

Deno.test("several texts are one piece, and any part of them is what each of its frames is", () => {
  const frames = new SharedFrames();
  const texts = ["one", "two", "三", "x".repeat(200), "five"];
  for (let from = 0; from < texts.length; from++) {
    for (let to = from + 1; to <= texts.length; to++) {
      const [piece, ...others] = frames.encodeAll(texts, from, to);
      assertEquals(others, []);
      const { slab, start, end } = piece!;
      assertEquals(slab.subarray(start, end), joinBytes(texts.slice(from, to).map(frameOf)));
      assertStrictEquals(slab, frames.encodeAll(texts, 0, 1)[0]!.slab);
    }
  }
});

Deno.test("texts that no slab holds together come in pieces, in their order, with nothing between them", () => {
  const random = new Random(7);
  const frames = new SharedFrames();
  for (let round = 0; round < 40; round++) {
    // Over the end of a slab now and then, and with large ones that have a buffer of their own.
    const sizes = [10, 300, 20_000, 65_536, 65_537, 300_000];
    const texts = Array.from(
      { length: 1 + random.below(20) },
      (_, index) => `${round} ${index} é`.padEnd(random.pick(sizes), "字x"),
    );
    for (let times = 0; times < 3; times++) {
      const from = random.below(texts.length);
      const to = from + 1 + random.below(texts.length - from);
      const pieces = frames.encodeAll(texts, from, to)
        .map(({ slab, start, end }) => slab.subarray(start, end));
      assertEquals(joinBytes(pieces), joinBytes(texts.slice(from, to).map(frameOf)));
    }
  }
});
