/**
 * Gathers appends into batches: one under way at a time, repeated until its outcome is known or nobody waits for it
 * any more.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import {
  APPEND_MS_MAX,
  APPENDS_WAITING_CHARS_MAX,
  APPENDS_WAITING_MAX,
  BATCH_CHARS_MAX,
  BATCH_ENTRIES_MAX,
  BATCH_MS,
  BATCH_RETRY_MS,
} from "../limits.ts";
import {
  type Appended,
  type Draft,
  RateLimitedError,
  RefConflictError,
  type Toll,
  UnavailableError,
} from "./log.ts";
import type { Batch, Charged, RemoteOutcome } from "./remote_store.ts";
import type { LogTally } from "./tally.ts";

/** What a {@linkcode Batcher} works with. */
export interface BatcherOptions {
  /** Time. */
  readonly clock: Clock;
  /** Appends a batch, or a repeat of one; rejects where its outcome is not known. */
  readonly send: (batch: Batch, channels: ReadonlySet<string>) => Promise<readonly RemoteOutcome[]>;
  /** What happens is counted there. */
  readonly tally: LogTally;
  /** Is told what became of an entry, before its caller is. */
  readonly onOutcome: (entry: Charged, outcome: RemoteOutcome) => void;
  /** Is told that a batch is no longer under way; what became of it may not be known. */
  readonly onSettled: (channels: ReadonlySet<string>, isKnown: boolean) => void;
}

interface Pending extends Charged {
  readonly deadline: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
  isGivenUp: boolean;
}

interface UnderWay extends Batch {
  readonly entries: readonly Pending[];
  readonly channels: ReadonlySet<string>;
}

/** Appends, in the order in which they were asked for. */
export class Batcher {
  readonly #options: BatcherOptions;
  #queue: Pending[] = [];
  #chars = 0;
  #seq = 0;
  #underWay: UnderWay | undefined;
  #isRepeated = false;
  #settled = Promise.withResolvers<void>();
  #startedAt = -Infinity;
  #cancelStart: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;
  #wake = Promise.withResolvers<void>();
  #idle = Promise.withResolvers<void>();
  #isClosed = false;

  /**
   * Creates one with nothing to do.
   *
   * @param options What it works with.
   */
  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** The number of the batch that is under way, if one is. */
  get seq(): number | undefined {
    return this.#underWay?.seq;
  }

  /**
   * Whether entries of a channel are under way of which an answer was lost: they may be stored, and their callers
   * are to be told so first.
   *
   * @param channel The channel's name.
   */
  isInDoubt(channel: string): boolean {
    return this.#isRepeated && this.#underWay?.channels.has(channel) === true;
  }

  /** Resolves when the batch that is under way is no longer. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Resolves when nothing of what was appended so far is under way any more. */
  async settledSoFar(): Promise<void> {
    const last = this.#queue.at(-1) ?? this.#underWay?.entries.at(-1);
    while (last !== undefined && this.#holds(last)) await this.settled;
  }

  #holds(entry: Pending): boolean {
    return this.#queue.includes(entry) || this.#underWay?.entries.includes(entry) === true;
  }

  /**
   * Appends an entry.
   *
   * @param channel The channel's name.
   * @param draft The entry.
   * @param toll What it costs.
   * @throws {RefConflictError} See {@linkcode Log.append}.
   * @throws {RateLimitedError} If there is too much already.
   * @throws {UnavailableError} If it is not known what became of it, or too many wait.
   */
  append(channel: string, draft: Draft, toll: Toll | undefined): Promise<Appended> {
    const { clock } = this.#options;
    if (this.#isClosed) return Promise.reject(new UnavailableError("The log is closed"));
    if (
      this.#queue.length >= APPENDS_WAITING_MAX || this.#chars >= APPENDS_WAITING_CHARS_MAX
    ) return Promise.reject(new UnavailableError("Too many messages wait for the store"));
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const deadline = clock.now() + APPEND_MS_MAX;
    this.#queue.push({ channel, draft, toll, deadline, resolve, reject, isGivenUp: false });
    this.#chars += draft.body.length;
    this.#cancelSweep ??= clock.after(APPEND_MS_MAX, this.#sweep);
    this.#schedule();
    return promise;
  }

  /** The store is in reach again: what waits for that goes on. */
  wake(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Sends what has gathered, and waits for it; nothing is taken any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#queue.length > 0 || this.#underWay !== undefined) await this.#idle.promise;
    this.#cancelSweep?.();
    this.#cancelStart?.();
  }

  #schedule(): void {
    if (this.#underWay !== undefined || this.#queue.length === 0) return;
    const { clock } = this.#options;
    const isFull = this.#queue.length >= BATCH_ENTRIES_MAX || this.#isClosed;
    const waitMs = isFull ? 0 : this.#startedAt + BATCH_MS - clock.now();
    if (waitMs <= 0) {
      this.#cancelStart?.();
      this.#underWay = NOTHING;
      clock.soon(() => void this.#run());
    } else {this.#cancelStart ??= clock.after(waitMs, () => {
        this.#cancelStart = undefined;
        this.#schedule();
      });}
  }

