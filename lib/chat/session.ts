/**
 * A session: one user on one connection, and what the user may do there.
 *
 * @module
 */

import type { Name } from "../protocol/name.ts";
import { exceedsBytes } from "../protocol/text.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import type { Connection, ConnectionHandler } from "../transport/connection.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import type { Registry } from "./registry.ts";
import type { Room } from "./room.ts";

/** What all sessions share. */
export interface SessionContext {
  /** Who holds which name. */
  readonly registry: Registry;
  /** Messages of each user, by the key of the name. */
  readonly messageLimiter: RateLimiter;
  /** A message's body, in bytes of UTF-8. */
  readonly bodyBytesMax: number;
  /** Called when a session has left its room. */
  readonly left: (room: Room) => void;
}

/** A user in a room, over the plain protocol: a text message in is a message of the chat. */
export class Session implements ConnectionHandler {
  /** Where messages to this user go. */
  readonly connection: Connection;
  /** The user's name. */
  readonly user: Name;
  readonly #room: Room;
  readonly #context: SessionContext;

  /**
   * Creates a session that is not in its room yet.
   *
   * @param connection An open connection.
   * @param user The user's name, which is not claimed yet.
   * @param room The room that the user enters.
   * @param context What all sessions share.
   */
  constructor(connection: Connection, user: Name, room: Room, context: SessionContext) {
    this.connection = connection;
    this.user = user;
    this.#room = room;
    this.#context = context;
  }

  /** Enters the room; the name must be claimed by now. */
  join(): void {
    this.#room.join(this);
  }

  /** Takes a message of the chat, or ends the session with the reason why not. */
  message(message: string | Uint8Array): void {
    const { connection } = this;
    if (typeof message !== "string") {
      return connection.close(CLOSE_CODE.UnsupportedData, "binary messages are not taken here");
    }
    if (exceedsBytes(message, this.#context.bodyBytesMax)) {
      const reason = `a message may have ${this.#context.bodyBytesMax} bytes`;
      return connection.close(CLOSE_CODE.MessageTooBig, reason);
    }
    if (message === "") return;
    if (this.#context.messageLimiter.take(this.user.key) > 0) {
      return connection.close(CLOSE_CODE.Flooding, "too many messages");
    }
    this.#room.publish(this, message);
  }

  /** Leaves the room and gives the name back. */
  closed(): void {
    this.#room.leave(this);
    this.#context.registry.release(this);
    this.#context.left(this.#room);
  }

  /** Ends the session because its reader cannot be given every message any more. */
  fellBehind(): void {
    this.connection.close(CLOSE_CODE.TooFarBehind, "fell too far behind");
  }
}
