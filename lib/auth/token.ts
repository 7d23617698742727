/**
 * Token mode: a JSON Web Token (RFC 7519) of the product that embeds the chat says who its bearer is
 * (docs/auth.md).
 *
 * @module
 */

import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import * as z from "zod";
import {
  AUTH_SECRET_BYTES_MIN,
  TOKEN_CHARS_MAX,
  TOKEN_EXP_SECONDS_MAX,
  TOKEN_ROOM_CHARS_MAX,
  TOKEN_ROOMS_MAX,
} from "../limits.ts";
import { nameKey, parseUsername } from "../protocol/name.ts";
import type { JwksKeys } from "./jwks.ts";
import type { Authenticator, Principal, Unauthorized } from "./principal.ts";

/** Settings of {@linkcode createTokenAuthenticator}; a secret, keys, or both. */
export interface TokenAuthenticatorOptions {
  /** What the product signs with by HS256; its UTF-8 has at least 32 bytes. */
  readonly secret?: string | undefined;
  /** The keys of a provider that signs by RS256, ES256 or EdDSA. */
  readonly jwks?: JwksKeys | undefined;
  /** What `iss` must be; `undefined`: anything. */
  readonly issuer?: string | undefined;
  /** What `aud` must be, or have among others; `undefined`: anything. */
  readonly audience?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Where a key is looked for is the algorithm's matter: a public key never serves as a secret. */
const KEY_SOURCES: ReadonlyMap<string, "secret" | "jwks"> = new Map([
  ["HS256", "secret"],
  ["RS256", "jwks"],
  ["ES256", "jwks"],
  ["EdDSA", "jwks"],
]);

/** Three parts in base64url, none empty: neither an unsigned token nor an encrypted one. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

// `crit` asks for extensions (RFC 7515, section 4.1.11); there are none here. One of them is `b64`,
// which a JWT may not use (RFC 7797, section 7).
const tokenHeader = z.object({
  alg: z.string(),
  kid: z.string().optional(),
  crit: z.never().optional(),
  b64: z.never().optional(),
});

// Folded between its stars: folding makes a star of ＊ too, which would open more rooms than were named.
const glob = z.string().max(TOKEN_ROOM_CHARS_MAX)
  .transform((text) => text.split("*").map(nameKey))
  .refine((parts) => !parts.some((part) => part.includes("*")))
  .transform((parts) => parts.join("*"));

const tokenClaims = z.object({
  sub: z.string(),
  exp: z.number().max(TOKEN_EXP_SECONDS_MAX).optional(),
  rooms: z.array(glob).max(TOKEN_ROOMS_MAX).optional(),
});

/** What is wrong with a claim, by its name. */
const CLAIM_REASONS: ReadonlyMap<PropertyKey | undefined, string> = new Map([
  ["sub", "token sub is no username"],
  ["exp", "token exp malformed"],
  ["rooms", "token rooms malformed"],
  ["iss", "token of another issuer"],
  ["aud", "token for another audience"],
]);

/**
 * Creates the authenticator of token mode.
 *
 * @param options What tokens are verified with.
 * @returns One that takes valid tokens only, and tells in a few fixed words what is wrong with others.
 * @throws {TypeError} If there is neither a secret nor a set of keys.
 * @throws {RangeError} If the secret is too short to withstand guessing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createTokenAuthenticator } from "./token.ts";
 *
 * const secret = "correct horse battery staple, and more";
 * const authenticator = createTokenAuthenticator({ secret, now: Date.now });
 * assertEquals(await authenticator.authenticate("x.y.z"), { unauthorized: "token malformed" });
 * ```
 */
export function createTokenAuthenticator(options: TokenAuthenticatorOptions): Authenticator {
  const { jwks } = options;
  const secret = options.secret === undefined ? undefined : importSecret(options.secret);
  if (secret === undefined && jwks === undefined) {
    throw new TypeError("Cannot verify tokens without a secret or a set of keys");
  }

  return {
    async authenticate(token) {
      if (token === undefined) return refuse("token missing");
      if (token.length > TOKEN_CHARS_MAX) return refuse("token too long");
      const header = parseHeader(token);
      if (header === undefined) return refuse("token malformed");
      const key = await findKey(header);
      return "unauthorized" in key ? key : await verify(token, header.alg, key, options);
    },
  };

  async function findKey(
    { alg, kid }: z.infer<typeof tokenHeader>,
  ): Promise<CryptoKey | Unauthorized> {
    const source = KEY_SOURCES.get(alg);
    if (source === "secret" && secret !== undefined) return await secret;
    if (source !== "jwks" || jwks === undefined) return refuse("token algorithm not allowed");
    const key = kid === undefined ? "unknown" : await jwks.find(alg, kid);
    if (key === "unknown") return refuse("token of an unknown key");
    return key === "out of reach" ? { unauthorized: "keys out of reach", isPassing: true } : key;
  }
}

function importSecret(text: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < AUTH_SECRET_BYTES_MIN) {
    throw new RangeError(
      `Cannot verify tokens by a secret of ${bytes.length} bytes: at least ${AUTH_SECRET_BYTES_MIN}`,
    );
  }
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
}

function parseHeader(token: string): z.infer<typeof tokenHeader> | undefined {
  if (!TOKEN.test(token)) return undefined;
  try {
    return tokenHeader.safeParse(decodeProtectedHeader(token)).data;
  } catch {
    return undefined;
  }
}

async function verify(
  token: string,
  alg: string,
  key: CryptoKey,
  { issuer, audience, now }: TokenAuthenticatorOptions,
): Promise<Principal | Unauthorized> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [alg],
      currentDate: new Date(now()),
      ...issuer !== undefined && { issuer },
      ...audience !== undefined && { audience },
    });
    return readClaims(payload, now());
  } catch (error) {
    return refuse(reasonOf(error));
  }
}

function readClaims(payload: unknown, now: number): Principal | Unauthorized {
  const { data, error } = tokenClaims.safeParse(payload);
  if (error !== undefined) return refuse(claimReason(error.issues[0]?.path[0]));
  const user = parseUsername(data.sub);
  if (user === undefined) return refuse(claimReason("sub"));
  const expiresAt = data.exp === undefined ? undefined : Math.floor(data.exp * 1000);
  // Looked at again: the library counts in whole seconds, `exp` need not.
  if (expiresAt !== undefined && expiresAt <= now) return refuse("token expired");
  return { author: `u:${user.text}`, user, rooms: data.rooms, expiresAt };
}

/** Says what the library threw; a platform that cannot use the key throws errors of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "token expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "nbf" && error.reason === "check_failed"
      ? "token not yet valid"
      : claimReason(error.claim);
  }
  return error instanceof errors.JWTInvalid ? "token malformed" : "token wrong";
}

function claimReason(claim: PropertyKey | undefined): string {
  return CLAIM_REASONS.get(claim) ?? "token malformed";
}

function refuse(unauthorized: string): Unauthorized {
  return { unauthorized };
}
