/**
 * The WebSocket endpoints: `/ws` echoes, `/ws/:username` is the chat.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { clientAddress } from "../lib/address.ts";
import { createEcho } from "../lib/chat/echo.ts";
import { RICH_SUBPROTOCOL } from "../lib/protocol/event.ts";
import { PLAIN_SUBPROTOCOL } from "../lib/protocol/plain.ts";
import { parseCursor } from "../lib/protocol/position.ts";
import type { Connection, ConnectionHandler } from "../lib/transport/connection.ts";
import { CLOSE_CODE } from "../lib/websocket/close_code.ts";
import { checkUpgrade, parseSubprotocols } from "../lib/websocket/handshake.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { findKey, hashKey, isKey } from "./key.ts";
import { checkOrigin } from "./origin.ts";
import { problem } from "./problem.ts";

/**
 * Creates the routes of the WebSocket endpoints.
 *
 * What only a program can get wrong is refused with an HTTP status. What a person can get wrong is
 * refused on the socket with a close code, which a page can read.
 *
 * @param options What the routes need.
 *
 * @internal
 */
export function createWebSocketRoutes(options: AppOptions): Hono<AppTypes> {
  const { chat, config, connectionCounter } = options;
  const app = new Hono<AppTypes>();

  app.all("/ws", (c) => upgrade(c, undefined, (connection) => createEcho(connection, config)));

  app.all("/ws/:username{[^/]*}", async (c) => {
    const url = new URL(c.req.url);
    const offered = parseSubprotocols(c.req.header("Sec-WebSocket-Protocol") ?? null);
    const subprotocol = [RICH_SUBPROTOCOL, PLAIN_SUBPROTOCOL].find((name) =>
      offered.includes(name)
    );
    const key = findKey(offered, c.req.header("Authorization"));
    const request = {
      isPlain: subprotocol !== RICH_SUBPROTOCOL,
      username: decodeSegment(url.pathname.slice(url.pathname.lastIndexOf("/") + 1)),
      keyHash: key === undefined ? undefined : await hashKey(key),
      rooms: url.searchParams.getAll("room"),
      cursor: parseCursor(url.searchParams.get("cursor") ?? "") ?? new Map(),
    };
    return upgrade(
      c,
      subprotocol,
      (connection) =>
        key !== undefined && !isKey(key)
          ? refuse(connection, CLOSE_CODE.Unauthorized, "key malformed")
          : chat.open(connection, request),
    );
  });

  function upgrade(
    c: Context<AppTypes>,
    subprotocol: string | undefined,
    open: (connection: Connection) => ConnectionHandler,
  ): Response {
    const request = c.req.raw;
    const refusal = checkUpgrade(request);
    if (refusal !== undefined) {
      return problem(refusal.status, "bad_request", refusal.reason, refusal.headers);
    }
    const originRefusal = checkOrigin(request, config.allowedOrigins);
    if (originRefusal !== undefined) return problem(403, "forbidden", originRefusal);

    const forwardedFor = request.headers.get("X-Forwarded-For");
    const address = clientAddress(c.env.remoteAddress, forwardedFor, config.trustProxy);
    const admission = connectionCounter.enter(address);
    if (admission === "turned away") {
      return problem(503, "busy", "The server is full", { "Retry-After": "5" });
    }
    const ended = () => connectionCounter.leave(address);
    try {
      return c.env.upgrade(request, {
        subprotocol,
        open: admission === "admitted" ? open : refuseFull,
        ended,
      });
    } catch (error) {
      ended();
      throw error;
    }
  }

  return app;
}

function refuseFull(connection: Connection): ConnectionHandler {
  return refuse(connection, CLOSE_CODE.ServerFull, "server full");
}

function refuse(connection: Connection, code: number, reason: string): ConnectionHandler {
  connection.close(code, reason);
  return { message() {}, closed() {} };
}

/** Decodes the raw segment of a path: the framework leaves `%ff`, which is no UTF-8, as it is. */
function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
