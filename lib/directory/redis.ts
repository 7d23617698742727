/**
 * The directory of several processes: who is who, in Redis.
 *
 * @module
 */

import { BEAT_MS, LEASE_MS, PRESENCE_GRACE_MS, PUT_OUT_MS } from "../limits.ts";
import type { RedisLink } from "../log/redis_link.ts";
import type { Name } from "../protocol/name.ts";
import {
  type Attendance,
  type AttendanceListener,
  type Claimed,
  type ClaimRequest,
  type Directory,
  type DirectoryListener,
  type Holder,
  type Identity,
  inboxChannel,
  type Occupied,
  type Outcast,
} from "./directory.ts";
import { RedisAttendances } from "./redis_attendances.ts";
import { RedisClaims, type RedisDirectoryOptions } from "./redis_claims.ts";
import { BAN, BEAT, HOLDERS, ROOMS } from "./redis_scripts.ts";

export type { RedisDirectoryOptions };

/** What all instances are told, or one that has asked. */
type Notice =
  | { readonly ban: string; readonly till: number }
  | { readonly putOut?: Outcast; readonly by: string; readonly number: number }
  | { readonly number: number; readonly count: number };

/** Claims, bans and presence, as leases in Redis. */
export class RedisDirectory implements Directory {
  readonly #options: RedisDirectoryOptions;
  readonly #link: RedisLink;
  readonly #claims: RedisClaims;
  readonly #attendances: RedisAttendances;
  /** Bans that were told lately: claims that Redis let pass before them may still be on their way. */
  readonly #bans = new Map<string, number>();
  readonly #asked = new Map<number, (count: number) => void>();
  #holders: { readonly keys: string[]; readonly answer: Promise<readonly string[]> } | undefined;
  #listener: DirectoryListener | undefined;
  #number = 0;
  #isListening = false;
  #cancelBeat: (() => void) | undefined;

