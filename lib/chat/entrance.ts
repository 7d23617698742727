/**
 * Coming in: under which name somebody may do something, over whichever transport.
 *
 * @module
 */

import type { Principal, Unauthorized } from "../auth/principal.ts";
import type { Claimed, ClaimRequest, Directory, Identity } from "../directory/directory.ts";
import { type Name, parseUsername } from "../protocol/name.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import { rateLimited } from "./publisher.ts";
import { Refusal } from "../protocol/refusal.ts";

/**
 * Lets nobody pass whose key or token has been refused.
 *
 * @param principal Who asks, or why not.
 * @throws {Refusal} `unauthorized`, or `unavailable` where that could not be found out just now.
 */
export function authorized(principal: Principal | Unauthorized): Principal {
  if (!("unauthorized" in principal)) return principal;
  const { unauthorized, isPassing } = principal;
  throw new Refusal(isPassing ? "unavailable" : "unauthorized", unauthorized);
}

/**
 * The name that somebody asks for.
 *
 * @param username As it came; `undefined`: it could not be decoded.
 * @param principal Who asks: a token is for one name, and says how it is spelled.
 * @throws {Refusal} `username_invalid` or `unauthorized`.
 */
export function nameOf(username: string | undefined, { user }: Principal): Name {
  const name = username === undefined ? undefined : parseUsername(username);
  if (name === undefined) throw new Refusal("username_invalid", "This cannot be a username");
  if (user !== undefined && user.key !== name.key) {
    throw new Refusal("unauthorized", "The token is another user's");
  }
  return user ?? name;
}

/**
 * Comes in under a name that nobody has, without claiming it: a GET or a publish without a key.
 *
 * @param directory Knows who has which name.
 * @param user The name.
 * @param address Where the request came from, if it will be shown as present.
 * @throws {Refusal} `username_taken`, `banned` or `rate_limited`.
 * @throws {UnavailableError} If the store is out of reach.
 */
export async function visitName(
  directory: Directory,
  user: Name,
  address?: string,
): Promise<Identity> {
  return identityOf(await directory.visit(user, address));
}

/**
 * Takes one piece of work from what an address may ask for: a join, a page of history.
 *
 * @param limiter Counts the work of each address.
 * @param address Where the request comes from.
 * @throws {Refusal} `rate_limited`.
 */
export function takeWork(limiter: RateLimiter, address: string): void {
  const waitMs = limiter.take(address);
  if (waitMs > 0) throw rateLimited("too many joins or pages of history", waitMs);
}

/**
 * Claims a name.
 *
 * @param directory Knows who has which name.
 * @param request Who asks, and for what.
 * @throws {Refusal} `username_taken`, `banned` or `rate_limited`.
 * @throws {UnavailableError} If the store is out of reach.
 */
export async function claimName(
  directory: Directory,
  request: ClaimRequest,
): Promise<Identity> {
  return identityOf(await directory.claim(request));
}

function identityOf(claimed: Claimed): Identity {
  if ("identity" in claimed) return claimed.identity;
  switch (claimed.refused) {
    case "taken":
      throw new Refusal("username_taken", "Somebody else has this username");
    case "banned":
      throw new Refusal("banned", "This username, or whoever asks for it, is banned");
    case "limited":
      throw rateLimited("too many new names from this address", claimed.retryAfterMs);
  }
}
