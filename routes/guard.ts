/**
 * What every HTTP interface asks first: from where, from which page, by whom.
 *
 * @module
 */

import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import type { Context, MiddlewareHandler, Next } from "hono";
import { cors } from "hono/cors";
import { clientAddress } from "../lib/address.ts";
import type { Principal } from "../lib/auth/principal.ts";
import { PROGRAM } from "../lib/chat/access.ts";
import { authorized } from "../lib/chat/entrance.ts";
import { Refusal } from "../lib/protocol/refusal.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { checkOrigin, isAllowedOrigin } from "./origin.ts";

const AUTH_SUBPROTOCOL = "natter.auth.";

/**
 * Finds a client's key or token: a page cannot set headers on a WebSocket, and offers it as a subprotocol,
 * which is never selected. Nothing reads one from a URL, for URLs are logged.
 *
 * @param authorization The value of `Authorization`.
 * @param offered The subprotocols that the client offers.
 * @returns The key or token as it came, or `undefined` where there is none.
 */
export function findCredential(
  authorization: string | undefined,
  offered: readonly string[] = [],
): string | undefined {
  const subprotocol = offered.find((name) => name.startsWith(AUTH_SUBPROTOCOL));
  if (subprotocol !== undefined) return subprotocol.slice(AUTH_SUBPROTOCOL.length);
  return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}

/**
 * The address that the limits count for a request.
 *
 * @internal
 */
export function addressOf(c: Context<AppTypes>, { config }: AppOptions): string {
  const forwardedFor = c.req.header("X-Forwarded-For") ?? null;
  return clientAddress(c.env.remoteAddress, forwardedFor, config.trustProxy);
}

/**
 * The refusal of a socket, stream or poll for which there is no place.
 *
 * @internal
 */
export function serverFull(): Refusal {
  return new Refusal("busy", "The server is full", 5000);
}

/**
 * Lets only those pages ask that may, and tells browsers so (CORS).
 *
 * @internal
 */
export function crossSite({ config: { allowedOrigins } }: AppOptions): MiddlewareHandler<AppTypes> {
  const tellBrowser = cors({
    origin: (origin, c) =>
      isAllowedOrigin(origin, c.req.header("Host") ?? null, allowedOrigins) ? origin : null,
    allowHeaders: ["Authorization", "Content-Type", "Last-Event-ID"],
    allowMethods: ["GET", "POST", "DELETE"],
    exposeHeaders: ["Retry-After", "X-Request-Id"],
    maxAge: 600,
  });
  return async (c, next) => {
    const refusal = checkOrigin(c.req.raw, allowedOrigins);
    if (refusal !== undefined) throw new Refusal("forbidden", refusal);
    return await tellBrowser(c, next);
  };
}

/**
 * Keeps caches from what one person was told.
 *
 * @internal
 */
export async function noStore(c: Context<AppTypes>, next: Next): Promise<void> {
  await next();
  c.res.headers.set("Cache-Control", "no-store");
}

/**
 * Finds out who asks.
 *
 * @returns The bearer of a key or token, or, in open mode, nobody.
 * @throws {Refusal} As {@linkcode readerOf}; `forbidden` for the `API_KEY`.
 *
 * @internal
 */
export async function principalOf(c: Context<AppTypes>, options: AppOptions): Promise<Principal> {
  const principal = await readerOf(c, options);
  if (principal !== PROGRAM) return principal;
  // It would have a name, and an inbox.
  throw new Refusal("forbidden", "The API_KEY is for the programs' interfaces, not for a user's");
}

/**
 * Finds out who wants to read: a program with the `API_KEY` may as well.
 *
 * @throws {Refusal} `unauthorized`, or `unavailable` where that cannot be found out just now.
 *
 * @internal
 */
export async function readerOf(
  c: Context<AppTypes>,
  { authenticator, config }: AppOptions,
): Promise<Principal> {
  const credential = findCredential(c.req.header("Authorization"));
  if (await isKey(credential, config.apiKey)) return PROGRAM;
  return authorized(await authenticator.authenticate(credential));
}

/**
 * Lets only programs with the `API_KEY` pass. Without such a setting there is nothing here.
 *
 * @internal
 */
export function programsOnly({ config: { apiKey } }: AppOptions): MiddlewareHandler<AppTypes> {
  return withKey([apiKey], "This takes the API_KEY as a bearer token");
}

/**
 * Lets only those pass who may read the metrics. Without a setting for them there is nothing here: they are no
 * secret of anybody's, but tell strangers how to time an attack, and whether it works.
 *
 * @internal
 */
export function metricsOnly(
  { config: { apiKey, metricsKey } }: AppOptions,
): MiddlewareHandler<AppTypes> {
  return withKey([metricsKey, apiKey], "This takes the METRICS_KEY as a bearer token");
}

function withKey(
  keys: readonly (string | undefined)[],
  refusal: string,
): MiddlewareHandler<AppTypes> {
  return async (c, next) => {
    if (keys.every((key) => key === undefined)) {
      throw new Refusal("not_found", "There is nothing here");
    }
    const credential = findCredential(c.req.header("Authorization"));
    const matches = await Promise.all(keys.map((key) => isKey(credential, key)));
    if (!matches.includes(true)) throw new Refusal("unauthorized", refusal);
    await next();
  };
}

/** Compares hashes, in a time that depends on neither text nor on their lengths. */
async function isKey(
  credential: string | undefined,
  key: string | undefined,
): Promise<boolean> {
  if (credential === undefined || key === undefined) return false;
  const [given, wanted] = await Promise.all(
    [credential, key].map((text) =>
      crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))
    ),
  );
  return timingSafeEqual(given!, wanted!);
}

/**
 * Decodes a segment of a request's path: the framework leaves `%ff`, which is no UTF-8, as it is. `URL` would
 * take `%2e` for a step within the path, and another segment for the one that was meant.
 *
 * @param c The request.
 * @param index Which segment; 0 is the first.
 * @returns The text, or `undefined` where it cannot be decoded.
 *
 * @internal
 */
export function pathSegment(c: Context<AppTypes>, index: number): string | undefined {
  const [path = ""] = c.req.url.replace(/^\w+:\/\/[^/?#]*/, "").split(/[?#]/, 1);
  try {
    return decodeURIComponent(path.split("/")[index + 1] ?? "");
  } catch {
    return undefined;
  }
}
