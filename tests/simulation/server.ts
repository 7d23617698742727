/**
 * One life of the server: the real chat over the real log, and a store that fails.
 *
 * @module
 */

import { Chat } from "../../lib/chat/chat.ts";
import type { Clock } from "../../lib/clock.ts";
import { LocalDirectory, type LocalDirectoryOptions } from "../../lib/directory/local.ts";
import { type LocalLog, type LocalLogEvent, openLocalLog } from "../../lib/log/local.ts";
import type { Log } from "../../lib/log/log.ts";
import { openSqliteStore } from "../../lib/log/sqlite.ts";
import { type OpenStore, type Store, StoreError } from "../../lib/log/store.ts";
import type { Connection } from "../../lib/transport/connection.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { Disk } from "./disk.ts";
import type { Random } from "./random.ts";
import { type Faults, SimulatedStore } from "./store.ts";
import type { Trace } from "./trace.ts";
import type { Truth } from "./truth.ts";

/** Microtasks after which everything that was resolved has been heard. */
const MICROTASKS = 60;

/** The settings of a run. */
export interface Settings {
  readonly bodyBytesMax: number;
  readonly messagesPerSecond: number;
  readonly messagesBurst: number;
  readonly sendBufferBytesMax: number;
  readonly stallSeconds: number;
  readonly historyOnJoin: number;
  readonly historyMessagesMax: number;
  readonly nameHoldSeconds: number;
}

/** What is broken on purpose, to see that it is found. */
export interface Sabotage {
  /** Puts something around the log. */
  readonly log?: (log: Log, clock: Clock) => Log;
  /** Puts something around the store. */
  readonly store?: (store: Store) => Store;
  /** Puts something around a connection. */
  readonly connection?: (connection: Connection) => Connection;
  /** Makes another directory. */
  readonly directory?: (options: LocalDirectoryOptions) => LocalDirectory;
}

/** What outlives a server. */
export interface Surroundings {
  readonly settings: Settings;
  readonly sabotage: Sabotage;
  readonly truth: Truth;
  readonly trace: Trace;
  readonly disk: Disk;
  readonly random: Random;
  /** Puts an older copy in the store's place. */
  readonly restoreCopy: () => void;
  /** Is told that the process has died. */
  readonly onDeath: () => void;
}

/** A process. */
export class Server {
  readonly clock = new FakeClock();
  readonly chat: Chat;
  readonly directory: LocalDirectory;
  readonly faults: Faults;
  /** Whether an older copy takes the store's place when that is opened anew. */
  rollsBack = false;
  isAlive = true;
  readonly #surroundings: Surroundings;
  readonly #log: LocalLog;
  #store: SimulatedStore | undefined;

  /**
   * Starts.
   *
   * @param surroundings What outlives it.
   * @param wallNow The time, in milliseconds since 1970.
   */
  constructor(surroundings: Surroundings, wallNow: number) {
    this.#surroundings = surroundings;
    const { settings, sabotage, random } = surroundings;
    const { clock } = this;
    clock.wallBeginning = wallNow;
    this.faults = { isOut: false, fate: undefined, staysSound: true, die: () => this.die() };
    this.#log = openLocalLog({
      ...settings,
      database: surroundings.disk.database,
      durability: "process",
      historyDays: 1,
      clock,
      randomId: () => random.id(),
      report: (event) => this.#report(event),
      openStore: (options, known) => this.#open(options, known),
    });
    const log = sabotage.log?.(this.#log, clock) ?? this.#log;
    const randomId = () => random.id();
    const { nameHoldSeconds } = settings;
    const directoryOptions = {
      log,
      clock,
      randomId,
      nameHoldSeconds,
      claimsPerMinute: 0,
      historyDays: 1,
    };
    this.directory = sabotage.directory?.(directoryOptions) ?? new LocalDirectory(directoryOptions);
    this.chat = new Chat({
      ...settings,
      roomsPerConnectionMax: 4,
      roomsMax: 1000,
      claimsPerMinute: 0,
      sendBuffersTotalBytesMax: 1e9,
      historyDays: 1,
      pingSeconds: 25,
      log,
      directory: this.directory,
      authenticator: { authenticate: () => Promise.resolve({ unauthorized: "no tokens here" }) },
      clock,
      randomId,
      onError: (error) => this.#fail("nothing fails inside", String(error)),
    });
  }

  /** Channels that the log holds in memory. */
  get watchedChannels(): number {
    return this.#log.stats.channels;
  }

  /** Whether the log can be written to, as far as it knows. */
  get isAvailable(): boolean {
    return this.#log.isAvailable;
  }

  /** Everything that was resolved is heard. */
  async settle(): Promise<void> {
    for (let i = 0; i < MICROTASKS; i++) await undefined;
  }

  /** One turn of the event loop. */
  async turn(): Promise<void> {
    this.#surroundings.truth.turn++;
    await this.clock.turn();
    await this.settle();
    if (this.isAlive && this.isAvailable) this.#surroundings.truth.cleared();
  }

  /**
   * Lets time pass.
   *
   * @param ms Milliseconds.
   */
  async advance(ms: number): Promise<void> {
    this.#surroundings.truth.turn++;
    await this.clock.advance(ms);
    await this.turn();
  }

  /**
   * Lets time pass up to the next alarm, which rings before anything else happens.
   *
   * @param ms Milliseconds at most.
   */
  async ring(ms: number): Promise<void> {
    await this.clock.ring(ms);
    await this.settle();
  }

  /** The process dies where it stands. */
  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.faults.isOut = true;
    const { disk, onDeath } = this.#surroundings;
    disk.crash();
    onDeath();
    try {
      this.#store?.close();
    } catch {
      // The log has closed it before.
    }
  }

  /** The process ends in order; its sockets have been closed. */
  async stop(): Promise<void> {
    const closed = this.#log.close();
    await this.clock.settle();
    await closed;
    this.isAlive = false;
    this.faults.isOut = true;
  }

  /** Compares what is stored with what was committed. */
  compare(): void {
    this.#store?.compare();
  }

  #open(...[options, known]: Parameters<OpenStore>): Store {
    const { truth, trace, sabotage, restoreCopy } = this.#surroundings;
    if (this.faults.isOut) throw new StoreError("The disk is out of reach");
    if (this.rollsBack && known !== undefined) {
      restoreCopy();
      this.rollsBack = false;
    }
    const store = openSqliteStore(options, known);
    trace.watch(() => truth.opened(store));
    this.#store = new SimulatedStore(store, { truth, trace, faults: this.faults });
    return sabotage.store?.(this.#store) ?? this.#store;
  }

  #report(event: LocalLogEvent): void {
    if (event.type === "watcher_threw") this.#fail("no watcher throws", String(event.error));
    if (this.isAlive) this.#surroundings.trace.add(`log ${event.type}`);
  }

  #fail(invariant: string, detail: string): void {
    const { trace } = this.#surroundings;
    if (this.isAlive) trace.watch(() => trace.fail(invariant, detail));
  }
}
