/**
 * Tokens made by hand: what signs here is not the library that verifies, and signs whatever it is given.
 *
 * @module
 */

/** Signs the bytes of a token. */
export interface Signer {
  /** The name of the algorithm in a token's header. */
  readonly alg: string;
  /** The id of the key in a token's header; a secret has none. */
  readonly kid?: string;
  /** The public key; `undefined` for a secret. */
  readonly jwk?: JsonWebKey & { readonly kid: string };
  /** The same as programs keep it in files (SubjectPublicKeyInfo, DER). */
  readonly spki?: Uint8Array<ArrayBuffer>;
  sign(data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
}

const encoder = new TextEncoder();

/** Parameters of Web Crypto: to make keys with, and to sign with. */
const ALGORITHMS = {
  RS256: [{
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  }, "RSASSA-PKCS1-v1_5"],
  ES256: [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }],
  EdDSA: [{ name: "Ed25519" }, "Ed25519"],
} as const;

/** The algorithms of key pairs. */
export const PAIR_ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;

/** Makes a new key pair. */
export async function createPair(
  alg: typeof PAIR_ALGORITHMS[number],
  kid: string,
): Promise<Required<Signer>> {
  const [made, signing] = ALGORITHMS[alg];
  const pair = await crypto.subtle.generateKey(made, true, ["sign", "verify"]) as CryptoKeyPair;
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  // The platform's `alg` of Ed25519 is the newer name of it; `ext` and `key_ops` are not its provider's.
  const { alg: _alg, ext: _ext, key_ops: _keyOps, ...key } = jwk;
  return {
    alg,
    kid,
    jwk: { ...key, kid },
    spki: new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey)),
    sign: (data) => crypto.subtle.sign(signing, pair.privateKey, data),
  };
}

/** Signs by HMAC with SHA-256. */
export async function createHmac(secret: string | Uint8Array<ArrayBuffer>): Promise<Signer> {
  const bytes = typeof secret === "string" ? encoder.encode(secret) : secret;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  return { alg: "HS256", sign: (data) => crypto.subtle.sign("HMAC", key, data) };
}

/**
 * Makes a token.
 *
 * @param signer What signs it.
 * @param payload Claims, or the payload's text.
 * @param header Parameters beside the signer's `alg` and `kid`, or instead of them; or the header's text.
 */
export async function issue(
  signer: Signer,
  payload: object | string,
  header: object | string = {},
): Promise<string> {
  const { alg, kid } = signer;
  const head = typeof header === "string" ? header : { alg, kid, typ: "JWT", ...header };
  const signed = `${base64url(head)}.${base64url(payload)}`;
  const signature = new Uint8Array(await signer.sign(encoder.encode(signed)));
  return `${signed}.${signature.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** Encodes a part of a token. */
export function base64url(part: object | string): string {
  const text = typeof part === "string" ? part : JSON.stringify(part);
  return encoder.encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** A provider's answer: its set of keys. */
export function keySet(...signers: readonly Pick<Signer, "jwk">[]): string {
  return JSON.stringify({ keys: signers.map(({ jwk }) => jwk) });
}
