import { assertEquals, assertThrows } from "@std/assert";
import { encodeFrame } from "../../lib/websocket/frame.ts";
import { FRAME_BYTES_MAX, walkFrames } from "./walker.ts";

/** Lengths around the two places where the length field changes its form, and an empty payload. */
const LENGTHS = [0, 1, 45, 124, 125, 126, 127, 300, 65534, 65535, 65536, 65537];

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Walks as the generator does: what is left of one piece is put before the next. */
function walkPieces(pieces: Uint8Array[]): [first: number, length: number][] {
  const seen: [number, number][] = [];
  let left = new Uint8Array(0);
  for (const piece of pieces) {
    const bytes = concat([left, piece]);
    const at = walkFrames(
      bytes,
      0,
      bytes.length,
      (first, start, end) => seen.push([first, end - start]),
    );
    left = bytes.slice(at);
  }
  assertEquals(left.length, 0, "bytes were left over");
  return seen;
}

const frames = LENGTHS.map((length, index) =>
  encodeFrame({ opcode: index % 2 + 1, payload: new Uint8Array(length) })
);
const expected = LENGTHS.map((length, index): [number, number] => [0x81 + index % 2, length]);

Deno.test("the walker finds every frame of a piece that holds them all", () => {
  assertEquals(walkPieces([concat(frames)]), expected);
});

Deno.test("the walker finds the same frames wherever the bytes are split in two", () => {
  const small = [0, 1, 45, 125, 126, 127].map((n) =>
    encodeFrame({ opcode: 1, payload: new Uint8Array(n) })
  );
  const bytes = concat(small);
  const whole = walkPieces([bytes]);
  assertEquals(whole.length, small.length);
  for (let split = 0; split <= bytes.length; split++) {
    assertEquals(walkPieces([bytes.subarray(0, split), bytes.subarray(split)]), whole);
  }
});

Deno.test("the walker finds a frame with a 64-bit length that comes byte by byte at its head", () => {
  const frame = encodeFrame({ opcode: 1, payload: new Uint8Array(70_000) });
  const pieces = Array.from(frame.subarray(0, 12), (octet) => Uint8Array.of(octet));
  assertEquals(walkPieces([...pieces, frame.subarray(12)]), [[0x81, 70_000]]);
});

Deno.test("the walker leaves an incomplete frame where it begins", () => {
  const bytes = concat([encodeFrame({ opcode: 1, payload: "whole" }), Uint8Array.of(0x81, 5, 65)]);
  assertEquals(walkFrames(bytes, 0, bytes.length, () => {}), 7);
});

Deno.test("the walker stays within the part of the buffer that it was given", () => {
  const bytes = concat([
    Uint8Array.of(9, 9, 9),
    encodeFrame({ opcode: 1, payload: "a" }),
    frames[3]!,
  ]);
  const seen: number[] = [];
  assertEquals(walkFrames(bytes, 3, 6, (_first, start) => seen.push(start)), 6);
  assertEquals(seen, [5]);
});

Deno.test("the walker refuses a masked frame", () => {
  const bytes = encodeFrame({ opcode: 1, payload: "a", mask: 1 });
  assertThrows(() => walkFrames(bytes, 0, bytes.length, () => {}), RangeError, "masked");
});

Deno.test("the walker takes a frame of the greatest size and refuses one byte more", () => {
  const largest = encodeFrame({ opcode: 1, payload: new Uint8Array(FRAME_BYTES_MAX - 10) });
  assertEquals(walkPieces([largest]), [[0x81, FRAME_BYTES_MAX - 10]]);
  const larger = encodeFrame({ opcode: 1, payload: new Uint8Array(FRAME_BYTES_MAX - 9) });
  assertThrows(() => walkFrames(larger, 0, 10, () => {}), RangeError, "bytes");
});
