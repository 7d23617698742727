/**
 * The WebSocket endpoints as a document of AsyncAPI 3.0.
 *
 * @module
 */

import { RICH_SUBPROTOCOL } from "../protocol/event.ts";
import { PLAIN_SUBPROTOCOL } from "../protocol/plain.ts";
import { ERRORS } from "../protocol/refusal.ts";
import { messageBytesMax } from "../protocol/text.ts";
import { CLOSE_MEANINGS, mayReconnect } from "../websocket/close_code.ts";
import { API_VERSION, securitySchemes } from "./openapi.ts";
import type { ApiSettings } from "./operations.ts";
import {
  COMMAND_NAMES,
  descriptionOf,
  EVENT_NAMES,
  type Json,
  oneOfNamed,
  schemasFor,
} from "./schemas.ts";

const DESCRIPTION = `Two protocols on one address: \`${PLAIN_SUBPROTOCOL}\`, spoken without a \
subprotocol too, and \`${RICH_SUBPROTOCOL}\`. Handshakes that a program got wrong are refused with \
an HTTP status (\`openapi.json\`), all else on the open socket with a close code \
(\`x-close-codes\`). Unknown keys are to be ignored: new ones may come.`;

const USERNAME = { description: "The name under which one reads and speaks, percent-encoded" };

/**
 * Describes the WebSocket endpoints.
 *
 * @param settings The settings that they depend on.
 * @returns A document of AsyncAPI 3.0, as JSON.
 */
export function createAsyncApi(settings: ApiSettings): Json {
  const channels = {
    echo: echoChannel(settings),
    plain: plainChannel(settings),
    rich: richChannel(settings),
  };
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Natter",
      version: API_VERSION,
      description: DESCRIPTION,
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: { ws: serverObject("ws", settings), wss: serverObject("wss", settings) },
    channels,
    operations: operationsOf(settings),
    components: {
      securitySchemes: socketSchemes(settings),
      schemas: schemasFor(channels, "draft-7"),
    },
    "x-close-codes": closeCodes(),
    "x-error-codes": Object.entries(ERRORS).map(([code, [, description]]) => ({
      code,
      description,
    })),
  };
}

function serverObject(protocol: "ws" | "wss", { port }: ApiSettings): Json {
  return {
    host: "{host}",
    pathname: "{base}",
    protocol,
    protocolVersion: "13",
    description: protocol === "ws" ? "This server" : "This server, behind a proxy that ends TLS",
    variables: {
      host: { default: `localhost:${port || 8000}`, description: "Name and port" },
      base: { default: "", description: "Behind a proxy: the path below which the server stands" },
    },
  };
}

function echoChannel({ echoBytesMax }: ApiSettings): Json {
  return {
    address: "/ws",
    title: "Echo",
    description:
      `Each message, text or binary, comes back as it was, up to ${echoBytesMax} bytes (else 1009).`,
    messages: {
      echoed: {
        title: "Any message",
        contentType: "text/plain",
        payload: { type: "string", description: "A text, or any bytes" },
      },
    },
    bindings: binding({}, {}),
  };
}

function plainChannel({ bodyBytesMax }: ApiSettings): Json {
  return {
    address: "/ws/{username}",
    title: "Plain protocol",
    description: `Spoken without a subprotocol, or with \`${PLAIN_SUBPROTOCOL}\`. ` +
      "A text in is a message for the room; what comes are the messages of others.",
    parameters: { username: USERNAME },
    messages: {
      text: {
        title: "A text to say",
        contentType: "text/plain",
        payload: {
          type: "string",
          maxLength: bodyBytesMax,
          description:
            `At most ${bodyBytesMax} bytes of UTF-8 (else 1009); an empty one is ignored`,
        },
      },
      message: {
        title: "A message of another user",
        payload: { $ref: "#/components/schemas/PlainMessage" },
      },
    },
    bindings: binding({
      room: { type: "string", default: "lobby", description: "The room to join" },
    }, {
      "Sec-WebSocket-Protocol": {
        type: "string",
        description: `Nothing, or \`${PLAIN_SUBPROTOCOL}\`; ` +
          "and, as another one that is offered, `natter.auth.` with the key or token",
      },
    }),
  };
}

