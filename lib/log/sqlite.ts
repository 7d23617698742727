/**
 * The local log's store: SQLite.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { DAY_MS } from "../clock.ts";
import {
  AUTHORS_KNOWN_MAX,
  EPOCHS_MAX,
  REF_KNOWN_MS_MIN,
  RETENTION_STEP_ENTRIES,
} from "../limits.ts";
import type { Entry, ListedChannel, MessageQuery } from "./log.ts";
import { findMessages, listChannels } from "./lookup.ts";
import { closeQuietly, isPassing, openDatabase, refusal } from "./schema.ts";
import {
  Additions,
  type ChannelRow,
  createEntry,
  entryOf,
  type EntryRow,
  prepare,
  type RefRow,
  repeatOf,
  type Statements,
} from "./rows.ts";
import type {
  Addressed,
  EpochStart,
  Expiry,
  Found,
  Outcome,
  Progress,
  Store,
  StoredChannel,
  StoreOptions,
} from "./store.ts";

/** What one append knows while it runs. */
interface Batch {
  readonly channels: Map<string, ChannelRow>;
  /** By id, what was not stored for its `ref`: nor are the other copies of it. */
  readonly repeats: Map<string, Outcome>;
}

/**
 * Opens the store.
 *
 * @param options What to open.
 * @param known How far this process has come with it before.
 * @returns The store, in a new epoch where it does not hold what is known.
 * @throws {StoreError} If it cannot be opened.
 */
export function openSqliteStore(options: StoreOptions, known?: Progress): Store {
  const db = openDatabase(options);
  try {
    return new SqliteStore(db, options, known);
  } catch (error) {
    closeQuietly(db);
    throw refusal(options.database, error);
  }
}

class SqliteStore implements Store {
  readonly epoch: string;
  readonly #db: DatabaseSync;
  readonly #options: StoreOptions;
  readonly #run: Statements;
  readonly #ordinals: ReadonlyMap<string, number>;
  readonly #ordinal: number;
  /** The numbers of authors who have written lately. */
  readonly #authors = new Map<string, number>();
  readonly #additions: Additions;
  #commits: number;
  #isSound = true;

  constructor(db: DatabaseSync, options: StoreOptions, known: Progress | undefined) {
    this.#db = db;
    this.#options = options;
    this.#run = prepare(db);
    this.#additions = new Additions(this.#run);
    const last = db.prepare("SELECT * FROM epochs ORDER BY ordinal DESC LIMIT 1").get() as
      | { readonly ordinal: number; readonly id: string; readonly commits: number }
      | undefined;
    const goesOn = last !== undefined && last.id === known?.epoch && last.commits >= known.commits;
    this.epoch = goesOn ? last.id : options.randomId();
    this.#ordinal = goesOn ? last.ordinal : (last?.ordinal ?? 0) + 1;
    this.#commits = goesOn ? last.commits : 0;
    this.#transaction(() => this.#begin(goesOn));
    const epochs = db.prepare("SELECT id, ordinal FROM epochs").all();
    this.#ordinals = new Map(epochs.map((row) => [String(row["id"]), Number(row["ordinal"])]));
  }

  get commits(): number {
    return this.#commits;
  }

  get isSound(): boolean {
    return this.#isSound;
  }

  ordinal(epoch: string): number | undefined {
    return this.#ordinals.get(epoch);
  }

  channel(name: string): StoredChannel {
    const row = this.#findChannel(name);
    if (row === undefined) return { head: 0, first: 1, starts: [] };
    const starts = this.#run.findStarts.all(row.id) as unknown as EpochStart[];
    return { head: row.head, first: row.first, starts };
  }

