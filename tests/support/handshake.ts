/**
 * What a WebSocket is asked for with, where a test writes the request itself.
 *
 * @module
 */

/** The headers of a handshake, beside `Host`; the key is that of RFC 6455, section 1.3. */
export const HANDSHAKE: Readonly<Record<string, string>> = {
  "Connection": "Upgrade",
  "Upgrade": "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** The same as lines of a head. */
export const HANDSHAKE_LINES: readonly string[] = Object.entries(HANDSHAKE).map(([name, value]) =>
  `${name}: ${value}`
);
