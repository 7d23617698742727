/**
 * For those who operate the server.
 *
 * @module
 */

import { Hono } from "hono";
import type { AppTypes } from "./app_types.ts";

/**
 * Creates `GET /healthz`: 200 while the process answers at all.
 *
 * @internal
 */
export function createOpsRoutes(): Hono<AppTypes> {
  const app = new Hono<AppTypes>();
  app.get("/healthz", (c) => c.text("ok\n", 200, { "Cache-Control": "no-store" }));
  return app;
}