  /**
   * Creates it; it works while its link is up.
   *
   * @param options What it works with.
   */
  constructor(options: RedisDirectoryOptions) {
    this.#options = options;
    this.#link = options.link;
    this.#claims = new RedisClaims({
      ...options,
      isBanned: (key, author) => this.#isBannedNow(key, author),
      lost: (identity) => this.#listener?.lost(identity),
      banned: ({ user: { key } }) => void this.#listener?.putOut({ key }),
    });
    this.#attendances = new RedisAttendances(options.link, options.clock);
    options.link.use({ up: () => this.#up(), down: () => this.#down() });
  }

  get size(): number {
    return this.#claims.size;
  }

  listen(listener: DirectoryListener): void {
    this.#listener = listener;
  }

  async claim(request: ClaimRequest): Promise<Claimed> {
    return await this.#claims.claim(request);
  }

  async visit(user: Name, address: string | undefined): Promise<Claimed> {
    return await this.#claims.visit(user, address);
  }

  release(identity: Identity): void {
    this.#claims.release(identity);
  }

  async holder(key: string): Promise<Holder | undefined> {
    if (this.#holders === undefined) {
      const keys: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const answer = promise.then(async () =>
        await this.#link.run(HOLDERS, [this.#link.instance, ...keys]) as string[]
      );
      this.#holders = { keys, answer };
      this.#options.clock.soon(() => {
        this.#holders = undefined;
        resolve();
      });
    }
    const { keys, answer } = this.#holders;
    const index = keys.push(key) - 1;
    const [author, text] = (await answer).slice(2 * index, 2 * index + 2);
    if (author === undefined || author === "") return undefined;
    return { user: { key, text: text! }, author, inbox: inboxChannel(key, author) };
  }

  async ban(key: string, untilMs: number): Promise<Holder | undefined> {
    const holder = await this.holder(key);
    const args = [key, `${untilMs}`, holder?.author ?? ""];
    await this.#link.run(BAN, [this.#link.instance, ...args]);
    // Who has the name in use has to know, too.
    await this.#askAll();
    return holder;
  }

  async isBanned(key: string | undefined, author: string | undefined): Promise<boolean> {
    const bans = bansOf(key, author).map((ban) => `${this.#link.prefix}ban:${ban}`);
    return bans.length > 0 && await this.#link.call("EXISTS", ...bans) !== 0;
  }

  async putOut(outcast: Outcast): Promise<number> {
    return await this.#askAll(outcast);
  }

  /** Waits until all instances have heard all that was told so far, and have put out whoever is meant. */
  async #askAll(outcast?: Outcast): Promise<number> {
    const number = ++this.#number;
    const { promise, resolve } = Promise.withResolvers<void>();
    const counts: number[] = [];
    let expected = Infinity;
    const settle = () => counts.length >= expected ? resolve() : undefined;
    this.#asked.set(number, (count) => {
      counts.push(count);
      settle();
    });
    const cancel = this.#options.clock.after(PUT_OUT_MS, resolve);
    try {
      const asked = { by: this.#link.instance, number };
      const notice = outcast === undefined ? asked : { ...asked, putOut: outcast };
      expected = Number(await this.#tell("x", notice));
      settle();
      await promise;
      return counts.reduce((sum, count) => sum + count, 0);
    } finally {
      cancel();
      this.#asked.delete(number);
    }
  }

  attend(channel: string, listener: AttendanceListener): Attendance {
    return this.#attendances.attend(channel, listener);
  }

  typing(channel: string, user: Name): void {
    this.#attendances.typing(channel, user);
  }

  async who(channel: string): Promise<readonly Name[]> {
    return await this.#attendances.who(channel);
  }

  async occupied(after: string, limit: number): Promise<readonly Occupied[]> {
    const reply = await this.#link.run(ROOMS, [this.#link.instance, after, `${limit}`]) as string[];
    const occupied: Occupied[] = [];
    for (let i = 0; i < reply.length; i += 2) {
      occupied.push({ channel: reply[i]!, userCount: Number(reply[i + 1]) });
    }
    return occupied;
  }

  async close(): Promise<void> {
    this.#cancelBeat?.();
    try {
      await this.#claims.close();
      // Who is on the way to another instance is shown for as long as after any other leave.
      await this.#link.run(BEAT, [this.#link.instance, `${PRESENCE_GRACE_MS}`]);
    } catch {
      // The lease ends by itself.
    } finally {
      this.#attendances.close();
    }
  }

  /** Everything is claimed and told once more: it may be gone, or be another's by now. */
  async #renew(): Promise<void> {
    await this.#claims.renew();
    await this.#attendances.renew();
  }

  #isBannedNow(key: string, author: string): boolean {
    const now = this.#options.clock.wallNow();
    return bansOf(key, author).some((ban) => (this.#bans.get(ban) ?? 0) > now);
  }

  async #tell(topic: string, notice: Notice): Promise<unknown> {
    return await this.#link.call("PUBLISH", this.#link.prefix + topic, JSON.stringify(notice));
  }

  #hear(notice: Notice): void {
    const now = this.#options.clock.wallNow();
    if ("ban" in notice) {
      for (const [ban, till] of this.#bans) if (till <= now) this.#bans.delete(ban);
      this.#bans.set(notice.ban, notice.till);
    } else if ("by" in notice) {
      const { putOut } = notice;
      const count = putOut === undefined ? 0 : this.#listener?.putOut(putOut) ?? 0;
      this.#tell(`y:${notice.by}`, { number: notice.number, count }).catch(() => {});
    } else this.#asked.get(notice.number)?.(notice.count);
  }

  async #up(): Promise<void> {
    if (!this.#isListening) {
      const hear = (message: string) => this.#hear(JSON.parse(message));
      await this.#link.subscribe("x", hear);
      await this.#link.subscribe(`y:${this.#link.instance}`, hear);
      this.#isListening = true;
    }
    await this.#beat();
    await this.#renew();
    this.#beatSoon();
  }

  #down(): void {
    this.#cancelBeat?.();
    this.#cancelBeat = undefined;
  }

  #beatSoon(): void {
    this.#cancelBeat = this.#options.clock.after(BEAT_MS, async () => {
      try {
        if (await this.#beat()) await this.#renew();
        if (this.#cancelBeat !== undefined) this.#beatSoon();
      } catch {
        // The link goes down, or is about to: when it is up, everything is renewed.
        if (this.#link.isUp) this.#beatSoon();
      }
    });
  }

  /** Renews the lease; returns whether it had ended. */
  async #beat(): Promise<boolean> {
    const args = [this.#link.instance, `${LEASE_MS}`];
    const [lapsed, alive] = await this.#link.run(BEAT, args) as [number, readonly string[]];
    this.#attendances.alive(new Set(alive));
    return lapsed === 1;
  }
}

function bansOf(key: string | undefined, author: string | undefined): string[] {
  const bans = key === undefined ? [] : [`name/${key}`];
  return author === undefined ? bans : [...bans, `author/${author}`];
}
