/**
 * Whoever connects, before anything is known of a name.
 *
 * @module
 */

import type { Cursor } from "../protocol/position.ts";

/** Who has opened a connection, before any name is claimed. */
export interface Visitor {
  /** Whether it speaks the plain protocol, else the rich one. */
  readonly isPlain: boolean;
  /** Where it comes from, for the limits on addresses. */
  readonly address: string;
  /** The id of the request that has opened it, for the log. */
  readonly requestId?: string | undefined;
  /** How long its user is shown as present after it has ended, where that is expected to be back. */
  readonly stayMs?: number;
}

/** What a client asks for when it connects. */
export interface JoinRequest extends Visitor {
  /** Whether it claims the name though it has no key: a socket does, a GET never. */
  readonly claimsWithoutKey: boolean;
  /** The username as it came, or `undefined` where it could not be decoded. */
  readonly username: string | undefined;
  /** The names of the rooms as they came; none: the lobby. */
  readonly rooms: readonly string[];
  /** Where to go on. */
  readonly cursor: Cursor;
}
