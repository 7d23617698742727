/**
 * The numbers of RFC 6455 in words.
 *
 * @module
 */

import { CLOSE_MEANINGS, mayReconnect } from "../websocket/close_code.ts";
import { OPCODE } from "../websocket/frame.ts";

const OPCODES: ReadonlyMap<number, string> = new Map([
  [OPCODE.Continuation, "continuation"],
  [OPCODE.Text, "text"],
  [OPCODE.Binary, "binary"],
  [OPCODE.Close, "close"],
  [OPCODE.Ping, "ping"],
  [OPCODE.Pong, "pong"],
]);

/**
 * Names an opcode (RFC 6455 §5.2).
 *
 * @param opcode 0 to 15.
 */
export function nameOpcode(opcode: number): string {
  return OPCODES.get(opcode) ?? `reserved for ${opcode < 8 ? "data" : "control"}`;
}

/**
 * Says what a close code means (RFC 6455 §7.4).
 *
 * @param code The code.
 */
export function describeCloseCode(code: number): string {
  const meaning = CLOSE_MEANINGS.get(code);
  if (code >= 4000 && code <= 4999) {
    return meaning === undefined ? "private use: the server's own" : `in Natter: ${meaning}`;
  }
  if (meaning !== undefined) return meaning;
  return code >= 3000 && code <= 3999 ? "registered with IANA by a library" : "not to be sent";
}

/**
 * Says what a client does after a close.
 *
 * @param code The close code.
 */
export function describeReturn(code: number): string {
  return mayReconnect(code)
    ? "a client may come back by itself, after a random delay"
    : "a client does not come back by itself: something has to change first";
}
