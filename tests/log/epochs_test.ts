import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { EPOCHS_MAX } from "../../lib/limits.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import {
  appendMany,
  copyDatabase,
  openTestLog,
  readAll,
  storeOptions,
  withDirectory,
} from "./support.ts";

/** Opens a log for a while: appends, and says which epoch that was. */
async function session(
  database: string,
  appends: number,
  meanwhile: () => Promise<void> | void = () => {},
): Promise<string> {
  const { log } = openTestLog({ database });
  const channel = await log.watch("room", () => {});
  await appendMany(log, "room", appends);
  await meanwhile();
  const { epoch } = channel;
  await log.close();
  return epoch;
}

/** The offsets of an epoch that resume, out of some. */
async function resumable(database: string, epoch: string, offsets: number[]): Promise<number[]> {
  const { log } = openTestLog({ database });
  const channel = await log.watch("room", () => {});
  const resumes = offsets.filter((offset) => channel.canResume(epoch, offset));
  await log.close();
  return resumes;
}

for (const isRunning of [false, true]) {
  const how = isRunning ? "while it ran" : "while it was stopped";
  Deno.test(`a position that an older copy, made ${how}, cannot know never resumes`, () =>
    withDirectory(async (directory) => {
      const [database, copy] = [`${directory}/natter.db`, `${directory}/copy.db`];
      let epoch: string;
      if (isRunning) {
        epoch = await session(database, 100, () => copyDatabase(database, copy));
      } else {
        epoch = await session(database, 100);
        await copyDatabase(database, copy);
      }
      const later = await session(database, 100);
      assertEquals(await resumable(database, later, [100, 150, 200, 201]), [100, 150, 200]);
      assertEquals(await resumable(database, epoch, [0, 100, 101]), [0, 100]);

      await copyDatabase(copy, database);
      assertEquals(await resumable(database, later, [0, 100, 150]), []);
      const restored = await session(database, 200);
      assertEquals(await resumable(database, later, [0, 100, 150, 200]), []);
      assertEquals(await resumable(database, epoch, [0, 50, 100, 101, 150, 200]), [0, 50, 100]);
      assertEquals(await resumable(database, restored, [0, 100, 150, 300, 301]), [
        0,
        100,
        150,
        300,
      ]);
    }));
}

Deno.test("a position of the very epoch of which an older copy knows less does not resume", () =>
  withDirectory(async (directory) => {
    const [database, copy] = [`${directory}/natter.db`, `${directory}/copy.db`];
    const { log } = openTestLog({ database });
    const { epoch } = await log.watch("room", () => {});
    await appendMany(log, "room", 100);
    await copyDatabase(database, copy);
    await appendMany(log, "room", 100);
    await log.close();
    assertEquals(await resumable(database, epoch, [100, 150, 200]), [100, 150, 200]);

    await copyDatabase(copy, database);
    assertEquals(await resumable(database, epoch, [100, 101, 150]), [100]);
    await session(database, 200);
    assertEquals(await resumable(database, epoch, [100, 101, 150, 200]), [100]);
    await session(database, 10);
    assertEquals(await resumable(database, epoch, [100, 101, 150, 200, 305]), [100]);
  }));

for (const durability of ["process", "disk"] as const) {
  Deno.test(`a machine's crash under DURABILITY=${durability} voids the positions that it took, and no other`, () =>
    withDirectory(async (directory) => {
      const [database, crashed] = [`${directory}/natter.db`, `${directory}/crashed.db`];
      const { log } = openTestLog({ database, durability });
      const { epoch } = await log.watch("room", () => {});
      for (let i = 0; i < 50; i++) await appendMany(log, "room", 1);
      await copyDatabase(database, crashed);
      await log.close();
      // What was written last had not reached the disk: half of the log that is written ahead is lost.
      const { size } = await Deno.stat(`${crashed}-wal`);
      await Deno.truncate(`${crashed}-wal`, Math.floor(size / 2));

      const again = openTestLog({ database: crashed, durability });
      const channel = await again.log.watch("room", () => {});
      const { head } = channel;
      assert(head > 5 && head < 45, `head ${head}`);
      assertEquals(
        (await readAll(again.log, "room")).map(({ offset }) => offset),
        Array.from({ length: head }, (_, i) => i + 1),
      );
      const resumes = () =>
        [0, head - 1, head, head + 1, 50].filter((offset) => channel.canResume(epoch, offset));
      assertEquals(resumes(), [0, head - 1, head]);
      await appendMany(again.log, "room", 100);
      assertEquals(resumes(), [0, head - 1, head]);
      assert(channel.canResume(channel.epoch, head + 100));
      await again.log.close();
    }));
}

