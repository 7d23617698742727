/**
 * Positions and cursors: where a reader stands (docs/protocol.md, "Model").
 *
 * @module
 */

import { CURSOR_CHANNELS_MAX, CURSOR_CHARS_MAX } from "../limits.ts";

/** "Everything up to here I have": an offset, and the epoch in which it has that meaning. */
export interface Position {
  /** The epoch of the channel. */
  readonly epoch: string;
  /** The offset of the last entry that the reader has; 0: none. */
  readonly offset: number;
}

/** A position for each channel of a reader, by the channel's name as shown: `lobby`, `@alice`. */
export type Cursor = ReadonlyMap<string, Position>;

/**
 * Reads a position, `epoch:offset`.
 *
 * @param text The position as it came from the client.
 * @returns The position, or `undefined` where the text is none.
 */
export function parsePosition(text: string): Position | undefined {
  const match = /^([\w-]{1,64}):(0|[1-9]\d{0,14})$/.exec(text);
  return match === null ? undefined : { epoch: match[1]!, offset: Number(match[2]) };
}

/**
 * Writes a position.
 *
 * @param position Where a reader stands.
 */
export function formatPosition({ epoch, offset }: Position): string {
  return `${epoch}:${offset}`;
}

/**
 * Reads a cursor: `lobby=k3f9:120,@alice=p0aa:7`, names percent-encoded.
 *
 * @param text The cursor as it came from the client.
 * @returns The cursor, or `undefined` where the text is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatCursor, parseCursor } from "./position.ts";
 *
 * const cursor = parseCursor("lobby=k3f9:120,@%C3%A9va=p0aa:7");
 * assertEquals(cursor?.get("@éva"), { epoch: "p0aa", offset: 7 });
 * assertEquals(formatCursor(cursor!), "lobby=k3f9:120,@%C3%A9va=p0aa:7");
 * ```
 */
export function parseCursor(text: string): Cursor | undefined {
  if (text.length > CURSOR_CHARS_MAX) return undefined;
  const cursor = new Map<string, Position>();
  if (text === "") return cursor;
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const name = decodeName(part.slice(0, Math.max(0, equals)));
    const position = parsePosition(part.slice(equals + 1));
    if (name === undefined || name === "" || position === undefined || cursor.has(name)) {
      return undefined;
    }
    cursor.set(name, position);
  }
  return cursor.size > CURSOR_CHANNELS_MAX ? undefined : cursor;
}

/**
 * Writes a cursor.
 *
 * @param cursor A position for each channel.
 */
export function formatCursor(cursor: Cursor): string {
  return [...cursor].map(([name, position]) =>
    `${encodeURIComponent(name).replace(/^%40/, "@")}=${formatPosition(position)}`
  ).join(",");
}

function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
