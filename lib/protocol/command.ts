/**
 * Commands of the rich protocol: what a client may ask for (docs/protocol.md, "Rich protocol").
 *
 * @module
 */

import * as z from "zod";
import { HISTORY_PAGE_MAX, REF_CHARS_MAX } from "../limits.ts";

/** @internal A `ref`. */
export const ref = z.string().min(1).max(REF_CHARS_MAX).describe(
  "The client's own random id of the command",
);
const room = z.string().max(512).describe("A room's name, or the own inbox, `@` and the username");
/** @internal A username. */
export const username = z.string().max(512).describe("A username");
const offset = z.int().min(0);

/** Of two fields that stand in each other's place, exactly one is there; the JSON Schema says so as well. */
function oneOf<T extends z.ZodType>(schema: T, ...fields: readonly [string, string]): T {
  const has = (value: unknown, field: string) =>
    (value as Readonly<Record<string, unknown>>)[field] !== undefined;
  return schema.refine((value) => has(value, fields[0]) !== has(value, fields[1]), {
    error: `one of ${fields.join(" and ")} is needed`,
  }).meta({ oneOf: fields.map((field) => ({ required: [field] })) });
}

const message = oneOf(
  z.object({
    type: z.literal("message"),
    room: room.optional(),
    to: username.optional(),
    body: z.string().describe("The text"),
    ref: ref.optional(),
  }),
  "room",
  "to",
).describe("Says something in a room, or to a user");

const history = oneOf(
  z.object({
    type: z.literal("history"),
    room: room.optional(),
    with: username.optional(),
    before: offset.optional().describe("Entries before this offset, the newest of them"),
    after: offset.optional().describe("Entries after this offset, the oldest of them"),
    limit: z.int().min(1).max(HISTORY_PAGE_MAX).optional(),
    ref: ref.optional(),
  }),
  "room",
  "with",
).refine(
  ({ before, after }) => before === undefined || after === undefined,
  { error: "before and after exclude each other" },
).meta({
  not: { required: ["before", "after"] },
  description: "Asks for a page of the past",
});

const typing = oneOf(
  z.object({
    type: z.literal("typing"),
    room: room.optional(),
    to: username.optional(),
    ref: ref.optional(),
  }),
  "room",
  "to",
).describe("Tells that one types");

/** The schema of every command, by its type. */
export const COMMAND_SCHEMAS = {
  message,
  delete: z.object({
    type: z.literal("delete"),
    room,
    offset: offset.min(1),
    ref: ref.optional(),
  }).describe("Takes back an own message"),
  join: z.object({
    type: z.literal("join"),
    room,
    position: z.string().max(128).optional().describe("Where to go on: `epoch:offset`"),
    ref: ref.optional(),
  }).describe("Begins to read a room"),
  leave: z.object({ type: z.literal("leave"), room, ref: ref.optional() }).describe(
    "Leaves a room",
  ),
  history,
  typing,
  ping: z.object({ type: z.literal("ping"), ref: ref.optional() }).describe("Asks for a `pong`"),
  token: z.object({
    type: z.literal("token"),
    token: z.string().describe("A new token of the same user, before the old one expires"),
    ref: ref.optional(),
  }).describe("Brings a new token before the old one expires"),
};

/**
 * A command that has been checked.
 *
 * @internal Its types are the schemas' own.
 */
export type Command = z.infer<(typeof COMMAND_SCHEMAS)[keyof typeof COMMAND_SCHEMAS]>;

/** Why a text is no command. */
export interface CommandRefusal {
  /** The error's code. */
  readonly code: "bad_json" | "bad_command" | "unknown_command";
  /** What is wrong, for people. */
  readonly message: string;
  /** The `ref` to answer with, where one could be read. */
  readonly ref?: string | undefined;
}

/** A command, or why it is none. */
export type ParsedCommand = { readonly command: Command } | { readonly refusal: CommandRefusal };

/**
 * Reads a command. Keys that it does not know are left out.
 *
 * @param text A client's frame.
 */
export function parseCommand(text: string): ParsedCommand {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("bad_json", "This is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse("bad_json", "This is not a JSON object");
  }
  const { type, ref: givenRef } = value as { type?: unknown; ref?: unknown };
  const parsedRef = ref.safeParse(givenRef).data;
  if (typeof type !== "string" || !Object.hasOwn(COMMAND_SCHEMAS, type)) {
    return refuse("unknown_command", "There is no command of this type", parsedRef);
  }
  const parsed = COMMAND_SCHEMAS[type as Command["type"]].safeParse(value);
  if (parsed.success) return { command: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue!.path.length === 0 ? type : issue!.path.join(".");
  return refuse("bad_command", `${where}: ${issue!.message}`, parsedRef);
}

function refuse(code: CommandRefusal["code"], message: string, ref?: string): ParsedCommand {
  return { refusal: { code, message, ref } };
}
