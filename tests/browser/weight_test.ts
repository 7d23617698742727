/// <reference lib="dom" />
/** How much the page is: everything that `/` loads, as it goes over the wire. */

import { assert, assertLess } from "@std/assert";
import { pageTest, setStage, someone } from "./browser.ts";

const BYTES_MAX = 60_000;

/** What the browser tells of a shift. */
interface LayoutShift {
  readonly value: number;
  readonly sources: readonly {
    readonly previousRect: DOMRectReadOnly;
    readonly currentRect: DOMRectReadOnly;
  }[];
}

/** How much has moved, and from where to where. */
interface Shift {
  readonly value: number;
  readonly places: readonly DOMRectReadOnly[];
}

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

pageTest(
  "nothing moves while the page comes up, and only messages while a conversation fills",
  async () => {
    await using visitor = await stage.open();
    await visitor.page.addInitScript(() => {
      const shifts: Shift[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value, sources } = entry as unknown as LayoutShift;
          // Where nothing is left to be seen of what has moved, there is no place.
          const places = sources.flatMap(({ previousRect, currentRect }) =>
            [previousRect, currentRect].filter(({ height }) => height > 0)
          );
          shifts.push({ value, places });
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await visitor.page.reload();
    await visitor.nickname.waitFor();
    const sum = (shifts: readonly Shift[]) => shifts.reduce((sum, { value }) => sum + value, 0);
    const shifts = () =>
      visitor.page.evaluate(() => (globalThis as unknown as { shifts: Shift[] }).shifts);
    assertLess(sum(await shifts()), 0.01);

    await visitor.join(someone());
    await using other = await stage.join(someone());
    await other.openRoom("lobby");
    for (let i = 0; i < 10; i++) {
      await visitor.send(`said ${i}`);
      await visitor.stored(`said ${i}`);
      await other.send(`answered ${i}`);
      await visitor.bubble(`answered ${i}`).waitFor();
    }
    const log = await visitor.log.evaluate((log) => log.getBoundingClientRect().toJSON());
    const all = await shifts();
    const ofMessages = all.filter(({ places }) =>
      places.length > 0 &&
      places.every(({ left, right, top, bottom }) =>
        left >= log.left && right <= log.right && top >= log.top && bottom <= log.bottom
      )
    );
    assert(ofMessages.length > 0);
    assertLess(sum(all) - sum(ofMessages), 0.01);
  },
);
