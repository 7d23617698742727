/**
 * Refusals: what can go wrong with a command or a request, for programs and for people.
 *
 * @module
 */

/** The HTTP status of each error's code. */
export const ERROR_STATUS = {
  /** The request cannot be read. */
  bad_request: 400,
  /** A command is not a JSON object. */
  bad_json: 400,
  /** A command has a field that is missing or wrong. */
  bad_command: 400,
  /** There is no command of this type. */
  unknown_command: 400,
  /** A body has no text. */
  body_empty: 400,
  /** A username cannot be one. */
  username_invalid: 400,
  /** A room's name cannot be one. */
  room_name_invalid: 400,
  /** A key or token is missing, wrong or expired. */
  unauthorized: 401,
  /** Whoever asks may not do this. */
  forbidden: 403,
  /** The name, or whoever asks, is banned. */
  banned: 403,
  /** It is not there. */
  not_found: 404,
  /** Nobody has an inbox of this name. */
  user_not_found: 404,
  /** The request took too long to come. */
  request_timeout: 408,
  /** Somebody else has the username. */
  username_taken: 409,
  /** The `ref` stands for another text. */
  ref_conflict: 409,
  /** The session has not joined the room. */
  not_joined: 409,
  /** A body has too many bytes. */
  body_too_large: 413,
  /** The body is of another type. */
  unsupported_media_type: 415,
  /** Too much in too short a time. */
  rate_limited: 429,
  /** The server failed. */
  internal: 500,
  /** A connection, or the server, has as many rooms as it may have. */
  rooms_full: 503,
  /** Too much is under way. */
  busy: 503,
  /** The store is out of reach, or the server ends; whether something was stored is not known. */
  unavailable: 503,
} as const;

/** What went wrong, for programs. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** A refusal of one command or request: whoever asked stays, and may ask again. */
export class Refusal extends Error {
  /**
   * Creates one.
   *
   * @param code Why, for programs.
   * @param message Why, for people: one sentence.
   * @param retryAfterMs Milliseconds after which it is worth asking again.
   */
  constructor(readonly code: ErrorCode, message: string, readonly retryAfterMs?: number) {
    super(message);
  }
}
