/**
 * The log of several processes, over a model of Redis on which everything goes wrong that can: from one seed.
 *
 * @module
 */

import type { Channel, Entry } from "../../lib/log/log.ts";
import { SharedLog } from "../../lib/log/shared.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { LogReader } from "./log_reader.ts";
import { LogWriters, type Writable } from "./log_writers.ts";
import { emptyData, type ModelData, ModelRedis } from "./model_redis.ts";
import { ModelStore } from "./model_store.ts";
import type { Random } from "./random.ts";
import { Trace } from "./trace.ts";

/** Microtasks after which everything that was resolved has been heard. */
const MICROTASKS = 80;

const ROOMS = ["a", "b"] as const;

const INSTANCES = 3;

/** One life of a process. */
interface Instance extends Writable {
  readonly store: ModelStore;
  readonly readers: LogReader[];
  isAlive: boolean;
}

/** Everything there is in a run. */
export class LogSimulation {
  readonly trace = new Trace();
  readonly clock = new FakeClock();
  readonly redis: ModelRedis;
  readonly #random: Random;
  readonly #mayLose: boolean;
  readonly #historyMax: number;
  readonly #instances: Instance[] = [];
  readonly #writers: LogWriters;
  /** What has been stored at a place of an epoch, by all that was published. */
  readonly #history = new Map<string, string>();
  #copy: ModelData = emptyData();
  #slow = 0;
  #lossy = 0;
  #ids = 0;

