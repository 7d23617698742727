/**
 * What the tests of tokens share: a secret, a provider's keys, and what is said of a token under them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { JwksKeys } from "../../lib/auth/jwks.ts";
import type { Principal } from "../../lib/auth/principal.ts";
import { createTokenAuthenticator } from "../../lib/auth/token.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { createHmac, createPair, issue, keySet, PAIR_ALGORITHMS, type Signer } from "./support.ts";

/** The tests' time, in seconds. */
export const NOW = 1_800_000_000;

/** The secret that the product signs with. */
export const SECRET = crypto.randomUUID();

/** Where the provider publishes its keys. */
export const JWKS_URL = "https://login.example/keys";

/** Every reason that there is: whatever comes, nothing else is ever said. */
export const REASONS: ReadonlySet<string> = new Set([
  "token missing",
  "token too long",
  "token malformed",
  "token algorithm not allowed",
  "token of an unknown key",
  "keys out of reach",
  "token wrong",
  "token expired",
  "token not yet valid",
  "token of another issuer",
  "token for another audience",
  "token sub is no username",
  "token exp malformed",
  "token rooms malformed",
]);

/** What signs with the secret. */
export const hmac = await createHmac(SECRET);

/** The provider's keys. */
export const pairs = await Promise.all(
  PAIR_ALGORITHMS.map((alg) => createPair(alg, `key of ${alg}`)),
);

/** The same, each by its kind. */
export const [rsa, ecdsa, ed25519] = pairs as [typeof pairs[0], typeof pairs[0], typeof pairs[0]];

/** Keys of a provider that answers with a set. */
export function createJwks(set = keySet(...pairs)): JwksKeys {
  return new JwksKeys({
    url: new URL(JWKS_URL),
    fetch(url) {
      assertEquals(url, JWKS_URL); // a token's `jku` and `x5u` lead nowhere
      return Promise.resolve(new Response(set));
    },
    clock: new FakeClock(),
    onError(error) {
      throw error;
    },
  });
}

/** The same as a clock says it. */
export const now = () => NOW * 1000;

/** What takes tokens of the secret and of the provider. */
export const both = createTokenAuthenticator({ secret: SECRET, jwks: createJwks(), now });

/** What takes those of the secret alone. */
export const secretOnly = createTokenAuthenticator({ secret: SECRET, now });

/** What takes those of the provider alone. */
export const jwksOnly = createTokenAuthenticator({ jwks: createJwks(), now });

/** What is said of a token: why it is refused, or who its bearer is. */
export async function answer(token: string | undefined, authenticator = both): Promise<string> {
  const result = await authenticator.authenticate(token);
  if ("unauthorized" in result) {
    assert(REASONS.has(result.unauthorized), result.unauthorized);
    return result.unauthorized;
  }
  return result.author!;
}

/** The principal of claims that are good. */
export async function principal(claims: object): Promise<Principal> {
  const result = await both.authenticate(await issue(hmac, { sub: "alice", ...claims }));
  assert(!("unauthorized" in result), JSON.stringify(result));
  return result;
}

/** A signer under another algorithm's name, or another key's id. */
export function disguised(signer: Signer, header: { alg?: string; kid?: string }): Signer {
  return { ...signer, ...header };
}
