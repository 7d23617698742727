/**
 * For those who operate the server.
 *
 * @module
 */

import { Hono } from "hono";
import { Refusal } from "../lib/protocol/refusal.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { problemOf } from "./problem.ts";

const HEADERS = { "Cache-Control": "no-store" };

/**
 * Creates `GET /healthz`: 200 while the process answers at all; and `GET /readyz`: 200 while it is fit for
 * traffic, 503 while it drains or its store is out of reach.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function createOpsRoutes({ status }: AppOptions): Hono<AppTypes> {
  const app = new Hono<AppTypes>();
  app.get("/healthz", (c) => c.text("ok\n", 200, HEADERS));
  app.get("/readyz", (c) => {
    const now = status();
    return now === "ready"
      ? c.text("ok\n", 200, HEADERS)
      : problemOf(new Refusal("unavailable", `Not fit for traffic: ${now}`));
  });
  return app;
}
