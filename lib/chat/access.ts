/**
 * Channels by the names that users give them, and the one rule that decides who may read one.
 *
 * @module
 */

import { allowsRoom, type Principal } from "../auth/principal.ts";
import type { Directory, Identity } from "../directory/directory.ts";
import { parseRoomName, parseUsername } from "../protocol/name.ts";
import { Refusal } from "../protocol/refusal.ts";

/** The room of those who name none. */
export const DEFAULT_ROOM = "lobby";

/** A program that has shown the `API_KEY`: it reads every room, and no inbox. */
export const PROGRAM: Principal & { readonly author: string } = { author: "p:api" };

/** A channel, as users name it. */
export interface Target {
  /** The log's channel. */
  readonly channel: string;
  /** The name shown. */
  readonly name: string;
  /** Of an inbox: whose it is, for programs; `undefined`: it is a room. */
  readonly owner: string | undefined;
}

/**
 * The rule: a room is read by anyone, or, with a token that names rooms, if it is one of them; an inbox by
 * its owner alone.
 *
 * @param reader Who wants to read.
 * @param target What.
 */
export function canRead(reader: Principal, { channel, owner }: Target): boolean {
  return owner === undefined ? allowsRoom(reader, channel) : owner === reader.author;
}

/**
 * A room by its name.
 *
 * @param name The name as it came.
 * @throws {Refusal} `room_name_invalid`.
 */
export function roomTarget(name: string): Target {
  const room = parseRoomName(name);
  if (room === undefined) throw new Refusal("room_name_invalid", "This cannot be a room's name");
  return { channel: room.key, name: room.key, owner: undefined };
}

/**
 * The inbox of somebody.
 *
 * @param identity Who.
 * @returns `undefined` for somebody without a key, and so without an inbox.
 */
export function inboxTarget({ user, author, inbox }: Identity): Target | undefined {
  if (inbox === undefined) return undefined;
  return { channel: inbox, name: `@${user.text}`, owner: author };
}

/**
 * What a name stands for to somebody who reads under a name: any room, and of the inboxes the own one.
 *
 * @param name The name as it came, of an inbox with its `@`.
 * @param reader Who wants to read.
 * @param identity Under which name.
 * @throws {Refusal} `forbidden` or `room_name_invalid`.
 */
export function ownTarget(name: string, reader: Principal, identity: Identity): Target {
  const isOwn = name.startsWith("@") && parseUsername(name.slice(1))?.key === identity.user.key;
  const target = name.startsWith("@")
    ? (isOwn ? inboxTarget(identity) : undefined)
    : roomTarget(name);
  return checkRead(reader, target);
}

/**
 * What a name stands for to somebody who reads under no name: any room, or any inbox.
 *
 * @param name The name as it came, of an inbox with its `@`.
 * @param directory Knows whose an inbox is.
 * @returns `undefined` where there is no such inbox.
 * @throws {Refusal} `room_name_invalid`.
 * @throws {UnavailableError} If the store is out of reach.
 */
export async function findTarget(
  name: string,
  directory: Directory,
): Promise<Target | undefined> {
  if (!name.startsWith("@")) return roomTarget(name);
  const user = parseUsername(name.slice(1));
  const holder = user && await directory.holder(user.key);
  return holder && inboxTarget(holder);
}

/**
 * Applies the rule. An inbox that is not there is refused like one that is another's, so that nobody learns
 * which names are in use.
 *
 * @param reader Who wants to read.
 * @param target What, if it is there.
 * @throws {Refusal} `forbidden`.
 */
export function checkRead(reader: Principal, target: Target | undefined): Target {
  if (target !== undefined && canRead(reader, target)) return target;
  throw new Refusal(
    "forbidden",
    target === undefined || target.owner !== undefined
      ? "An inbox is read by its owner alone"
      : "The token does not allow this room",
  );
}
