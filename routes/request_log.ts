/**
 * Ids of requests, and a line of the log for each.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Refused } from "../lib/refusals.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { addressOf } from "./guard.ts";

/**
 * Gives each request an id, which the answer names in `X-Request-Id`, and writes a line for it at the level
 * `debug`: with the route's pattern in place of the address that was asked for, in which anything may stand.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function logRequests({ logger, requestIdOf }: AppOptions): MiddlewareHandler<AppTypes> {
  return async (c, next) => {
    const requestId = requestIdOf(c.req.header("X-Request-Id"));
    c.set("requestId", requestId);
    const began = performance.now();
    await next();
    const { res: { status }, req: { method } } = c;
    // The response of an upgrade belongs to the runtime, and must reach it as it is.
    if (status !== 101) c.res.headers.set("X-Request-Id", requestId);
    const ms = Math.round(performance.now() - began);
    logger.debug("Request", { requestId, method, route: routeOf(c), status, ms });
  };
}

/** The pattern that the request's path has matched. */
function routeOf(c: Context<AppTypes>): string {
  return routePath(c, -1).replace(/\{.*?\}/g, "");
}

/**
 * Who is refused, for the log.
 *
 * @internal
 */
export function refusedOf(c: Context<AppTypes>, options: AppOptions): Refused {
  return { address: addressOf(c, options), requestId: c.get("requestId") };
}
