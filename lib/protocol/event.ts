/**
 * Events of the rich protocol: what a client is told (docs/protocol.md, "Rich protocol").
 *
 * @module
 */

import * as z from "zod";
import { type ErrorCode, ERRORS } from "./refusal.ts";

/** The subprotocol's name. */
export const RICH_SUBPROTOCOL = "natter.v1";

const room = z.string().describe("The channel's name as shown: a room, or `@` and a username");
const offset = z.int().min(1).describe("Its place in the channel");
const position = z.int().min(0);
const id = z.string().describe("The id of the message");
const at = z.int().describe("Milliseconds since 1970");
const epoch = z.string().describe("The channel's epoch");
const answered = z.string().optional().describe("The command's `ref`");
const users = z.array(z.string()).readonly();
const userCount = z.int().min(0).describe("How many users there are");

const message = z.object({
  type: z.literal("message"),
  room,
  offset,
  id,
  sender: z.string().describe("The name of whose it is"),
  to: z.string().optional().describe("Of a direct message: the name to which it went"),
  with: z.string().optional().describe("In an inbox: the other party"),
  body: z.string().describe("The text; empty where the message has been deleted"),
  at,
  deleted: z.literal(true).optional().describe("The message has been deleted"),
}).readonly().describe("A message, as a reader of its channel sees it");

const deletion = z.object({
  type: z.literal("deletion"),
  room,
  offset,
  target: position.describe("The offset of the message that is gone"),
  by: z.string().describe("Who deleted it"),
}).readonly().describe("A message is gone");

/** @internal The schema of an entry as a reader sees it. */
export const ENTRY_SCHEMA = z.discriminatedUnion("type", [message, deletion]).describe(
  "An entry of a channel",
);

const limits = z.object({
  bodyBytesMax: z.int().describe("A message's body, in bytes of UTF-8"),
  messagesPerSecond: z.int().describe(
    "Messages a second of one user, in the long run; 0: no limit",
  ),
  messagesBurst: z.int().describe("Messages of one user at once"),
  roomsPerConnectionMax: z.int().describe("Rooms of one connection"),
}).readonly().describe("What the server accepts");

/** What a page of the past has, as an event and over HTTP. */
const page = {
  room: room.exactOptional(),
  with: z.string().exactOptional().describe(
    "In place of `room`: the other party of the direct messages",
  ),
  epoch,
  entries: z.array(ENTRY_SCHEMA).readonly().describe("The entries, oldest first"),
  more: z.boolean().describe("Whether there may be more in the same direction"),
  from: position.describe("The lowest offset that was looked at: go on with `before` from here"),
  to: position.describe("The highest offset that was looked at: go on with `after` from here"),
};

/** @internal The schema of a page of the past as it is answered over HTTP. */
export const PAGE_SCHEMA = z.object(page).readonly().describe("A page of the past");

/** @internal The schema of where a message has been stored. */
export const STORED_SCHEMA = z.object({
  room,
  offset,
  id,
  at,
  duplicate: z.boolean().describe("The same `ref` has been stored before; nothing was added"),
}).readonly().describe("Where it has been stored");

