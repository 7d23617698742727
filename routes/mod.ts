/**
 * The app: every interface on one Hono instance.
 *
 * @module
 */

import { Hono } from "hono";
import { refusalOf } from "../lib/chat/refusal.ts";
import { ECHOED_CHARS_MAX } from "../lib/limits.ts";
import type { App, AppOptions, AppTypes } from "./app_types.ts";
import { createReadingRoutes } from "./events.ts";
import { createDocumentRoutes } from "./documents.ts";
import { createMessageRoutes } from "./messages.ts";
import { createOpsRoutes } from "./ops.ts";
import { createPageRoutes } from "./page.ts";
import { problem, problemOf } from "./problem.ts";
import { logRequests, refusedOf } from "./request_log.ts";
import { createRoomRoutes } from "./rooms.ts";
import { createUserRoutes } from "./users.ts";
import { createWebSocketRoutes } from "./ws.ts";

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/**
 * Creates the app.
 *
 * @param options What the routes need.
 * @returns A Hono app.
 */
export function createApp(options: AppOptions): App {
  const { logger, refusals } = options;
  const app = new Hono<AppTypes>();
  app.use(logRequests(options));
  app.use(async (c, next) => {
    await next();
    // The response of an upgrade belongs to the runtime, and must reach it as it is.
    if (c.res.status === 101) return;
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      // A route knows better whom its answer is for.
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
  });
  app.route("/", createWebSocketRoutes(options));
  app.route("/", createReadingRoutes(options));
  app.route("/", createMessageRoutes(options));
  app.route("/", createRoomRoutes(options));
  app.route("/", createUserRoutes(options));
  app.route("/", createOpsRoutes(options));
  app.route("/", createDocumentRoutes(options));
  app.route("/", createPageRoutes(options.assets));
  app.notFound((c) => {
    refusals.refused("not_found", refusedOf(c, options));
    return problem("not_found", `There is nothing at ${c.req.path.slice(0, ECHOED_CHARS_MAX)}`);
  });
  app.onError((error, c) => {
    const { code } = refusalOf(error);
    if (code === "internal") {
      refusals.count(code);
      logger.error("Request failed", { requestId: c.get("requestId"), error: String(error) });
    } else refusals.refused(code, refusedOf(c, options));
    return problemOf(error);
  });
  return app;
}
