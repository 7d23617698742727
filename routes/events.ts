/**
 * Reading over HTTP: server-sent events and polls.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { JoinRequest } from "../lib/chat/visitor.ts";
import type { ConnectionKind } from "../lib/connection_counter.ts";
import { type Cursor, parseCursor } from "../lib/protocol/position.ts";
import { WAIT_RANGE } from "../lib/protocol/query.ts";
import { Refusal } from "../lib/protocol/refusal.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { addressOf, crossSite, noStore, pathSegment, principalOf, serverFull } from "./guard.ts";
import { queryInteger } from "./query.ts";

const STREAM_HEADERS = {
  "Content-Type": "text/event-stream",
  "X-Accel-Buffering": "no", // nginx would hold events back
};

/**
 * Creates `GET /events/:username` and `GET /poll/:username`.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function createReadingRoutes(options: AppOptions): Hono<AppTypes> {
  const { chat, connectionCounter, eventStreams, polls } = options;
  const app = new Hono<AppTypes>();
  app.use("/events/*", crossSite(options), noStore);
  app.use("/poll/*", crossSite(options), noStore);

  app.get("/events/:username{[^/]*}", async (c) => {
    const query = new URL(c.req.url).searchParams;
    // A browser brings the id of the last event by itself; one that is no cursor must not keep it out.
    const lastEventId = parseCursor(c.req.header("Last-Event-ID") ?? "");
    const cursor = lastEventId?.size ? lastEventId : cursorOf(query);
    const principal = await principalOf(c, options);
    const request = joinRequest(c, query, cursor);
    enter(c, request.address, "events");
    const stream = eventStreams.open();
    try {
      stream.handle(await chat.stream(stream, request, principal));
    } catch (error) {
      await stream.body.cancel();
      throw error;
    }
    if (c.req.method !== "HEAD") return c.body(stream.body, 200, STREAM_HEADERS);
    await stream.body.cancel(); // nobody reads it
    return c.body(null, 200, STREAM_HEADERS);
  });

  app.get("/poll/:username{[^/]*}", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const wait = queryInteger(query, "wait", WAIT_RANGE) ?? WAIT_RANGE.default;
    const principal = await principalOf(c, options);
    const request = joinRequest(c, query, cursorOf(query));
    enter(c, request.address, "poll");
    const waitMs = c.req.method === "HEAD" ? 0 : wait * 1000;
    const { signal } = c.req.raw;
    const { cursor, more, events } = await chat.poll(request, principal, waitMs, signal);
    const json = `{"cursor":${JSON.stringify(cursor)},"more":${more},"events":[${
      events.join(",")
    }]}`;
    const bytes = new TextEncoder().encode(json);
    polls.sent(bytes.length);
    return c.body(bytes, 200, { "Content-Type": "application/json" });
  });

  function joinRequest(
    c: Context<AppTypes>,
    query: URLSearchParams,
    cursor: Cursor,
  ): JoinRequest {
    return {
      isPlain: false,
      username: pathSegment(c, 1),
      address: addressOf(c, options),
      rooms: query.getAll("room"),
      cursor,
      claimsWithoutKey: false,
      requestId: c.get("requestId"),
    };
  }

  /** Counts a stream or a poll up to the last byte of its answer. */
  function enter(c: Context<AppTypes>, address: string, kind: ConnectionKind): void {
    if (options.status() === "ending") {
      throw new Refusal("unavailable", "The server is about to end", 1000);
    }
    const admission = connectionCounter.enter(address, kind);
    if (admission !== "turned away") {
      c.env.whenCompleted(() => connectionCounter.leave(address, kind));
    }
    if (admission !== "admitted") throw serverFull();
  }

  return app;
}

function cursorOf(query: URLSearchParams): Cursor {
  const cursor = parseCursor(query.get("cursor") ?? "");
  if (cursor === undefined) throw new Refusal("bad_request", "The cursor is none");
  return cursor;
}
