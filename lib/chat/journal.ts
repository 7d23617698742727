/**
 * What becomes of sessions, for the log.
 *
 * @module
 */

import type { Logger } from "../logger.ts";
import type { ErrorCode } from "../protocol/refusal.ts";
import type { Refusals } from "../refusals.ts";
import type { Session } from "./session.ts";

/** What became of a session. */
export type ChatEvent =
  /** It has its name. */
  | { readonly type: "opened"; readonly session: Session }
  /** It has joined a room, or its inbox. */
  | { readonly type: "joined"; readonly session: Session; readonly room: string }
  /** It was refused something: a name, a room, a command. */
  | { readonly type: "refused"; readonly session: Session; readonly code: ErrorCode }
  /** It has ended. */
  | { readonly type: "ended"; readonly session: Session };

/**
 * Makes what writes down what becomes of sessions: refusals as {@linkcode Refusals} does, the rest at the level
 * `debug`. A name and a room are all that is told of a user.
 *
 * @param logger Where the lines go.
 * @param refusals Counts refusals.
 */
export function createJournal(logger: Logger, refusals: Refusals): (event: ChatEvent) => void {
  return (event) => {
    const { requestId, address, isPlain } = event.session;
    switch (event.type) {
      case "opened": {
        const { text: username } = event.session.identity.user;
        const protocol = isPlain ? "plain" : "rich";
        return logger.debug("Session opened", { requestId, username, protocol, address });
      }
      case "joined":
        return logger.debug("Joined", { requestId, room: event.room });
      case "refused":
        // What failed within is told with its error.
        if (event.code === "internal") return refusals.count(event.code);
        return refusals.refused(event.code, { address, requestId });
      case "ended": {
        const code = event.session.endCode;
        return logger.debug("Session ended", code === 0 ? { requestId } : { requestId, code });
      }
    }
  };
}
