/**
 * The opening handshake of WebSocket, for both sides (RFC 6455 sections 1.3 and 4).
 *
 * @module
 */

import { encodeHead, FIELD_VALUE, TOKEN, tokenOf } from "./head.ts";

/** The parts of an HTTP request that {@linkcode checkUpgrade} looks at; a `Request` has them. */
export interface UpgradeRequest {
  /** The method, in the case in which it was sent. */
  readonly method: string;
  /** The header fields; repeated ones are joined by commas. */
  readonly headers: {
    /** Returns a field's value by its name in any case. */
    get(name: string): string | null | undefined;
  };
}

/** Why a handshake is refused, and the HTTP response that says so. */
export interface UpgradeRefusal {
  /** The HTTP status. */
  readonly status: 400 | 405 | 426;
  /** Header fields of the response, those of its body aside. */
  readonly headers: Readonly<Record<string, string>>;
  /** The cause as an English sentence, for a person. */
  readonly reason: string;
}

/** A client's handshake to write. */
export interface HandshakeRequest {
  /** Path and query, as "/ws/alice?room=a". */
  readonly path: string;
  /** Host, with the port if it isn't the scheme's own. */
  readonly host: string;
  /** The key, from {@linkcode createKey}. */
  readonly key: string;
  /** Subprotocols offered, the preferred first; none by default. */
  readonly subprotocols?: readonly string[];
  /** The origin that a browser would send; none by default. */
  readonly origin?: string;
  /** Further header fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The beginning of an HTTP response. */
export interface ResponseHead {
  /** The HTTP status. */
  readonly status: number;
  /** The header fields. */
  readonly headers: Headers;
  /** Bytes of the head, with the empty line; what follows in the input is body or frames. */
  readonly headBytes: number;
}

/** Bytes that {@linkcode parseResponseHead} takes for a head. */
export const HEAD_BYTES_MAX = 16_384;

/** §1.3: concatenated to the key, to show that the server understood what it answers. */
export const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// Elements of a comma list. Without the u flag, "i" folds ASCII only, as §4.2.1 wants it.
const UPGRADE_WEBSOCKET = /(?:^|,)[ \t]*websocket[ \t]*(?:,|$)/i;
const CONNECTION_UPGRADE = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;

/** 16 bytes in Base64: 22 characters, the last with four unused bits, which are 0, and padding. */
export const KEY_PATTERN = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
/** 20 bytes in Base64. */
export const ACCEPT_PATTERN = /^[A-Za-z0-9+/]{26}[AEIMQUYcgkosw048]=$/;
/** What a request line can hold between its spaces, from the path's slash on. */
const PATH = /^\/[\x21-\x7e]*$/;

const encoder = new TextEncoder();

/**
 * Checks whether a request may be upgraded to a WebSocket (RFC 6455 §4.2.1). The `Origin` is not
 * looked at: it is a matter of policy, not of the protocol.
 *
 * @param request The request.
 * @returns Why it may not, or undefined if it may.
 */
export function checkUpgrade(request: UpgradeRequest): UpgradeRefusal | undefined {
  const { method, headers } = request;
  if (method !== "GET") { // §4.2.1 item 1
    return refusal(405, { Allow: "GET" }, "A WebSocket handshake must be a GET request.");
  }
  if (!UPGRADE_WEBSOCKET.test(headers.get("upgrade") ?? "")) { // §4.2.1 item 3
    return refusal(
      426,
      { Upgrade: "websocket" },
      "This resource is a WebSocket: the Upgrade header must name websocket.",
    );
  }
  if (!CONNECTION_UPGRADE.test(headers.get("connection") ?? "")) { // §4.2.1 item 4
    return refusal(
      426,
      { Upgrade: "websocket" },
      "This resource is a WebSocket: the Connection header must name upgrade.",
    );
  }
  if (headers.get("sec-websocket-version") !== "13") { // §4.2.1 item 6, §4.2.2 item 4
    return refusal(
      426,
      { "Sec-WebSocket-Version": "13" },
      "The Sec-WebSocket-Version header must be 13.",
    );
  }
  if (!isKey(headers.get("sec-websocket-key") ?? "")) { // §4.2.1 item 5
    return refusal(400, {}, "The Sec-WebSocket-Key header must be 16 bytes in Base64.");
  }
  return undefined;
}

/**
 * Tells whether a text can be a client's key: 16 bytes in Base64 (RFC 6455 §4.2.1 item 5).
 *
 * @param key The `Sec-WebSocket-Key` as it was sent.
 */
export function isKey(key: string): boolean {
  return KEY_PATTERN.test(key);
}

function refusal(
  status: UpgradeRefusal["status"],
  headers: Record<string, string>,
  reason: string,
): UpgradeRefusal {
  return { status, headers, reason };
}

/**
 * Computes the `Sec-WebSocket-Accept` that answers a key (RFC 6455 §4.2.2 item 5.4).
 *
 * @example The key of RFC 6455 §1.3
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { acceptValue } from "./handshake.ts";
 *
 * assertEquals(await acceptValue("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * ```
 *
 * @param key The `Sec-WebSocket-Key` as it was sent.
 * @returns The SHA-1 of key and GUID in Base64, 28 characters.
 */
export async function acceptValue(key: string): Promise<string> {
  return (await acceptHash(key)).toBase64();
}

/**
 * Computes what {@linkcode acceptValue} writes in Base64.
 *
 * @param key The `Sec-WebSocket-Key` as it was sent.
 * @returns The SHA-1 of key and GUID, 20 bytes.
 */
export async function acceptHash(key: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", encoder.encode(key + ACCEPT_GUID)));
}

/**
 * Encodes the response that accepts a handshake (RFC 6455 §4.2.2 item 5).
 *
 * @param accept The answer to the key, from {@linkcode acceptValue}.
 * @param subprotocol The one chosen of those that the client offered, if any.
 * @returns The bytes of the response; frames follow at once.
 * @throws {SyntaxError} If the accept value is not one, or the subprotocol is not a token.
 */
export function encodeHandshakeResponse(
  accept: string,
  subprotocol?: string,
): Uint8Array<ArrayBuffer> {
  if (!ACCEPT_PATTERN.test(accept)) {
    throw new SyntaxError(`Cannot encode handshake: accept value is ${JSON.stringify(accept)}`);
  }
  const fields: [string, string][] = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", accept],
  ];
  if (subprotocol !== undefined) fields.push(["Sec-WebSocket-Protocol", tokenOf(subprotocol)]);
  return encodeHead("HTTP/1.1 101 Switching Protocols", fields);
}

