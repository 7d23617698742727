/**
 * The WebSocket endpoints as far as they are HTTP: the handshake, and why it is refused.
 *
 * @module
 */

import { KEY_PATTERN } from "../websocket/handshake.ts";
import { type Answer, type Operation, type Parameter, text } from "./operation.ts";

const HANDSHAKE: readonly Parameter[] = [
  header("Upgrade", "RFC 6455, section 4.1; in any case", { type: "string", const: "websocket" }),
  header("Connection", "Has the token `upgrade`", { type: "string" }),
  header("Sec-WebSocket-Version", "RFC 6455", { type: "string", const: "13" }),
  header("Sec-WebSocket-Key", "16 random bytes in Base64", {
    type: "string",
    pattern: KEY_PATTERN.source,
  }),
];

const SUBPROTOCOL = text(
  "header",
  "Sec-WebSocket-Protocol",
  "`natter.v1` or `natter.plain`, one of which is selected, and `natter.auth.` with the key or token",
);

const SWITCHING: Answer = {
  status: 101,
  description: "The connection is a WebSocket from here on: see `asyncapi.json`",
  headers: ["Upgrade", "Sec-WebSocket-Accept"],
};

const REFUSALS: Operation["refusals"] = [{
  code: "bad_request",
  status: 426,
  description: "This is no handshake of WebSocket, or not of version 13",
}];

const REFUSED_LATER =
  "What only a program can get wrong is refused with an HTTP status; another method than GET with 405. What a person can get wrong is refused with a close code on the open socket, which a page can read.";

/** `/ws` and `/ws/{username}`. */
export const SOCKET_OPERATIONS: readonly Operation[] = [
  {
    id: "openEcho",
    method: "get",
    path: "/ws",
    tag: "WebSocket",
    summary: "A WebSocket that gives every message back",
    description: REFUSED_LATER,
    asker: "anybody",
    parameters: HANDSHAKE,
    answers: [SWITCHING],
    codes: ["bad_request", "forbidden", "internal", "busy"],
    refusals: REFUSALS,
  },
  {
    id: "openChat",
    method: "get",
    path: "/ws/{username}",
    tag: "WebSocket",
    summary: "A WebSocket of the chat",
    description: REFUSED_LATER,
    asker: "user",
    parameters: [
      text("path", "username", "The name under which one reads and speaks"),
      {
        name: "room",
        in: "query",
        description: "The rooms to join; several only in the rich protocol; without any, `lobby`",
        schema: { type: "array", items: { type: "string" }, default: ["lobby"] },
      },
      text("query", "cursor", "In the rich protocol: where to go on"),
      ...HANDSHAKE,
      SUBPROTOCOL,
    ],
    answers: [SWITCHING],
    codes: ["bad_request", "forbidden", "internal", "busy"],
    refusals: REFUSALS,
  },
];

function header(name: string, description: string, schema: Parameter["schema"]): Parameter {
  return { name, in: "header", required: true, description, schema };
}
