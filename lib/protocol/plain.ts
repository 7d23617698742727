/**
 * The plain protocol: the article's `{"sender","msg"}` (docs/protocol.md, "Plain protocol").
 *
 * @module
 */

/** The subprotocol's name; a client that offers none speaks it too. */
export const PLAIN_SUBPROTOCOL = "natter.plain";

/**
 * Encodes a message as every other user of the room receives it.
 *
 * @param sender The sender's name as shown.
 * @param msg The message's body.
 * @returns One JSON object with exactly the keys `sender` and `msg`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodePlainMessage } from "./plain.ts";
 *
 * assertEquals(encodePlainMessage("alice", "hi"), `{"sender":"alice","msg":"hi"}`);
 * ```
 */
export function encodePlainMessage(sender: string, msg: string): string {
  return JSON.stringify({ sender, msg });
}