/**
 * Makes the key of a client's handshake (RFC 6455 §4.1: 16 random bytes in Base64).
 *
 * @returns 24 characters.
 */
export function createKey(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64();
}

/**
 * Encodes a client's handshake (RFC 6455 §4.1). The key and further fields are taken as they are,
 * so that a test can send wrong ones; only what could forge a line or a list is refused.
 *
 * @param request What to ask for.
 * @returns The bytes of the request.
 * @throws {SyntaxError} If the path holds anything but visible ASCII or lacks its slash, if a
 * field's value holds anything but printable ASCII, or a subprotocol or field name is not a token.
 */
export function encodeHandshakeRequest(request: HandshakeRequest): Uint8Array<ArrayBuffer> {
  const { path, host, key, subprotocols = [], origin, headers = {} } = request;
  if (!PATH.test(path)) {
    throw new SyntaxError(`Cannot encode handshake: path is ${JSON.stringify(path)}`);
  }
  const fields: [string, string][] = [
    ["Host", host],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", key],
  ];
  if (subprotocols.length > 0) {
    fields.push(["Sec-WebSocket-Protocol", subprotocols.map(tokenOf).join(", ")]);
  }
  if (origin !== undefined) fields.push(["Origin", origin]);
  return encodeHead(`GET ${path} HTTP/1.1`, [...fields, ...Object.entries(headers)]);
}

/**
 * Reads the head of the response to a handshake.
 *
 * @param bytes All bytes received so far.
 * @returns The head, or undefined when more bytes are needed.
 * @throws {SyntaxError} If it is not an HTTP/1.1 response head (RFC 9112 §4), or is longer than
 * {@linkcode HEAD_BYTES_MAX}.
 */
export function parseResponseHead(bytes: Uint8Array): ResponseHead | undefined {
  // Frames may follow in the same bytes: nothing after the head is decoded.
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, HEAD_BYTES_MAX));
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) {
    if (bytes.length < HEAD_BYTES_MAX) return undefined;
    throw new SyntaxError(`Cannot read response: its head is over ${HEAD_BYTES_MAX} bytes`);
  }
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = /^HTTP\/1\.1 ([1-5][0-9]{2})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) {
    throw new SyntaxError(`Cannot read response: status line is ${JSON.stringify(statusLine)}`);
  }
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    const value = line.slice(colon + 1); // Headers trims it.
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value)) {
      throw new SyntaxError(`Cannot read response: header line is ${JSON.stringify(line)}`);
    }
    headers.append(name, value);
  }
  return { status: Number(status), headers, headBytes: end + 4 };
}

/**
 * Checks, as a client must, whether a response accepts its handshake (RFC 6455 §4.1, the list after
 * "Once the client's opening handshake has been sent").
 *
 * @param head The response's head.
 * @param key The key that was sent.
 * @param subprotocols Those that were offered.
 * @returns Why the connection must fail, as an English sentence, or undefined if it is open.
 */
export async function checkHandshakeResponse(
  head: ResponseHead,
  key: string,
  subprotocols: readonly string[] = [],
): Promise<string | undefined> {
  const { status, headers } = head;
  if (status !== 101) return `The status is ${status}, not 101.`; // item 1
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") { // item 2
    return "The Upgrade header is not websocket.";
  }
  if (!CONNECTION_UPGRADE.test(headers.get("connection") ?? "")) { // item 3
    return "The Connection header does not name upgrade.";
  }
  if (headers.get("sec-websocket-accept") !== await acceptValue(key)) { // item 4
    return "The Sec-WebSocket-Accept header does not answer the key.";
  }
  const extensions = headers.get("sec-websocket-extensions");
  if (extensions !== null) return `No extension was offered, but ${extensions} chosen.`; // item 5
  const subprotocol = headers.get("sec-websocket-protocol");
  if (subprotocol !== null && !subprotocols.includes(subprotocol)) { // item 6
    return `The subprotocol ${subprotocol} was not offered.`;
  }
  return undefined;
}

/**
 * Reads the subprotocols that a client offers (RFC 6455 §4.1 item 10: a comma list of tokens). Empty
 * elements and elements that are no tokens are left out, since a server could not choose them.
 *
 * @param header The value of `Sec-WebSocket-Protocol`, repeated fields joined by commas.
 * @returns Their names, the client's preferred first, in the case in which they were sent.
 */
export function parseSubprotocols(header: string | null | undefined): string[] {
  return (header ?? "").split(",").map((name) => name.trim()).filter((name) => TOKEN.test(name));
}
