/**
 * The keys of a login provider: its JSON Web Key Set (RFC 7517), fetched, bounded and kept.
 *
 * @module
 */

import { createLocalJWKSet } from "jose";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import {
  JWKS_BYTES_MAX,
  JWKS_COOLDOWN_MS,
  JWKS_FRESH_MS,
  JWKS_KEYS_MAX,
  JWKS_TIMEOUT_MS,
} from "../limits.ts";

/** Settings of {@linkcode JwksKeys}. */
export interface JwksOptions {
  /** Where the provider publishes its set. */
  readonly url: URL;
  /** Asks for it: the platform's `fetch`. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Tells how old the set is, and ends a fetch that takes too long. */
  readonly clock: Clock;
  /** Hears of the first failure after a success, and at the start; must not throw. */
  readonly onError: (error: unknown) => void;
}

/** Why there is no key: the provider publishes none such, or could not be asked. */
export type NoKey = "unknown" | "out of reach";

/** A set that selects a key by algorithm, id, type, curve, use and operations. */
type KeySet = ReturnType<typeof createLocalJWKSet>;

const keySet = z.object({ keys: z.array(z.unknown()).max(JWKS_KEYS_MAX) });

// A key that is published with its private part (`d`) lets anybody sign, and a symmetric one (`oct`) has
// no public part: neither counts. Nor does one without an id, for a token must name its key.
const publicKey = z.object({
  kid: z.string(),
  kty: z.enum(["RSA", "EC", "OKP"]),
  alg: z.string().exactOptional(),
  use: z.string().exactOptional(),
  key_ops: z.array(z.string()).exactOptional(),
  crv: z.string().exactOptional(),
  n: z.string().exactOptional(),
  e: z.string().exactOptional(),
  x: z.string().exactOptional(),
  y: z.string().exactOptional(),
  d: z.never().exactOptional(),
});

/**
 * Keys that a provider publishes.
 *
 * They are fetched when the first is asked for, and again in the background when one is used and they
 * are 10 minutes old. While the provider is out of reach the known ones go on, however old: its failure
 * should put nobody out. An unknown id has them fetched too. In all, the provider is asked at most once
 * in 30 seconds, whatever ids strangers make up.
 */
export class JwksKeys {
  readonly #options: JwksOptions;
  #keys: KeySet | undefined;
  #fetchedAt = -Infinity;
  #askedAt = -Infinity;
  #refreshing: Promise<void> | undefined;
  #isFailing = false;

  /**
   * Creates them; nothing is fetched yet.
   *
   * @param options URL, fetch, clock and who hears of failures.
   * @throws {TypeError} If the URL is neither `http:` nor `https:`.
   */
  constructor(options: JwksOptions) {
    if (!["http:", "https:"].includes(options.url.protocol)) {
      throw new TypeError(`Cannot fetch keys by "${options.url.protocol}": only http: and https:`);
    }
    this.#options = options;
  }

  /**
   * Finds a key; never rejects.
   *
   * @param alg The algorithm that it must be for.
   * @param kid Its id.
   */
  async find(alg: string, kid: string): Promise<CryptoKey | NoKey> {
    const known = await this.#select(alg, kid);
    if (known === undefined) await this.#refresh();
    else if (this.#options.clock.now() - this.#fetchedAt >= JWKS_FRESH_MS) void this.#refresh();
    return known ?? await this.#select(alg, kid) ??
      (this.#isFailing ? "out of reach" : "unknown");
  }

  async #select(alg: string, kid: string): Promise<CryptoKey | undefined> {
    try {
      return await this.#keys?.({ alg, kid });
    } catch {
      return undefined; // no such key, two of one id, or one that the platform cannot use
    }
  }

  /** Has the set fetched, unless that was done lately; all who come meanwhile wait for one answer. */
  #refresh(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#refreshing === undefined && now - this.#askedAt >= JWKS_COOLDOWN_MS) {
      this.#askedAt = now;
      this.#refreshing = this.#replaceKeys().finally(() => this.#refreshing = undefined);
    }
    return this.#refreshing ?? Promise.resolve();
  }

  async #replaceKeys(): Promise<void> {
    try {
      this.#keys = createLocalJWKSet({ keys: parseKeySet(await this.#fetchText()) });
      this.#fetchedAt = this.#options.clock.now();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#options.onError(error);
      this.#isFailing = true;
    }
  }

  async #fetchText(): Promise<string> {
    const { url, fetch, clock } = this.#options;
    const controller = new AbortController();
    const late = new Error(`Provider has not sent its keys within ${JWKS_TIMEOUT_MS} ms`);
    const disarm = clock.after(JWKS_TIMEOUT_MS, () => controller.abort(late));
    try {
      const response = await fetch(url.href, {
        headers: { Accept: "application/jwk-set+json, application/json" },
        // The keys decide who comes in, so they come from where the operator said, and nowhere else.
        redirect: "manual",
        signal: controller.signal,
      });
      if (response.status === 200) return await readText(response);
      await response.body?.cancel();
      throw new Error(`Provider answered ${response.status} instead of its keys`);
    } finally {
      disarm();
    }
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > JWKS_BYTES_MAX) {
      throw new RangeError(`Provider sent more than ${JWKS_BYTES_MAX} bytes instead of its keys`);
    }
    chunks.push(chunk);
  }
  return await new Blob(chunks).text();
}

/** Keys that can verify a token; what else stands in the set is passed over. */
function parseKeySet(text: string): z.infer<typeof publicKey>[] {
  const set = keySet.safeParse(parseJson(text));
  if (!set.success) {
    throw new TypeError(`Provider did not send a set of at most ${JWKS_KEYS_MAX} keys`);
  }
  return set.data.keys.map((key) => publicKey.safeParse(key)).flatMap(({ data }) => data ?? []);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
