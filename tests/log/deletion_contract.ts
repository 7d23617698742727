/**
 * The part of the log's contract that is about deletions.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { within } from "../support/deadline.ts";
import type { TestWithLog } from "./contract.ts";
import { appendMany, deletion, draft, readAll } from "./support.ts";

/**
 * Tests what a deletion takes away, and what it leaves.
 *
 * @param test Defines a test.
 */
export function testDeletion(test: TestWithLog): void {
  test("a deletion takes its target's body from memory and store, and is an entry itself", async (log) => {
    const channel = await log.watch("room", () => {});
    const message = draft({ id: "m2", body: "secret" });
    await appendMany(log, "room", 1);
    await log.append("room", message);
    const before = channel.recent(1, 1)![0]!;
    const deletion = await log.append("room", draft({ kind: "deletion", body: "", target: 2 }));
    assertEquals(deletion.offset, 3);
    const gone = { ...message, offset: 2, body: "", deleted: true };
    assertEquals(channel.recent(1, 1), [gone]);
    assertEquals([channel.recent(2, 1)![0]!.kind, channel.recent(2, 1)![0]!.target], [
      "deletion",
      2,
    ]);
    assertEquals(before.body, "secret", "entries never change");
    channel.close();
    const stored = await readAll(log, "room");
    assertEquals(stored[1], gone);
    assertEquals(stored.map(({ deleted }) => deleted), [undefined, true, undefined]);
  });

  test("a deletion takes a message of the same turn too", async (log) => {
    const channel = await log.watch("room", () => {});
    await within(
      Promise.all([
        log.append("room", draft({ body: "secret" })),
        log.append("room", draft({ kind: "deletion", body: "", target: 1 })),
      ]),
      "appends",
    );
    assertEquals(channel.recent(0, 1)![0]!.body, "");
    channel.close();
    assertEquals((await readAll(log, "room")).map(({ body }) => body), ["", ""]);
  });

  test("a deletion of what is not there, later, deleted or a deletion breaks nothing", async (log) => {
    const channel = await log.watch("room", () => {});
    await log.append("room", draft({ body: "one" }));
    const targets = [99, 0, -1, 4, 6, 1, 1, 7];
    for (const target of targets) {
      await log.append("room", draft({ kind: "deletion", body: "", target }));
    }
    await log.append("room", draft({ body: "two" }));
    const fromMemory = channel.recent(0, 100)!;
    assertEquals(
      fromMemory.map(({ offset }) => offset),
      Array.from({ length: 10 }, (_, i) => i + 1),
    );
    assertEquals(fromMemory.filter(({ deleted }) => deleted).map(({ offset }) => offset), [1]);
    assertEquals(fromMemory[9]!.body, "two");
    channel.close();
    assertEquals(await readAll(log, "room"), [...fromMemory]);
  });

  for (const isWatched of [false, true]) {
    const where = isWatched ? "that is watched" : "that nobody watches";
    test(`a thousand deletions in one turn, some twice, take all bodies of a channel ${where}`, async (log) => {
      const channel = isWatched ? await log.watch("room", () => {}) : undefined;
      await appendMany(log, "room", 600, { body: "secret" });
      await appendMany(log, "room", 1, { body: "kept" });
      const targets = Array.from({ length: 1000 }, (_, index) => 1 + index % 600);
      const appends = targets.map((target) => log.append("room", deletion(target)));
      const appended = await within(Promise.all(appends), "deletions");
      assertEquals(appended.map(({ offset }) => offset), targets.map((_, index) => 602 + index));
      if (channel !== undefined) {
        const recent = channel.recent(channel.head - 1001, 1001)!;
        assertEquals(recent[0]!.body, "kept");
        assert(recent.slice(1).every(({ kind, body }) => kind === "deletion" && body === ""));
        const held = await channel.read(577, 23);
        assertEquals(held.map(({ body, deleted }) => [body, deleted]), Array(23).fill(["", true]));
        channel.close();
      }
      const stored = await readAll(log, "room");
      assertEquals(
        stored.map(({ offset }) => offset),
        Array.from({ length: 1601 }, (_, i) => i + 1),
      );
      assertEquals(stored.filter(({ body }) => body !== "").map(({ body }) => body), ["kept"]);
      assert(stored.every(({ offset, deleted }) => (deleted === true) === offset <= 600));
    });
  }

  test("a deletion that is repeated by its ref is one", async (log) => {
    const deletion = draft({ kind: "deletion", body: "", target: 1, ref: "d" });
    await appendMany(log, "room", 1);
    const first = await log.append("room", deletion);
    assertEquals(await log.append("room", deletion), { ...first, duplicate: true });
  });

  test("the repeat of a message that was deleted meanwhile is a repeat", async (log) => {
    const message = draft({ ref: "r", body: "hi" });
    const first = await log.append("room", message);
    await log.append("room", draft({ kind: "deletion", body: "", target: 1 }));
    assertEquals(await log.append("room", message), { ...first, duplicate: true });
    assertEquals((await readAll(log, "room"))[0]!.body, "");
  });
}
