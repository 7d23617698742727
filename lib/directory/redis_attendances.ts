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
import { CLEAR, PRESENT, WHO } from "./redis_scripts.ts";

/** What an instance tells of a channel. */
interface Told {
  readonly instance: string;
  /** Whether it is all who are there, or a difference. */
  readonly isWhole?: boolean;
  readonly joins?: readonly (readonly [key: string, text: string])[];
  readonly leaves?: readonly string[];
  readonly typing?: readonly [key: string, text: string];
}

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

interface AttendantCalls {
  readonly change: (user: Name, isHere: boolean) => void;
  readonly closed: () => void;
  readonly isAlive: (instance: string) => void;
}

type Places = Map<string, Map<string, Name>>;

/** The part in one channel. */
class Attendant implements Attendance {
  readonly channel: string;
  readonly opened: Promise<void>;
  readonly #link: RedisLink;
  readonly #listener: AttendanceListener;
  readonly #calls: AttendantCalls;
  #places: Places = new Map();
  /** What was told while it was asked who is there. */
  #held: Told[] | undefined = [];
  #isClosed = false;

  constructor(
    link: RedisLink,
    channel: string,
    listener: AttendanceListener,
    calls: AttendantCalls,
  ) {
    this.#link = link;
    this.channel = channel;
    this.#listener = listener;
    this.#calls = calls;
    this.opened = this.#open();
    this.opened.catch(() => {});
  }

  /** The instances in which somebody is. */
  get places(): Iterable<string> {
    return this.#places.keys();
  }

  enter(user: Name): void {
    this.#calls.change(user, true);
  }

  leave(user: Name): void {
    this.#calls.change(user, false);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#calls.closed();
  }

  /** From now on what is told waits for {@linkcode Attendant.are}. */
  hold(): void {
    this.#held ??= [];
  }

  /** Who is there elsewhere, and nobody else. */
  are(places: Places): void {
    for (const instance of this.#places.keys()) if (!places.has(instance)) this.gone(instance);
    for (const [instance, users] of places) this.#whole(instance, users);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const told of held) this.#hear(told);
  }

  /** An instance has died. */
  gone(instance: string): void {
    this.#whole(instance, new Map());
  }

  async #open(): Promise<void> {
    await this.#link.subscribe(`p:${this.channel}`, (message) => this.#hear(JSON.parse(message)));
    // Of inboxes only typing is told.
    if (this.channel.startsWith("@")) return this.are(new Map());
    const [places] = await whoIn(this.#link, [this.channel]);
    this.are(places!);
  }

  #hear(told: Told): void {
    if (this.#isClosed || told.instance === this.#link.instance) return;
    if (told.typing !== undefined) return this.#listener.typing(nameOf(told.typing));
    if (this.#held !== undefined) return void this.#held.push(told);
    const { instance, isWhole, joins = [], leaves = [] } = told;
    this.#calls.isAlive(instance);
    const come = joins.map(nameOf);
    if (isWhole) return this.#whole(instance, new Map(come.map((user) => [user.key, user])));
    const users = new Map(this.#places.get(instance));
    for (const user of come) users.set(user.key, user);
    for (const key of leaves) users.delete(key);
    this.#whole(instance, users);
  }

  #whole(instance: string, users: Map<string, Name>): void {
    if (this.#isClosed) return;
    const before = this.#places.get(instance) ?? new Map<string, Name>();
    for (const [key, user] of users) if (!before.has(key)) this.#listener.entered(user);
    for (const [key, user] of before) if (!users.has(key)) this.#listener.left(user);
    if (users.size > 0) this.#places.set(instance, users);
    else this.#places.delete(instance);
  }
}

function nameOf([key, text]: readonly [key: string, text: string]): Name {
  return { key, text };
}

async function whoIn(link: RedisLink, channels: readonly string[]): Promise<Places[]> {
  const replies = await link.run(WHO, [link.instance, ...channels]) as (string | string[])[][];
  return replies.map((reply) => {
    const places: Places = new Map();
    for (let i = 0; i < reply.length; i += 2) {
      const fields = reply[i + 1] as string[];
      const users = new Map<string, Name>();
      for (let j = 0; j < fields.length; j += 2) {
        users.set(fields[j]!, { key: fields[j]!, text: fields[j + 1]! });
      }
      places.set(reply[i] as string, users);
    }
    return places;
  });
}
