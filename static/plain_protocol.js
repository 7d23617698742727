// @ts-check
/**
 * The plain protocol's rules that a page must know before it sends: where to connect, what a name
 * and a message may be, what a frame says (docs/protocol.md).
 */

export const MESSAGE_BYTES_MAX = 8_192;
export const NAME_CODE_POINTS_MAX = 32;

const encoder = new TextEncoder();

/**
 * @param {string} text
 * @returns {number} its length in UTF-8, as the server counts it
 */
export function countBytes(text) {
  return encoder.encode(text).length;
}

/**
 * A light check that saves a round trip; the server decides. Names of dots alone are refused here
 * because a URL cannot carry them: `.` and `..` are path segments with a meaning of their own.
 *
 * @param {string} name
 * @returns {import("./languages.js").TextKey | undefined} what is wrong with it
 */
export function checkName(name) {
  const normal = name.normalize("NFC");
  if (normal === "") return "nameEmpty";
  if ([...normal].length > NAME_CODE_POINTS_MAX) return "nameTooLong";
  if (/^\.+$/.test(normal) || /\p{Surrogate}/u.test(normal)) return "nameInvalid";
  return undefined;
}

/**
 * @param {string} base the page's own address, so that a sub-path behind a proxy is kept
 * @param {string} name
 * @param {string} room empty for the server's default room
 * @returns {string}
 */
export function chatAddress(base, name, room) {
  const url = new URL("ws/" + encodeURIComponent(name), base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = room === "" ? "" : "?" + new URLSearchParams({ room });
  url.hash = "";
  return url.href;
}

/**
 * @param {string} hash the page's fragment, such as `#room=tea`
 * @returns {string} the room, empty for the server's default room
 */
export function roomOfHash(hash) {
  return new URLSearchParams(hash.slice(1)).get("room") ?? "";
}

/**
 * @param {unknown} frame
 * @returns {{ sender: string, text: string } | undefined} undefined: not a chat message, skip it
 */
export function parseFrame(frame) {
  if (typeof frame !== "string") return undefined;
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(frame);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("sender" in value) || !("msg" in value)) return undefined;
  const { sender, msg } = value;
  if (typeof sender !== "string" || typeof msg !== "string") return undefined;
  return { sender, text: msg };
}
