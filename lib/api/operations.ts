/**
 * Every HTTP interface, described: the one place where a new route is written down.
 *
 * @module
 */

import type { Config } from "../config.ts";
import { HISTORY_LIMIT_RANGE, OFFSET_RANGE, WAIT_RANGE } from "../protocol/query.ts";
import { FILE_OPERATIONS } from "./file_operations.ts";
import { integerQuery, type Operation, type Parameter, text } from "./operation.ts";
import { programOperations } from "./program_operations.ts";
import { reference, STREAMED_EVENT } from "./schemas.ts";
import { SOCKET_OPERATIONS } from "./socket_operations.ts";

/** The settings that the descriptions tell of. */
export type ApiSettings = Pick<
  Config,
  "auth" | "bodyBytesMax" | "echoBytesMax" | "historyDays" | "port"
>;

const USERNAME = text("path", "username", "The name under which one reads or speaks");

const ROOM = text("path", "room", "The room's name; the own inbox is `@` and the username");

const ROOMS: Parameter = {
  name: "room",
  in: "query",
  description: "The rooms to read; without any, `lobby`",
  schema: { type: "array", items: { type: "string" }, default: ["lobby"] },
};

const CURSOR = text(
  "query",
  "cursor",
  "Where to go on: a position for each channel, as `lobby=k3f9:120,@alice=p0aa:7`",
);

/** What may go wrong for whoever reads under a name. */
const READER_CODES = [
  "bad_request",
  "username_invalid",
  "room_name_invalid",
  "unauthorized",
  "forbidden",
  "banned",
  "username_taken",
  "rate_limited",
  "internal",
  "rooms_full",
  "busy",
  "unavailable",
] as const;

const READING: readonly Operation[] = [
  {
    id: "poll",
    method: "get",
    path: "/poll/{username}",
    tag: "Reading",
    summary: "Poll: what comes after a cursor",
    description:
      "Something there: at once, one page. Nothing: held until there is, or `wait` seconds. Bring the cursor of the last answer, and each entry comes once.",
    asker: "user",
    isForPages: true,
    parameters: [
      USERNAME,
      ROOMS,
      CURSOR,
      integerQuery("wait", WAIT_RANGE, "Seconds to wait for something; 0: short polling"),
    ],
    answers: [{
      status: 200,
      description: "The events, and the cursor after them",
      content: { "application/json": reference("Poll") },
    }],
    codes: READER_CODES,
  },
  {
    id: "stream",
    method: "get",
    path: "/events/{username}",
    tag: "Reading",
    summary: "Stream: server-sent events",
    description:
      "The events of a rich socket, each with `event:` its type, `data:` its JSON (`x-data-schema`) and `id:` the cursor after it. The last one is `close`.",
    asker: "user",
    isForPages: true,
    parameters: [
      USERNAME,
      ROOMS,
      CURSOR,
      text("header", "Last-Event-ID", "The `id` of the last event: goes before `cursor`"),
    ],
    answers: [{
      status: 200,
      description: "A stream that does not end by itself; a comment every 15 s",
      content: {
        "text/event-stream": { type: "string", "x-data-schema": STREAMED_EVENT },
      },
      headers: ["X-Accel-Buffering"],
    }],
    codes: READER_CODES,
  },
];

const ROOM_READING: readonly Operation[] = [
  {
    id: "readHistory",
    method: "get",
    path: "/api/rooms/{room}/messages",
    tag: "Rooms",
    summary: "A page of the past",
    asker: "reader",
    isForPages: true,
    parameters: [
      ROOM,
      integerQuery("before", OFFSET_RANGE, "Entries before this offset, the newest of them"),
      integerQuery(
        "after",
        OFFSET_RANGE,
        "Entries after this offset, the oldest of them; not beside `before`",
      ),
      integerQuery("limit", HISTORY_LIMIT_RANGE, "How many at most"),
    ],
    answers: [{
      status: 200,
      description: "The page",
      content: { "application/json": reference("Page") },
    }],
    codes: [
      "bad_request",
      "room_name_invalid",
      "unauthorized",
      "forbidden",
      "banned",
      "rate_limited",
      "internal",
      "unavailable",
    ],
  },
  {
    id: "readUsers",
    method: "get",
    path: "/api/rooms/{room}/users",
    tag: "Rooms",
    summary: "Who is in a room",
    asker: "reader",
    isForPages: true,
    parameters: [ROOM],
    answers: [{
      status: 200,
      description: "The first users by name, and how many there are",
      content: { "application/json": reference("Users") },
    }],
    codes: [
      "room_name_invalid",
      "unauthorized",
      "forbidden",
      "banned",
      "rate_limited",
      "internal",
      "unavailable",
    ],
  },
];

const OPERATION: readonly Operation[] = [
  {
    id: "isAlive",
    method: "get",
    path: "/healthz",
    tag: "Operation",
    summary: "Whether the process answers",
    asker: "anybody",
    answers: [okText("The process answers")],
    codes: [],
  },
  {
    id: "isReady",
    method: "get",
    path: "/readyz",
    tag: "Operation",
    summary: "Whether the server is fit for traffic",
    asker: "anybody",
    answers: [okText("Fit for traffic")],
    codes: ["unavailable"],
  },
  {
    id: "readMetrics",
    method: "get",
    path: "/metrics",
    tag: "Operation",
    summary: "The metrics, for Prometheus",
    description: "Without `METRICS_KEY` and `API_KEY` in the settings there is nothing here.",
    asker: "monitor",
    answers: [{
      status: 200,
      description: "The text format 0.0.4",
      content: { "text/plain": { type: "string", pattern: "^# HELP " } },
    }],
    codes: ["unauthorized", "forbidden", "not_found", "internal"],
  },
];

/**
 * Every HTTP interface, in the order in which they are shown.
 *
 * @param settings The settings that they depend on.
 */
export function describeOperations(settings: ApiSettings): readonly Operation[] {
  return [
    ...SOCKET_OPERATIONS,
    ...READING,
    publish(settings),
    ...ROOM_READING,
    ...programOperations(settings),
    ...OPERATION,
    ...FILE_OPERATIONS,
  ];
}

function publish({ bodyBytesMax }: ApiSettings): Operation {
  return {
    id: "publish",
    method: "post",
    path: "/messages/{username}",
    tag: "Publishing",
    summary: "Publish a message",
    description:
      `The text may have ${bodyBytesMax} bytes of UTF-8. With a \`ref\` it may be sent again: it is stored once.`,
    asker: "user",
    isForPages: true,
    parameters: [
      USERNAME,
      text("query", "room", "The room; without one, and without `to`, `lobby`"),
    ],
    body: {
      "application/json": reference("Publication"),
      "text/plain": { type: "string", minLength: 1, maxLength: bodyBytesMax },
    },
    answers: [
      {
        status: 201,
        description: "It is stored",
        content: { "application/json": reference("Stored") },
      },
      {
        status: 200,
        description: "The same `ref` has been stored before",
        content: { "application/json": reference("Stored") },
      },
    ],
    codes: [
      "bad_request",
      "body_empty",
      "username_invalid",
      "room_name_invalid",
      "unauthorized",
      "forbidden",
      "banned",
      "user_not_found",
      "request_timeout",
      "username_taken",
      "ref_conflict",
      "body_too_large",
      "unsupported_media_type",
      "rate_limited",
      "internal",
      "unavailable",
    ],
  };
}

function okText(description: string): Operation["answers"][number] {
  const content = { "text/plain": { type: "string", const: "ok\n" } };
  return { status: 200, description, content };
}
