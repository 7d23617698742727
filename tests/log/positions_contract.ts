/**
 * The part of the log's contract that is about positions, over restarts too.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { TestWithLog, TestWithRestart } from "./contract.ts";
import { appendMany, draft, readAll } from "./support.ts";

/**
 * Tests which positions can be gone on from.
 *
 * @param test Defines a test.
 * @param testRestart Defines a test that closes the log and opens it again.
 */
export function testPositions(test: TestWithLog, testRestart: TestWithRestart): void {
  test("a position resumes from before the first entry up to the head", async (log) => {
    await appendMany(log, "room", 5);
    const channel = await log.watch("room", () => {});
    const resumes = (offset: number) => channel.canResume(channel.epoch, offset);
    assertEquals([-1, 0, 1, 4, 5, 6, 1.5, NaN].filter(resumes), [0, 1, 4, 5]);
    assert(!channel.canResume("unknown", 3));
    assert(!channel.canResume("", 0));
    await log.append("room", draft());
    assert(resumes(6));
    channel.close();
  });

  testRestart(
    "a restart keeps entries, offsets, refs, deletions and positions",
    async (log, restart) => {
      const message = draft({ ref: "r", body: "kept" });
      const first = await log.append("room", message);
      await log.append("room", draft({ body: "gone" }));
      await log.append("room", draft({ kind: "deletion", body: "", target: 2 }));
      const before = await readAll(log, "room");
      const { epoch } = await log.watch("room", () => {});
      const empty = await log.watch("empty", () => {});

      const again = await restart();
      assertEquals(await readAll(again, "room"), before);
      assertEquals(await again.append("room", message), { ...first, duplicate: true });
      const channel = await again.watch("room", () => {});
      assert(channel.canResume(epoch, 3));
      assert(channel.canResume(epoch, 0));
      assertEquals((await again.append("room", draft())).offset, 4);
      assert(channel.canResume(epoch, 3));
      assert(channel.canResume(channel.epoch, 3));
      assert(channel.canResume(channel.epoch, 4));
      const still = await again.watch("empty", () => {});
      assert(still.canResume(empty.epoch, 0));
      channel.close();
      still.close();
    },
  );

  testRestart("what a smaller limit does not retain is not read any more", async (log, restart) => {
    await appendMany(log, "room", 10);
    const { epoch } = await log.watch("room", () => {});
    const again = await restart(3);
    const channel = await again.watch("room", () => {});
    assertEquals([channel.first, channel.head], [8, 10]);
    assertEquals((await channel.read(0, 100)).map(({ offset }) => offset), [8, 9, 10]);
    assertEquals([6, 7, 10].filter((offset) => channel.canResume(epoch, offset)), [7, 10]);
    await appendMany(again, "room", 1);
    assertEquals([channel.first, channel.head], [9, 11]);
    assertEquals(channel.recent(7, 100), undefined);
    assertEquals((await channel.read(0, 100)).map(({ offset }) => offset), [9, 10, 11]);
    channel.close();
  });
}
