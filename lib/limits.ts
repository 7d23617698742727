/**
 * Every bound that is not a setting, in one place, units in the name. What an operator may change is
 * in `config.ts`.
 *
 * @module
 */

/** Code points of a username after NFC. */
export const NAME_CODE_POINTS_MAX = 32;

/** UTF-8 bytes of a name of a user or a room. */
export const NAME_BYTES_MAX = 128;

/** Code points of a room's name, and of a key (NFKC may lengthen a name). */
export const KEY_CODE_POINTS_MAX = 64;

/** Combining marks on one base character; Thai and Vietnamese need 2, Hebrew and Arabic up to 4. */
export const MARKS_PER_BASE_MAX = 4;

/** Messages kept for the readers of one room that wait at their cursor. */
export const BACKLOG_MESSAGES_MAX = 4096;

/** UTF-16 code units kept for the readers of one room that wait at their cursor. */
export const BACKLOG_CHARS_MAX = 4 * 1024 * 1024;

/** UTF-16 code units kept for the waiting readers of all rooms together. */
export const BACKLOGS_TOTAL_CHARS_MAX = 64 * 1024 * 1024;

/** How often waiting readers are looked at again, in milliseconds. */
export const WAITING_SWEEP_MS = 100;

/** Sockets that are being told why they are refused; beyond these, HTTP 503 before the upgrade. */
export const REFUSED_SOCKETS_MAX = 1000;

/** The same, of one address. */
export const REFUSED_SOCKETS_PER_IP_MAX = 20;

/** Users or addresses of which a rate limiter remembers that they are in debt. */
export const RATE_LIMITER_KEYS_MAX = 100_000;

/** Characters of a request's value that a log line or a problem's detail repeats. */
export const ECHOED_CHARS_MAX = 200;

/** How long a peer must be silent before its close frame is sent, in milliseconds. */
export const CLOSE_ROUND_MS = 5;

/** How often that is waited for. */
export const CLOSE_ROUNDS_MAX = 200;