  append(drafts: readonly Addressed[]): readonly Outcome[] {
    const outcomes = this.#transaction(() => {
      const batch: Batch = { channels: new Map(), repeats: new Map() };
      const outcomes = drafts.map((addressed) => this.#appendOne(batch, addressed));
      this.#additions.finish();
      for (const { head, first, epoch, id, isChanged } of batch.channels.values()) {
        if (isChanged) this.#run.growChannel.run(head, first, epoch, id);
      }
      this.#run.count.run(this.#commits + 1, this.#ordinal);
      return outcomes;
    });
    this.#commits++;
    return outcomes;
  }

  read(name: string, after: number, limit: number, bytesMax: number): readonly Entry[] {
    const channel = this.#findChannel(name);
    if (channel === undefined) return [];
    const from = Math.max(after, channel.first - 1);
    const wanted = Math.max(0, Math.min(limit, channel.head - from));
    const sizes = this.#run.pageSizes.all(channel.id, from, wanted) as unknown as {
      bytes: number;
    }[];
    let bytes = 0;
    const end = sizes.findIndex((row, index) => (bytes += row.bytes) > bytesMax && index > 0);
    const count = end < 0 ? wanted : end;
    const rows = this.#run.page.all(channel.id, from, count) as unknown as EntryRow[];
    if (rows.length !== count || (rows.at(-1)?.offset ?? from) !== from + count) {
      throw new Error(`Entries are missing after ${from} in channel ${channel.id}`);
    }
    return rows.map(entryOf);
  }

  find(query: MessageQuery, limit: number): Found {
    return findMessages(this.#run, query, limit);
  }

  channels(after: string, limit: number, except: string): readonly ListedChannel[] {
    const listed = listChannels(this.#run, after, limit, except);
    return listed.map((channel) => ({ ...channel, epoch: this.epoch }));
  }

  expire(): Expiry {
    const now = this.#options.now();
    const known = now - REF_KNOWN_MS_MIN;
    const retained = Math.min(known, now - this.#options.historyDays * DAY_MS);
    const found = this.#run.findAged.get(retained) ?? this.#run.findShadows.get(known);
    if (found === undefined) return { found: false, moved: undefined };
    const channel = { ...found, isChanged: true } as unknown as ChannelRow & { name: string };
    const first = channel.first;
    this.#transaction(() => this.#expireSome(channel, known, retained));
    const moved = channel.first > first
      ? { channel: channel.name, first: channel.first }
      : undefined;
    return { found: true, moved };
  }

  wipe(): void {
    this.#run.wipe.get();
  }

  close(): void {
    this.#isSound = false;
    this.#db.close();
  }

  #begin(goesOn: boolean): void {
    const { historyMessagesMax, now } = this.#options;
    // The setting may have become smaller.
    this.#db.prepare("UPDATE channels SET first = head - ?1 + 1 WHERE first < head - ?1 + 1")
      .run(historyMessagesMax);
    if (goesOn) return;
    this.#db.prepare("INSERT INTO epochs (ordinal, id, opened, commits) VALUES (?, ?, ?, 0)")
      .run(this.#ordinal, this.epoch, now());
    this.#db.prepare("DELETE FROM epochs WHERE ordinal <= ?").run(this.#ordinal - EPOCHS_MAX);
  }

  #appendOne({ channels, repeats }: Batch, { channel: name, draft }: Addressed): Outcome {
    const repeated = repeats.get(draft.id);
    if (repeated !== undefined) return repeated;
    const channel = this.#channelOf(channels, name);
    const author = this.#authorOf(draft.author);
    const offset = channel.head + 1;
    if (!this.#additions.add(channel.id, author, offset, draft)) {
      const row = this.#run.findRef.get(author, channel.id, draft.ref!) as unknown as RefRow;
      const outcome = repeatOf(draft, row);
      repeats.set(draft.id, outcome);
      return outcome;
    }
    const { kind, at, target } = draft;
    this.#advance(channel, at);
    if (kind === "deletion" && target !== undefined) {
      this.#additions.finish();
      this.#run.eraseBody.run(channel.id, target);
    }
    return { type: "stored", entry: createEntry(offset, draft), first: channel.first };
  }

  #advance(channel: ChannelRow, at: number): void {
    channel.isChanged = true;
    channel.head++;
    channel.first = Math.max(channel.first, channel.head - this.#options.historyMessagesMax + 1);
    if (channel.oldest === null) this.#run.beginChannel.run(channel.oldest = at, channel.id);
    if (channel.epoch === this.#ordinal) return;
    channel.epoch = this.#ordinal;
    this.#run.addStart.run(channel.id, this.#ordinal, channel.head);
  }

  #expireSome(channel: ChannelRow, known: number, retained: number): void {
    const rows = this.#run.oldestRows.all(
      channel.id,
      channel.stored,
      RETENTION_STEP_ENTRIES + 1,
    ) as unknown as { readonly offset: number; readonly at: number; readonly author: number }[];
    let kept = rows.findIndex(({ offset, at }) =>
      at >= retained && (at >= known || offset >= channel.first)
    );
    if (kept < 0) kept = rows.length;
    kept = Math.min(kept, RETENTION_STEP_ENTRIES);
    const next = rows[kept];
    channel.stored = next?.offset ?? channel.head + 1;
    channel.oldest = next?.at ?? null;
    channel.first = Math.max(channel.first, channel.stored);
    this.#run.dropEntries.run(channel.id, channel.stored);
    this.#run.dropStarts.run(channel.id, channel.first);
    for (const author of new Set(rows.slice(0, kept).map((row) => row.author))) {
      this.#run.dropAuthor.run(author);
    }
    this.#authors.clear();
    const { first, stored, oldest, id } = channel;
    this.#run.shrinkChannel.run(first, stored, oldest, id);
  }

  #findChannel(name: string): ChannelRow | undefined {
    const row = this.#run.findChannel.get(name);
    return row === undefined ? undefined : { ...row, isChanged: false } as unknown as ChannelRow;
  }

  #channelOf(channels: Batch["channels"], name: string): ChannelRow {
    let channel = channels.get(name) ?? this.#findChannel(name);
    if (channel === undefined) {
      const id = Number(this.#run.addChannel.get(name)!["id"]);
      channel = { id, head: 0, first: 1, stored: 1, oldest: null, epoch: 0, isChanged: true };
    }
    channels.set(name, channel);
    return channel;
  }

  #authorOf(name: string): number {
    let author = this.#authors.get(name);
    if (author === undefined) {
      const row = this.#run.findAuthor.get(name) ?? this.#run.addAuthor.get(name)!;
      author = Number(row["id"]);
      if (this.#authors.size >= AUTHORS_KNOWN_MAX) this.#authors.clear();
      this.#authors.set(name, author);
    }
    return author;
  }

  #transaction<T>(work: () => T): T {
    try {
      this.#run.begin.run();
      const result = work();
      this.#run.commit.run();
      return result;
    } catch (error) {
      this.#additions.forget();
      this.#authors.clear(); // some of them may have come in just now
      const isRolledBack = this.#rollBack();
      this.#isSound = isRolledBack && isPassing(error);
      throw error;
    }
  }

  #rollBack(): boolean {
    try {
      // A full disk may have ended the transaction already.
      if (this.#db.isTransaction) this.#run.rollback.run();
      return true;
    } catch {
      return false;
    }
  }
}