Deno.test("restarts without a word in between keep positions", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const epochs = [await session(database, 5)];
    for (let i = 0; i < 5; i++) epochs.push(await session(database, 0));
    assertEquals(new Set(epochs).size, 6);
    for (const epoch of epochs) {
      assertEquals(await resumable(database, epoch, [0, 5, 6]), [0, 5]);
    }
  }));

Deno.test("each epoch reaches as far as it wrote, in each channel on its own", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const epochs: string[] = [];
    for (const [rooms, others] of [[2, 0], [0, 1], [3, 1], [1, 0]] as const) {
      const { log } = openTestLog({ database });
      epochs.push((await log.watch("room", () => {})).epoch);
      await appendMany(log, "room", rooms);
      await appendMany(log, "other", others);
      await log.close();
    }
    const { log } = openTestLog({ database });
    const [room, other] = [await log.watch("room", () => {}), await log.watch("other", () => {})];
    const ends = epochs.map((epoch) =>
      [room, other].map((channel) =>
        [0, 1, 2, 3, 4, 5, 6, 7].findLast((offset) => channel.canResume(epoch, offset))
      )
    );
    assertEquals(ends, [[2, 0], [2, 1], [5, 2], [6, 2]]);
    await log.close();
  }));

Deno.test("what retention took cannot be resumed, and the end of an epoch stays known", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const options = { database, historyMessagesMax: 10 };
    const epochs: string[] = [];
    const time = openTestLog().time;
    for (let i = 0; i < 4; i++) {
      const { log } = openTestLog(options, time);
      epochs.push((await log.watch("room", () => {})).epoch);
      await appendMany(log, "room", 8);
      // The rows go, too: ten minutes later.
      time.advance(20 * 60_000);
      await log.close();
    }
    // Of 32, 23 to 32 are retained; the third epoch ended at 24.
    const { log } = openTestLog(options, time);
    const room = await log.watch("room", () => {});
    assertEquals([room.first, room.head], [23, 32]);
    const resumes = epochs.map((epoch) =>
      Array.from({ length: 40 }, (_, i) => i).filter((offset) => room.canResume(epoch, offset))
    );
    assertEquals(resumes, [[], [], [22, 23, 24], [22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32]]);
    await log.close();
    const db = new DatabaseSync(database);
    const starts = db.prepare('SELECT "offset" FROM starts ORDER BY "offset"').all();
    db.close();
    assertEquals(starts.map((row) => row["offset"]), [17, 25], "what is not needed is not kept");
  }));

Deno.test("a bounded number of epochs is remembered, the latest", () =>
  withDirectory((directory) => {
    const options = storeOptions(undefined, { database: `${directory}/natter.db` });
    const open = (id: string) => openSqliteStore({ ...options, randomId: () => id });
    open("first").close();
    // As if it had been opened as often as that.
    const db = new DatabaseSync(options.database);
    db.exec(
      `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${EPOCHS_MAX - 1})
      INSERT INTO epochs (ordinal, id, opened, commits) SELECT i, 'epoch-' || i, 0, 0 FROM n`,
    );
    db.close();
    const atBound = open("at the bound");
    assertEquals([atBound.ordinal("first"), atBound.ordinal("at the bound")], [1, EPOCHS_MAX]);
    atBound.close();
    const beyond = open("beyond");
    assertEquals(["first", "epoch-2", "beyond"].map((id) => beyond.ordinal(id)), [
      undefined,
      2,
      EPOCHS_MAX + 1,
    ]);
    beyond.close();
  }));
