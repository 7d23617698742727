/**
 * The part of the log's contract that is about who watches a channel.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Entry } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import type { TestWithLog } from "./contract.ts";
import { appendMany, draft, Told } from "./support.ts";

/**
 * Tests who is told of what, and when.
 *
 * @param test Defines a test.
 */
export function testWatching(test: TestWithLog): void {
  test("watchers are told after the appends of their commit have resolved", async (log) => {
    const order: string[] = [];
    const told = new Told();
    const channel = await log.watch("room", () => {
      order.push(`told at ${channel.head}`);
      told.onChange();
    });
    async function send(): Promise<void> {
      // A caller has awaits of its own around the append.
      const { offset } = await (async () => await log.append("room", draft()))();
      order.push(`resolved ${offset}`);
    }
    const next = told.next();
    await within(Promise.all([send(), send(), send()]), "appends");
    await next;
    assertEquals(order, ["resolved 1", "resolved 2", "resolved 3", "told at 3"]);
    channel.close();
  });

  test("each watch is told, until it is closed", async (log) => {
    const [first, second] = [new Told(), new Told()];
    const one = await log.watch("room", first.onChange);
    const two = await log.watch("room", second.onChange);
    await Promise.all([first.next(), second.next(), log.append("room", draft())]);
    one.close();
    one.close();
    await Promise.all([second.next(), log.append("room", draft())]);
    assertEquals([first.count, second.count, two.head], [1, 2, 2]);
    assertEquals(two.recent(0, 10)?.length, 2);
    two.close();
  });

  test("a watch that is closed between commit and notice is not told", async (log) => {
    const [first, second] = [new Told(), new Told()];
    const one = await log.watch("room", first.onChange);
    const two = await log.watch("room", () => {
      second.onChange();
    });
    const next = second.next();
    await log.append("room", draft());
    one.close();
    await next;
    assertEquals(first.count, 0);
    two.close();
  });

  test("a watch that another watcher closes is not told any more", async (log) => {
    const told = new Told();
    const closing = await log.watch("room", () => other.close());
    const other = await log.watch("room", told.onChange);
    const last = new Told();
    const third = await log.watch("room", last.onChange);
    await Promise.all([last.next(), log.append("room", draft())]);
    assertEquals(told.count, 0);
    closing.close();
    third.close();
  });

  test("nobody is told of another channel", async (log) => {
    const [mine, other] = [new Told(), new Told()];
    const one = await log.watch("mine", mine.onChange);
    const two = await log.watch("other", other.onChange);
    await Promise.all([other.next(), log.append("other", draft())]);
    assertEquals([mine.count, other.count], [0, 1]);
    one.close();
    two.close();
  });

  test("a watcher that throws keeps the others from nothing", async (log) => {
    const told = new Told();
    const one = await log.watch("room", () => {
      throw new Error("a watcher's defect");
    });
    const two = await log.watch("room", told.onChange);
    await Promise.all([told.next(), log.append("room", draft())]);
    assertEquals((await log.append("room", draft())).offset, 2);
    one.close();
    two.close();
  });

  test("all readers see the same entries in the same order, without holes", async (log) => {
    const seen: Entry[][] = [[], [], []];
    const channels = await Promise.all(seen.map(async (entries) => {
      const channel = await log.watch("room", () => {
        entries.push(...channel.recent(entries.at(-1)?.offset ?? 0, 1000) ?? []);
      });
      return channel;
    }));
    for (let round = 0; round < 20; round++) await appendMany(log, "room", 1 + round % 5);
    await until(() => seen.every((entries) => entries.length === 60), "all have seen all");
    assertEquals(seen[0]!.map(({ offset }) => offset), Array.from({ length: 60 }, (_, i) => i + 1));
    assertEquals(seen[1], seen[0]);
    assertEquals(seen[2], seen[0]);
    for (const channel of channels) channel.close();
  });
}
