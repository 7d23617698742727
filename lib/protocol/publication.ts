/**
 * What is published over HTTP (docs/protocol.md, "HTTP").
 *
 * @module
 */

import * as z from "zod";
import { ref, username } from "./command.ts";
import { Refusal } from "./refusal.ts";

/** @internal The schema of a message that a user publishes. */
export const PUBLICATION_SCHEMA = z.object({
  body: z.string().describe("The text"),
  to: username.optional().describe("In place of a room: the user who gets a direct message"),
  ref: ref.optional(),
}).describe("A message that a user publishes");

/** @internal The schema of a message that a program publishes. */
export const PROGRAM_MESSAGE_SCHEMA = z.object({
  sender: username.describe("The name that it is shown under"),
  body: z.string().describe("The text"),
  ref: ref.optional(),
}).describe("A message that a program publishes");

/**
 * Reads a message that a user publishes.
 *
 * @param json A request's body.
 * @throws {Refusal} `bad_request`.
 *
 * @internal Its types are the schema's own.
 */
export function parsePublication(json: string): z.infer<typeof PUBLICATION_SCHEMA> {
  return parse(PUBLICATION_SCHEMA, json);
}

/**
 * Reads a message that a program publishes.
 *
 * @param json A request's body.
 * @throws {Refusal} `bad_request`.
 *
 * @internal Its types are the schema's own.
 */
export function parseProgramMessage(json: string): z.infer<typeof PROGRAM_MESSAGE_SCHEMA> {
  return parse(PROGRAM_MESSAGE_SCHEMA, json);
}

function parse<T>(schema: z.ZodType<T>, json: string): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Refusal("bad_request", "The body is not JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal("bad_request", [...issue!.path, issue!.message].join(": "));
}
