/**
 * Who asks, before any name is claimed: what a key or a token says of its bearer (docs/protocol.md,
 * "Names, keys, tokens").
 *
 * @module
 */

import type { Name } from "../protocol/name.ts";

/** Who asks. */
export interface Principal {
  /**
   * Whose messages these will be, for programs: `k:` and a hash of the key, `u:` and the token's subject;
   * `undefined` without a key: then each socket and each publish is somebody of its own.
   */
  readonly author: string | undefined;
  /** The only name that may be used: the token's subject; `undefined`: any that is free. */
  readonly user?: Name | undefined;
  /** Rooms that may be read, as names' keys or globs (`*` stands for any characters); `undefined`: all. */
  readonly rooms?: readonly string[] | undefined;
  /** When the token expires, in milliseconds since 1970; `undefined`: never. */
  readonly expiresAt?: number | undefined;
}

/** Why a key or a token is refused; for its bearer, without anything of the credential in it. */
export interface Unauthorized {
  /** In a few words: `token expired`. Fits the reason of a close frame. */
  readonly unauthorized: string;
  /** Nothing is known against the credential: it could not be checked just now. */
  readonly isPassing?: boolean;
}

/** Finds out who brings a key or a token. */
export interface Authenticator {
  /**
   * Checks a credential. Never rejects: a provider that is out of reach is a refusal too.
   *
   * @param credential The key or token as it came, of any length; `undefined`: there is none.
   */
  authenticate(credential: string | undefined): Promise<Principal | Unauthorized>;
}

/** Somebody without a key, in open mode. */
export const ANONYMOUS: Principal = { author: undefined };

/**
 * Whether a room is among those that a principal may read.
 *
 * @param principal Who asks.
 * @param room The key of the room's name.
 */
export function allowsRoom({ rooms }: Principal, room: string): boolean {
  return rooms === undefined || rooms.some((pattern) => matchesGlob(pattern, room));
}

/** Whether a text is what a glob describes; in one pass, however many stars there are. */
function matchesGlob(pattern: string, name: string): boolean {
  // Lower case has two forms of sigma, and which one depends on what stands beside it.
  const text = name.replaceAll("ς", "σ");
  const [first = "", ...rest] = pattern.replaceAll("ς", "σ").split("*");
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}
