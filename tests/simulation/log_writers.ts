/**
 * Who says and deletes something in a simulation of the log, and what they have been told of it.
 *
 * @module
 */

import type { Appended, Draft } from "../../lib/log/log.ts";
import type { SharedLog } from "../../lib/log/shared.ts";
import type { FakeClock } from "../support/fake_clock.ts";
import type { Random } from "./random.ts";
import type { Trace } from "./trace.ts";

/** A process that takes messages. */
export interface Writable {
  readonly log: SharedLog;
  readonly isAlive: boolean;
}

/** A message of a writer, who says it until it is stored, or, without a ref, once. */
interface Order {
  readonly room: string;
  readonly draft: Draft;
  appended: Appended | undefined;
  isUnderWay: boolean;
  /** How often it was said. */
  times: number;
  /** The life of the instance to which it was said last. */
  instance: Writable | undefined;
}

/** What writers work with. */
export interface LogWritersOptions {
  readonly random: Random;
  readonly clock: FakeClock;
  readonly trace: Trace;
  readonly rooms: readonly string[];
  /** Some process that is alive. */
  readonly alive: () => Writable;
}

/** All who write, and what each has said. */
export class LogWriters {
  readonly #random: Random;
  readonly #clock: FakeClock;
  readonly #trace: Trace;
  readonly #rooms: readonly string[];
  readonly #alive: () => Writable;
  readonly #orders: Order[] = [];
  #deletions = 0;

  /** Begins with nothing said. */
  constructor({ random, clock, trace, rooms, alive }: LogWritersOptions) {
    this.#random = random;
    this.#clock = clock;
    this.#trace = trace;
    this.#rooms = rooms;
    this.#alive = alive;
  }

  /** Somebody says something new. */
  say(): void {
    const id = `m${this.#orders.length}`;
    const draft: Draft = {
      kind: "message",
      id,
      author: "alice",
      sender: "Alice",
      at: this.#clock.wallNow(),
      body: `body of ${id}`,
      ...this.#random.chance(0.8) && { ref: `ref of ${id}` },
    };
    const room = this.#random.pick(this.#rooms);
    const order = {
      room,
      draft,
      appended: undefined,
      isUnderWay: false,
      times: 0,
      instance: undefined,
    };
    this.#orders.push(order);
    this.#append(order);
  }

  /** Somebody says again what is not stored; whether there is such a thing. */
  sayAgain(): boolean {
    const open = this.#orders.filter((order) => !order.isUnderWay && isOpen(order));
    if (open.length > 0) this.#append(this.#random.pick(open));
    return open.length > 0;
  }

  #append(order: Order): void {
    const instance = this.#alive();
    const { room, draft } = order;
    order.isUnderWay = true;
    order.times++;
    order.instance = instance;
    const saidAt = this.#clock.now();
    instance.log.append(room, draft).then((appended) => {
      order.isUnderWay = false;
      // Nobody hears what a dead process says.
      if (!instance.isAlive) return;
      order.appended = appended;
      this.#trace.count(appended.duplicate ? "acks of repeats" : "acks");
      const isOwn = appended.id === draft.id;
      if (!isOwn) {
        this.#trace.watch(() => this.#trace.fail("an ack is that of its message", draft.id));
      }
    }, () => {
      order.isUnderWay = false;
      this.#trace.count("unavailable");
      const ms = this.#clock.now() - saidAt;
      if (ms > 5000) this.#trace.watch(() => this.#trace.fail("nobody waits so long", `${ms} ms`));
    });
  }

  /** Somebody deletes what was acknowledged last. */
  delete(): void {
    const place = this.#orders.findLast(({ appended }) => appended !== undefined);
    if (place === undefined) return;
    const { room, draft, appended } = place;
    const { author, sender, at } = draft;
    const target = appended!.offset;
    const id = `d${++this.#deletions}`;
    const deletion: Draft = { kind: "deletion", id, author, sender, at, body: "", target };
    this.#alive().log.append(room, deletion).catch(() => {});
  }

  /** Whether a message that was said once, over this process, is not answered yet. */
  waitFor(id: string, instance: Writable): boolean {
    const order = this.#orders.find(({ draft }) => draft.id === id);
    return order !== undefined && order.isUnderWay && order.instance === instance &&
      order.times === 1;
  }

  /** A process has died: it answers nobody. */
  lose(instance: Writable): void {
    for (const order of this.#orders) {
      if (order.instance === instance) order.isUnderWay = false;
    }
  }

  /** Whether all is stored that is to be. */
  get areAtRest(): boolean {
    return !this.#orders.some(isOpen);
  }

  /** What was acknowledged in a room, and where. */
  acknowledged(room: string): { readonly offset: number; readonly id: string }[] {
    return this.#orders.flatMap(({ room: of, appended, draft }) =>
      of === room && appended !== undefined ? [{ offset: appended.offset, id: draft.id }] : []
    );
  }
}

/** Whether it is still to be stored. */
function isOpen({ draft, appended, times }: Order): boolean {
  return appended === undefined && (draft.ref !== undefined || times === 0);
}
