/**
 * Why it ended, and what to do, in words.
 *
 * @module
 */

import { harmless } from "./format.ts";

const REFUSALS: ReadonlyMap<number, string> = new Map([
  [1009, "What was sent is too large for this server"],
  [4500, "This cannot be a name: letters, digits, emoji, _ - . and single spaces, at most 32"],
  [4501, "The name is taken: choose another, or come back when it is free"],
  [4502, "The server wants a valid token: get a new one and set NATTER_TOKEN"],
  [4503, "The room cannot be joined: choose another with --room"],
  [4504, "You were removed from this server: ask who runs it"],
  [4505, "The server closed the connection because of too many messages or mistakes"],
]);

/**
 * Tells why a connection is over.
 *
 * @param code The close code.
 * @param reason The server's words.
 */
export function explainClose(code: number, reason: string): string {
  const refusal = REFUSALS.get(code) ?? `The server closed the connection with code ${code}`;
  return reason === "" ? `${refusal}.` : `${refusal} (${harmless(reason)}).`;
}
