/**
 * Users, for programs.
 *
 * @module
 */

import { Hono } from "hono";
import type * as z from "zod";
import type { ERASED_SCHEMA, KICKED_SCHEMA } from "../lib/protocol/answer.ts";
import { banRange } from "../lib/protocol/query.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { crossSite, noStore, pathSegment, programsOnly } from "./guard.ts";
import { queryInteger } from "./query.ts";

const USERNAME = 2; // the segment of /api/users/:username

/**
 * Creates the routes below `/api/users`.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function createUserRoutes(options: AppOptions): Hono<AppTypes> {
  const { moderation } = options.chat;
  const app = new Hono<AppTypes>();
  app.use("/api/users/*", crossSite(options), noStore, programsOnly(options));

  app.delete("/api/users/:username", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const seconds = queryInteger(query, "ban", banRange(options.config.historyDays));
    const username = pathSegment(c, USERNAME);
    const kicked = seconds === undefined
      ? await moderation.kick(username)
      : await moderation.ban(username, seconds);
    return c.json({ kicked } satisfies z.infer<typeof KICKED_SCHEMA>);
  });

  app.delete("/api/users/:username/messages", async (c) => {
    const erased = await moderation.erase(pathSegment(c, USERNAME));
    return c.json({ erased } satisfies z.infer<typeof ERASED_SCHEMA>);
  });

  return app;
}
