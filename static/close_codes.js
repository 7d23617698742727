// @ts-check
/**
 * What a close code means to a person, and whether to come back (docs/protocol.md, "Close codes").
 *
 * @typedef {"retry" | "name" | "room" | "stop"} Remedy
 *   `retry`: connect again · `name`, `room`: the person must choose another one · `stop`: connect
 *   again only when the person asks for it
 * @typedef {{ remedy: Remedy, text: import("./languages.js").TextKey }} CloseMeaning
 */

export const NAME_TAKEN = 4501;
export const TOO_FAR_BEHIND = 4001;
/** No close frame came: the connection broke, or was never made (RFC 6455, 7.1.5). */
export const ABNORMAL = 1006;

/** @type {ReadonlyMap<number, CloseMeaning>} */
const MEANINGS = new Map([
  [1000, { remedy: "retry", text: "serverClosed" }],
  [1001, { remedy: "retry", text: "serverClosed" }],
  [1002, { remedy: "stop", text: "misunderstood" }],
  [1003, { remedy: "stop", text: "misunderstood" }],
  [ABNORMAL, { remedy: "retry", text: "lost" }],
  [1007, { remedy: "stop", text: "misunderstood" }],
  [1009, { remedy: "stop", text: "messageRefused" }],
  [1011, { remedy: "retry", text: "serverTrouble" }],
  [1012, { remedy: "retry", text: "serverRestarting" }],
  [4000, { remedy: "retry", text: "serverRestarting" }],
  [TOO_FAR_BEHIND, { remedy: "retry", text: "tooFarBehind" }],
  [4002, { remedy: "retry", text: "serverFull" }],
  [4003, { remedy: "retry", text: "idle" }],
  [4500, { remedy: "name", text: "nameInvalid" }],
  [NAME_TAKEN, { remedy: "name", text: "nameTaken" }],
  [4502, { remedy: "stop", text: "unauthorized" }],
  [4503, { remedy: "room", text: "roomInvalid" }],
  [4504, { remedy: "stop", text: "kicked" }],
  [4505, { remedy: "stop", text: "flooding" }],
]);

/**
 * A code that is not in the table is judged by its range: from 4500 on a person or program must
 * change something first, anything else comes back.
 *
 * @param {number} code
 * @returns {CloseMeaning}
 */
export function readCloseCode(code) {
  const known = MEANINGS.get(code);
  if (known) return known;
  return code >= 4500
    ? { remedy: "stop", text: "refused" }
    : { remedy: "retry", text: "serverClosed" };
}
