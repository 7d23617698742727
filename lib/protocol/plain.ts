/**
 * The plain protocol: the article's `{"sender","msg"}` (docs/protocol.md, "Plain protocol").
 *
 * @module
 */

import * as z from "zod";

/** The subprotocol's name; a client that offers none speaks it too. */
export const PLAIN_SUBPROTOCOL = "natter.plain";

/** @internal The schema of a message as every other user of the room receives it. */
export const PLAIN_MESSAGE_SCHEMA = z.object({
  sender: z.string().describe("The sender's name as shown"),
  msg: z.string().describe("The text"),
}).readonly().describe("A message of another user");

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
  return JSON.stringify({ sender, msg } satisfies z.infer<typeof PLAIN_MESSAGE_SCHEMA>);
}
