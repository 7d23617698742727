/**
 * What a WebSocket is asked for with, where a test writes the request itself.
 *
 * @module
 */

/** The key of RFC 6455, section 1.3. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** What answers it there. */
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** The headers of a handshake, beside `Host`. */
export const HANDSHAKE: Readonly<Record<string, string>> = {
  "Connection": "Upgrade",
  "Upgrade": "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": KEY,
};

/** The same as lines of a head. */
export const HANDSHAKE_LINES: readonly string[] = Object.entries(HANDSHAKE).map(([name, value]) =>
  `${name}: ${value}`
);
