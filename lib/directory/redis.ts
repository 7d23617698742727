/**
 * The directory of several processes: who is who, in Redis.
 *
 * @module
 */

import { type Clock, DAY_MS } from "../clock.ts";
import {
  BEAT_MS,
  LEASE_MS,
  LINGER_MS,
  PRESENCE_GRACE_MS,
  PUT_OUT_MS,
  TELL_MS,
  TOLD_AT_ONCE_MAX,
  VISIT_MS,
} from "../limits.ts";
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
import { BAN, BEAT, CLAIM, HOLDERS, RELEASE, ROOMS, VISIT } from "./redis_scripts.ts";

/** What a {@linkcode RedisDirectory} works with. */
export interface RedisDirectoryOptions {
  /** The connections, not started yet. */
  readonly link: RedisLink;
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
  /** Seconds for which a claim with a key outlives its last use. */
  readonly nameHoldSeconds: number;
  /** New names that one address may claim in a minute; 0: no limit. */
  readonly claimsPerMinute: number;
  /** Days for which it is known who claimed a name last. */
  readonly historyDays: number;
}

/** A claim of this process's. */
interface Claim {
  readonly author: string;
  readonly keyed: boolean;
  readonly claimed: Promise<Claimed>;
  identity: Identity | undefined;
  uses: number;
  /** Takes back its being given back. */
  stay: (() => void) | undefined;
}

/** What all instances are told, or one that has asked. */
type Notice =
  | { readonly ban: string; readonly till: number }
  | { readonly putOut?: Outcast; readonly by: string; readonly number: number }
  | { readonly number: number; readonly count: number };

/** Claims, bans and presence, as leases in Redis. */
export class RedisDirectory implements Directory {
  readonly #options: RedisDirectoryOptions;
  readonly #link: RedisLink;
  readonly #attendances: RedisAttendances;
  readonly #claims = new Map<string, Claim>();
  /** Bans that were told lately: claims that Redis let pass before them may still be on their way. */
  readonly #bans = new Map<string, number>();
  readonly #visits = new Map<string, number>();
  /** Names that are to be given back, by whom; and those that are being given back. */
  readonly #released = new Map<string, string>();
  #returning: ReadonlyMap<string, string> | undefined;
  #returned: Promise<void> | undefined;
  readonly #asked = new Map<number, (count: number) => void>();
  #holders: { readonly keys: string[]; readonly answer: Promise<readonly string[]> } | undefined;
  #listener: DirectoryListener | undefined;
  #number = 0;
  #isListening = false;
  #cancelBeat: (() => void) | undefined;
  #cancelRelease: (() => void) | undefined;

