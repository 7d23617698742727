/**
 * Who is in which channel, over several processes: each tells who is there in it, as a whole and then as differences,
 * and what it has told goes with its lease.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { BEATS_MISSED_MAX, PRESENCE_GRACE_MS, TELL_MS, TOLD_AT_ONCE_MAX } from "../limits.ts";
import type { RedisLink } from "../log/redis_link.ts";
import type { Name } from "../protocol/name.ts";
import type { Attendance, AttendanceListener } from "./directory.ts";
import { Attendant, type Told, whoIn } from "./redis_attendant.ts";
import { CLEAR, PRESENT } from "./redis_scripts.ts";

/** Whom this process has in a channel, and what of that Redis does not know yet. */
interface Here {
  /** Those who are there; the attendance through which they are, none in their grace after its end. */
  readonly users: Map<string, { readonly user: Name; through: Attendant | undefined }>;
  readonly untold: Set<string>;
  isWhole: boolean;
}

/** All channels that this process attends. */
export class RedisAttendances {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #attended = new Map<string, Attendant>();
  readonly #here = new Map<string, Here>();
  /** How many beats other instances have missed. */
  readonly #missed = new Map<string, number>();
  /** Takes back what is to be done at the end of a grace. */
  readonly #graces = new Set<() => void>();
  #cancelTell: (() => void) | undefined;

  /**
   * Creates it without any.
   *
   * @param link The connections.
   * @param clock Time.
   */
  constructor(link: RedisLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /**
   * Takes part in a channel.
   *
   * @param channel The channel.
   * @param listener Is told what goes on elsewhere.
   */
  attend(channel: string, listener: AttendanceListener): Attendance {
    const attendant: Attendant = new Attendant(this.#link, channel, listener, {
      change: (user, isHere) => this.#change(channel, attendant, user, isHere),
      closed: () => this.#closed(channel, attendant),
      isAlive: (instance) => void this.#missed.delete(instance),
    });
    this.#attended.set(channel, attendant);
    return attendant;
  }

  /**
   * Tells other instances that somebody is typing.
   *
   * @param channel The channel.
   * @param user Who.
   */
  typing(channel: string, user: Name): void {
    const told: Told = { instance: this.#link.instance, typing: [user.key, user.text] };
    const topic = `${this.#link.prefix}p:${channel}`;
    this.#link.call("PUBLISH", topic, JSON.stringify(told)).catch(() => {});
  }

  /**
   * Who is in a channel elsewhere.
   *
   * @param channel The channel.
   * @throws {UnavailableError} If Redis is out of reach.
   */
  async who(channel: string): Promise<Name[]> {
    const [places] = await whoIn(this.#link, [channel]);
    const users = new Map([...places!.values()].flatMap((users) => [...users]));
    return [...users.values()];
  }

  /** Tells everything anew, and asks for everything: what was told meanwhile is lost. */
  async renew(): Promise<void> {
    this.forget();
    await this.#link.run(CLEAR, [this.#link.instance]);
    await this.tell();
    const attended = [...this.#attended.values()];
    for (const attendant of attended) attendant.hold();
    for (let at = 0; at < attended.length; at += TOLD_AT_ONCE_MAX) {
      const some = attended.slice(at, at + TOLD_AT_ONCE_MAX);
      const places = await whoIn(this.#link, some.map(({ channel }) => channel));
      for (const [index, attendant] of some.entries()) attendant.are(places[index]!);
    }
  }

  /** Everything that was told may be gone: the next time, all of it is told. */
  forget(): void {
    for (const here of this.#here.values()) here.isWhole = true;
  }

  /**
   * Lets those go whose instances have not been alive for some time.
   *
   * @param alive Those that are.
   */
  alive(alive: ReadonlySet<string>): void {
    const places = new Set([...this.#attended.values()].flatMap((one) => [...one.places]));
    for (const instance of this.#missed.keys()) {
      if (alive.has(instance) || !places.has(instance)) this.#missed.delete(instance);
    }
    for (const instance of places) {
      if (alive.has(instance)) continue;
      const missed = (this.#missed.get(instance) ?? 0) + 1;
      this.#missed.set(instance, missed);
      if (missed < BEATS_MISSED_MAX) continue;
      for (const attendant of this.#attended.values()) attendant.gone(instance);
    }
  }

  /**
   * Tells Redis what it does not know yet.
   *
   * @throws {UnavailableError} If it is out of reach; then everything is told when it is back.
   */
  async tell(): Promise<void> {
    this.#cancelTell?.();
    this.#cancelTell = undefined;
    const untold = [...this.#here].filter(([, { isWhole, untold }]) => isWhole || untold.size > 0);
    try {
      let args: string[] = [];
      for (const [index, [channel, here]] of untold.entries()) {
        args = args.concat(this.#told(channel, here));
        if (here.users.size === 0) this.#here.delete(channel);
        if (args.length < TOLD_AT_ONCE_MAX && index < untold.length - 1) continue;
        await this.#link.run(PRESENT, [this.#link.instance, ...args]);
        args = [];
      }
    } catch (error) {
      for (const [channel, here] of untold) {
        // Also where nobody is any more: the others have to know.
        if (!this.#here.has(channel)) this.#here.set(channel, here);
      }
      this.forget();
      throw error;
    }
  }

  /** Stops what is under way. */
  close(): void {
    this.#cancelTell?.();
    for (const cancel of this.#graces) cancel();
    this.#here.clear();
  }

  #told(channel: string, here: Here): string[] {
    const { users, untold, isWhole } = here;
    const keys = isWhole ? [...users.keys()] : [...untold];
    const joins = keys.filter((key) => users.has(key)).map((key) =>
      [key, users.get(key)!.user.text] as const
    );
    const leaves = isWhole ? [] : keys.filter((key) => !users.has(key));
    const told: Told = { instance: this.#link.instance, isWhole, joins, leaves };
    here.untold.clear();
    here.isWhole = false;
    return [
      channel,
      isWhole ? "1" : "0",
      `${joins.length}`,
      `${leaves.length}`,
      JSON.stringify(told),
      ...joins.flat(),
      ...leaves,
    ];
  }

  #change(channel: string, through: Attendant, user: Name, isHere: boolean): void {
    let here = this.#here.get(channel);
    if (here === undefined) {
      here = { users: new Map(), untold: new Set(), isWhole: false };
      this.#here.set(channel, here);
    }
    const isKnown = here.users.has(user.key);
    if (isHere) here.users.set(user.key, { user, through });
    else here.users.delete(user.key);
    if (isKnown !== isHere) this.#tellSoon(here, user.key);
  }

  #closed(channel: string, attendant: Attendant): void {
    if (this.#attended.get(channel) === attendant) {
      this.#attended.delete(channel);
      this.#link.unsubscribe(`p:${channel}`);
    }
    const here = this.#here.get(channel);
    const left = [...here?.users ?? []].filter(([, { through }]) => through === attendant);
    if (here === undefined || left.length === 0) return;
    for (const [, one] of left) one.through = undefined;
    // They may be on their way to another instance.
    const cancel = this.#clock.after(PRESENCE_GRACE_MS, () => {
      this.#graces.delete(cancel);
      for (const [key, one] of left) {
        if (one.through !== undefined || here.users.get(key) !== one) continue;
        here.users.delete(key);
        this.#tellSoon(here, key);
      }
    });
    this.#graces.add(cancel);
  }

  #tellSoon(here: Here, key: string): void {
    here.untold.add(key);
    this.#cancelTell ??= this.#clock.after(TELL_MS, () => {
      this.#cancelTell = undefined;
      this.tell().catch(() => {});
    });
  }
}
