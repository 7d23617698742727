/**
 * Rooms over HTTP: their past and their users for everyone, all of them and their messages for programs.
 *
 * @module
 */

import { Hono } from "hono";
import { HISTORY_PAGE_DEFAULT, HISTORY_PAGE_MAX, ROOMS_PAGE_MAX } from "../lib/limits.ts";
import { parseProgramMessage } from "../lib/protocol/publication.ts";
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
    const before = queryInteger(query, "before", 0, Number.MAX_SAFE_INTEGER);
    const after = queryInteger(query, "after", 0, Number.MAX_SAFE_INTEGER);
    const limit = queryInteger(query, "limit", 1, HISTORY_PAGE_MAX) ?? HISTORY_PAGE_DEFAULT;
    if (before !== undefined && after !== undefined) {
      throw new Refusal("bad_request", "before and after exclude each other");
    }
    const reader = await readerOf(c, options);
    const { type: _, ...page } = await chat.requests.history(
      { reader, address: addressOf(c, options), room: pathSegment(c, ROOM) ?? "" },
      { before, after, limit },
    );
    return c.json(page);
  });

  app.get("/api/rooms/:room/users", async (c) => {
    const reader = await readerOf(c, options);
    return c.json(
      await chat.requests.users({
        reader,
        address: addressOf(c, options),
        room: pathSegment(c, ROOM) ?? "",
      }),
    );
  });

  const program = programsOnly(options);

  app.get("/api/rooms", program, async (c) => {
    const query = new URL(c.req.url).searchParams;
    const limit = queryInteger(query, "limit", 1, ROOMS_PAGE_MAX) ?? ROOMS_PAGE_MAX;
    return c.json(await chat.requests.rooms(query.get("after") ?? "", limit));
  });

  app.post("/api/rooms/:room/messages", program, async (c) => {
    const { sender, body, ref } = parseProgramMessage(await readPublication(c, options));
    return published(await chat.moderation.say(pathSegment(c, ROOM) ?? "", sender, body, ref));
  });

  app.delete("/api/rooms/:room/messages/:offset{[1-9][0-9]{0,14}}", program, async (c) => {
    const offset = Number(c.req.param("offset"));
    return c.json(await chat.moderation.delete(pathSegment(c, ROOM) ?? "", offset));
  });

  return app;
}
