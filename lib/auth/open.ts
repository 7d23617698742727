/**
 * Open mode: whoever brings a key is who brought it before (docs/auth.md).
 *
 * @module
 */

import { CLIENT_KEY_CHARS_MAX, CLIENT_KEY_CHARS_MIN } from "../limits.ts";
import { ANONYMOUS, type Authenticator } from "./principal.ts";

/**
 * Creates the authenticator of open mode: there are no accounts, and the same key is the same person.
 *
 * @returns One that takes any key, and the lack of one.
 */
export function createOpenAuthenticator(): Authenticator {
  return {
    async authenticate(key) {
      if (key === undefined) return ANONYMOUS;
      if (!isKey(key)) return { unauthorized: "key malformed" };
      return { author: `k:${await hashKey(key)}` };
    },
  };
}

/** Tells whether a text can be a key: base64url of at least 128 bits. */
function isKey(key: string): boolean {
  return key.length >= CLIENT_KEY_CHARS_MIN && key.length <= CLIENT_KEY_CHARS_MAX &&
    /^[\w-]+$/.test(key);
}

/**
 * Hashes a key; nothing else of it is kept. A plain hash will do: a key is random, and cannot be guessed
 * from its hash.
 */
async function hashKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true });
}
