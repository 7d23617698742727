/**
 * Rooms over HTTP: their past and their users for everyone, all of them and their messages for programs.
 *
 * @module
 */

import { Hono } from "hono";
import type * as z from "zod";
import type { USERS_SCHEMA } from "../lib/protocol/answer.ts";
import type { PAGE_SCHEMA } from "../lib/protocol/event.ts";
import { parseProgramMessage } from "../lib/protocol/publication.ts";
import { HISTORY_LIMIT_RANGE, OFFSET_RANGE, ROOMS_LIMIT_RANGE } from "../lib/protocol/query.ts";
import { Refusal } from "../lib/protocol/refusal.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { addressOf, crossSite, noStore, pathSegment, programsOnly, readerOf } from "./guard.ts";
import { published, readPublication } from "./messages.ts";
import { queryInteger } from "./query.ts";

const ROOM = 2; // the segment of /api/rooms/:room

/**
 * Creates the routes below `/api/rooms`.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function createRoomRoutes(options: AppOptions): Hono<AppTypes> {
  const { chat } = options;
  const app = new Hono<AppTypes>();
  app.use("/api/rooms/*", crossSite(options), noStore);

  app.get("/api/rooms/:room/messages", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const before = queryInteger(query, "before", OFFSET_RANGE);
    const after = queryInteger(query, "after", OFFSET_RANGE);
    const limit = queryInteger(query, "limit", HISTORY_LIMIT_RANGE) ?? HISTORY_LIMIT_RANGE.default;
    if (before !== undefined && after !== undefined) {
      throw new Refusal("bad_request", "before and after exclude each other");
    }
    const reader = await readerOf(c, options);
    const { type: _, ...page } = await chat.requests.history(
      { reader, address: addressOf(c, options), room: pathSegment(c, ROOM) ?? "" },
      { before, after, limit },
    );
    return c.json(page satisfies z.infer<typeof PAGE_SCHEMA>);
  });

  app.get("/api/rooms/:room/users", async (c) => {
    const reader = await readerOf(c, options);
    const users: z.infer<typeof USERS_SCHEMA> = await chat.requests.users({
      reader,
      address: addressOf(c, options),
      room: pathSegment(c, ROOM) ?? "",
    });
    return c.json(users);
  });

  const program = programsOnly(options);

  app.get("/api/rooms", program, async (c) => {
    const query = new URL(c.req.url).searchParams;
    const limit = queryInteger(query, "limit", ROOMS_LIMIT_RANGE) ?? ROOMS_LIMIT_RANGE.default;
    return c.json(await chat.requests.rooms(query.get("after") ?? "", limit));
  });

  app.post("/api/rooms/:room/messages", program, async (c) => {
    const { sender, body, ref } = parseProgramMessage(await readPublication(c, options));
    return published(await chat.moderation.say(pathSegment(c, ROOM) ?? "", sender, body, ref));
  });

  app.delete("/api/rooms/:room/messages/:offset{[1-9][0-9]{0,14}}", program, async (c) => {
    const offset = Number(c.req.param("offset"));
    return published(await chat.moderation.delete(pathSegment(c, ROOM) ?? "", offset), 200);
  });

  return app;
}
