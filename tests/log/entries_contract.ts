/**
 * The part of the log's contract that is about entries: their order, and how they are read.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { PAGE_BYTES_MAX } from "../../lib/limits.ts";
import { within } from "../support/deadline.ts";
import type { TestWithLog } from "./contract.ts";
import { appendMany, draft, readAll } from "./support.ts";

/**
 * Tests what is appended and read.
 *
 * @param test Defines a test.
 */
export function testEntries(test: TestWithLog): void {
  // Order, and what comes back.

  test("entries get 1, 2, 3 … in the order of the calls, each channel on its own", async (log) => {
    const appends = ["a", "b", "a", "a", "b"].map((channel) => log.append(channel, draft()));
    const offsets = (await within(Promise.all(appends), "appends")).map(({ offset }) => offset);
    assertEquals(offsets, [1, 1, 2, 3, 2]);
    assertEquals((await log.append("a", draft())).offset, 4);
  });

  test("appends resolve in the order of the calls", async (log) => {
    const order: number[] = [];
    const appends = [0, 1, 2, 3].map(async (call) => {
      await log.append(`channel ${call % 2}`, draft());
      order.push(call);
    });
    await within(Promise.all(appends), "appends");
    assertEquals(order, [0, 1, 2, 3]);
  });

  test("an append resolves with its place, its id and its time", async (log) => {
    const appended = await log.append("room", draft({ id: "m1", at: 1_700_000_000_001 }));
    assertEquals(appended, { offset: 1, id: "m1", at: 1_700_000_000_001, duplicate: false });
  });

  test("an entry comes back as it was drafted, without its ref", async (log) => {
    const message = draft({ ref: "r1", to: "Bob", with: "Bob" });
    await log.append("@alice", message);
    await log.append("@alice", draft({ kind: "deletion", body: "", target: 1, id: "d1" }));
    const { ref: _, ...rest } = message;
    assertEquals(await readAll(log, "@alice"), [
      { ...rest, offset: 1, body: "", deleted: true },
      { ...draft({ kind: "deletion", body: "", target: 1, id: "d1" }), offset: 2 },
    ]);
  });

  test("memory and store give the same entries, whatever the text", async (log) => {
    const bodies = [
      "",
      "a\0b",
      "\uFEFFmark",
      "\uFEFF\0",
      "👩‍👩‍👧",
      "\r\n\t\u2028",
      "lone \uD800",
      "x".repeat(100_000),
      "'\"\\",
    ];
    const channel = await log.watch("room", () => {});
    for (const body of bodies) await log.append("room", draft({ body }));
    const recent = channel.recent(0, 100);
    assertEquals(recent?.map(({ body }) => body), bodies.map((body) => body.toWellFormed()));
    channel.close();
    assertEquals(await readAll(log, "room"), [...recent!]);
  });

  test("a channel that nobody has written to is at head 0", async (log) => {
    const channel = await log.watch("nobody", () => {});
    const { name, head, first } = channel;
    assertEquals({ name, head, first }, { name: "nobody", head: 0, first: 1 });
    assertEquals(channel.recent(0, 10), []);
    assertEquals(await channel.read(0, 10), []);
    assert(channel.canResume(channel.epoch, 0));
    assert(!channel.canResume(channel.epoch, 1));
    channel.close();
  });

  test("an epoch can stand in a position", async (log) => {
    const channel = await log.watch("room", () => {});
    assert(/^[\w-]{1,64}$/.test(channel.epoch), channel.epoch);
    channel.close();
  });

  test("whoever opens a channel later finds what was appended before", async (log) => {
    await appendMany(log, "room", 3);
    const channel = await log.watch("room", () => {});
    assertEquals([channel.head, channel.first], [3, 1]);
    assertEquals((await channel.read(1, 10)).map(({ offset }) => offset), [2, 3]);
    channel.close();
  });

  // Reading.

  test("recent gives what is in memory after an offset, up to a limit", async (log) => {
    const channel = await log.watch("room", () => {});
    await appendMany(log, "room", 10);
    const offsets = (after: number, limit: number) =>
      channel.recent(after, limit)?.map(({ offset }) => offset);
    assertEquals(offsets(0, 3), [1, 2, 3]);
    assertEquals(offsets(7, 100), [8, 9, 10]);
    assertEquals(offsets(10, 100), []);
    assertEquals(offsets(11, 100), []);
    channel.close();
  });

  test("recent gives nothing where the first entry is not in memory, and read does", async (log) => {
    await appendMany(log, "room", 5);
    const channel = await log.watch("room", () => {});
    await appendMany(log, "room", 5);
    assertEquals(channel.recent(4, 10), undefined);
    assertEquals(channel.recent(5, 10)?.length, 5);
    assertEquals((await channel.read(4, 10)).map(({ offset }) => offset), [5, 6, 7, 8, 9, 10]);
    assertEquals((await channel.read(2, 2)).map(({ offset }) => offset), [3, 4]);
    assertEquals(await channel.read(10, 10), []);
    assertEquals(await channel.read(99, 10), []);
    channel.close();
  });

  for (const where of ["memory", "the store"]) {
    test(`a page from ${where} ends at 256 KiB of bodies, and is never empty`, async (log) => {
      const channel = await log.watch("room", () => {});
      const half = "x".repeat(PAGE_BYTES_MAX / 2);
      for (const body of [half, half, "x", half + half + "x", "x"]) {
        await log.append("room", draft({ body }));
      }
      if (where === "the store") channel.close();
      const again = await log.watch("room", () => {});
      const page = async (after: number) =>
        (await again.read(after, 100)).map(({ offset }) => offset);
      assertEquals(await page(0), [1, 2]);
      assertEquals(await page(1), [2, 3]);
      assertEquals(await page(3), [4]);
      assertEquals(await page(4), [5]);
      channel.close();
      again.close();
    });
  }
}
