/**
 * JSON Schemas of what is said on the wire, from the schemas that validate.
 *
 * @module
 */

import * as z from "zod";
import {
  ERASED_SCHEMA,
  KICKED_SCHEMA,
  POLL_SCHEMA,
  PROBLEM_SCHEMA,
  ROOM_SCHEMA,
  USERS_SCHEMA,
} from "../protocol/answer.ts";
import { COMMAND_SCHEMAS } from "../protocol/command.ts";
import {
  CLOSE_SCHEMA,
  ENTRY_SCHEMA,
  EVENT_SCHEMAS,
  PAGE_SCHEMA,
  STORED_SCHEMA,
} from "../protocol/event.ts";
import { PLAIN_MESSAGE_SCHEMA } from "../protocol/plain.ts";
import { PROGRAM_MESSAGE_SCHEMA, PUBLICATION_SCHEMA } from "../protocol/publication.ts";

/** A JSON Schema, or any other part of a document. */
export type Json = { readonly [key: string]: unknown };

/** Every schema that has a name of its own in a document. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  ...named("Command", COMMAND_SCHEMAS),
  ...named("Event", EVENT_SCHEMAS),
  Close: CLOSE_SCHEMA,
  Entry: ENTRY_SCHEMA,
  Erased: ERASED_SCHEMA,
  Kicked: KICKED_SCHEMA,
  Page: PAGE_SCHEMA,
  PlainMessage: PLAIN_MESSAGE_SCHEMA,
  Poll: POLL_SCHEMA,
  Problem: PROBLEM_SCHEMA,
  ProgramMessage: PROGRAM_MESSAGE_SCHEMA,
  Publication: PUBLICATION_SCHEMA,
  Room: ROOM_SCHEMA,
  Stored: STORED_SCHEMA,
  Users: USERS_SCHEMA,
};

/** The names of the schemas of all commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(named("Command", COMMAND_SCHEMAS));

/** The names of the schemas of all events of a session. */
export const EVENT_NAMES: readonly string[] = Object.keys(named("Event", EVENT_SCHEMAS));

/**
 * What a schema with a name is about.
 *
 * @param name Its name.
 */
export function descriptionOf(name: string): string {
  return NAMED[name]?.description ?? name;
}

/** The schema of the data of one event of a stream. */
export const STREAMED_EVENT: Json = oneOfNamed([...EVENT_NAMES, "Close"]);

/**
 * A place where a schema is named.
 *
 * @param name Its name.
 */
export function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/**
 * One of several schemas, told apart by `type`.
 *
 * @param names Their names.
 */
export function oneOfNamed(names: readonly string[]): Json {
  return { oneOf: names.map(reference) };
}

/**
 * Makes the JSON Schemas that a document needs: those that it names, and those that these name.
 *
 * Keys that are not described are left open: new ones may come, and are to be ignored, in both directions.
 *
 * @param document A document that refers to `#/components/schemas/…`.
 * @param target Which JSON Schema the document is written in.
 * @returns The schemas by name.
 */
export function schemasFor(document: unknown, target: "draft-7" | "draft-2020-12"): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: "input",
    target,
    uri: (id) => `#/components/schemas/${id}`,
    override({ jsonSchema }) {
      // That objects do not change is the program's own affair, and so is how large a number it can hold.
      delete jsonSchema.readOnly;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  const needed: Record<string, unknown> = {};
  collect(document);
  return Object.fromEntries(Object.entries(needed).sort(([a], [b]) => a < b ? -1 : 1));

  function collect(part: unknown): void {
    const found = JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    for (const [, name] of found) {
      if (name! in needed) continue;
      const { $schema: _, $id: __, ...schema } = schemas[name!] as Json;
      needed[name!] = schema;
      collect(schema);
    }
  }
}

/** `delete` of the commands is `DeleteCommand`. */
function named(kind: string, schemas: Readonly<Record<string, z.ZodType>>) {
  return Object.fromEntries(
    Object.entries(schemas).map(([type, schema]) => [
      `${type[0]!.toUpperCase()}${type.slice(1)}${kind}`,
      schema,
    ]),
  );
}
