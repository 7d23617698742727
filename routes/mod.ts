/**
 * The app: every interface on one Hono instance.
 *
 * @module
 */

import { Hono } from "hono";
import { ECHOED_CHARS_MAX } from "../lib/limits.ts";
import type { App, AppOptions, AppTypes } from "./app_types.ts";
import { createReadingRoutes } from "./events.ts";
import { createDocumentRoutes } from "./documents.ts";
import { createMessageRoutes } from "./messages.ts";
import { createOpsRoutes } from "./ops.ts";
import { createPageRoutes } from "./page.ts";
import { problem, problemOf } from "./problem.ts";
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
  const app = new Hono<AppTypes>();
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
  app.notFound((c) =>
    problem("not_found", `There is nothing at ${c.req.path.slice(0, ECHOED_CHARS_MAX)}`)
  );
  app.onError((error) => {
    const response = problemOf(error);
    if (response.status === 500) options.logger.error("Request failed", { error: String(error) });
    return response;
  });
  return app;
}