  async #run(): Promise<void> {
    this.#cancelStart = undefined;
    const entries = this.#take();
    const channels = new Set(entries.map(({ channel }) => channel));
    const batch = { seq: ++this.#seq, entries, channels };
    this.#underWay = batch;
    this.#startedAt = this.#options.clock.now();
    const outcomes = await this.#outcomes(batch);
    this.#underWay = undefined;
    this.#isRepeated = false;
    if (outcomes !== undefined) {
      const { clock, tally } = this.#options;
      tally.appendSeconds.observe((clock.now() - this.#startedAt) / 1000);
      for (const [index, outcome] of outcomes.entries()) this.#settle(entries[index]!, outcome);
    }
    this.#options.onSettled(channels, outcomes !== undefined);
    this.#settled.resolve();
    this.#settled = Promise.withResolvers();
    this.#schedule();
    this.#rest();
  }

  /** Tells who waits for it that there is nothing to do any more. */
  #rest(): void {
    if (this.#underWay !== undefined || this.#queue.length > 0) return;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  /** Entries from the front of the queue; those with one toll stay together. */
  #take(): Pending[] {
    let count = 0, chars = 0;
    for (const { draft, toll } of this.#queue) {
      const goesWith = toll !== undefined && toll === this.#queue[count - 1]?.toll;
      const isFull = count >= BATCH_ENTRIES_MAX || chars + draft.body.length > BATCH_CHARS_MAX;
      if (count > 0 && isFull && !goesWith) break;
      chars += draft.body.length;
      count++;
    }
    this.#chars -= chars;
    return this.#queue.splice(0, count);
  }

  async #outcomes(batch: UnderWay): Promise<readonly RemoteOutcome[] | undefined> {
    const { clock, send } = this.#options;
    // Not once nobody waits: what is said again later must not come after what was said meanwhile.
    while (batch.entries.some(({ isGivenUp }) => !isGivenUp)) {
      const { promise } = this.#wake;
      try {
        return await send(batch, batch.channels);
      } catch {
        this.#isRepeated = true;
        const { promise: late, resolve } = Promise.withResolvers<void>();
        const cancel = clock.after(BATCH_RETRY_MS, resolve);
        await Promise.race([promise, late]);
        cancel();
      }
    }
    return undefined;
  }

  #settle(entry: Pending, outcome: RemoteOutcome): void {
    const { onOutcome, tally } = this.#options;
    onOutcome(entry, outcome);
    if (outcome.type !== "limited") tally.appends[outcome.type]++;
    const { draft: { id, at }, resolve, reject } = entry;
    switch (outcome.type) {
      case "stored":
        return resolve({ offset: outcome.offset, id, at, duplicate: false });
      case "duplicate": {
        const { offset, id, at } = outcome;
        return resolve({ offset, id, at, duplicate: true });
      }
      case "conflict":
        return reject(new RefConflictError("The ref stands for something else"));
      case "limited":
        return reject(new RateLimitedError(outcome.retryAfterMs));
    }
  }

  /** Whoever has waited long enough is told that the outcome is not known. */
  readonly #sweep = (): void => {
    const { clock, tally } = this.#options;
    const now = clock.now();
    const waiting = [...this.#underWay?.entries ?? [], ...this.#queue];
    for (const entry of waiting) {
      if (entry.deadline > now || entry.isGivenUp) continue;
      entry.isGivenUp = true;
      tally.appends.failed++;
      entry.reject(new UnavailableError("The store is out of reach"));
    }
    this.#queue = this.#queue.filter((entry) => {
      if (entry.isGivenUp) this.#chars -= entry.draft.body.length;
      return !entry.isGivenUp;
    });
    const next = waiting.find(({ isGivenUp }) => !isGivenUp);
    this.#cancelSweep = next && clock.after(next.deadline - now, this.#sweep);
    this.#rest();
  };
}

/** Stands for a batch that is about to be made. */
const NOTHING: UnderWay = { seq: 0, entries: [], channels: new Set() };
