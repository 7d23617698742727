/**
 * The directory of one process: who is who.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { Log } from "../log/log.ts";
import type { Name } from "../protocol/name.ts";

/** What a {@linkcode LocalDirectory} works with. */
export interface LocalDirectoryOptions {
  /** Where claims with a key are remembered. */
  readonly log: Log;
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
  /** Seconds for which a claim with a key outlives its last socket. */
  readonly nameHoldSeconds: number;
}

/** Somebody, under a name. */
export interface Identity {
  /** The name, as its claimant spells it. */
  readonly user: Name;
  /** Whose the messages are, for programs: a hash of the key, or an id of the socket. */
  readonly author: string;
  /** The log's channel of the inbox; `undefined` without a key. */
  readonly inbox: string | undefined;
}

/** Somebody with a key, and so with an inbox. */
export interface Holder extends Identity {
  /** The log's channel of the inbox. */
  readonly inbox: string;
}

interface Claim {
  /** Who it is; resolves when the claim is stored. */
  readonly identity: Promise<Identity>;
  readonly author: string;
  readonly hasKey: boolean;
  /** Sockets that use it now. */
  uses: number;
  /** Takes back the alarm that ends it. */
  stay: (() => void) | undefined;
}

/**
 * Claims of names.
 *
 * The first who brings a key to a free name claims it; the same key opens more sockets under it, any other
 * is refused, for as long as one of them lives and a time after. Without a key a name is held by one
 * socket for its own life.
 *
 * Who holds a name now is known in memory; who claimed it last with a key, and so has the inbox of that
 * name, is the last entry of a channel of the log, so that a restart does not forget it.
 */
export class LocalDirectory {
  readonly #options: LocalDirectoryOptions;
  readonly #claims = new Map<string, Claim>();

  /**
   * Creates a directory in which every name is free.
   *
   * @param options What it works with.
   */
  constructor(options: LocalDirectoryOptions) {
    this.#options = options;
  }

  /** How many names are claimed. */
  get size(): number {
    return this.#claims.size;
  }

  /**
   * Claims a name, or uses an own claim once more. Check and claim are one synchronous step: of many that
   * ask at once one has it.
   *
   * @param user The name.
   * @param author Who asks.
   * @param hasKey Whether that is a key, which may come again.
   * @returns Who it is now, with the spelling of the first claim; `undefined` where the name is taken.
   * @throws {UnavailableError} If the claim cannot be stored; then it is none.
   */
  async claim(user: Name, author: string, hasKey: boolean): Promise<Identity | undefined> {
    let claim = this.#claims.get(user.key);
    if (claim !== undefined && claim.author !== author) return undefined;
    if (claim === undefined) {
      const identity = this.#identify(user, author, hasKey);
      claim = { identity, author, hasKey, uses: 0, stay: undefined };
      this.#claims.set(user.key, claim);
    }
    claim.uses++;
    claim.stay?.();
    claim.stay = undefined;
    try {
      return await claim.identity;
    } catch (error) {
      if (this.#claims.get(user.key) === claim) this.#claims.delete(user.key);
      throw error;
    }
  }

  /**
   * A socket no longer uses its claim. Without effect where the claim is another's by now.
   *
   * @param identity What {@linkcode LocalDirectory.claim} gave; once for each time.
   */
  release(identity: Identity): void {
    const { key } = identity.user;
    const claim = this.#claims.get(key);
    if (claim?.author !== identity.author || --claim.uses > 0) return;
    if (!claim.hasKey) return void this.#claims.delete(key);
    const { clock, nameHoldSeconds } = this.#options;
    claim.stay = clock.after(nameHoldSeconds * 1000, () => {
      if (this.#claims.get(key) === claim) this.#claims.delete(key);
    });
  }

  /**
   * Who has the inbox of a name: who claimed it last with a key. While a name is held without one, nobody.
   *
   * @param key The name's key.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async holder(key: string): Promise<Holder | undefined> {
    const claim = this.#claims.get(key);
    if (claim === undefined) return await this.#lastHolder(key);
    const { user, author, inbox } = await claim.identity;
    return inbox === undefined ? undefined : { user, author, inbox };
  }

  async #identify(user: Name, author: string, hasKey: boolean): Promise<Identity> {
    if (!hasKey) return { user, author, inbox: undefined };
    const last = await this.#lastHolder(user.key);
    if (last?.author === author) return last;
    const { log, clock, randomId } = this.#options;
    await log.append(claimsChannel(user.key), {
      kind: "message",
      id: randomId(),
      author,
      sender: user.text,
      at: clock.wallNow(),
      body: "",
    });
    return { user, author, inbox: inboxChannel(user.key, author) };
  }

  async #lastHolder(key: string): Promise<Holder | undefined> {
    const channel = await this.#options.log.watch(claimsChannel(key), () => {});
    try {
      const [claim] = await channel.read(channel.head - 1, 1);
      if (claim === undefined) return undefined;
      const { author, sender } = claim;
      return { user: { text: sender, key }, author, inbox: inboxChannel(key, author) };
    } finally {
      channel.close();
    }
  }
}

// Neither can be a room's name.
function claimsChannel(key: string): string {
  return `~${key}`;
}

function inboxChannel(key: string, author: string): string {
  return `@${key}/${author}`;
}
