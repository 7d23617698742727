/**
 * The directory of one process: who is who.
 *
 * @module
 */

import { type Clock, DAY_MS } from "../clock.ts";
import { VISIT_MS } from "../limits.ts";
import type { Entry, Log } from "../log/log.ts";
import type { Name } from "../protocol/name.ts";
import { RateLimiter } from "../rate_limiter.ts";
import {
  type Attendance,
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
import { LocalBans } from "./local_bans.ts";
import { claimsChannel, DirectoryRecords } from "./records.ts";

/** What a {@linkcode LocalDirectory} works with. */
export interface LocalDirectoryOptions {
  /** Where claims with a key, and bans, are remembered. */
  readonly log: Log;
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
  /** Seconds for which a claim with a key outlives its last use. */
  readonly nameHoldSeconds: number;
  /** New names that one address may claim in a minute; 0: no limit. */
  readonly claimsPerMinute: number;
  /** Days for which an entry is retained, and with it a claim. */
  readonly historyDays: number;
}

interface Claim {
  readonly author: string;
  readonly hasKey: boolean;
  readonly claimed: Promise<Claimed>;
  /** Whether `claimed` is still open. */
  isPending: boolean;
  /** What uses it now. */
  uses: number;
  /** Takes back the alarm that ends it. */
  stay: (() => void) | undefined;
}

/** Nobody is anywhere else. */
const NO_ELSEWHERE: Attendance = { opened: undefined, enter() {}, leave() {}, close() {} };

/** The body of the entry that says that a name is free again. */
const FREE = "free";

/**
 * Claims of names.
 *
 * The first who brings a key to a free name claims it; the same key opens more sockets under it, any other
 * is refused, for as long as one of them lives and a time after. Without a key a name is held by one
 * socket for its own life.
 *
 * Who holds a name now is known in memory. Who claimed it last with a key, and so has the inbox of that
 * name, and whether that claim was still held, is the last entry of a channel of the log; so is every ban.
 * A restart forgets neither: a name that was held is held for its owner once more, from the start on.
 */
export class LocalDirectory implements Directory {
  readonly #options: LocalDirectoryOptions;
  readonly #claimLimiter: RateLimiter;
  readonly #claims = new Map<string, Claim>();
  readonly #records: DirectoryRecords;
  readonly #bans: LocalBans;
  /** Until when a name may be visited again from an address as one that is not new. */
  readonly #visits = new Map<string, number>();
  readonly #oldClaimsUntil: number;
  #listener: DirectoryListener | undefined;

  /**
   * Creates a directory.
   *
   * @param options What it works with.
   */
  constructor(options: LocalDirectoryOptions) {
    this.#options = options;
    const { clock, claimsPerMinute } = options;
    this.#records = new DirectoryRecords(options);
    this.#bans = new LocalBans(this.#records, clock);
    this.#claimLimiter = new RateLimiter({
      perSecond: claimsPerMinute / 60,
      burst: claimsPerMinute,
      now: () => clock.now(),
    });
    this.#oldClaimsUntil = clock.now() + options.nameHoldSeconds * 1000;
  }

  get size(): number {
    return this.#claims.size;
  }

  listen(listener: DirectoryListener): void {
    this.#listener = listener;
  }

  /** Check and claim are one synchronous step: of many that ask at once one has it. */
  async claim(request: ClaimRequest): Promise<Claimed> {
    const { user } = request;
    const author = request.author ?? this.#nobody(user);
    let claim = this.#claims.get(user.key);
    while (claim !== undefined && claim.author !== author) {
      if (!claim.isPending) return { refused: "taken" };
      // Whoever came first may yet be refused.
      await claim.claimed.catch(() => {});
      claim = this.#claims.get(user.key);
    }
    if (this.#bans.isBannedNow(user.key, author)) return { refused: "banned" };
    claim ??= this.#begin(request, author);
    claim.uses++;
    claim.stay?.();
    claim.stay = undefined;
    return await claim.claimed;
  }

  async visit(user: Name, address: string | undefined): Promise<Claimed> {
    await this.#claims.get(user.key)?.claimed.catch(() => {});
    if (this.#claims.has(user.key)) return { refused: "taken" };
    if (await this.isBanned(user.key, undefined)) return { refused: "banned" };
    if (this.#isKept(await this.#records.last(claimsChannel(user.key)))) {
      return { refused: "taken" };
    }
    const retryAfterMs = address === undefined ? 0 : this.#countVisit(user, address);
    if (retryAfterMs > 0) return { refused: "limited", retryAfterMs };
    return { identity: { user, author: this.#nobody(user), inbox: undefined } };
  }

  /** Otherwise one address could show any number of people who are not there. */
  #countVisit({ key }: Name, address: string): number {
    const { clock, claimsPerMinute } = this.#options;
    if (claimsPerMinute === 0) return 0;
    const now = clock.now();
    const visit = `${key} ${address}`;
    if ((this.#visits.get(visit) ?? 0) <= now) {
      const retryAfterMs = this.#claimLimiter.take(address);
      if (retryAfterMs > 0) return retryAfterMs;
    }
    // The oldest come first: each new one costs a name, so that there are never many.
    this.#visits.delete(visit);
    this.#visits.set(visit, now + VISIT_MS);
    for (const [old, until] of this.#visits) {
      if (until > now) break;
      this.#visits.delete(old);
    }
    return 0;
  }

  /** Somebody without a key: nobody else, and nobody who could come again. */
  #nobody(user: Name): string {
    return `s:${user.key}/${this.#options.randomId()}`;
  }

  /** Whether a claim of before the start is held for its owner. */
  #isKept(last: Entry | undefined): boolean {
    return last !== undefined && last.body !== FREE &&
      this.#options.clock.now() < this.#oldClaimsUntil;
  }

  /** Takes the name at once, and gives it back where it turns out that it cannot be had. */
  #begin({ user, author: key, address }: ClaimRequest, author: string): Claim {
    const claim: Claim = {
      author,
      hasKey: key !== undefined,
      claimed: this.#identify(user, author, key !== undefined, address).then(
        (claimed) => this.#settle(user.key, claim, claimed),
        (error) => {
          this.#settle(user.key, claim, { refused: "taken" });
          throw error;
        },
      ),
      isPending: true,
      uses: 0,
      stay: undefined,
    };
    this.#claims.set(user.key, claim);
    return claim;
  }

  #settle(key: string, claim: Claim, claimed: Claimed): Claimed {
    claim.isPending = false;
    // Who has been banned since the store was asked.
    const outcome: Claimed = this.#bans.isBannedNow(key, claim.author)
      ? { refused: "banned" }
      : claimed;
    if ("refused" in outcome && this.#claims.get(key) === claim) this.#claims.delete(key);
    return outcome;
  }

  async #identify(
    user: Name,
    author: string,
    hasKey: boolean,
    address: string,
  ): Promise<Claimed> {
    const { clock, historyDays } = this.#options;
    if (await this.isBanned(user.key, hasKey ? author : undefined)) return { refused: "banned" };
    const last = await this.#records.last(claimsChannel(user.key));
    const isOwn = last?.author === author;
    if (!isOwn) {
      if (this.#isKept(last)) return { refused: "taken" };
      const retryAfterMs = this.#claimLimiter.take(address);
      if (retryAfterMs > 0) return { refused: "limited", retryAfterMs };
    }
    if (!hasKey) return { identity: { user, author, inbox: undefined } };
    const inbox = inboxChannel(user.key, author);
    // The spelling of the last claim is kept, as long as it was held; said anew before it is forgotten.
    const isFresh = last !== undefined && last.at > clock.wallNow() - historyDays * DAY_MS / 2;
    if (isOwn && last.body !== FREE && isFresh) {
      return { identity: { user: { text: last.sender, key: user.key }, author, inbox } };
    }
    await this.#records.say(claimsChannel(user.key), author, user.text, "");
    return { identity: { user, author, inbox } };
  }

  release(identity: Identity): void {
    const { key } = identity.user;
    const claim = this.#claims.get(key);
    if (claim?.author !== identity.author || --claim.uses > 0) return;
    if (!claim.hasKey) return void this.#claims.delete(key);
    const { clock, nameHoldSeconds } = this.#options;
    claim.stay = clock.after(nameHoldSeconds * 1000, () => {
      if (this.#claims.get(key) !== claim) return;
      this.#claims.delete(key);
      // Where this cannot be stored, the next start holds the name once more.
      this.#records.say(claimsChannel(key), claim.author, identity.user.text, FREE).catch(() => {});
    });
  }

  async holder(key: string): Promise<Holder | undefined> {
    const claimed = await this.#claims.get(key)?.claimed.catch(() => undefined);
    if (claimed !== undefined && "identity" in claimed) {
      const { user, author, inbox } = claimed.identity;
      return inbox === undefined ? undefined : { user, author, inbox };
    }
    const last = await this.#records.last(claimsChannel(key));
    if (last === undefined) return undefined;
    const { author, sender } = last;
    return { user: { text: sender, key }, author, inbox: inboxChannel(key, author) };
  }

  async ban(key: string, untilMs: number): Promise<Holder | undefined> {
    const holder = await this.holder(key);
    await this.#bans.ban(key, holder?.author, untilMs);
    return holder;
  }

  isBanned(key: string | undefined, author: string | undefined): Promise<boolean> {
    return this.#bans.isBanned(key, author);
  }

  putOut(outcast: Outcast): Promise<number> {
    return Promise.resolve(this.#listener?.putOut(outcast) ?? 0);
  }

  attend(): Attendance {
    return NO_ELSEWHERE;
  }

  typing(): void {}

  who(): Promise<readonly Name[]> {
    return Promise.resolve([]);
  }

  occupied(): Promise<readonly Occupied[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
