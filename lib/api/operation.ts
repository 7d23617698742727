/**
 * How one HTTP interface is described.
 *
 * @module
 */

import { REQUEST_ID_CHARS_MAX } from "../limits.ts";
import type { IntegerRange } from "../protocol/query.ts";
import type { ErrorCode } from "../protocol/refusal.ts";
import { ACCEPT_PATTERN } from "../websocket/handshake.ts";
import type { Json } from "./schemas.ts";

/** Who may ask: anybody, a user (by key or token), also a program, programs alone, or whoever reads metrics. */
export type Asker = "anybody" | "user" | "reader" | "program" | "monitor";

/** A parameter in the path, query or head of a request. */
export interface Parameter {
  /** Its name. */
  readonly name: string;
  /** Where it stands. */
  readonly in: "path" | "query" | "header";
  /** What it says. */
  readonly description: string;
  /** What it may be. */
  readonly schema: Json;
  /** Whether a request must have it. */
  readonly required?: boolean;
}

/** An answer that is no problem. */
export interface Answer {
  /** Its HTTP status. */
  readonly status: number;
  /** What it says. */
  readonly description: string;
  /** The media type of its body, and what that may be; without it there is no body. */
  readonly content?: Readonly<Record<string, Json>>;
  /** Headers that it always has, by the name of their description. */
  readonly headers?: readonly HeaderName[];
}

/** The headers that are described. */
export type HeaderName = keyof typeof HEADERS;

/** An HTTP interface. */
export interface Operation {
  /** Its name in clients that are made from the document. */
  readonly id: string;
  /** How to ask. */
  readonly method: "get" | "post" | "delete";
  /** Where, with parameters in braces. */
  readonly path: string;
  /** The part of the interfaces that it belongs to. */
  readonly tag:
    | "Reading"
    | "Publishing"
    | "Rooms"
    | "Programs"
    | "WebSocket"
    | "Operation"
    | "Files";
  /** What it does, in few words. */
  readonly summary: string;
  /** What else there is to know. */
  readonly description?: string;
  /** Who may ask. */
  readonly asker: Asker;
  /** What goes into the address and the head. */
  readonly parameters?: readonly Parameter[];
  /** What may be sent, by media type. */
  readonly body?: Readonly<Record<string, Json>>;
  /** What is answered when all is well. */
  readonly answers: readonly Answer[];
  /** What may go wrong; the code decides the HTTP status. */
  readonly codes: readonly ErrorCode[];
  /** What goes wrong with another status than the code's own. */
  readonly refusals?: readonly (Answer & { readonly code: ErrorCode })[];
  /** Whether the pages of allowed origins may ask, and no others: then the answer says so (CORS). */
  readonly isForPages?: boolean;
}

/** Headers of answers. */
export const HEADERS = {
  "Cache-Control": {
    description: "`no-store`: what one person was told. `no-cache`: to be asked for again",
    schema: { type: "string", enum: ["no-store", "no-cache"] },
  },
  "Retry-After": {
    description: "Seconds after which to ask again",
    schema: { type: "integer", minimum: 0 },
  },
  "WWW-Authenticate": {
    description: "A key, token or `API_KEY` is taken as a bearer token",
    schema: { type: "string", const: "Bearer" },
  },
  "Access-Control-Allow-Origin": {
    description: "For pages of another origin (CORS): the origin that may read this, or `*`",
    schema: { type: "string" },
  },
  "ETag": {
    description: "Which version this is: for `If-None-Match`",
    schema: { type: "string", pattern: '^W/".+"$' },
  },
  "Vary": { description: "What the answer depends on", schema: { type: "string" } },
  "X-Accel-Buffering": {
    description: "nginx must not hold events back",
    schema: { type: "string", const: "no" },
  },
  "X-Request-Id": {
    description: "By which the lines of this request are found in the server's log",
    schema: { type: "string", minLength: 1, maxLength: REQUEST_ID_CHARS_MAX },
  },
  "Upgrade": { description: "What is spoken here", schema: { type: "string", const: "websocket" } },
  "Sec-WebSocket-Version": {
    description: "The version that is spoken here",
    schema: { type: "string", const: "13" },
  },
  "Sec-WebSocket-Accept": {
    description: "The proof that the key was read (RFC 6455, section 4.2.2)",
    schema: { type: "string", pattern: ACCEPT_PATTERN.source },
  },
} as const;

/**
 * A parameter that is a text. Of a path it is required.
 *
 * @param where Where it stands.
 * @param name Its name.
 * @param description What it says.
 */
export function text(where: Parameter["in"], name: string, description: string): Parameter {
  const required = where === "path" ? { required: true } : {};
  return { name, in: where, ...required, description, schema: { type: "string" } };
}

/**
 * A parameter of the query that is a whole number.
 *
 * @param name Its name.
 * @param range What it may be, and what it is where it is missing.
 * @param description What it says.
 */
export function integerQuery(
  name: string,
  range: IntegerRange & { readonly default?: number },
  description: string,
): Parameter {
  const { min, max, default: byDefault } = range;
  const schema = {
    type: "integer",
    minimum: min,
    ...(max === Number.MAX_SAFE_INTEGER ? {} : { maximum: max }),
    ...(byDefault === undefined ? {} : { default: byDefault }),
  };
  return { name, in: "query", description, schema };
}