  /**
   * Creates it; it works while its link is up.
   *
   * @param options What it works with.
   */
  constructor(options: RedisDirectoryOptions) {
    this.#options = options;
    this.#link = options.link;
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
    const { user } = request;
    const author = request.author ?? this.#nobody(user);
    let claim = this.#claims.get(user.key);
    while (claim !== undefined && claim.author !== author) {
      // Whoever came first may yet be refused.
      if (claim.identity === undefined) await claim.claimed.catch(() => {});
      else return { refused: "taken" };
      claim = this.#claims.get(user.key);
    }
    if (this.#isBannedNow(user.key, author)) return { refused: "banned" };
    claim ??= this.#begin(request, author);
    claim.uses++;
    claim.stay?.();
    claim.stay = undefined;
    const claimed = await claim.claimed;
    if (!("identity" in claimed) || !this.#isBannedNow(user.key, author)) return claimed;
    this.release(claimed.identity);
    return { refused: "banned" };
  }

  async visit(user: Name, address: string | undefined): Promise<Claimed> {
    const now = this.#options.clock.now();
    const visit = `${user.key} ${address}`;
    const isCounted = address !== undefined && (this.#visits.get(visit) ?? 0) <= now;
    const args = [user.key, isCounted ? address : "", ...this.#claimRate()];
    const [outcome, ms] = await this.#link.run(VISIT, [this.#link.instance, ...args]) as string[];
    if (outcome !== "in") return refused(outcome!, ms);
    if (address !== undefined) this.#visited(visit, now);
    return { identity: { user, author: this.#nobody(user), inbox: undefined } };
  }

  release(identity: Identity): void {
    const { key } = identity.user;
    const claim = this.#claims.get(key);
    if (claim?.author !== identity.author || --claim.uses > 0) return;
    const { clock, nameHoldSeconds } = this.#options;
    const end = () => {
      if (this.#claims.get(key) !== claim) return;
      this.#claims.delete(key);
      this.#released.set(key, claim.author);
      this.#releaseSoon();
    };
    // Otherwise each message over HTTP would claim its name anew.
    if (claim.keyed && 1000 * nameHoldSeconds > LINGER_MS) claim.stay = clock.after(LINGER_MS, end);
    else end();
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
    this.#cancelRelease?.();
    for (const { stay } of this.#claims.values()) stay?.();
    for (const [key, { author }] of this.#claims) this.#released.set(key, author);
    this.#claims.clear();
    try {
      if (!this.#link.isUp) return;
      await this.#giveBack();
      // Who is on the way to another instance is shown for as long as after any other leave.
      await this.#link.run(BEAT, [this.#link.instance, `${PRESENCE_GRACE_MS}`]);
    } catch {
      // The lease ends by itself.
    } finally {
      this.#attendances.close();
    }
  }

  /** Somebody without a key: nobody else, and nobody who could come again. */
  #nobody(user: Name): string {
    return `s:${user.key}/${this.#options.randomId()}`;
  }

  #begin({ user, author: key, address }: ClaimRequest, author: string): Claim {
    const keyed = key !== undefined;
    const claim: Claim = {
      author,
      keyed,
      claimed: this.#ask(user, author, keyed, address).then(
        (claimed) => {
          if ("identity" in claimed) claim.identity = claimed.identity;
          else this.#forget(user.key, claim);
          return claimed;
        },
        (error) => {
          this.#forget(user.key, claim);
          throw error;
        },
      ),
      identity: undefined,
      uses: 0,
      stay: undefined,
    };
    this.#claims.set(user.key, claim);
    return claim;
  }

  #forget(key: string, claim: Claim): void {
    if (this.#claims.get(key) === claim) this.#claims.delete(key);
  }

  async #ask(user: Name, author: string, keyed: boolean, address: string): Promise<Claimed> {
    // In the order in which it was said.
    if (this.#released.has(user.key)) await this.#giveBack();
    else if (this.#returning?.has(user.key)) await this.#returned;
    const fields = [user.key, author, keyed ? "1" : "0", user.text, address, "0"];
    const [[outcome, text]] = await this.#run(fields) as [[string, string]];
    if (outcome !== "in") return refused(outcome, text);
    const inbox = keyed ? inboxChannel(user.key, author) : undefined;
    return { identity: { user: { key: user.key, text }, author, inbox } };
  }

  async #run(claims: readonly string[]): Promise<readonly string[][]> {
    const { nameHoldSeconds, historyDays } = this.#options;
    return await this.#link.run(CLAIM, [
      this.#link.instance,
      `${1000 * nameHoldSeconds}`,
      `${historyDays * DAY_MS}`,
      ...this.#claimRate(),
      ...claims,
    ]) as string[][];
  }

  #claimRate(): [interval: string, tolerance: string] {
    const { claimsPerMinute } = this.#options;
    const interval = claimsPerMinute > 0 ? 60_000 / claimsPerMinute : 0;
    return [`${interval}`, `${interval * (claimsPerMinute - 1)}`];
  }

  #visited(visit: string, now: number): void {
    this.#visits.delete(visit);
    this.#visits.set(visit, now + VISIT_MS);
    for (const [old, until] of this.#visits) {
      if (until > now) break;
      this.#visits.delete(old);
    }
  }

  #isBannedNow(key: string, author: string): boolean {
    const now = this.#options.clock.wallNow();
    return bansOf(key, author).some((ban) => (this.#bans.get(ban) ?? 0) > now);
  }

  #releaseSoon(): void {
    this.#cancelRelease ??= this.#options.clock.after(TELL_MS, () => {
      this.#cancelRelease = undefined;
      this.#giveBack().catch(() => {});
    });
  }

  /** What cannot be given back now is when the link is up again. */
  #giveBack(): Promise<void> {
    const released = new Map(this.#released);
    this.#released.clear();
    this.#returning = released;
    const returned = this.#giveBackAll([...released].flat()).finally(() => {
      if (this.#returning === released) this.#returning = undefined;
    });
    returned.catch(() => {});
    return this.#returned = returned;
  }

  async #giveBackAll(released: readonly string[]): Promise<void> {
    for (let at = 0; at < released.length; at += TOLD_AT_ONCE_MAX) {
      const some = released.slice(at, at + TOLD_AT_ONCE_MAX);
      await this.#link.run(RELEASE, [this.#link.instance, ...some]);
    }
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

  /** Claims everything once more: it may be gone, or be another's by now. */
  async #renew(): Promise<void> {
    const names = `${this.#link.prefix}in:${this.#link.instance}`;
    for (const key of await this.#link.call("SMEMBERS", names) as string[]) {
      if (!this.#claims.has(key)) this.#released.set(key, "");
    }
    await this.#giveBack();
    const claims = [...this.#claims.values()].filter(({ identity }) => identity !== undefined);
    for (let at = 0; at < claims.length; at += TOLD_AT_ONCE_MAX) {
      const some = claims.slice(at, at + TOLD_AT_ONCE_MAX);
      const fields = some.flatMap(({ author, keyed, identity }) => {
        const { user } = identity!;
        return [user.key, author, keyed ? "1" : "0", user.text, "", "1"];
      });
      const replies = await this.#run(fields);
      for (const [index, [outcome]] of replies.entries()) this.#renewed(some[index]!, outcome!);
    }
    await this.#attendances.renew();
  }

  #renewed(claim: Claim, outcome: string): void {
    const { user: { key } } = claim.identity!;
    if (outcome === "in" || this.#claims.get(key) !== claim) return;
    this.#claims.delete(key);
    claim.stay?.();
    if (outcome === "banned") this.#listener?.putOut({ key });
    else this.#listener?.lost(claim.identity!);
  }
}

function refused(outcome: string, ms: string | undefined): Claimed {
  if (outcome === "limited") return { refused: "limited", retryAfterMs: Number(ms) };
  return { refused: outcome === "banned" ? "banned" : "taken" };
}

function bansOf(key: string | undefined, author: string | undefined): string[] {
  const bans = key === undefined ? [] : [`name/${key}`];
  return author === undefined ? bans : [...bans, `author/${author}`];
}