/** The schema of every event, by its type. */
export const EVENT_SCHEMAS = {
  welcome: z.object({
    type: z.literal("welcome"),
    protocol: z.literal(RICH_SUBPROTOCOL),
    username: z.string().describe("The name as it is shown"),
    limits,
    pingSeconds: z.int().describe("Seconds of silence before a ping"),
  }).readonly().describe("The session is there; always the first event"),
  joined: z.object({
    type: z.literal("joined"),
    room,
    epoch,
    offset: position.describe("Where this reader's stream begins"),
    head: position.describe("The offset of the channel's last entry"),
    recovered: z.boolean().describe("Whether the stream goes on at the position that was given"),
    users: users.exactOptional().describe("In a room: the first users by name"),
    userCount: userCount.exactOptional(),
    ref: answered,
  }).readonly().describe("A channel is read from here on; its entries follow as events"),
  message,
  deletion,
  ack: z.object({ type: z.literal("ack"), ref: z.string(), ...STORED_SCHEMA.unwrap().shape })
    .readonly().describe("What a `message` or `delete` with a `ref` asked for is stored"),
  left: z.object({ type: z.literal("left"), room, ref: answered }).readonly().describe(
    "A room is no longer read",
  ),
  pong: z.object({ type: z.literal("pong"), ref: answered }).readonly().describe(
    "The answer to a `ping`",
  ),
  token: z.object({
    type: z.literal("token"),
    expiresAt: z.int().optional().describe(
      "When the new token expires, in milliseconds since 1970; absent: never",
    ),
    ref: answered,
  }).readonly().describe("The new token has taken the place of the old one"),
  presence: z.object({
    type: z.literal("presence"),
    room,
    joins: users.exactOptional().describe("Who has come"),
    leaves: users.exactOptional().describe("Who has gone"),
    users: users.exactOptional().describe(
      "A snapshot: all users, in place of what the reader knew",
    ),
    userCount,
  }).readonly().describe("Who is in a room has changed"),
  typing: z.object({
    type: z.literal("typing"),
    room: room.exactOptional(),
    to: z.string().exactOptional().describe("In place of `room`: the reader, who is written to"),
    username: z.string().describe("Who types"),
  }).readonly().describe("Somebody types; never stored, and dropped under pressure"),
  history: z.object({ type: z.literal("history"), ...page, ref: answered }).readonly().describe(
    "The answer to a `history`",
  ),
  gap: z.object({
    type: z.literal("gap"),
    room,
    from: position.describe("The first offset that the reader will not get"),
    to: position.describe("The last one"),
  }).readonly().describe("Entries that are no longer retained, and will not come"),
  error: z.object({
    type: z.literal("error"),
    code: z.enum(Object.keys(ERRORS) as ErrorCode[]),
    message: z.string().describe("What went wrong, for people"),
    retryAfterMs: z.number().exactOptional().describe("Milliseconds after which to ask again"),
    ref: answered,
  }).readonly().describe("A command is refused; the socket stays"),
  reconnect: z.object({
    type: z.literal("reconnect"),
    afterMs: z.int().describe("Milliseconds after which to come back"),
  }).readonly().describe("The server is about to end, and will close with 4000"),
};

/** @internal The schema of the last event of a stream, and of a poll that is ended. */
export const CLOSE_SCHEMA = z.object({
  type: z.literal("close"),
  code: z.int().describe("A close code, as on a socket"),
  reason: z.string(),
}).readonly().describe("A stream or poll ends, as a socket would");

/**
 * An entry as a reader sees it.
 *
 * @internal Its types are the schema's own.
 */
export type EntryEvent = z.infer<typeof ENTRY_SCHEMA>;

/**
 * A page of the past.
 *
 * @internal Its types are the schema's own.
 */
export type HistoryEvent = z.infer<(typeof EVENT_SCHEMAS)["history"]>;

/**
 * An event that is for one reader alone.
 *
 * @internal Its types are the schemas' own.
 */
export type Event = z.infer<
  (typeof EVENT_SCHEMAS)[Exclude<keyof typeof EVENT_SCHEMAS, "message" | "deletion">]
>;

/** An entry of a log, as far as its readers are told of it. */
export interface ReadableEntry {
  /** Its place in the channel. */
  readonly offset: number;
  /** What it tells. */
  readonly kind: "message" | "deletion";
  /** The id of the message. */
  readonly id: string;
  /** The name of whose it is. */
  readonly sender: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The text. */
  readonly body: string;
  /** Of a direct message: the name to which it went. */
  readonly to?: string | undefined;
  /** In an inbox: the other party. */
  readonly with?: string | undefined;
  /** Of a deletion: the offset of the message that is gone. */
  readonly target?: number | undefined;
  /** The message has been deleted. */
  readonly deleted?: boolean | undefined;
}

/**
 * An entry as the readers of its channel see it.
 *
 * @param room The channel's name as shown.
 * @param entry The entry.
 */
export function entryEvent(room: string, entry: ReadableEntry): EntryEvent {
  const { offset, id, sender, to, body, at } = entry;
  if (entry.kind === "deletion") {
    return { type: "deletion", room, offset, target: entry.target ?? 0, by: sender };
  }
  const deleted = entry.deleted === true ? true : undefined;
  return { type: "message", room, offset, id, sender, to, with: entry.with, body, at, deleted };
}

/**
 * The same as JSON.
 *
 * @param room The channel's name as shown.
 * @param entry The entry.
 */
export function encodeEntry(room: string, entry: ReadableEntry): string {
  return JSON.stringify(entryEvent(room, entry));
}
