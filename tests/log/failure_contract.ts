/**
 * The part of the log's contract that is about stores out of reach, and about the end.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { UnavailableError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import type { TestWithLog } from "./contract.ts";
import { appendMany, draft, Told } from "./support.ts";

/**
 * Tests what is refused while the store is out of reach, and once the log is closed.
 *
 * @param test Defines a test.
 */
export function testFailure(test: TestWithLog): void {
  test(
    "out of reach, appends are refused and nothing of them is seen; then it goes on",
    async (log, harness) => {
      const told = new Told();
      const channel = await log.watch("room", told.onChange);
      await Promise.all([told.next(), log.append("room", draft({ body: "before" }))]);
      assert(log.isAvailable);
      harness.breakStore();
      const message = draft({ body: "meanwhile", ref: "r" });
      const failed = await within(
        Promise.allSettled([log.append("room", message), log.append("other", draft())]),
        "appends fail",
      );
      for (const result of failed) {
        assert(result.status === "rejected" && result.reason instanceof UnavailableError);
      }
      assert(!log.isAvailable);
      assertEquals(channel.head, 1);
      assertEquals(channel.recent(0, 10)?.map(({ body }) => body), ["before"]);
      await assertRejects(() => log.watch("another", () => {}), UnavailableError);

      harness.mendStore();
      await until(() => log.isAvailable, "it is available again by itself");
      assertEquals((await log.append("room", message)).offset, 2);
      await until(() => channel.head === 2, "the head moves on");
      assertEquals((await channel.read(0, 10)).map(({ body }) => body), ["before", "meanwhile"]);
      channel.close();
    },
  );

  test("close commits what was appended, and refuses what comes after", async (log) => {
    await appendMany(log, "room", 1);
    const told = new Told();
    const channel = await log.watch("room", told.onChange);
    const append = log.append("room", draft());
    const next = told.next();
    const closed = log.close();
    assertEquals((await within(append, "the last append")).offset, 2);
    await within(closed, "the log closes");
    assertEquals(told.count, 1, "watchers are told before");
    await next;
    await within(log.close(), "the log is closed");
    await assertRejects(() => log.append("room", draft()), UnavailableError);
    await assertRejects(() => log.watch("room", () => {}), UnavailableError);
    await assertRejects(() => log.find({ author: "alice" }, 1), UnavailableError);
    await assertRejects(() => log.channels("", 1, ""), UnavailableError);
    await assertRejects(() => channel.read(0, 1), UnavailableError);
  });

  test("a channel whose watch is closed gives nothing away", async (log) => {
    const channel = await log.watch("room", () => {});
    const other = await log.watch("room", () => {});
    await appendMany(log, "room", 2);
    channel.close();
    assertEquals(channel.recent(0, 10), undefined);
    await assertRejects(() => channel.read(0, 10), UnavailableError);
    assertEquals(other.recent(0, 10)?.length, 2);
    other.close();
  });
}
