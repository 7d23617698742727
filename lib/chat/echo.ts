/**
 * The echo endpoint: each message comes back as it was.
 *
 * @module
 */

import { exceedsBytes } from "../protocol/text.ts";
import type { Connection, ConnectionHandler } from "../transport/connection.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import type { SendBudget } from "./send_budget.ts";

/** Settings of {@linkcode createEcho}. */
export interface EchoOptions {
  /** A message, in bytes. */
  readonly echoBytesMax: number;
  /** Unsent bytes above which a peer that does not read is closed. */
  readonly budget: SendBudget;
}

/**
 * Creates the echo of one connection.
 *
 * @param connection An open connection.
 * @param options The limits.
 */
export function createEcho(connection: Connection, options: EchoOptions): ConnectionHandler {
  const { echoBytesMax, budget } = options;
  return {
    message(message) {
      const isTooBig = typeof message === "string"
        ? exceedsBytes(message, echoBytesMax)
        : message.length > echoBytesMax;
      if (isTooBig) {
        const reason = `a message may have ${echoBytesMax} bytes`;
        return connection.close(CLOSE_CODE.MessageTooBig, reason);
      }
      // There is no log to wait at: what is not read would pile up here.
      const { unsentBytes } = connection;
      if (unsentBytes > budget.limit) {
        return connection.close(CLOSE_CODE.TooFarBehind, "fell too far behind");
      }
      connection.send(message);
      budget.note(connection, unsentBytes + message.length);
    },
    closed: () => budget.forget(connection),
  };
}
