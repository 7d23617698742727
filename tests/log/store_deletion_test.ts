import { assert, assertEquals } from "@std/assert";
import { REF_KNOWN_MS_MIN, RETENTION_MS, WIPE_MS } from "../../lib/limits.ts";
import { Random } from "../simulation/random.ts";
import { appendMany, deletion, draft, openTestLog, readAll, withDirectory } from "./support.ts";

/** How often a text stands in the files of a database. */
async function occurrences(database: string, text: string): Promise<number> {
  let count = 0;
  for (const suffix of ["", "-wal"]) {
    const bytes = await Deno.readFile(database + suffix).catch(() => new Uint8Array());
    count += new TextDecoder("latin1").decode(bytes).split(text).length - 1;
  }
  return count;
}

Deno.test("a deleted body leaves the files: a few seconds after, and at the latest when they are closed", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const { log, time } = openTestLog({ database });
    const bodies = ["short secret", "long secret ".repeat(2000)];
    for (const body of bodies) await log.append("room", draft({ body, ref: crypto.randomUUID() }));
    await appendMany(log, "room", 50);
    assert(await occurrences(database, "secret") > 2000);
    for (const target of [1, 2]) {
      await log.append("room", draft({ kind: "deletion", body: "", target }));
    }
    time.advance(WIPE_MS);
    assertEquals(await occurrences(database, "secret"), 0, "while it is open");
    assert(await occurrences(database, "body") >= 50);
    await log.append("room", draft({ body: "third secret" }));
    await log.append("room", draft({ kind: "deletion", body: "", target: 55 }));
    assertEquals((await readAll(log, "room")).find(({ offset }) => offset === 55)?.body, "");
    await log.close();
    assertEquals(await occurrences(database, "secret"), 0, "when it is closed");
  }));

for (const isWatched of [false, true]) {
  const where = isWatched ? "that is watched" : "that nobody watches";
  Deno.test(`a thousand deletions in one transaction, some twice, leave no trace of a channel ${where}`, () =>
    withDirectory(async (directory) => {
      const database = `${directory}/natter.db`;
      const { log, time, faults } = openTestLog({ database });
      const channel = isWatched ? await log.watch("room", () => {}) : undefined;
      await appendMany(log, "room", 600, { body: "secret ".repeat(100) });
      await appendMany(log, "room", 50, { body: "kept" });
      await channel?.read(0, 600);
      assert(await occurrences(database, "secret") >= 60_000);
      const before = faults.commits;
      await Promise.all(
        Array.from({ length: 1000 }, (_, index) => log.append("room", deletion(1 + index % 600))),
      );
      assertEquals(faults.commits, before + 1);
      time.advance(WIPE_MS);
      assertEquals(await occurrences(database, "secret"), 0);
      assert(await occurrences(database, "kept") >= 50);
      // What is gone already may be deleted again at any time.
      assertEquals((await log.append("room", deletion(1))).offset, 1651);
      time.advance(WIPE_MS);
      const bodies = new Set((await readAll(log, "room")).map(({ body }) => body));
      assertEquals([...bodies].sort(), ["", "kept"]);
      assertEquals(channel?.recent(1650, 9)?.length, isWatched ? 1 : undefined);
      await log.close();
      assertEquals(await occurrences(database, "secret"), 0);
    }));
}

Deno.test("of thousands of bodies, those that were deleted or expired leave no trace, and the others stay", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const { log, time } = openTestLog({ database, historyMessagesMax: 100 });
    const seed = 20_261_122;
    const random = new Random(seed);
    const state = new Map<string, boolean>();
    const bodies = new Map<string, string[]>();
    for (let round = 0; round < 40; round++) {
      const appends = [];
      for (let i = 0; i < 50; i++) {
        const channel = `room ${random.below(8)}`;
        const mark = `<${round}-${i}-${crypto.randomUUID()}>`;
        const body = mark.repeat(random.chance(0.7) ? 1 + random.below(5) : random.below(200));
        const list = bodies.get(channel) ?? [];
        bodies.set(channel, list);
        list.push(mark);
        state.set(mark, true);
        appends.push(log.append(channel, draft({ body: mark + body, at: time.now })));
        if (random.chance(0.3)) {
          const target = 1 + random.below(list.length);
          list.push("");
          state.set(list[target - 1]!, false);
          appends.push(
            log.append(channel, draft({ kind: "deletion", body: "", target, at: time.now })),
          );
        }
      }
      await Promise.all(appends);
      time.advance(60_000);
    }
    time.advance(REF_KNOWN_MS_MIN + 2 * RETENTION_MS + WIPE_MS);
    for (const list of bodies.values()) {
      for (const mark of list.slice(0, -100)) state.set(mark, false);
    }
    state.delete("");
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(database));
    assertEquals((await Deno.stat(`${database}-wal`)).size, 0);
    const wrong = [...state].filter(([mark, stays]) => bytes.includes(mark) !== stays);
    assertEquals(wrong, [], `seed ${seed}`);
    assert([...state.values()].filter((stays) => stays).length > 300);
    assert([...state.values()].filter((stays) => !stays).length > 800);
    await log.close();
  }));
