/**
 * What programs with the `API_KEY` may do.
 *
 * @module
 */

import { banRange, ROOMS_LIMIT_RANGE } from "../protocol/query.ts";
import type { ErrorCode } from "../protocol/refusal.ts";
import { integerQuery, type Operation, text } from "./operation.ts";
import { reference } from "./schemas.ts";

/** What may go wrong whatever a program asks for; without `API_KEY` in the settings there is nothing. */
const PROGRAM_CODES = [
  "unauthorized",
  "forbidden",
  "not_found",
  "internal",
  "unavailable",
] as const satisfies readonly ErrorCode[];

const STORED = { "application/json": reference("Stored") };

/**
 * The programs' interfaces.
 *
 * @param settings How long a ban may last, and how long a text may be.
 */
export function programOperations(
  settings: { readonly historyDays: number; readonly bodyBytesMax: number },
): readonly Operation[] {
  const common = { tag: "Programs", asker: "program", isForPages: true } as const;
  const room = text("path", "room", "The room's name");
  const username = text("path", "username", "The name of whom it is about");
  return [
    {
      ...common,
      id: "listRooms",
      method: "get",
      path: "/api/rooms",
      summary: "The rooms with somebody or something in them, by name",
      parameters: [
        text("query", "after", "Only names after this one"),
        integerQuery("limit", ROOMS_LIMIT_RANGE, "How many at most"),
      ],
      answers: [{
        status: 200,
        description: "The rooms",
        content: { "application/json": { type: "array", items: reference("Room") } },
      }],
      codes: ["bad_request", ...PROGRAM_CODES],
    },
    {
      ...common,
      id: "say",
      method: "post",
      path: "/api/rooms/{room}/messages",
      summary: "Say something under any name",
      description:
        `No name is claimed. The text may have ${settings.bodyBytesMax} bytes of UTF-8. With a \`ref\` it may be sent again: it is stored once.`,
      parameters: [room],
      body: { "application/json": reference("ProgramMessage") },
      answers: [
        { status: 201, description: "It is stored", content: STORED },
        { status: 200, description: "The same `ref` has been stored before", content: STORED },
      ],
      codes: [
        "bad_request",
        "body_empty",
        "username_invalid",
        "room_name_invalid",
        "request_timeout",
        "ref_conflict",
        "body_too_large",
        "unsupported_media_type",
        ...PROGRAM_CODES,
      ],
    },
    {
      ...common,
      id: "deleteMessage",
      method: "delete",
      path: "/api/rooms/{room}/messages/{offset}",
      summary: "Delete anyone's message",
      description: "Of a direct message both copies. `by` of the deletion is `@program`.",
      parameters: [
        text("path", "room", "The room's name, or `@` and any username"),
        {
          ...text("path", "offset", "Where the message stands"),
          schema: { type: "integer", minimum: 1 },
        },
      ],
      answers: [{ status: 200, description: "Where the deletion stands", content: STORED }],
      codes: ["room_name_invalid", ...PROGRAM_CODES],
    },
    {
      ...common,
      id: "kick",
      method: "delete",
      path: "/api/users/{username}",
      summary: "Kick or ban a user",
      parameters: [
        username,
        integerQuery(
          "ban",
          banRange(settings.historyDays),
          "Seconds for which the name, and its key or `sub`, stay out, over restarts too; 0 lifts a ban",
        ),
      ],
      answers: [{
        status: 200,
        description: "How many connections were closed",
        content: { "application/json": reference("Kicked") },
      }],
      codes: ["bad_request", "username_invalid", ...PROGRAM_CODES],
    },
    {
      ...common,
      id: "erase",
      method: "delete",
      path: "/api/users/{username}/messages",
      summary: "Erase a person: messages and inbox",
      description: "What the name's last key or `sub` has said under any name, what was said " +
        "under the name without a key, and the inbox; also the copies that others have.",
      parameters: [username],
      answers: [{
        status: 200,
        description: "How many messages were deleted",
        content: { "application/json": reference("Erased") },
      }],
      codes: ["username_invalid", ...PROGRAM_CODES],
    },
  ];
}
