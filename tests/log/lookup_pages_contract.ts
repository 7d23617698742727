/**
 * The part of the log's contract that is about finding messages page by page.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { TestWithLog } from "./contract.ts";
import { appendMixed, deleteAll, findAll } from "./lookup_support.ts";
import { appendMany, readAll } from "./support.ts";

/**
 * Tests that pages give everything, while what they give changes too.
 *
 * @param test Defines a test.
 */
export function testPages(test: TestWithLog): void {
  for (const limit of [0, 1, 9, 10, 11]) {
    test(`a limit of ${limit} finds no more than that of ten messages`, async (log) => {
      await appendMany(log, "room", 10, { author: "a" });
      const page = await log.find({ author: "a" }, limit);
      assert(page.length <= limit);
      assertEquals(page.length > 0, limit > 0);
    });
  }

  for (const limit of [1, 7, 47, 48, 49]) {
    test(`pages of ${limit} give each place once, in the same order`, async (log) => {
      await appendMixed(log, 60);
      const places = await findAll(log, { author: "s:al" }, limit);
      assertEquals(places, await findAll(log, { author: "s:al" }, 99));
      assertEquals(new Set(places.map(({ channel, offset }) => `${channel} ${offset}`)).size, 48);
    });

    test(`pages of ${limit} go on while what they give is deleted`, async (log) => {
      await appendMixed(log, 60);
      const places = await findAll(log, { author: "s:al" }, 99);
      const deleted = await findAll(log, { author: "s:al" }, limit, (page) => deleteAll(log, page));
      assertEquals(deleted, places);
      assertEquals(await log.find({ author: "s:al" }, limit), []);
      assertEquals((await findAll(log, { author: "s:bob" }, limit)).length, 12);
    });
  }

  test("asking again from the beginning ends once all is deleted", async (log) => {
    await appendMixed(log, 60);
    let count = 0;
    for (let page; (page = await log.find({ author: "s:al" }, 7)).length > 0;) {
      count += page.length;
      assert(count <= 48, "the pages end");
      await deleteAll(log, page);
    }
    assertEquals(count, 48);
    const entries = (await Promise.all([0, 1, 2].map((room) => readAll(log, `room ${room}`))))
      .flat();
    const left = entries.filter(({ kind, deleted }) => kind === "message" && !deleted);
    assertEquals(left.map(({ author }) => author), Array(12).fill("s:bob"));
  });

  test("what is appended between two pages is found at the latest from the beginning", async (log) => {
    await appendMixed(log, 60);
    let more = 5;
    const places = await findAll(log, { author: "s:al" }, 7, async (page) => {
      await deleteAll(log, page);
      if (more-- > 0) await appendMixed(log, 5);
    });
    await findAll(log, { author: "s:al" }, 7, async (page) => {
      places.push(...page);
      await deleteAll(log, page);
    });
    assertEquals(places.length, 48 + 5 * 4);
    assertEquals(await log.find({ author: "s:al" }, 9), []);
  });
}
