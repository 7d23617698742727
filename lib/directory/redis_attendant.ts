/**
 * The part of this process in who is in one channel, over Redis: what the others tell, as a whole and then as
 * differences.
 *
 * @module
 */

import type { RedisLink } from "../log/redis_link.ts";
import type { Name } from "../protocol/name.ts";
import type { Attendance, AttendanceListener } from "./directory.ts";
import { WHO } from "./redis_scripts.ts";

/** What an instance tells of a channel. */
export interface Told {
  /** Which instance. */
  readonly instance: string;
  /** Whether it is all who are there, or a difference. */
  readonly isWhole?: boolean;
  /** Who is there, or has come. */
  readonly joins?: readonly (readonly [key: string, text: string])[];
  /** Who has left. */
  readonly leaves?: readonly string[];
  /** Instead of all that: who is typing. */
  readonly typing?: readonly [key: string, text: string];
}

/** Whom an attendant tells. */
export interface AttendantCalls {
  /** Somebody is there in this process, or no longer. */
  readonly change: (user: Name, isHere: boolean) => void;
  /** Nobody is there in this process any more. */
  readonly closed: () => void;
  /** An instance has told something. */
  readonly isAlive: (instance: string) => void;
}

/** The users of a channel by instance, and by the keys of their names. */
export type Places = Map<string, Map<string, Name>>;

/** The part of this process in one channel. */
export class Attendant implements Attendance {
  /** The channel. */
  readonly channel: string;
  readonly opened: Promise<void>;
  readonly #link: RedisLink;
  readonly #listener: AttendanceListener;
  readonly #calls: AttendantCalls;
  #places: Places = new Map();
  /** What was told while it was asked who is there. */
  #held: Told[] | undefined = [];
  #isClosed = false;

  /**
   * Begins to take part.
   *
   * @param link The connections.
   * @param channel The channel.
   * @param listener Is told what goes on elsewhere.
   * @param calls Is told what goes on here.
   */
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

/**
 * Asks who is in channels, in other instances.
 *
 * @param link The connections.
 * @param channels The channels.
 * @throws {UnavailableError} If Redis is out of reach.
 */
export async function whoIn(link: RedisLink, channels: readonly string[]): Promise<Places[]> {
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
