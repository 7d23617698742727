import { assertEquals } from "@std/assert";
import { differenceOf, formatSpread, ratioOf, spreadOf } from "./stats.ts";

Deno.test("the median of an odd number of values is the middle one, in any order", () => {
  assertEquals(spreadOf([5, 1, 30, 4, 2]), { median: 4, min: 1, max: 30, count: 5 });
});

Deno.test("the median of an even number of values is the mean of the middle two", () => {
  assertEquals(spreadOf([10, 2, 1, 4]), { median: 3, min: 1, max: 10, count: 4 });
});

Deno.test("no values have no spread, and are written as a dash", () => {
  assertEquals(spreadOf([]), undefined);
  assertEquals(formatSpread(undefined, 2), "–");
});

Deno.test("ratios are taken in each run, not of the medians", () => {
  assertEquals(ratioOf([10, 40, 90], [10, 20, 30])?.median, 2);
  assertEquals(ratioOf([1, 100, 100], [1, 100, 1])?.median, 1);
});

Deno.test("a run in which either value is missing has no ratio", () => {
  assertEquals(ratioOf([4, undefined, 6], [2, 2, undefined]), {
    median: 2,
    min: 2,
    max: 2,
    count: 1,
  });
  assertEquals(ratioOf([undefined], [1]), undefined);
  assertEquals(ratioOf([1], [0]), undefined);
});

Deno.test("differences are taken in each run that has both values", () => {
  assertEquals(differenceOf([5, 9, undefined, 7], [4, 10, 1, undefined]), {
    median: 0,
    min: -1,
    max: 1,
    count: 2,
  });
  assertEquals(differenceOf([], []), undefined);
});

Deno.test("a spread is written with its ends, and a single value without", () => {
  assertEquals(formatSpread(spreadOf([1234.5, 1200, 1300]), 1), "1,234.5 (1,200.0–1,300.0)");
  assertEquals(formatSpread(spreadOf([0.951]), 2), "0.95");
});
