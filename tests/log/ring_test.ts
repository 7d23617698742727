import { assert, assertEquals } from "@std/assert";
import { RING_BYTES_MAX, RING_ENTRIES_MAX, RING_ENTRY_OVERHEAD_BYTES } from "../../lib/limits.ts";
import type { Entry } from "../../lib/log/log.ts";
import { Ring, RingBudget } from "../../lib/log/ring.ts";

function entry(offset: number, body = ""): Entry {
  return { offset, kind: "message", id: "", author: "", sender: "", at: 0, body };
}

function fill(ring: Ring, count: number, body = ""): void {
  for (let i = 0; i < count; i++) ring.push(entry(ring.head + 1, body));
}

function offsets(entries: readonly Entry[] | undefined): number[] | undefined {
  return entries?.map(({ offset }) => offset);
}

/** A body with which an entry counts this many bytes. */
function bodyOf(bytes: number): string {
  return "x".repeat((bytes - RING_ENTRY_OVERHEAD_BYTES) / 2);
}

Deno.test("a ring gives what follows an offset, as far as it is held", () => {
  const ring = new Ring(new RingBudget(1e9), 10);
  assertEquals(ring.after(10, 5), []);
  assertEquals(ring.after(9, 5), undefined);
  fill(ring, 3);
  assertEquals(offsets(ring.after(10, 5)), [11, 12, 13]);
  assertEquals(offsets(ring.after(11, 1)), [12]);
  assertEquals(ring.after(13, 5), []);
  assertEquals(ring.after(9, 5), undefined);
  assertEquals([ring.base, ring.head], [10, 13]);
});

for (const [extra, base] of [[-1, 0], [0, 0], [1, 1]] as const) {
  Deno.test(`a ring of ${RING_ENTRIES_MAX}${extra < 0 ? "" : "+"}${extra} entries starts after ${base}`, () => {
    const ring = new Ring(new RingBudget(1e9), 0);
    fill(ring, RING_ENTRIES_MAX + extra);
    assertEquals(ring.base, base);
    assertEquals(ring.after(base, 1)?.[0]?.offset, base + 1);
  });

  Deno.test(`a ring that counts ${extra} bytes beside its bound starts after ${base}`, () => {
    const ring = new Ring(new RingBudget(1e9), 0);
    const half = RING_BYTES_MAX / 2;
    ring.push(entry(1, bodyOf(half)));
    ring.push(entry(2, bodyOf(half + 2 * extra)));
    assertEquals(ring.base, base);
  });
}

Deno.test("an entry that is larger than a ring is not held, and those after it are", () => {
  const ring = new Ring(new RingBudget(1e9), 0);
  fill(ring, 3);
  ring.push(entry(4, "x".repeat(RING_BYTES_MAX)));
  assertEquals([ring.base, ring.head, ring.bytes], [4, 4, 0]);
  fill(ring, 1);
  assertEquals(offsets(ring.after(4, 9)), [5]);
});

Deno.test("bytes are counted the same on the way in and out", () => {
  const budget = new RingBudget(1e9);
  const ring = new Ring(budget, 0);
  for (let i = 0; i < 5000; i++) {
    const body = "x".repeat(i * 7 % 5000);
    ring.push({ ...entry(i + 1, body), id: "id", to: "Bob", with: "Carol" });
    if (i % 3 === 0) ring.erase(i - 5);
  }
  ring.trim(4900);
  assertEquals(ring.base, 4899);
  assert(ring.bytes > 0);
  assertEquals(budget.bytes, ring.bytes);
  ring.trim(5001);
  assertEquals([ring.bytes, budget.bytes, ring.base], [0, 0, 5000]);
});

Deno.test("older entries are taken where they reach those that are held", () => {
  const ring = new Ring(new RingBudget(1e9), 10);
  fill(ring, 2);
  ring.prepend([entry(7), entry(8)]);
  assertEquals(ring.base, 10, "a hole stays out");
  ring.prepend([]);
  ring.prepend([entry(11), entry(12)]);
  assertEquals(ring.base, 10, "they are held already");
  ring.prepend([entry(9), entry(10), entry(11)]);
  assertEquals(offsets(ring.after(8, 9)), [9, 10, 11, 12]);
});

Deno.test("older entries are taken only as far as they fit", () => {
  const budget = new RingBudget(1e9);
  const ring = new Ring(budget, 2000);
  fill(ring, RING_ENTRIES_MAX - 2);
  ring.prepend([entry(1998), entry(1999), entry(2000)]);
  assertEquals(ring.base, 1998);
  assertEquals(budget.bytes, ring.bytes);
  const other = new Ring(budget, 10);
  other.push(entry(11, bodyOf(RING_BYTES_MAX / 2)));
  other.prepend([entry(9), entry(10, bodyOf(RING_BYTES_MAX / 2))]);
  assertEquals([other.base, other.bytes], [9, RING_BYTES_MAX]);
});

Deno.test("an erased entry loses its body, its bytes, and nothing else", () => {
  const ring = new Ring(new RingBudget(1e9), 0);
  fill(ring, 3, "secret");
  const before = ring.after(1, 1)![0]!;
  const bytes = ring.bytes;
  ring.erase(2);
  assertEquals(ring.after(1, 1), [{ ...before, body: "", deleted: true }]);
  assertEquals(before.body, "secret");
  assertEquals(ring.bytes, bytes - 2 * "secret".length);
  for (const elsewhere of [-1, 0, 4, 99]) ring.erase(elsewhere);
  assertEquals(offsets(ring.after(0, 9)), [1, 2, 3]);
});

Deno.test("all rings together stay within their bound, and the one unused for longest goes first", () => {
  const budget = new RingBudget(10 * RING_ENTRY_OVERHEAD_BYTES);
  const rings = Array.from({ length: 5 }, () => new Ring(budget, 0));
  for (const ring of rings) {
    fill(ring, 2);
    budget.fit();
  }
  assertEquals(budget.bytes, 10 * RING_ENTRY_OVERHEAD_BYTES);
  rings[0]!.after(0, 1);
  fill(rings[4]!, 1);
  budget.fit();
  assertEquals(rings.map((ring) => ring.head - ring.base), [2, 0, 0, 2, 3]);
  assertEquals(rings[1]!.after(0, 9), undefined);
  assertEquals(rings[1]!.after(2, 9), []);
  rings[1]!.push(entry(3));
  assertEquals(offsets(rings[1]!.after(2, 9)), [3]);
});
