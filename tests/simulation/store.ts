/**
 * The store with its failures: SQLite's, out of reach at times, and a death at the worst moment.
 *
 * @module
 */

import type { Entry, ListedChannel, MessageQuery } from "../../lib/log/log.ts";
import type {
  Addressed,
  Expiry,
  Found,
  Outcome,
  Store,
  StoredChannel,
} from "../../lib/log/store.ts";
import type { Trace } from "./trace.ts";
import type { Truth } from "./truth.ts";

/** What becomes of a commit. */
export type Fate =
  /** It fails. */
  | "fails"
  /** It succeeds, and is reported as a failure. */
  | "fails after"
  /** The process dies instead. */
  | "dies before"
  /** It succeeds, and nobody is told: the process dies. */
  | "dies after";

/** What goes wrong with a store; the simulation decides. */
export interface Faults {
  /** Everything fails. */
  isOut: boolean;
  /** What becomes of the next commit that holds something. */
  fate: Fate | undefined;
  /** Whether a store that fails can go on, or must be opened anew. */
  staysSound: boolean;
  /** Ends the process. */
  readonly die: () => void;
}

/** What a {@linkcode SimulatedStore} works with. */
export interface SimulatedStoreOptions {
  /** Told of every commit. */
  readonly truth: Truth;
  /** Where violations go. */
  readonly trace: Trace;
  /** What goes wrong. */
  readonly faults: Faults;
}

/** A store that fails when it is told to, and writes down the truth. */
export class SimulatedStore implements Store {
  readonly #store: Store;
  readonly #truth: Truth;
  readonly #trace: Trace;
  readonly #faults: Faults;
  #isSound = true;

  /**
   * @param store The real one.
   * @param options The truth, and what goes wrong.
   */
  constructor(store: Store, { truth, trace, faults }: SimulatedStoreOptions) {
    this.#store = store;
    this.#truth = truth;
    this.#trace = trace;
    this.#faults = faults;
  }

  get epoch(): string {
    return this.#store.epoch;
  }

  get commits(): number {
    return this.#store.commits;
  }

  get isSound(): boolean {
    return this.#isSound && this.#store.isSound;
  }

  ordinal(epoch: string): number | undefined {
    return this.#store.ordinal(epoch);
  }

  channel(name: string): StoredChannel {
    this.#reach();
    return this.#store.channel(name);
  }

  append(drafts: readonly Addressed[]): readonly Outcome[] {
    this.#reach();
    const fate = drafts.length === 0 ? undefined : this.#faults.fate;
    if (fate !== undefined) this.#faults.fate = undefined;
    if (fate === "dies before") this.#faults.die();
    if (fate === "fails" || fate === "dies before") this.#fail();
    const outcomes = this.#store.append(drafts);
    const isKnown = fate !== "fails after";
    this.#trace.watch(() => this.#truth.committed(drafts, outcomes, isKnown));
    if (fate === "dies after") this.#faults.die();
    if (fate !== undefined) this.#fail();
    return outcomes;
  }

  read(channel: string, after: number, limit: number, charsMax: number): readonly Entry[] {
    this.#reach();
    return this.#store.read(channel, after, limit, charsMax);
  }

  find(query: MessageQuery, limit: number): Found {
    this.#reach();
    return this.#store.find(query, limit);
  }

  channels(after: string, limit: number, except: string): readonly ListedChannel[] {
    this.#reach();
    return this.#store.channels(after, limit, except);
  }

  expire(): Expiry {
    this.#reach();
    const expiry = this.#store.expire();
    this.#truth.expired(expiry);
    return expiry;
  }

  wipe(): void {
    this.#reach();
    this.#store.wipe();
  }

  close(): void {
    this.#store.close();
  }

  /** Compares what is stored with what was committed. */
  compare(): void {
    this.#truth.compare(this.#store);
  }

  #reach(): void {
    if (this.#faults.isOut) this.#fail();
  }

  #fail(): never {
    this.#isSound = this.#faults.staysSound;
    throw new Error("The disk is out of reach");
  }
}
