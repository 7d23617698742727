/**
 * The numbers of RFC 6455 in words.
 *
 * @module
 */

import { CLOSE_CODE, mayReconnect } from "../websocket/close_code.ts";
import { OPCODE } from "../websocket/frame.ts";

const OPCODES: ReadonlyMap<number, string> = new Map([
  [OPCODE.Continuation, "continuation"],
  [OPCODE.Text, "text"],
  [OPCODE.Binary, "binary"],
  [OPCODE.Close, "close"],
  [OPCODE.Ping, "ping"],
  [OPCODE.Pong, "pong"],
]);

const CLOSE_CODES: ReadonlyMap<number, string> = new Map([
  [CLOSE_CODE.Normal, "normal: what was wanted is done"],
  [CLOSE_CODE.GoingAway, "going away: a server stops, or a page is left"],
  [CLOSE_CODE.ProtocolError, "protocol error: the other side broke RFC 6455"],
  [CLOSE_CODE.UnsupportedData, "unsupported data: this kind of message is not taken here"],
  [CLOSE_CODE.NoStatus, "no code: the close frame is empty, and this number is never sent"],
  [CLOSE_CODE.Abnormal, "no close frame: the connection broke, and this number is never sent"],
  [CLOSE_CODE.InvalidPayload, "invalid payload: a text is not UTF-8"],
  [CLOSE_CODE.PolicyViolation, "policy violation: not allowed, for a cause without its own code"],
  [CLOSE_CODE.MessageTooBig, "message too big"],
  [CLOSE_CODE.ExtensionNeeded, "extension needed: the server did not agree to one"],
  [CLOSE_CODE.InternalError, "internal error: something in the server failed"],
  [CLOSE_CODE.ServiceRestart, "service restart"],
  [1013, "try again later: the server has too much to do"],
  [1014, "bad gateway: the server behind this one failed"],
  [CLOSE_CODE.Drain, "the server is about to stop"],
  [CLOSE_CODE.TooFarBehind, "the reader fell too far behind"],
  [CLOSE_CODE.ServerFull, "the server is full"],
  [CLOSE_CODE.Idle, "no sign of life for too long"],
  [CLOSE_CODE.UsernameInvalid, "this cannot be a name"],
  [CLOSE_CODE.UsernameTaken, "the name is taken"],
  [CLOSE_CODE.Unauthorized, "the key or token is missing, wrong or expired"],
  [CLOSE_CODE.RoomInvalid, "the room cannot be joined"],
  [CLOSE_CODE.Kicked, "kicked or banned"],
  [CLOSE_CODE.Flooding, "too many messages, or too many mistakes"],
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
  const meaning = CLOSE_CODES.get(code);
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
