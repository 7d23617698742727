/**
 * A reader of a channel of the log, as the chat's flush is one: a cursor that moves to the head.
 *
 * @module
 */

import type { Channel, Entry } from "../../lib/log/log.ts";
import type { Trace } from "./trace.ts";

/** What is stored in the end. */
export interface Rest {
  readonly head: number;
  readonly first: number;
  readonly entries: readonly Entry[];
  /** Whether something may have been lost. */
  readonly mayLose: boolean;
}

/** A position that was held once, and what stood there. */
interface Held {
  readonly epoch: string;
  readonly offset: number;
  readonly id: string;
}

/** A cursor. */
export class LogReader {
  /** The channel's name. */
  readonly room: string;
  readonly #trace: Trace;
  readonly #onEntry: (epoch: string, entry: Entry, isNew: boolean) => void;
  readonly #held: Held[] = [];
  #seen = new Map<number, Entry>();
  #channel: Channel | undefined;
  #epoch = "";
  #offset = 0;
  #isReading = false;
  #openedAt = 0;

  /**
   * @param room The channel's name.
   * @param trace Where violations go.
   * @param onEntry Is given each entry, and whether it has come since the channel was opened.
   */
  constructor(
    room: string,
    trace: Trace,
    onEntry: (epoch: string, entry: Entry, isNew: boolean) => void,
  ) {
    this.room = room;
    this.#trace = trace;
    this.#onEntry = onEntry;
  }

  /** The channel is open. */
  opened(channel: Channel): void {
    this.#channel = channel;
    this.#epoch = channel.epoch;
    this.#offset = channel.first - 1;
    this.#openedAt = channel.head;
    this.changed();
  }

  /** It has changed. */
  changed(): void {
    const channel = this.#channel;
    if (channel === undefined) return;
    if (channel.epoch !== this.#epoch) {
      if (!channel.canResume(this.#epoch, this.#offset)) {
        this.#trace.count("began anew");
        this.#offset = channel.first - 1;
        this.#seen.clear();
      } else this.#trace.count("went on in another epoch");
      this.#epoch = channel.epoch;
    }
    while (this.#offset < channel.head && !this.#isReading) {
      if (this.#offset < channel.first - 1) this.#skip(channel.first - 1);
      const entries = channel.recent(this.#offset, 50);
      if (entries === undefined) return void this.#read(channel);
      this.#take(entries);
    }
  }

  /** Reads a page from somewhere before the cursor: into the same memory. */
  look(back: number): void {
    this.#channel?.read(Math.max(0, this.#offset - back), 10).then((entries) => {
      for (const entry of entries) this.#compare(entry);
    }, () => {});
  }

  async #read(channel: Channel): Promise<void> {
    this.#isReading = true;
    const { epoch } = channel;
    try {
      const entries = await channel.read(this.#offset, 50);
      if (channel.epoch === epoch && epoch === this.#epoch) {
        if (entries[0]?.offset === this.#offset + 1) this.#take(entries);
        else this.#trace.count("pages too late");
      }
      this.#isReading = false;
      this.changed();
    } catch {
      this.#isReading = false; // The next change tries again.
    }
  }

  #take(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.offset !== this.#offset + 1) {
        const detail = `${this.room} ${entry.offset} after ${this.#offset}`;
        return this.#trace.watch(() => this.#trace.fail("entries come in order", detail));
      }
      this.#offset = entry.offset;
      this.#seen.set(entry.offset, entry);
      this.#held.push({ epoch: this.#epoch, offset: entry.offset, id: entry.id });
      this.#trace.watch(() => this.#onEntry(this.#epoch, entry, entry.offset > this.#openedAt));
    }
  }

  #skip(to: number): void {
    this.#trace.count("gaps");
    this.#offset = to;
  }

  #compare({ offset, id }: Entry): void {
    const seen = this.#seen.get(offset);
    if (seen === undefined || this.#channel?.epoch !== this.#epoch || seen.id === id) return;
    const detail = `${this.room} ${offset}: ${seen.id}, then ${id}`;
    this.#trace.watch(() => this.#trace.fail("a page is what was read before", detail));
  }

  /** Everything has come to rest: it has what is stored, and positions mean what they meant. */
  atRest({ head, first, entries, mayLose }: Rest): void {
    const channel = this.#channel!;
    if (this.#offset !== head || channel.head !== head || channel.first !== first) {
      const is = `${this.#offset} of ${channel.first}–${channel.head}`;
      this.#trace.fail("readers reach the head", `${this.room}: ${is}, not ${first}–${head}`);
    }
    const stored = new Map(entries.map((entry) => [entry.offset, entry]));
    for (const entry of channel.recent(head - 20, 50) ?? []) {
      const { id, body } = stored.get(entry.offset)!;
      if (id !== entry.id || body !== entry.body) {
        this.#trace.fail("memory and store hold the same", `${this.room} ${entry.offset}`);
      }
    }
    for (const [offset, { id }] of this.#seen) {
      if (offset < first || stored.get(offset)?.id === id) continue;
      this.#trace.fail("readers have what is stored", `${this.room} ${offset}: ${id}`);
    }
    for (const { epoch, offset, id } of this.#held) {
      if (offset < first) continue;
      const isSame = stored.get(offset)?.id === id;
      const resumes = channel.canResume(epoch, offset);
      if (resumes && !isSame) {
        this.#trace.fail("recovered only where nothing is lost", `${this.room} ${epoch}:${offset}`);
      }
      if (!resumes && !mayLose) {
        this.#trace.fail("recovered wherever nothing is lost", `${this.room} ${epoch}:${offset}`);
      }
    }
  }
}
