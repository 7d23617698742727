/**
 * The part of the log's contract that looks over all channels: finding messages, listing channels.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Log, type MessageQuery, type Place, UnavailableError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import type { TestWithLog, TestWithRestart } from "./contract.ts";
import { appendMany, deletion, draft, readAll } from "./support.ts";

/** The offsets of some places by channel, in ascending order: that of a search is any. */
function byChannel(places: readonly Place[]): Record<string, number[]> {
  const offsets: Record<string, number[]> = {};
  for (const { channel, offset } of places) (offsets[channel] ??= []).push(offset);
  for (const list of Object.values(offsets)) list.sort((a, b) => a - b);
  return offsets;
}

/** All that a query finds, by channel. */
async function found(log: Log, query: MessageQuery): Promise<Record<string, number[]>> {
  return byChannel(await findAll(log, query, 100));
}

/** All that a query finds, page by page. */
async function findAll(
  log: Log,
  query: MessageQuery,
  limit: number,
  use: (page: readonly Place[]) => Promise<unknown> | void = () => {},
): Promise<Place[]> {
  const places: Place[] = [];
  while (true) {
    const page = await within(log.find({ ...query, after: places.at(-1) }, limit), "a page");
    assert(page.length <= limit, `${page.length} places`);
    if (page.length === 0) return places;
    places.push(...page);
    assert(places.length < 1000, "the pages end");
    await use(page);
  }
}

/** Deletes what a page gave, in one turn. */
async function deleteAll(log: Log, places: readonly Place[]): Promise<void> {
  const appends = places.map(({ channel, offset }) => log.append(channel, deletion(offset)));
  await within(Promise.all(appends), "deletions");
}

async function names(log: Log, after: string, limit: number, except = ""): Promise<string[]> {
  return (await log.channels(after, limit, except)).map(({ name }) => name);
}

/** Messages of a few authors under one name and of one under another, in a few channels, some with a ref. */
async function appendMixed(log: Log, count: number): Promise<void> {
  const authors = ["s:al/3", "s:al", "s:bob", "s:al/1", "s:al/2/x"];
  const appends = Array.from(
    { length: count },
    (_, i) => {
      const author = authors[i % authors.length]!;
      const ref = i % 4 === 0 ? undefined : crypto.randomUUID();
      return log.append(`room ${i % 3}`, draft({ author, ref }));
    },
  );
  await within(Promise.all(appends), "appends");
}

/**
 * Tests what looks over all channels.
 *
 * @param test Defines a test.
 * @param testRestart Defines a test that closes the log and opens it again.
 */
export function testLookups(test: TestWithLog, testRestart: TestWithRestart): void {
  testFind(test, testRestart);
  testPages(test);
  testChannels(test, testRestart);

  test("out of reach, nothing is found or listed; then it goes on", async (log, harness) => {
    await log.append("room", draft({ author: "a" }));
    harness.breakStore();
    await assertRejects(() => log.find({ author: "a" }, 9), UnavailableError);
    await assertRejects(() => log.channels("", 9, ""), UnavailableError);
    harness.mendStore();
    await until(() => log.isAvailable, "it is available again by itself");
    assertEquals(await found(log, { author: "a" }), { room: [1] });
    assertEquals(await names(log, "", 9), ["room"]);
  });
}

