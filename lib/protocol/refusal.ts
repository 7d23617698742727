/**
 * Refusals: what can go wrong with a command or a request, for programs and for people.
 *
 * @module
 */

/** Every error by its code: its HTTP status, and what it means. */
export const ERRORS = {
  bad_request: [400, "The request cannot be read"],
  bad_json: [400, "A command is not a JSON object"],
  bad_command: [400, "A command has a field that is missing or wrong"],
  unknown_command: [400, "There is no command of this type"],
  body_empty: [400, "A body has no text"],
  username_invalid: [400, "A username cannot be one"],
  room_name_invalid: [400, "A room's name cannot be one"],
  unauthorized: [401, "A key or token is missing, wrong or expired"],
  forbidden: [403, "Whoever asks may not do this"],
  banned: [403, "The name, or whoever asks, is banned"],
  not_found: [404, "It is not there"],
  user_not_found: [404, "Nobody has an inbox of this name"],
  request_timeout: [408, "The request took too long to come"],
  username_taken: [409, "Somebody else has the username"],
  ref_conflict: [409, "The `ref` stands for another text"],
  not_joined: [409, "The session has not joined the room"],
  body_too_large: [413, "A body has too many bytes"],
  unsupported_media_type: [415, "The body is of another type"],
  rate_limited: [429, "Too much in too short a time"],
  internal: [500, "The server failed"],
  rooms_full: [503, "A connection, or the server, has as many rooms as it may have"],
  busy: [503, "Too much is under way"],
  unavailable: [
    503,
    "The store is out of reach, or the server ends; whether something was stored is not known",
  ],
} as const;

/** What went wrong, for programs. */
export type ErrorCode = keyof typeof ERRORS;

/** The HTTP status of each error's code. */
export const ERROR_STATUS: Readonly<Record<ErrorCode, number>> = Object.fromEntries(
  Object.entries(ERRORS).map(([code, [status]]) => [code, status]),
) as Record<ErrorCode, number>;

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
