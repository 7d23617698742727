import { assert, assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { REF_KNOWN_MS_MIN, RETENTION_MS } from "../../lib/limits.ts";
import { UnavailableError } from "../../lib/log/log.ts";
import { prepare, STATEMENTS } from "../../lib/log/rows.ts";
import { openDatabase } from "../../lib/log/schema.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import type { Store } from "../../lib/log/store.ts";
import { appendMany, deletion, draft, openTestLog, START, storeOptions } from "./support.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

function withStore(use: (store: Store) => void, historyMessagesMax = 100_000): void {
  const store = openSqliteStore(storeOptions(undefined, { historyMessagesMax }));
  try {
    use(store);
  } finally {
    store.close();
  }
}

/** Appends messages of one author to a room in one transaction. */
function fill(store: Store, count: number, author = "a", channel = "room"): void {
  store.append(Array.from({ length: count }, () => ({ channel, draft: draft({ author }) })));
}

Deno.test("no statement reads a table from end to end, and none of a search sorts", () => {
  const db = openDatabase(storeOptions());
  prepare(db);
  for (const [name, sql] of Object.entries(STATEMENTS)) {
    if (name === "wipe") continue;
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => String(detail));
    const slow = plan.filter((detail) =>
      /^SCAN (?!CONSTANT|\d+-ROW VALUES)|TEMP B-TREE/.test(detail)
    );
    assertEquals(slow, [], name);
  }
  db.close();
});

// Steps.

for (const [limit, count] of [[0, 0], [1, 1], [9, 9], [10, 10], [11, 10]] as const) {
  Deno.test(`a step of ${limit} of ten entries gives ${count}, and says where to go on`, () =>
    withStore((store) => {
      fill(store, 10);
      const { places, next } = store.find({ author: "a" }, limit);
      assertEquals(places.length, count);
      assertEquals(next, limit === 0 || limit > 10 ? undefined : places.at(-1));
    }));
}

Deno.test("a step looks at its number of entries, and passes over what is gone", () =>
  withStore((store) => {
    fill(store, 10);
    const deletions = [1, 2, 3, 4, 6].map((target) => deletion(target));
    store.append(deletions.map((draft) => ({ channel: "room", draft })));
    const step = (offset: number) => {
      const after = offset === 0 ? undefined : { channel: "room", offset };
      const { places, next } = store.find({ author: "a", after }, 4);
      return [places.map(({ offset }) => offset), next?.offset];
    };
    assertEquals(step(0), [[], 4]);
    assertEquals(step(4), [[5, 7, 8], 8]);
    assertEquals(step(8), [[9, 10], undefined]);
    assertEquals(step(10), [[], undefined]);
  }));

Deno.test("a search that goes on after a place that is not stored begins at the beginning", () =>
  withStore((store) => {
    fill(store, 3);
    for (const after of [{ channel: "room", offset: 4 }, { channel: "nobody's", offset: 1 }]) {
      assertEquals(store.find({ author: "a", after }, 9).places.length, 3);
    }
  }));

Deno.test("a search that goes on after another author's place finds nothing that is not asked for", () =>
  withStore((store) => {
    for (const author of ["a", "b", "b/1", "c"]) fill(store, 1, author);
    for (const [offset, found] of [[1, [2, 3]], [2, [3]], [3, []], [4, []]] as const) {
      const { places } = store.find({ author: "b", after: { channel: "room", offset } }, 9);
      assertEquals(places.map(({ offset }) => offset), [...found]);
    }
  }));

Deno.test("local log: a long search lets others have their turn, and finds what is behind it", async () => {
  const { log } = openTestLog();
  await appendMany(log, "room", 2000, { author: "a" });
  await Promise.all(
    Array.from({ length: 1999 }, (_, index) => log.append("room", deletion(index + 1))),
  );
  let turns = 0;
  const search = log.find({ author: "a" }, 10).then((places) => ({ places, after: turns }));
  const count = () => void (++turns < 1000 && setImmediate(count));
  count();
  const { places, after } = await search;
  assertEquals(places, [{ channel: "room", offset: 2000 }]);
  assert(after >= 199, `${after} turns`);
  await log.close();
});

Deno.test("local log: a search ends with the store's failure, or with the log", async () => {
  for (const end of ["failure", "close"]) {
    const { log, faults } = openTestLog();
    await appendMany(log, "room", 50, { author: "a" });
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => log.append("room", deletion(index + 1))),
    );
    const search = log.find({ author: "a" }, 1);
    if (end === "failure") faults.mode = "everything";
    else await log.close();
    await assertRejects(() => search, UnavailableError);
    faults.mode = "none";
    await log.close();
  }
});

// Retention.

Deno.test("what is stored but not retained is neither found nor counted as held", () =>
  withStore((store) => {
    store.append(Array.from({ length: 5 }, () => ({
      channel: "room",
      draft: draft({ author: "a", id: "m1", with: "Bob" }),
    })));
    const query = { author: "a", copiesOf: { id: "m1", at: START } };
    for (const { places } of [store.find({ author: "a" }, 9), store.find(query, 9)]) {
      assertEquals(places.map(({ offset }) => offset), [4, 5]);
    }
    assertEquals(store.channels("", 9, "").map(({ head, first }) => [head, first]), [[5, 4]]);
  }, 2));

Deno.test("local log: of what has expired nothing is found, and its channels are not listed", async () => {
  const { log, time } = openTestLog({ historyDays: 2 });
  await appendMany(log, "old", 3, { author: "a" });
  await appendMany(log, "mixed", 3, { author: "a", with: "Bob", id: "m1" });
  await appendMany(log, "mixed", 1, { author: "a", at: START + DAY_MS });
  const [after] = await log.find({ author: "a" }, 1);
  time.advance(2 * DAY_MS + REF_KNOWN_MS_MIN + RETENTION_MS);
  assertEquals(await log.find({ author: "a" }, 9), [{ channel: "mixed", offset: 4 }]);
  assertEquals(await log.find({ author: "a", after }, 9), [{ channel: "mixed", offset: 4 }]);
  assertEquals(await log.find({ author: "a", copiesOf: { id: "m1", at: START } }, 9), []);
  const [mixed, ...others] = await log.channels("", 9, "");
  assertEquals([mixed?.name, mixed?.head, mixed?.first, others], ["mixed", 4, 4, []]);
  time.advance(DAY_MS);
  assertEquals(await log.find({ author: "a" }, 9), []);
  assertEquals(await log.channels("", 9, ""), []);
  await log.close();
});

Deno.test("a list leaves out thousands of names that lie between two", () =>
  withStore((store) => {
    const inboxes = Array.from({ length: 5000 }, (_, index) => `@user ${index}/key`);
    for (const name of ["A room", "9 lives", ...inboxes]) fill(store, 1, "a", name);
    const names = (after: string) => store.channels(after, 9, "@~!").map(({ name }) => name);
    assertEquals(names(""), ["9 lives", "A room"]);
    assertEquals(names("9 lives"), ["A room"]);
    assertEquals(names("@user 42/key"), ["A room"]);
  }));
