/**
 * Who is in a room, who comes and who goes, in words.
 *
 * @module
 */

import { nameKey, type Presence } from "../../static/natter.js";

/** In larger rooms it is not told who comes and goes, or who is there. */
const USERS_TOLD_MAX = 20;

/**
 * Tells who is in a room.
 *
 * @param room The room.
 * @param people Who is there.
 * @param self The reader's own name.
 */
export function describePeople(
  room: string,
  { users, userCount }: { readonly users: string[]; readonly userCount: number },
  self: string,
): string {
  if (userCount > USERS_TOLD_MAX) return `${room}: ${userCount} people`;
  const others = othersOf(users, self);
  return `${room}: ${others === "" ? "you alone" : `you, ${others}`}`;
}

/**
 * Tells who has come, and who has gone.
 *
 * @param presence What has changed in a room.
 * @param self The reader's own name.
 * @returns A sentence about each, or none.
 */
export function describeChange(
  { joins = [], leaves = [], userCount }: Presence,
  self: string,
): string[] {
  if (userCount > USERS_TOLD_MAX) return [];
  const [came, went] = [othersOf(joins, self), othersOf(leaves, self)];
  return [...came === "" ? [] : [`${came} came`], ...went === "" ? [] : [`${went} left`]];
}

function othersOf(names: readonly string[], self: string): string {
  return names.filter((name) => nameKey(name) !== nameKey(self)).join(", ");
}
