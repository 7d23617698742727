/**
 * What ends a connection, by whose fault it is (RFC 6455 section 7.4.1).
 *
 * @module
 */

import { CLOSE_CODE } from "./close_code.ts";

/** What a peer sent that ends its connection. */
export class ProtocolError extends Error {
  /** The close code to answer with: 1002, 1007 or 1009 (RFC 6455 §7.4.1). */
  readonly closeCode: number;

  /**
   * Makes an error.
   *
   * @param closeCode The close code to answer with.
   * @param message What was wrong, short enough for a close reason.
   */
  constructor(closeCode: number, message: string) {
    super(message);
    this.name = "ProtocolError";
    this.closeCode = closeCode;
  }
}

/**
 * What breaks RFC 6455.
 *
 * @param what What, to follow "Cannot read frame:".
 */
export function violation(what: string): ProtocolError {
  return new ProtocolError(CLOSE_CODE.ProtocolError, `Cannot read frame: ${what}`);
}

/**
 * What is over a limit.
 *
 * @param what What, to follow "Cannot read message:".
 */
export function excess(what: string): ProtocolError {
  return new ProtocolError(CLOSE_CODE.MessageTooBig, `Cannot read message: ${what}`);
}

/** What should be a text, and cannot be one. */
export function notUtf8(): ProtocolError {
  return new ProtocolError(CLOSE_CODE.InvalidPayload, "Cannot read text: it is not UTF-8");
}
