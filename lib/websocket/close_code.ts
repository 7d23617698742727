/**
 * Close codes: what the number in a WebSocket close frame means, and whether to come back after it.
 *
 * Below 4000 the meanings are those of RFC 6455 section 7.4.1 and the IANA "WebSocket Close Code
 * Number Registry"; 4000–4999 are private use (section 7.4.2), and here they are split in two
 * halves, so that a client can tell what to do even with a code that it has never heard of.
 *
 * @module
 */

/** Close codes by name. */
export const CLOSE_CODE = {
  /** 1000: the purpose is fulfilled (RFC 6455 §7.4.1). */
  Normal: 1000,
  /** 1001: an endpoint goes away: a server shuts down, a page is left (§7.4.1). */
  GoingAway: 1001,
  /** 1002: the peer broke RFC 6455 (§7.4.1). */
  ProtocolError: 1002,
  /** 1003: a kind of data that is not accepted, as binary on a chat socket (§7.4.1). */
  UnsupportedData: 1003,
  /** 1005: the close frame had no code; never on the wire (§7.4.1). */
  NoStatus: 1005,
  /** 1006: the connection ended without a close frame; never on the wire (§7.4.1). */
  Abnormal: 1006,
  /** 1007: a text or a close reason was not UTF-8 (§7.4.1, §8.1). */
  InvalidPayload: 1007,
  /** 1008: against a policy that no other code names (§7.4.1). */
  PolicyViolation: 1008,
  /** 1009: a frame or message over its limit (§7.4.1). */
  MessageTooBig: 1009,
  /** 1010: the client needs an extension that the server did not agree to (§7.4.1). */
  ExtensionNeeded: 1010,
  /** 1011: the server met an unexpected condition (§7.4.1). */
  InternalError: 1011,
  /** 1012: the service restarts (IANA registry). */
  ServiceRestart: 1012,
  /** 4000: the server drains; come back after the delay that it announced. */
  Drain: 4000,
  /** 4001: the reader fell too far behind; resume with its cursor, at once. */
  TooFarBehind: 4001,
  /** 4002: the server is full; come back with backoff. */
  ServerFull: 4002,
  /** 4003: no sign of life for too long. */
  Idle: 4003,
  /** 4500: the username is invalid. */
  UsernameInvalid: 4500,
  /** 4501: the username is taken; pick another. */
  UsernameTaken: 4501,
  /** 4502: the token is missing, wrong or expired; get one. */
  Unauthorized: 4502,
  /** 4503: the room's name is invalid or the room is not allowed. */
  RoomInvalid: 4503,
  /** 4504: kicked or banned. */
  Kicked: 4504,
  /** 4505: flooding, or too many bad commands. */
  Flooding: 4505,
} as const;

/** What close codes mean, for people; 1013 and 1014 are those of proxies (IANA registry). */
export const CLOSE_MEANINGS: ReadonlyMap<number, string> = new Map([
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

/** Bytes of UTF-8 that the reason of a close frame may have: 125 less two of the code (RFC 6455 §5.5). */
export const CLOSE_REASON_BYTES_MAX = 123;

/**
 * Says whether a close frame may carry a code.
 *
 * These are 1000–1003 and 1007–1014 (RFC 6455 §7.4.1 and the IANA registry; 1004 is reserved, and
 * 1005, 1006 and 1015 are for local use only) and 3000–4999 (§7.4.2).
 *
 * @param code A close code.
 * @returns Whether the code may appear on the wire.
 */
export function isValidCloseCode(code: number): boolean {
  return Number.isInteger(code) &&
    ((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
      (code >= 3000 && code <= 4999));
}

/** Codes below 4000 after which the same client would be refused again for the same cause. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  CLOSE_CODE.ProtocolError,
  CLOSE_CODE.UnsupportedData,
  CLOSE_CODE.InvalidPayload,
  CLOSE_CODE.PolicyViolation,
  CLOSE_CODE.MessageTooBig,
  CLOSE_CODE.ExtensionNeeded,
]);

/**
 * Says whether a client may connect again by itself after a close.
 *
 * No: 1002, 1003, 1007–1010 and 4500–4999, since a person or a program must change something
 * first. Yes, with jitter: all others, also codes that are unknown or that proxies and runtimes
 * make up (1005, 1013, 1014, 0), since they say nothing against a second try.
 *
 * @param code The code of the close, 1005 or 1006 where there was none.
 * @returns Whether to connect again without asking anyone.
 */
export function mayReconnect(code: number): boolean {
  return !FINAL_CODES.has(code) && !(code >= 4500 && code <= 4999);
}

/**
 * Cuts a close reason to at most {@linkcode CLOSE_REASON_BYTES_MAX} bytes of UTF-8, between two
 * code points (RFC 6455 §5.5.1: the reason is UTF-8, so half a character would be a protocol error).
 *
 * @param text Any text; lone surrogates become U+FFFD.
 * @returns The longest beginning that fits.
 */
export function truncateReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(CLOSE_REASON_BYTES_MAX));
  return text.slice(0, read).toWellFormed();
}
