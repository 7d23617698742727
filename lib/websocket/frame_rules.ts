/**
 * What a frame may not be, whatever came before it (RFC 6455 sections 5.1, 5.2 and 5.5).
 *
 * @module
 */

import { CLOSE_CODE, isValidCloseCode } from "./close_code.ts";
import { type FrameHeader, OPCODE } from "./frame.ts";
import { violation } from "./protocol_error.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Bytes of payload of a control frame (RFC 6455 §5.5). */
export const CONTROL_BYTES_MAX = 125;

/**
 * Refuses a header that RFC 6455 forbids.
 *
 * @param header The header.
 * @param role Who reads it.
 * @throws {ProtocolError} 1002.
 */
export function checkFrame(header: FrameHeader, role: "server" | "client"): void {
  const { opcode, fin, rsv, mask, length, lengthFault } = header;
  // §5.2: "MUST be 0 unless an extension is negotiated", and none is.
  if (rsv !== 0) throw violation(`reserved bits are ${rsv}`);
  if (opcode > OPCODE.Pong || (opcode > OPCODE.Binary && opcode < OPCODE.Close)) {
    throw violation(`opcode ${opcode} is reserved`); // §5.2
  }
  // §5.1, both ways.
  if (role === "server" && mask === undefined) throw violation("it is not masked");
  if (role === "client" && mask !== undefined) throw violation("it is masked");
  if (lengthFault !== undefined) throw violation(`length is ${lengthFault}`); // §5.2

  if (isControl(opcode)) { // §5.5
    if (!fin) throw violation("a control frame is fragmented");
    if (length > CONTROL_BYTES_MAX) throw violation(`a control frame has ${length} bytes`);
  }
}

/**
 * Whether an opcode is that of a control frame: its highest bit is set (RFC 6455 §5.5).
 *
 * @param opcode The opcode.
 */
export function isControl(opcode: number): boolean {
  return (opcode & 0x8) !== 0;
}

/**
 * Reads the payload of a close frame (RFC 6455 §5.5.1).
 *
 * @param payload The payload, unmasked.
 * @returns Code and reason; 1005 and none where it is empty.
 * @throws {ProtocolError} 1002 for a code that none may be, 1007 for a reason that is no UTF-8.
 */
export function parseClose(payload: Uint8Array): { code: number; reason: string } {
  if (payload.length === 0) return { code: CLOSE_CODE.NoStatus, reason: "" };
  if (payload.length === 1) throw violation("a close frame has 1 byte");
  const code = payload[0]! << 8 | payload[1]!;
  if (!isValidCloseCode(code)) throw violation(`close code is ${code}`); // §7.4
  return { code, reason: decodeUtf8(payload.subarray(2)) };
}