function richChannel({ bodyBytesMax }: ApiSettings): Json {
  const commands = COMMAND_NAMES.map((name) => [firstLower(name), {
    title: descriptionOf(name),
    payload: { $ref: `#/components/schemas/${name}` },
  }]);
  const bytesMax = messageBytesMax(false, bodyBytesMax);
  return {
    address: "/ws/{username}",
    title: "Rich protocol",
    description: `Spoken with the subprotocol \`${RICH_SUBPROTOCOL}\`. A client's frame is one ` +
      `command, of at most ${bytesMax} bytes (else 1009); a server's frame is ` +
      "an array of events. Every answer to a command carries its `ref`.",
    parameters: { username: USERNAME },
    messages: {
      ...Object.fromEntries(commands),
      events: {
        title: "A frame of events",
        payload: { type: "array", minItems: 1, items: oneOfNamed(EVENT_NAMES) },
      },
    },
    bindings: binding({
      room: {
        type: "array",
        items: { type: "string" },
        default: ["lobby"],
        description: "The rooms to join; the inbox is joined by itself",
      },
      cursor: {
        type: "string",
        description: "Where to go on: a position for each channel, as `lobby=k3f9:120`",
      },
    }, {
      "Sec-WebSocket-Protocol": {
        type: "string",
        description: `\`${RICH_SUBPROTOCOL}\`; ` +
          "and, as another one that is offered, `natter.auth.` with the key or token",
      },
    }),
  };
}

/** Seen from the server: what clients send it receives, and what they get it sends. */
function operationsOf({ auth }: ApiSettings): Json {
  const security = auth === "open"
    ? {}
    : { security: [{ $ref: "#/components/securitySchemes/token" }] };
  const operation = (
    action: "send" | "receive",
    channel: string,
    messages: readonly string[],
    summary: string,
  ) => ({ action, summary, ...channelAndMessages(channel, messages) });
  return {
    receiveEcho: {
      ...operation("receive", "echo", ["echoed"], "A client sends anything"),
      reply: channelAndMessages("echo", ["echoed"]),
    },
    receiveText: {
      ...operation("receive", "plain", ["text"], "A client says something"),
      ...security,
    },
    sendMessage: {
      ...operation("send", "plain", ["message"], "A client is told what another one said"),
      ...security,
    },
    receiveCommand: {
      ...operation("receive", "rich", COMMAND_NAMES.map(firstLower), "A client asks for something"),
      ...security,
      reply: channelAndMessages("rich", ["events"]),
    },
    sendEvents: {
      ...operation("send", "rich", ["events"], "A client is told what happens"),
      ...security,
    },
  };
}

function channelAndMessages(channel: string, messages: readonly string[]): Json {
  return {
    channel: { $ref: `#/channels/${channel}` },
    messages: messages.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
  };
}

function binding(query: Json, headers: Json): Json {
  const object = (properties: Json) => ({ type: "object", properties });
  return {
    ws: {
      method: "GET",
      query: object(query),
      headers: object(headers),
      bindingVersion: "0.1.0",
    },
  };
}

/** Programs with the `API_KEY` have no business on a socket. */
function socketSchemes(settings: ApiSettings): Json {
  const { apiKey: _, ...schemes } = securitySchemes(settings);
  return schemes;
}

function closeCodes(): readonly Json[] {
  return [...CLOSE_MEANINGS].map(([code, description]) => ({
    code,
    description,
    mayReconnect: mayReconnect(code),
  }));
}

function firstLower(name: string): string {
  return `${name[0]!.toLowerCase()}${name.slice(1)}`;
}