function testFind(test: TestWithLog, testRestart: TestWithRestart): void {
  test("an author's messages are found in all channels", async (log) => {
    const watched = await log.watch("watched", () => {});
    for (const author of ["a", "b", "a", "a"]) {
      await log.append("watched", draft({ author }));
      await log.append("left", draft({ author, ref: crypto.randomUUID() }));
    }
    await log.append("other", draft({ author: "b" }));
    assertEquals(await found(log, { author: "a" }), { left: [1, 3, 4], watched: [1, 3, 4] });
    assertEquals(await found(log, { author: "b" }), { left: [2], other: [1], watched: [2] });
    assertEquals(await log.find({ author: "nobody" }, 9), []);
    watched.close();
  });

  test("a message is found once its append has resolved", async (log) => {
    for (let offset = 1; offset <= 20; offset++) {
      await log.append("room", draft({ author: "a" }));
      assertEquals((await found(log, { author: "a" }))["room"]!.length, offset);
    }
  });

  const authors = [
    "s:alice",
    "s:alice/",
    "s:alice/1",
    "s:alice/1/2",
    "s:alice/\u{1F469}",
    "s:alic",
    "s:alice ",
    "s:alice.",
    "s:alice./1",
    "s:alice-/1",
    "s:alice0",
    "s:alice0/1",
    "s:alicex",
    "s:alice\u{1F469}/1",
    "s:Alice/1",
    "/s:alice/1",
    "k:alice/1",
    "s:alice/10",
    "s:%",
    "s:_lice/1",
  ];
  for (
    const [author, matches] of [
      ["s:alice", authors.slice(0, 5).concat("s:alice/10")],
      ["s:alice/", ["s:alice/"]],
      ["s:alice/1", ["s:alice/1", "s:alice/1/2"]],
      ["s:alice.", ["s:alice.", "s:alice./1"]],
      ["s:alic", ["s:alic"]],
      ["s:%", ["s:%"]],
      ["s:_lice", ["s:_lice/1"]],
      ["s", []],
      ["", ["/s:alice/1"]],
    ] as const
  ) {
    test(`the author "${author}" is that and what goes on with a slash`, async (log) => {
      const appends = authors.map((author) => log.append(author, draft({ author })));
      await within(Promise.all(appends), "appends");
      const places = await findAll(log, { author }, 99);
      assertEquals(places.map(({ channel }) => channel).sort(), [...matches].sort());
    });
  }

  test("neither deletions nor what was deleted are found", async (log) => {
    await appendMany(log, "room", 3, { author: "a" });
    await log.append("room", deletion(2, { author: "a" }));
    assertEquals(await found(log, { author: "a" }), { room: [1, 3] });
    await within(
      Promise.all([
        log.append("room", draft({ author: "a" })),
        log.append("room", deletion(5)),
        log.append("room", deletion(1)),
        log.append("room", deletion(1)),
        log.append("room", deletion(99)),
      ]),
      "appends",
    );
    assertEquals(await found(log, { author: "a" }), { room: [3] });
    await log.append("room", deletion(3));
    assertEquals(await log.find({ author: "a" }, 9), []);
  });

  test("both copies of a direct message are found by it, and nothing else", async (log) => {
    const message = draft({ author: "a", id: "m1", to: "Bob", with: "Bob" });
    const { at } = message;
    await log.append("@alice", draft({ author: "a", to: "Bob", with: "Bob" }));
    await log.append("@alice", message);
    await log.append("@bob", { ...message, with: "Alice" });
    await log.append("@bob", draft({ author: "a", with: "Alice" }));
    await log.append("@bob", draft({ author: "a", id: "m1", with: "Alice", at: at + 1 }));
    await log.append("@carol", draft({ author: "c", id: "m1", to: "Bob", with: "Bob" }));
    await log.append("room", draft({ author: "a", id: "m1" }));
    await log.append("@alice", deletion(99, { author: "a", id: "m1", with: "Bob" }));
    const query = { author: "a", copiesOf: message };
    assertEquals(await found(log, query), { "@alice": [2], "@bob": [1] });
    assertEquals(
      await found(log, { ...query, copiesOf: { id: "m1", at } }),
      await found(log, query),
    );
    assertEquals(await found(log, { author: "a", copiesOf: { id: "m", at } }), {});
    assertEquals(await found(log, { author: "a", copiesOf: { id: "m1", at: at - 1 } }), {});
    assertEquals(await found(log, { author: "b", copiesOf: message }), {});
    assertEquals(await log.find(query, 0), []);
    for (const limit of [1, 2, 3]) {
      assertEquals(byChannel(await findAll(log, query, limit)), { "@alice": [2], "@bob": [1] });
    }

    await log.append("@alice", deletion(2, { author: "a" }));
    assertEquals(await found(log, query), { "@bob": [1] });
    await log.append("@bob", deletion(1));
    assertEquals(await found(log, query), {});
  });

  test("copies are looked for under the author's name and its suffixes", async (log) => {
    const message = draft({ with: "Bob" });
    for (const author of ["s:al", "s:al/1", "s:al.1", "s:al0"]) {
      await log.append(author, { ...message, author });
    }
    const query = { author: "s:al", copiesOf: message };
    assertEquals(await found(log, query), { "s:al": [1], "s:al/1": [1] });
  });

  testRestart("a restart finds what was found before", async (log, restart) => {
    await appendMixed(log, 60);
    const message = draft({ author: "s:al", with: "Bob" });
    await log.append("@al", message);
    await log.append("room 0", deletion(2));
    const before = await findAll(log, { author: "s:al" }, 99);
    assertEquals(before.length, 48);
    const again = await restart();
    assertEquals(await findAll(again, { author: "s:al" }, 99), before);
    assertEquals(await found(again, { author: "s:al", copiesOf: message }), { "@al": [1] });
  });

  testRestart("only what is retained is found", async (log, restart) => {
    const message = draft({ author: "a", with: "Bob" });
    for (let i = 0; i < 6; i++) await log.append("room", message);
    const again = await restart(3);
    assertEquals(await found(again, { author: "a" }), { room: [4, 5, 6] });
    assertEquals(await found(again, { author: "a", copiesOf: message }), { room: [4, 5, 6] });
    await appendMany(again, "room", 2, { author: "b" });
    assertEquals(await found(again, { author: "a" }), { room: [6] });
  });
}

function testPages(test: TestWithLog): void {
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

function testChannels(test: TestWithLog, testRestart: TestWithRestart): void {
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
