/**
 * For those who operate the server.
 *
 * @module
 */

import { Hono } from "hono";
import { Refusal } from "../lib/protocol/refusal.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { crossSite, metricsOnly, noStore } from "./guard.ts";
import { problemOf } from "./problem.ts";

const HEADERS = { "Cache-Control": "no-store" };

/**
 * Creates `GET /healthz`: 200 while the process answers at all; and `GET /readyz`: 200 while it is fit for
 * traffic, 503 while it drains or its store is out of reach; and `GET /metrics`, for whom a key allows it.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function createOpsRoutes(options: AppOptions): Hono<AppTypes> {
  const { metrics, status } = options;
  const app = new Hono<AppTypes>();
  app.get("/healthz", (c) => c.text("ok\n", 200, HEADERS));
  app.get("/readyz", (c) => {
    const now = status();
    return now === "ready"
      ? c.text("ok\n", 200, HEADERS)
      : problemOf(new Refusal("unavailable", `Not fit for traffic: ${now}`));
  });
  app.get("/metrics", crossSite(options), noStore, metricsOnly(options), async (c) => {
    const bytes = new TextEncoder().encode(await metrics.text());
    return c.body(bytes, 200, {
      "Content-Type": metrics.contentType,
      "Content-Length": `${bytes.length}`, // said here, so that HEAD says it too
    });
  });
  return app;
}
