import { assert, assertEquals } from "@std/assert";
import { Histogram } from "./histogram.ts";

function histogramOf(values: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

Deno.test("a histogram without values has no percentile", () => {
  assertEquals(new Histogram().percentile(0.5), NaN);
});

Deno.test("a histogram is exact for small values, by nearest rank", () => {
  const histogram = histogramOf(Array.from({ length: 100 }, (_, index) => index + 1));
  assertEquals(histogram.total, 100);
  assertEquals(histogram.percentile(0), 1);
  assertEquals(histogram.percentile(0.5), 50);
  assertEquals(histogram.percentile(0.99), 99);
  assertEquals(histogram.percentile(1), 100);
});

Deno.test("a histogram is right to within 0.8 % at every size", () => {
  for (let value = 1; value < 2 ** 31; value = Math.ceil(value * 1.37)) {
    const read = histogramOf([value]).percentile(0.5);
    assert(Math.abs(read - value) <= value * 0.008, `${value} was read as ${read}`);
  }
});

Deno.test("a histogram counts what is out of range at its ends", () => {
  assertEquals(histogramOf([-5]).percentile(0.5), 0);
  const top = histogramOf([2 ** 40]).percentile(0.5);
  assert(top > 2 ** 31 * 0.99 && top <= 2 ** 31, `2^40 was read as ${top}`);
});

Deno.test("one slow value of a hundred moves the 100th percentile and not the 99th", () => {
  const histogram = histogramOf([...Array(99).fill(10), 1_000_000]);
  assertEquals(histogram.percentile(0.99), 10);
  assert(histogram.percentile(1) > 990_000);
});
