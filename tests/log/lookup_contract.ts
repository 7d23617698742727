/**
 * The part of the log's contract that looks over all channels: finding messages, listing channels.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { UnavailableError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import type { TestWithLog, TestWithRestart } from "./contract.ts";
import { testChannels } from "./lookup_channels_contract.ts";
import { testPages } from "./lookup_pages_contract.ts";
import { appendMixed, byChannel, findAll, found, names } from "./lookup_support.ts";
import { appendMany, deletion, draft } from "./support.ts";

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
