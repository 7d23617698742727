/**
 * The part of the log's contract that is about repeats, and about what is refused for what it is.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Appended, type Draft, RefConflictError } from "../../lib/log/log.ts";
import { within } from "../support/deadline.ts";
import type { TestWithLog } from "./contract.ts";
import { draft, readAll } from "./support.ts";

/**
 * Tests that a repeat by its ref adds nothing.
 *
 * @param test Defines a test.
 */
export function testRefs(test: TestWithLog): void {
  test("a repeat of a ref resolves to the first, and adds nothing", async (log) => {
    const first = await log.append("room", draft({ ref: "r", body: "hi", id: "m1", at: 1 }));
    const again = await log.append("room", draft({ ref: "r", body: "hi", id: "m2", at: 2 }));
    assertEquals(again, { ...first, duplicate: true });
    assertEquals((await readAll(log, "room")).length, 1);
  });

  test("a repeat in the same turn resolves to the first, and not before it", async (log) => {
    const order: Appended[] = [];
    const message = draft({ ref: "r" });
    const appends = [message, message, message].map(async (one) => {
      order.push(await log.append("room", one));
    });
    await within(Promise.all(appends), "appends");
    assertEquals(order.map(({ offset }) => offset), [1, 1, 1]);
    assertEquals(order.map(({ duplicate }) => duplicate), [false, true, true]);
  });

  test("a ref belongs to one author and one channel", async (log) => {
    const appends = [
      log.append("a", draft({ ref: "r", author: "alice" })),
      log.append("a", draft({ ref: "r", author: "bob" })),
      log.append("b", draft({ ref: "r", author: "alice" })),
      log.append("a", draft({ author: "alice" })),
      log.append("a", draft({ author: "alice" })),
    ];
    const appended = await within(Promise.all(appends), "appends");
    assertEquals(appended.map(({ offset }) => offset), [1, 2, 1, 3, 4]);
    assert(appended.every(({ duplicate }) => !duplicate));
  });

  test("a ref that stands for something else is refused, and keeps nobody else out", async (log) => {
    const first = draft({ ref: "r", body: "hi", to: "Bob" });
    const kept = log.append("room", first);
    for (
      const other of [
        { ...first, body: "ho" },
        { ...first, to: "Carol" },
        { ...first, to: undefined },
        { ...first, kind: "deletion" as const, body: "" },
        { ...first, target: 1 },
      ]
    ) {
      const [before, refused, after] = await within(
        Promise.allSettled([
          log.append("room", draft()),
          log.append("room", other),
          log.append("room", draft()),
        ]),
        "appends",
      );
      assertEquals([before.status, after.status], ["fulfilled", "fulfilled"]);
      assert(refused.status === "rejected" && refused.reason instanceof RefConflictError);
    }
    assertEquals((await kept).offset, 1);
    const entries = await readAll(log, "room");
    assertEquals(entries.map(({ offset }) => offset), Array.from({ length: 11 }, (_, i) => i + 1));
    assertEquals((await log.append("room", first)).duplicate, true);
  });

  test("of two copies the second is not stored where the first is not", async (log) => {
    const say = (id: string, copies: readonly string[], given: Partial<Draft>) =>
      within(
        Promise.allSettled(
          copies.map((channel) =>
            log.append(channel, draft({ id, ref: "r", body: "hi", ...given }))
          ),
        ),
        "appends",
      );
    const first = await say("m1", ["@alice", "@bob/1"], { to: "Bob" });
    assert(first.every((one) => one.status === "fulfilled" && !one.value.duplicate));

    const refused = await say("m2", ["@alice", "@carol"], { to: "Carol" });
    assert(refused.every((one) => one.status === "rejected"));
    assert(refused.every(({ reason }) => reason instanceof RefConflictError));

    const repeated = await say("m3", ["@alice", "@bob/2"], { to: "Bob" });
    assert(repeated.every((one) => one.status === "fulfilled" && one.value.duplicate));

    const heads = await Promise.all(
      ["@alice", "@bob/1", "@carol", "@bob/2"].map(async (name) =>
        (await readAll(log, name)).length
      ),
    );
    assertEquals(heads, [1, 1, 0, 0]);
    assertEquals((await log.append("@carol", draft({ ref: "r" }))).offset, 1);
  });

  test("a ref of an empty message does not stand for a deletion", async (log) => {
    const empty = draft({ ref: "r", body: "" });
    await log.append("room", empty);
    const deletion = { ...empty, kind: "deletion" as const };
    await assertRejects(() => log.append("room", deletion), RefConflictError);
    assert((await log.append("room", empty)).duplicate);
  });

  test("a draft whose numbers are none is refused, and keeps nobody else out", async (log) => {
    const settled = await within(
      Promise.allSettled([
        log.append("room", draft({ at: NaN })),
        log.append("room", draft({ kind: "deletion", target: 0.5 })),
        log.append("room", draft()),
      ]),
      "appends",
    );
    assertEquals(settled.map(({ status }) => status), ["rejected", "rejected", "fulfilled"]);
    assertEquals((await readAll(log, "room")).length, 1);
  });
}