  /**
   * @param random Chance.
   * @param mayLose Whether Redis may lose what it has stored.
   */
  constructor(random: Random, mayLose: boolean) {
    this.#random = random;
    this.#mayLose = mayLose;
    this.#historyMax = random.pick([5, 30, 100_000]);
    const { clock, trace } = this;
    this.#writers = new LogWriters({
      random,
      clock,
      trace,
      rooms: ROOMS,
      alive: () => this.#alive(),
    });
    this.redis = new ModelRedis(() => this.clock.wallNow(), (channel, publication) => {
      this.#remember(channel, publication.epoch, publication.entries);
      for (const { store } of this.#instances) store.publish(channel, publication);
    });
  }

  /** Runs so many steps, and then lets everything come to rest, and compares. */
  async run(steps: number): Promise<void> {
    for (let i = 0; i < INSTANCES; i++) await this.#start();
    for (let left = steps; left > 0; left--) {
      await this.#random.weighted(this.#steps)();
      this.trace.check();
    }
    await this.#rest();
    this.#compare();
  }

  readonly #steps: readonly (readonly [number, () => Promise<void> | void])[] = [
    [30, () => this.#turn()],
    [20, () => this.#advance(this.#random.pick([1, 8, 20, 100, 300]))],
    [1, () => this.#advance(this.#random.pick([3000, 6000]))],
    [30, () => this.#writers.say()],
    [3, () => this.#writers.delete()],
    [6, () => void this.#writers.sayAgain()],
    [1, () => this.#note("connections break", () => this.#alive().store.cut())],
    [4, () => this.#connect()],
    [0.5, () => this.#note("Redis stands still", () => this.redis.pause())],
    [2, () => this.redis.resume()],
    [0.5, () => this.#note("the network is slow", () => this.#slow = this.#random.below(400))],
    [1, () => void (this.#slow = 0)],
    [0.5, () => this.#note("notices are lost", () => this.#lossy = this.#random.next())],
    [1, () => void (this.#lossy = 0)],
    [0.3, () => void (this.#copy = structuredClone(this.redis.data))],
    [0.3, () => this.#restart()],
    [0.3, () => this.#kill()],
    [2, () => this.#random.pick(this.#alive().readers)?.look(this.#random.below(20))],
  ];

  #note(what: string, happen: () => void): void {
    this.trace.add(what);
    this.trace.count(what);
    happen();
  }

  async #start(): Promise<void> {
    const settings = {
      historyMessagesMax: this.#historyMax,
      historyDays: 365,
      messagesPerSecond: 0,
      messagesBurst: 1,
    };
    const store = new ModelStore(`i${++this.#ids}`, this.redis, this.clock, settings, {
      delayMs: () => this.#slow === 0 ? 0 : this.#random.below(this.#slow),
      losesNotice: () => this.#random.chance(this.#lossy),
      arrivesLate: () => this.#random.chance(0.5),
    });
    const log = new SharedLog({
      store,
      clock: this.clock,
      onError: (error) => this.trace.watch(() => this.trace.fail("no watcher throws", `${error}`)),
    });
    this.#instances.push({ store, log, readers: [], isAlive: true });
    void store.connect();
    await this.#settle();
  }

  /** Whoever reads on an instance begins as soon as that can be. */
  #watch(instance: Instance): void {
    for (const room of ROOMS) {
      if (instance.readers.some((reader) => reader.room === room)) continue;
      const reader: LogReader = new LogReader(
        room,
        this.trace,
        (epoch, entry, isNew) => this.#told(instance, room, epoch, entry, isNew),
      );
      instance.readers.push(reader);
      instance.log.watch(room, () => reader.changed()).then(
        (channel: Channel) => reader.opened(channel),
        () => void instance.readers.splice(instance.readers.indexOf(reader), 1),
      );
    }
  }

  #remember(room: string, epoch: string, entries: readonly Entry[]): void {
    for (const { offset, id } of entries) {
      const place = `${room} ${epoch} ${offset}`;
      const known = this.#history.get(place) ?? id;
      if (known !== id) this.trace.fail("one epoch has one history", `${place}: ${known}, ${id}`);
      this.#history.set(place, id);
    }
  }

  #told(
    instance: Instance,
    room: string,
    epoch: string,
    { id, offset }: Entry,
    isNew: boolean,
  ): void {
    const known = this.#history.get(`${room} ${epoch} ${offset}`);
    if (known !== undefined && known !== id) {
      this.trace.fail("readers see what is stored", `${room} ${epoch} ${offset}: ${id}`);
    }
    // Who says something over this instance is told so before anybody sees it there.
    if (isNew && this.#writers.waitFor(id, instance)) {
      this.trace.fail("the ack comes before the entry", `${room} ${offset}`);
    }
  }

  #alive(): Instance {
    return this.#random.pick(this.#instances);
  }

  async #connect(): Promise<void> {
    for (const instance of this.#instances) {
      if (!instance.store.isConnected) void instance.store.connect();
      else if (instance.store.isUp) this.#watch(instance);
    }
    await this.#settle();
  }

  async #restart(): Promise<void> {
    const fate = this.#mayLose
      ? this.#random.pick(["everything", "less", "nothing"])
      : "everything";
    this.#note(`Redis comes back with ${fate}`, () => {
      if (fate === "everything") this.redis.restart(this.redis.data);
      else if (fate === "less") this.redis.restart(structuredClone(this.#copy));
      else this.redis.restart(this.#copy = emptyData());
      if (fate === "nothing") this.#copy = emptyData();
      for (const { store } of this.#instances) store.cut();
    });
    await this.#settle();
  }

  async #kill(): Promise<void> {
    const instance = this.#alive();
    this.#note("an instance dies", () => {
      instance.isAlive = false;
      instance.store.cut();
      this.#instances.splice(this.#instances.indexOf(instance), 1);
      this.#writers.lose(instance);
    });
    await this.#start();
  }

  async #turn(): Promise<void> {
    await this.clock.turn();
    await this.#settle();
  }

  async #advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.#settle();
  }

  async #settle(): Promise<void> {
    for (let i = 0; i < MICROTASKS; i++) await undefined;
  }

  async #rest(): Promise<void> {
    this.trace.add("all heals");
    this.#slow = this.#lossy = 0;
    this.redis.resume();
    for (let round = 0; round < 5 || !this.#writers.areAtRest; round++) {
      if (round === 100) this.trace.fail("everything comes to rest", "it does not");
      await this.#connect();
      while (this.#writers.sayAgain());
      await this.#advance(6000);
      this.trace.check();
    }
  }

  #compare(): void {
    for (const room of ROOMS) {
      const channel = this.redis.data.channels.get(room);
      const head = channel?.head ?? 0, first = channel?.first ?? 1;
      const entries = [...channel?.entries.values() ?? []].sort((a, b) => a.offset - b.offset);
      const ids = entries.map(({ id }) => id);
      if (new Set(ids).size !== ids.length) this.trace.fail("nothing is stored twice", room);
      for (const { offset, id } of this.#mayLose ? [] : this.#writers.acknowledged(room)) {
        if (offset >= first && channel?.entries.get(offset)?.id !== id) {
          this.trace.fail("what is acknowledged is stored", `${room} ${id}`);
        }
      }
      for (const { readers } of this.#instances) {
        const reader = readers.find((reader) => reader.room === room)!;
        reader.atRest({ head, first, entries, mayLose: this.#mayLose });
      }
    }
    this.trace.check();
  }
}
