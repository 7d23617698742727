/**
 * The part of the log's contract that is about lists of channels.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { TestWithLog, TestWithRestart } from "./contract.ts";
import { names } from "./lookup_support.ts";
import { appendMany, draft } from "./support.ts";

/**
 * Tests which channels are listed, and in which order.
 *
 * @param test Defines a test.
 * @param testRestart Defines a test that closes the log and opens it again.
 */
export function testChannels(test: TestWithLog, testRestart: TestWithRestart): void {
  test("channels are listed as they stand, in the order of their names' bytes", async (log) => {
    // "ｆ" comes after the pair of surrogates in UTF-16, and before it in UTF-8.
    const expected = ["10", "9", "Ab", "a", "a b", "aa", "é", "ｆ", "\u{1F469}"];
    for (const name of ["ｆ", "aa", "\u{1F469}", "9", "a", "é", "10", "Ab", "a b"]) {
      await appendMany(log, name, name.length);
    }
    const watched = await log.watch("aa", () => {});
    const listed = await log.channels("", 99, "");
    assertEquals(listed.map(({ name }) => name), expected);
    for (const { name, epoch, head, first } of listed) {
      const channel = await log.watch(name, () => {});
      assertEquals({ epoch, head, first }, {
        epoch: channel.epoch,
        head: name.length,
        first: 1,
      });
      channel.close();
    }
    watched.close();
  });

  test("a channel without entries is not listed, though it is watched", async (log) => {
    const channel = await log.watch("empty", () => {});
    assertEquals(await log.channels("", 9, ""), []);
    await log.append("empty", draft());
    assertEquals(await names(log, "", 9), ["empty"]);
    channel.close();
  });

  const all = [
    "!",
    "!a",
    '"',
    "?z",
    "@",
    "@a",
    "A",
    "a@",
    "z~!",
    "}",
    "}z",
    "~",
    "~x",
    "\x7f",
    "é",
  ];
  const without = (marks: string) => all.filter((name) => !marks.includes(name[0]!)).sort();
  for (const except of ["", "@", "@~!", "~!@", "@@", '!"', "A@", "az"]) {
    test(`names that begin with one of "${except}" are left out of a list`, async (log) => {
      for (const name of all) await log.append(name, draft());
      assertEquals(await names(log, "", 99, except), without(except));
      for (const limit of [1, 2, 5]) {
        const paged: string[] = [];
        for (let page; (page = await names(log, paged.at(-1) ?? "", limit, except)).length > 0;) {
          paged.push(...page);
          assert(paged.length <= all.length, "the pages end");
        }
        assertEquals(paged, without(except));
      }
    });
  }

  for (
    const [after, expected] of [
      ["", ["b", "d", "f"]],
      ["a", ["b", "d", "f"]],
      ["b", ["d", "f"]],
      ["b\u{1F469}", ["d", "f"]],
      ["c", ["d", "f"]],
      ["@", ["b", "d", "f"]],
      ["@c", ["b", "d", "f"]],
      ["e", ["f"]],
      ["f", []],
      ["~c", []],
      ["é", []],
    ] as const
  ) {
    test(`a list begins after "${after}", whether that is stored or not`, async (log) => {
      for (const name of ["f", "b", "d", "@c", "~c"]) await log.append(name, draft());
      assertEquals(await names(log, after, 9, "@~!"), [...expected]);
    });
  }

  for (const [limit, count] of [[0, 0], [1, 1], [4, 4], [5, 5], [6, 5]] as const) {
    test(`of five channels, a limit of ${limit} lists ${count}`, async (log) => {
      for (const name of ["1", "@", "2", "A", "a", "~", "é"]) await log.append(name, draft());
      assertEquals(await names(log, "", limit, "@~"), ["1", "2", "A", "a", "é"].slice(0, count));
    });
  }

  testRestart("a list says what is retained", async (log, restart) => {
    await appendMany(log, "room", 5);
    await appendMany(log, "short", 1);
    const again = await restart(3);
    const listed = (await again.channels("", 9, "")).map(({ name, head, first }) => ({
      name,
      head,
      first,
    }));
    assertEquals(listed, [{ name: "room", head: 5, first: 3 }, {
      name: "short",
      head: 1,
      first: 1,
    }]);
  });
}
