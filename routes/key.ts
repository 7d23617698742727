/**
 * The key with which a client claims a name (docs/protocol.md, "Names and keys").
 *
 * @module
 */

const AUTH_SUBPROTOCOL = "natter.auth.";

/**
 * Finds a client's key: a page cannot set headers on a WebSocket, and offers it as a subprotocol, which
 * is never selected. Nothing reads a key from a URL, for URLs are logged.
 *
 * @param offered The subprotocols that the client offers.
 * @param authorization The value of `Authorization`.
 * @returns The key as it came, or `undefined` where there is none.
 */
export function findKey(
  offered: readonly string[],
  authorization: string | undefined,
): string | undefined {
  const subprotocol = offered.find((name) => name.startsWith(AUTH_SUBPROTOCOL));
  if (subprotocol !== undefined) return subprotocol.slice(AUTH_SUBPROTOCOL.length);
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

/**
 * Tells whether a text can be a key: base64url of at least 128 bits.
 *
 * @param key The key as it came.
 */
export function isKey(key: string): boolean {
  return /^[\w-]{22,512}$/.test(key);
}

/**
 * Hashes a key; nothing else of it is kept. A plain hash will do: a key is random, and cannot be guessed
 * from its hash.
 *
 * @param key The key as it came.
 * @returns SHA-256 in base64url.
 */
export async function hashKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true });
}
