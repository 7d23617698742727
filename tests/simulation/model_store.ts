/**
 * Connections to the model of Redis: in order, as TCP has it, but slow, and they break; what is under way then may
 * have been done, may yet be, or never is.
 *
 * @module
 */

import type { Clock } from "../../lib/clock.ts";
import { REDIS_ANSWER_MS } from "../../lib/limits.ts";
import { type ListedChannel, type MessageQuery, UnavailableError } from "../../lib/log/log.ts";
import type {
  Batch,
  Known,
  Publication,
  RemoteOutcome,
  RemotePage,
  RemoteStore,
  RemoteStoreUser,
} from "../../lib/log/remote_store.ts";
import type { Found, History, StoredChannel } from "../../lib/log/store.ts";
import type { ModelRedis, ModelSettings } from "./model_redis.ts";

/** What a network does; the simulation decides. */
export interface ModelNetwork {
  /** Milliseconds that something is on its way; 0: it comes in the next turn. */
  delayMs(): number;
  /** Whether a notice is lost. */
  losesNotice(): boolean;
  /** Whether what was under way when a connection broke reaches Redis all the same. */
  arrivesLate(): boolean;
}

/** A network on which everything goes well. */
const FAST: ModelNetwork = {
  delayMs: () => 0,
  losesNotice: () => false,
  arrivesLate: () => false,
};

/** One way of a connection: what is under way arrives in its order. */
interface Way {
  /** When the last thing that is under way arrives. */
  lastAt: number;
  readonly underWay: (() => void)[];
}

interface Connection {
  readonly up: Way;
  readonly down: Way;
  readonly feed: Way;
  readonly broken: (() => void)[];
}

/** The store as one instance sees it. */
export class ModelStore implements RemoteStore {
  history: History = { epoch: "", ordinal: () => undefined };
  isUp = false;
  readonly #redis: ModelRedis;
  readonly #clock: Clock;
  readonly #network: ModelNetwork;
  readonly #settings: ModelSettings;
  readonly #instance: string;
  readonly #watched = new Set<string>();
  #connection: Connection | undefined;
  #user: RemoteStoreUser | undefined;

  /**
   * @param instance The instance's name.
   * @param redis What it is connected to.
   * @param clock Time.
   * @param settings The instance's.
   * @param network What lies between.
   */
  constructor(
    instance: string,
    redis: ModelRedis,
    clock: Clock,
    settings: ModelSettings,
    network: ModelNetwork = FAST,
  ) {
    this.#instance = instance;
    this.#redis = redis;
    this.#clock = clock;
    this.#settings = settings;
    this.#network = network;
  }

  /** Whether there is a connection, be it that it is not known yet what is at its other end. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  listen(user: RemoteStoreUser): void {
    this.#user = user;
  }

  /** Connects; a second connection takes the place of the first. */
  async connect(): Promise<void> {
    this.cut();
    const way = () => ({ lastAt: this.#clock.now(), underWay: [] });
    const connection = { up: way(), down: way(), feed: way(), broken: [] };
    this.#connection = connection;
    try {
      await this.#call(() => {});
      await this.#user?.up();
    } catch {
      if (this.#connection === connection) this.cut();
    }
    if (this.#connection === connection) this.isUp = true;
  }

  /** The connection breaks. */
  cut(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    this.isUp = false;
    for (const broken of connection.broken) broken();
    this.#user?.down();
  }

  /** Something is published; it comes after what came before, if it comes. */
  publish(channel: string, { by, ...publication }: Publication & { readonly by: string }): void {
    const connection = this.#connection;
    if (connection === undefined || !this.#watched.has(channel)) return;
    if (this.#network.losesNotice()) return;
    this.#carry(connection.feed, () => {
      if (this.#connection !== connection) return;
      const ownSeq = by === this.#instance ? publication.ownSeq : undefined;
      this.#user?.published(channel, { ...publication, ownSeq });
    });
  }

  append(batch: Batch, known: readonly Known[]): Promise<readonly RemoteOutcome[]> {
    const { epoch } = this.history;
    const { entries } = batch;
    return this.#call(() =>
      this.#redis.append(this.#instance, { ...batch, entries }, epoch, known, this.#settings)
    );
  }

  channels(known: readonly Known[]): Promise<readonly StoredChannel[]> {
    const { epoch } = this.history;
    return this.#call(() => this.#redis.channels(epoch, known, this.#settings));
  }

  read(channel: string, after: number, limit: number): Promise<RemotePage> {
    return this.#call(() => this.#redis.read(channel, after, limit, this.#settings));
  }

  find(query: MessageQuery, limit: number): Promise<Found> {
    return this.#call(() => this.#redis.find(query, limit, this.#settings));
  }

  list(after: string, limit: number, except: string): Promise<readonly ListedChannel[]> {
    return this.#call(() => this.#redis.list(after, limit, except, this.#settings));
  }

  expire(): Promise<boolean> {
    return this.#call(() => this.#redis.expire(this.#settings));
  }

  async watch(channel: string): Promise<void> {
    await this.#call(() => void this.#watched.add(channel));
  }

  unwatch(channel: string): void {
    this.#watched.delete(channel);
  }

  #call<T>(work: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const connection = this.#connection;
    const fail = () => reject(new UnavailableError("Redis is out of reach"));
    if (connection === undefined) {
      fail();
      return promise;
    }
    const cancel = this.#clock.after(REDIS_ANSWER_MS, () => {
      if (this.#connection === connection) this.cut();
    });
    connection.broken.push(() => {
      cancel();
      fail();
    });
    const { life } = this.#redis;
    const arrive = () => {
      const isBroken = this.#connection !== connection;
      if (!isBroken || this.#network.arrivesLate()) this.#redis.do(done);
    };
    const done = () => {
      // A connection reaches one life of Redis.
      if (this.#redis.life !== life) return;
      try {
        const reply = work();
        const history = this.#redis.history();
        this.#carry(connection.down, () => {
          if (this.#connection !== connection) return;
          cancel();
          if (history.epoch !== this.history.epoch) this.history = history;
          resolve(reply);
        });
      } catch {
        fail(); // Too late.
      }
    };
    this.#carry(connection.up, arrive);
    return promise;
  }

  #carry(way: Way, arrive: () => void): void {
    const now = this.#clock.now();
    way.lastAt = Math.max(way.lastAt, now + this.#network.delayMs());
    way.underWay.push(arrive);
    const next = () => way.underWay.shift()!();
    if (way.lastAt <= now) this.#clock.soon(next);
    else this.#clock.after(way.lastAt - now, next);
  }
}
