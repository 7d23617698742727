/**
 * The names that this process holds, in Redis.
 *
 * @module
 */

import { type Clock, DAY_MS } from "../clock.ts";
import { LINGER_MS, TELL_MS, TOLD_AT_ONCE_MAX, VISIT_MS } from "../limits.ts";
import type { RedisLink } from "../log/redis_link.ts";
import type { Name } from "../protocol/name.ts";
import { bucketOf } from "../rate_limiter.ts";
import { type Claimed, type ClaimRequest, type Identity, inboxChannel } from "./directory.ts";
import { CLAIM, RELEASE, VISIT } from "./redis_scripts.ts";

/** What the directory in Redis works with. */
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

/** What {@linkcode RedisClaims} work with. */
export interface RedisClaimsOptions extends RedisDirectoryOptions {
  /** Whether there is a ban that was told lately: claims that Redis let pass before it may still be on their way. */
  readonly isBanned: (key: string, author: string) => boolean;
  /** Is told of a name that has become another's. */
  readonly lost: (identity: Identity) => void;
  /** Is told of somebody who was banned while Redis was out of reach. */
  readonly banned: (identity: Identity) => void;
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

/** Claims of names. */
export class RedisClaims {
  readonly #options: RedisClaimsOptions;
  readonly #link: RedisLink;
  readonly #claims = new Map<string, Claim>();
  readonly #visits = new Map<string, number>();
  /** Names that are to be given back, by whom; and those that are being given back. */
  readonly #released = new Map<string, string>();
  #returning: ReadonlyMap<string, string> | undefined;
  #returned: Promise<void> | undefined;
  #cancelRelease: (() => void) | undefined;

  /**
   * Creates it without any.
   *
   * @param options What it works with.
   */
  constructor(options: RedisClaimsOptions) {
    this.#options = options;
    this.#link = options.link;
  }

  /** How many names this process holds. */
  get size(): number {
    return this.#claims.size;
  }

  /** See {@linkcode Directory.claim}. */
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
    if (this.#options.isBanned(user.key, author)) return { refused: "banned" };
    claim ??= this.#begin(request, author);
    claim.uses++;
    claim.stay?.();
    claim.stay = undefined;
    const claimed = await claim.claimed;
    if (!("identity" in claimed) || !this.#options.isBanned(user.key, author)) return claimed;
    this.release(claimed.identity);
    return { refused: "banned" };
  }

  /** See {@linkcode Directory.visit}. */
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

  /** See {@linkcode Directory.release}. */
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

  /**
   * Gives all names back.
   *
   * @throws {UnavailableError} If Redis is out of reach; then the lease ends by itself.
   */
  async close(): Promise<void> {
    this.#cancelRelease?.();
    for (const { stay } of this.#claims.values()) stay?.();
    for (const [key, { author }] of this.#claims) this.#released.set(key, author);
    this.#claims.clear();
    await this.#giveBack();
  }

  /**
   * Claims everything once more: it may be gone, or be another's by now.
   *
   * @throws {UnavailableError} If Redis is out of reach.
   */
  async renew(): Promise<void> {
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
  }

  #renewed(claim: Claim, outcome: string): void {
    const { user: { key } } = claim.identity!;
    if (outcome === "in" || this.#claims.get(key) !== claim) return;
    this.#claims.delete(key);
    claim.stay?.();
    if (outcome === "banned") this.#options.banned(claim.identity!);
    else this.#options.lost(claim.identity!);
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
    const { intervalMs, toleranceMs } = bucketOf(claimsPerMinute / 60, claimsPerMinute);
    return [`${intervalMs}`, `${toleranceMs}`];
  }

  #visited(visit: string, now: number): void {
    this.#visits.delete(visit);
    this.#visits.set(visit, now + VISIT_MS);
    for (const [old, until] of this.#visits) {
      if (until > now) break;
      this.#visits.delete(old);
    }
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
}

function refused(outcome: string, ms: string | undefined): Claimed {
  if (outcome === "limited") return { refused: "limited", retryAfterMs: Number(ms) };
  return { refused: outcome === "banned" ? "banned" : "taken" };
}
