/// <reference lib="dom" />
/** How much the page is: everything that `/` loads, as it goes over the wire. */

import { assert, assertLess } from "@std/assert";
import { pageTest, setStage } from "./browser.ts";

const BYTES_MAX = 60_000;

const stage = setStage();

pageTest("all that the page loads is at most 60 KB, and comes from its own server", async () => {
  await using visitor = await stage.open();
  await visitor.nickname.waitFor();
  const entries = await visitor.page.evaluate(() => {
    const all = [
      ...performance.getEntriesByType("navigation"),
      ...performance.getEntriesByType("resource"),
    ] as PerformanceResourceTiming[];
    return all.map(({ name, encodedBodySize, decodedBodySize, responseEnd }) => {
      return { name, encodedBodySize, decodedBodySize, responseEnd };
    });
  });
  const paint = await visitor.page.evaluate(() =>
    performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0
  );
  const total = { sent: 0, plain: 0, end: 0 };
  for (const { name, encodedBodySize, decodedBodySize, responseEnd } of entries) {
    assert(name.startsWith(stage.server.url), name);
    assert(encodedBodySize > 0 && encodedBodySize <= decodedBodySize, `${name} is not compressed`);
    total.sent += encodedBodySize;
    total.plain += decodedBodySize;
    total.end = Math.max(total.end, responseEnd);
  }
  const line = [
    `${entries.length} files`,
    `${total.sent} bytes sent`,
    `${total.plain} bytes unpacked`,
    `all there after ${Math.round(total.end)} ms`,
    `first painted after ${Math.round(paint)} ms`,
  ];
  console.log(line.join(", "));
  assert(entries.length > 10);
  assertLess(total.sent, BYTES_MAX);
});

pageTest("nothing moves while the page comes up and a conversation fills", async () => {
  await using visitor = await stage.open();
  await visitor.page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        shifts.push((entry as unknown as { value: number }).value);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await visitor.page.reload();
  await visitor.nickname.waitFor();
  const shifts = await visitor.page.evaluate(() =>
    (globalThis as unknown as { shifts: number[] }).shifts.reduce((sum, each) => sum + each, 0)
  );
  assertLess(shifts, 0.01);
});
