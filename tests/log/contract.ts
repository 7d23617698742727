/**
 * The contract of the log, as tests that every log has to pass.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { PAGE_BYTES_MAX } from "../../lib/limits.ts";
import {
  type Appended,
  type Draft,
  type Entry,
  type Log,
  RefConflictError,
  UnavailableError,
} from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import { testLookups } from "./lookup_contract.ts";
import { appendMany, deletion, draft, readAll, Told } from "./support.ts";

/** A store, and the logs that are opened on it one after the other. */
export interface LogHarness {
  /** Opens a log on the store; the one of before has been closed. */
  open(options?: { historyMessagesMax?: number }): Promise<Log>;
  /** Puts the store out of reach. */
  breakStore(): void;
  /** Puts it back; the log finds that out by itself. */
  mendStore(): void;
  /** Gives everything back, after the last log has been closed. */
  dispose(): Promise<void>;
}

/** What a log is, for its tests. */
export interface LogUnderTest {
  /** Whether what was appended is still there when a log is opened again. */
  readonly outlivesClose: boolean;
  /** Whether its tests are left out. */
  readonly ignore?: boolean;
  /** Makes an empty store. */
  create(): Promise<LogHarness>;
}

/** Defines a test that has a log of its own, and what puts the store out of reach. */
export type TestWithLog = (
  sentence: string,
  run: (log: Log, harness: LogHarness) => Promise<void>,
) => void;

/** The same, with what closes the log and opens the next one; nothing where a log does not outlive that. */
export type TestWithRestart = (
  sentence: string,
  run: (log: Log, restart: (max?: number) => Promise<Log>) => Promise<void>,
) => void;

/**
 * Tests a log.
 *
 * @param name How the tests call it.
 * @param under The log.
 */
export function testLog(name: string, under: LogUnderTest): void {
  const define = (sentence: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}: ${sentence}`, ignore: under.ignore === true, fn });

  function test(sentence: string, run: (log: Log, harness: LogHarness) => Promise<void>): void {
    define(sentence, async () => {
      const harness = await under.create();
      const log = await harness.open();
      try {
        await run(log, harness);
      } finally {
        await log.close();
        await harness.dispose();
      }
    });
  }

  function testRestart(
    sentence: string,
    run: (log: Log, restart: (max?: number) => Promise<Log>) => Promise<void>,
  ): void {
    if (!under.outlivesClose) return;
    define(sentence, async () => {
      const harness = await under.create();
      let log = await harness.open();
      try {
        await run(log, async (historyMessagesMax) => {
          await log.close();
          return log = await harness.open(
            historyMessagesMax === undefined ? {} : { historyMessagesMax },
          );
        });
      } finally {
        await log.close();
        await harness.dispose();
      }
    });
  }

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

  // Watching.

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

  // Idempotence.

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

  // Deletion.

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

  // Positions.

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

  // Failure.

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

  testLookups(test, testRestart);
}
