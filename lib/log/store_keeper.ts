/**
 * Keeps a store at work: tries one that failed again, opens it anew where it must be, and takes its
 * steps of retention.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import {
  RETENTION_MS,
  RETENTION_STEP_MS,
  STORE_RETRY_MS_MAX,
  STORE_RETRY_MS_MIN,
  WIPE_MS,
} from "../limits.ts";
import { UnavailableError } from "./log.ts";
import type { Addressed, OpenStore, Outcome, Store, StoreOptions } from "./store.ts";
import type { LogTally } from "./tally.ts";

/** What a keeper is made of. */
export interface StoreKeeperOptions {
  /** What is opened. */
  readonly store: StoreOptions;
  /** Opens it. */
  readonly openStore: OpenStore;
  /** Time. */
  readonly clock: Clock;
  /** What happens is counted there. */
  readonly tally: LogTally;
  /** Is called at the first failure. */
  readonly onFailed: (error: unknown) => void;
  /** Is called when the store has been opened anew: it may hold more than is known of it, or, in a new
   * epoch, less. */
  readonly onReopened: (isNewEpoch: boolean) => void;
  /** Is called when something could be written again. */
  readonly onRecovered: () => void;
  /** Is called when retention has moved the beginning of a channel. */
  readonly onMoved: (channel: string, first: number) => void;
}

/** Keeps a store at work until it is closed. */
export class StoreKeeper {
  readonly #options: StoreKeeperOptions;
  readonly #timers = new Map<string, () => void>();
  #store: Store;
  #isOpen = true;
  #isAvailable = true;
  #retryMs = STORE_RETRY_MS_MIN;

  /**
   * Opens the store.
   *
   * @param options What to keep.
   * @throws {StoreError} If it cannot be opened at first.
   */
  constructor(options: StoreKeeperOptions) {
    this.#options = options;
    this.#store = options.openStore(options.store);
    this.#schedule("retention", RETENTION_MS, this.#expire);
    // What was deleted just before a process was killed still stands in its files.
    this.#schedule("wipe", WIPE_MS, this.#wipe);
  }

  /** The store; where it had to be closed, the one of before, which still knows its epochs. */
  get store(): Store {
    return this.#store;
  }

  /** False from a failure until something has been written again. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /**
   * Appends entries; see {@linkcode Store.append}.
   *
   * @param drafts What to append.
   * @throws {UnavailableError} If the store is out of reach.
   */
  append(drafts: readonly Addressed[]): readonly Outcome[] {
    const { clock, tally } = this.#options;
    const began = clock.now();
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.use((store) => store.append(drafts));
    } catch (error) {
      tally.appends.failed += drafts.length;
      throw error;
    }
    tally.appendSeconds.observe((clock.now() - began) / 1000);
    for (const { type } of outcomes) tally.appends[type]++;
    this.#recovered();
    const deletes = ({ draft }: Addressed) => draft.kind === "deletion";
    if (drafts.some(deletes)) this.#schedule("wipe", WIPE_MS, this.#wipe);
    return outcomes;
  }

  /**
   * Does something with the store.
   *
   * @param work What to do.
   * @throws {UnavailableError} If the store is out of reach.
   */
  use<T>(work: (store: Store) => T): T {
    if (!this.#isOpen) throw new UnavailableError("The store is closed");
    try {
      return work(this.#store);
    } catch (error) {
      this.#failed(error);
      throw new UnavailableError("The store is out of reach", { cause: error });
    }
  }

  /** Closes the store for good. */
  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#giveUp();
  }

  #failed(error: unknown): void {
    if (!this.#store.isSound) this.#giveUp();
    this.#schedule("retry", this.#retryMs, this.#retry);
    if (!this.#isAvailable) return;
    this.#isAvailable = false;
    this.#options.tally.failures++;
    this.#options.onFailed(error);
  }

  #recovered(): void {
    if (this.#isAvailable) return;
    this.#isAvailable = true;
    this.#retryMs = STORE_RETRY_MS_MIN;
    this.#timers.get("retry")?.();
    this.#timers.delete("retry");
    this.#options.onRecovered();
  }

  #giveUp(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#store.close();
    } catch {
      // What was committed is in its files; nothing else is lost.
    }
  }

  #reopen(): void {
    const { epoch, commits } = this.#store;
    this.#store = this.#options.openStore(this.#options.store, { epoch, commits });
    this.#isOpen = true;
    this.#options.onReopened(this.#store.epoch !== epoch);
  }

  readonly #retry = (): void => {
    this.#retryMs = Math.min(this.#retryMs * 2, STORE_RETRY_MS_MAX);
    try {
      if (!this.#isOpen) this.#reopen();
      // On a disk that is almost full, this gives back what is written ahead.
      this.#store.wipe();
      this.#store.append([]);
    } catch (error) {
      return this.#failed(error);
    }
    this.#recovered();
  };

  readonly #expire = (): void => {
    let waitMs = RETENTION_MS;
    try {
      const { found, moved } = this.use((store) => store.expire());
      if (moved !== undefined) this.#options.onMoved(moved.channel, moved.first);
      if (found) {
        waitMs = RETENTION_STEP_MS;
        this.#schedule("wipe", WIPE_MS, this.#wipe);
      }
    } catch {
      // The retry is under way; retention goes on after it.
    }
    this.#schedule("retention", waitMs, this.#expire);
  };

  readonly #wipe = (): void => {
    try {
      this.use((store) => store.wipe());
    } catch {
      this.#schedule("wipe", WIPE_MS, this.#wipe);
    }
  };

  /** Starts a timer, unless it is running. */
  #schedule(name: string, ms: number, run: () => void): void {
    if (this.#timers.has(name)) return;
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(name);
      run();
    });
    this.#timers.set(name, cancel);
  }
}
