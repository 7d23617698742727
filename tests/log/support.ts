/**
 * What the log's tests share: a clock and timers that stand still, drafts, files, and a store that fails
 * when it is told to.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { type LocalLog, type LocalLogEvent, openLocalLog } from "../../lib/log/local.ts";
import type { Draft, Entry, Log } from "../../lib/log/log.ts";
import { look } from "../../lib/log/look.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import type { OpenStore, Store, StoreOptions } from "../../lib/log/store.ts";
import { within } from "../support/deadline.ts";

/** When the tests' clocks start. */
export const START = 1_795_327_200_000;

/** A clock, and timers that run only when it is moved on. */
export class FakeTime {
  now = START;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  readonly after = (ms: number, run: () => void): () => void => {
    const timer = { at: this.now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Timers that are running. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves the clock on, and runs what is due on the way. */
  advance(ms: number): void {
    const end = this.now + ms;
    while (true) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.now = due.at;
      due.run();
    }
    this.now = end;
  }
}

/** A store around SQLite's that fails as it is told. */
export class Faults {
  /** Commits that were made. */
  commits = 0;
  /** Stores that were opened. */
  opened = 0;
  /** What fails: writes before they happen, writes after they happened, or everything. */
  mode: "none" | "before commit" | "after commit" | "everything" = "none";
  /** Whether a failure leaves the store as it is; otherwise it has to be opened anew. */
  leavesSound = true;
  /** How often the store will not say where a channel stands. */
  unansweredChannels = 0;
  /** Whether it cannot be opened. */
  refusesToOpen = false;

  readonly open: OpenStore = (options, known) => {
    this.opened++;
    if (this.refusesToOpen) throw new Error("told to refuse");
    return this.#wrap(openSqliteStore(options, known));
  };

  #wrap(store: Store): Store {
    const hasFailed = () => this.mode !== "none";
    const mayFail = <T>(work: () => T): T => {
      if (this.mode === "everything") throw new Error("told to fail");
      return work();
    };
    const leavesSound = () => this.leavesSound;
    return {
      get epoch() {
        return store.epoch;
      },
      get commits() {
        return store.commits;
      },
      get isSound() {
        return store.isSound && (leavesSound() || !hasFailed());
      },
      ordinal: (epoch) => store.ordinal(epoch),
      channel: (name) =>
        mayFail(() => {
          if (this.unansweredChannels > 0) {
            this.unansweredChannels--;
            throw new Error("told not to answer");
          }
          return store.channel(name);
        }),
      read: (...args) => mayFail(() => store.read(...args)),
      find: (...args) => mayFail(() => store.find(...args)),
      channels: (...args) => mayFail(() => store.channels(...args)),
      expire: () => mayFail(() => store.expire()),
      wipe: () => mayFail(() => store.wipe()),
      close: () => store.close(),
      append: (drafts) => {
        if (this.mode === "before commit") throw new Error("told to fail");
        const outcomes = mayFail(() => store.append(drafts));
        if (drafts.length > 0) this.commits++;
        if (this.mode === "after commit") throw new Error("told to fail on the way back");
        return outcomes;
      },
    };
  }
}

/** A local log for a test, and what drives it. */
export interface TestLog {
  readonly log: LocalLog;
  readonly time: FakeTime;
  readonly faults: Faults;
  readonly events: LocalLogEvent[];
}

/** Opens a local log. */
export function openTestLog(
  options: Partial<StoreOptions> = {},
  time: FakeTime = new FakeTime(),
): TestLog {
  const faults = new Faults();
  const events: LocalLogEvent[] = [];
  const log = openLocalLog({
    ...storeOptions(time, options),
    clock: { now: () => 0, wallNow: () => time.now, soon: setImmediate, after: time.after },
    report: (event) => events.push(event),
    openStore: faults.open,
  });
  return { log, time, faults, events };
}

/** What a store is opened with in tests. */
export function storeOptions(
  time: FakeTime = new FakeTime(),
  options: Partial<StoreOptions> = {},
): StoreOptions {
  return {
    database: ":memory:",
    durability: "process",
    historyMessagesMax: 100_000,
    historyDays: 365,
    now: () => time.now,
    randomId: () => crypto.randomUUID(),
    ...options,
  };
}

/** A directory of its own for each test, which goes with it. */
export async function withDirectory(
  use: (directory: string) => Promise<void> | void,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "natter-log-" });
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Copies a database as it stands: its file, and what is written ahead. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  for (const suffix of ["", "-wal"]) {
    await Deno.remove(to + suffix).catch(() => {});
    await Deno.copyFile(from + suffix, to + suffix).catch(() => {});
  }
}

let drafts = 0;

/** A draft of a message. */
export function draft(given: Partial<Draft> = {}): Draft {
  drafts++;
  return {
    kind: "message",
    id: `id-${drafts}`,
    author: "alice's hash",
    sender: "Alice",
    at: START,
    body: `body ${drafts}`,
    ...given,
  };
}

/** A draft of a deletion. */
export function deletion(target: number, given: Partial<Draft> = {}): Draft {
  return draft({ kind: "deletion", body: "", target, ...given });
}

/** Appends messages in one turn, and waits for all. */
export async function appendMany(
  log: Log,
  channel: string,
  count: number,
  given: Partial<Draft> = {},
): Promise<void> {
  const appends = Array.from({ length: count }, () => log.append(channel, draft(given)));
  await within(Promise.all(appends), `${count} appends`);
}

/** All entries of a channel after an offset, page by page from the store or from memory. */
export async function readAll(log: Log, name: string, after = 0): Promise<Entry[]> {
  return await look(log, name, async (channel) => {
    const entries: Entry[] = [];
    while (true) {
      const page = await channel.read(entries.at(-1)?.offset ?? after, 200);
      if (page.length === 0) return entries;
      entries.push(...page);
    }
  });
}

/** Counts how often a watcher is told, and lets a test wait for it. */
export class Told {
  count = 0;
  #waiting: (() => void)[] = [];

  readonly onChange = (): void => {
    this.count++;
    for (const resolve of this.#waiting.splice(0)) resolve();
  };

  /** The next time, under a deadline. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return within(promise, "a watcher is told");
  }
}
