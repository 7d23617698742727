/**
 * What is answered over HTTP (docs/protocol.md, "HTTP"), beside where a message has been stored and pages of
 * the past, which are events as well.
 *
 * @module
 */

import * as z from "zod";
import { CLOSE_SCHEMA, ENTRY_SCHEMA, EVENT_SCHEMAS } from "./event.ts";
import { type ErrorCode, ERRORS } from "./refusal.ts";

/** The events beside entries that a poll tells; the rest is for those who stay. */
export const POLLED_EVENTS = ["joined", "left", "gap", "reconnect"] as const;

/** @internal The schema of what went wrong (RFC 9457). */
export const PROBLEM_SCHEMA = z.object({
  type: z.literal("about:blank"),
  title: z.string().describe("The HTTP status in words"),
  status: z.int().describe("The HTTP status"),
  detail: z.string().describe("What went wrong in this case, for people"),
  code: z.enum(Object.keys(ERRORS) as ErrorCode[]).describe("What went wrong, for programs"),
}).readonly().describe("What went wrong (RFC 9457)");

/** @internal The schema of a poll's answer. */
export const POLL_SCHEMA = z.object({
  cursor: z.string().describe("Where to go on: the next poll's `cursor`"),
  more: z.boolean().describe("Whether there is more already"),
  events: z.array(z.union([
    ENTRY_SCHEMA,
    ...POLLED_EVENTS.map((type) => EVENT_SCHEMAS[type]),
    CLOSE_SCHEMA,
  ])).readonly().describe("What comes after the cursor"),
}).readonly().describe("What comes after a cursor, and the cursor after it");

const room = z.string().describe("The room's name as shown");
const userCount = z.int().min(0).describe("How many users are in it");

/** @internal The schema of a room in a list. */
export const ROOM_SCHEMA = z.object({
  room,
  userCount,
  head: z.int().min(0).describe("The offset of its last entry"),
  epoch: z.string().describe("The epoch of its offsets"),
}).readonly().describe("A room in which somebody is, or something stands");

/** @internal The schema of who is in a room. */
export const USERS_SCHEMA = z.object({
  room,
  users: z.array(z.string()).readonly().describe("The first users by name"),
  userCount,
}).readonly().describe("Who is in a room");

/** @internal The schema of what a kick has done. */
export const KICKED_SCHEMA = z.object({
  kicked: z.int().min(0).describe("How many sockets, streams and polls were closed"),
}).readonly().describe("What a kick or ban has done");

/** @internal The schema of what erasing a person has done. */
export const ERASED_SCHEMA = z.object({
  erased: z.int().min(0).describe("How many messages were deleted"),
}).readonly().describe("What erasing a person has done");
