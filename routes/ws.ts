/**
 * The WebSocket endpoints: `/ws` echoes, `/ws/:username` is the chat.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { createEcho } from "../lib/chat/echo.ts";
import type { ConnectionKind } from "../lib/connection_counter.ts";
import { RICH_SUBPROTOCOL } from "../lib/protocol/event.ts";
import { PLAIN_SUBPROTOCOL } from "../lib/protocol/plain.ts";
import { parseCursor } from "../lib/protocol/position.ts";
import { Refusal } from "../lib/protocol/refusal.ts";
import { messageBytesMax } from "../lib/protocol/text.ts";
import type { Connection, ConnectionHandler, UpgradeOptions } from "../lib/transport/connection.ts";
import { CLOSE_CODE } from "../lib/websocket/close_code.ts";
import { checkUpgrade, parseSubprotocols } from "../lib/websocket/handshake.ts";
import type { AppOptions, AppTypes } from "./app_types.ts";
import { addressOf, findCredential, pathSegment, serverFull } from "./guard.ts";
import { checkOrigin } from "./origin.ts";
import { problem } from "./problem.ts";
import { refusedOf } from "./request_log.ts";

type Opener = (connection: Connection) => ConnectionHandler;

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
  const { chat, config, connectionCounter, authenticator, refusals } = options;
  const echo = { echoBytesMax: config.echoBytesMax, budget: chat.budget };
  const app = new Hono<AppTypes>();

  app.all("/ws", (c) => {
    const open: Opener = (connection) => createEcho(connection, echo);
    return upgrade(c, "echo", { messageBytesMax: config.echoBytesMax }, () => open);
  });

  app.all("/ws/:username{[^/]*}", (c) => {
    const url = new URL(c.req.url);
    const offered = parseSubprotocols(c.req.header("Sec-WebSocket-Protocol") ?? null);
    const subprotocol = [RICH_SUBPROTOCOL, PLAIN_SUBPROTOCOL].find((name) =>
      offered.includes(name)
    );
    const isPlain = subprotocol !== RICH_SUBPROTOCOL;
    const settings = {
      subprotocol,
      messageBytesMax: messageBytesMax(isPlain, config.bodyBytesMax),
    };
    return upgrade(c, isPlain ? "plain" : "rich", settings, (address) => {
      const credential = findCredential(c.req.header("Authorization"), offered);
      const request = {
        isPlain,
        username: pathSegment(c, 1),
        address,
        rooms: url.searchParams.getAll("room"),
        cursor: parseCursor(url.searchParams.get("cursor") ?? "") ?? new Map(),
        claimsWithoutKey: true,
        requestId: c.get("requestId"),
      };
      return (connection) => chat.open(connection, request, authenticator.authenticate(credential));
    });
  });

  /**
   * Refuses what a program got wrong, then counts the socket; who it is, is looked at on the open socket.
   * Nothing is awaited before the upgrade.
   */
  function upgrade(
    c: Context<AppTypes>,
    kind: ConnectionKind,
    settings: Pick<UpgradeOptions, "subprotocol" | "messageBytesMax">,
    prepare: (address: string) => Opener,
  ): Response {
    const request = c.req.raw;
    const refusal = checkUpgrade(request);
    if (refusal !== undefined) {
      refusals.refused("bad_request", refusedOf(c, options));
      return problem("bad_request", refusal.reason, refusal.headers, refusal.status);
    }
    const originRefusal = checkOrigin(request, config.allowedOrigins);
    if (originRefusal !== undefined) throw new Refusal("forbidden", originRefusal);

    const address = addressOf(c, options);
    const admission = connectionCounter.enter(address, kind);
    if (admission === "turned away") throw serverFull();
    if (admission === "full") refusals.refused("busy", refusedOf(c, options));
    const ended = () => connectionCounter.leave(address, kind);
    try {
      const open = admission === "admitted" ? prepare(address) : refuseFull;
      return c.env.upgrade(request, { ...settings, open, ended });
    } catch (error) {
      ended();
      throw error;
    }
  }

  return app;
}

function refuseFull(connection: Connection): ConnectionHandler {
  connection.close(CLOSE_CODE.ServerFull, "server full");
  return { message() {}, closed() {} };
}
