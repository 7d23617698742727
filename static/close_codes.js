// @ts-check
/**
 * What a close code means to a person (docs/protocol.md, "Close codes").
 *
 * @typedef {"wait" | "name" | "room" | "again"} Remedy
 *   `wait`: the client comes back by itself · `name`, `room`: the person must choose another one ·
 *   `again`: only when the person asks for it
 * @typedef {{ remedy: Remedy, text: import("./languages.js").TextKey }} CloseMeaning
 */

import { mayReconnect } from "./natter.js";

/** @type {ReadonlyMap<number, CloseMeaning>} */
const MEANINGS = new Map([
  [1002, { remedy: "again", text: "misunderstood" }],
  [1003, { remedy: "again", text: "misunderstood" }],
  [1006, { remedy: "wait", text: "lost" }],
  [1007, { remedy: "again", text: "misunderstood" }],
  [1009, { remedy: "again", text: "messageRefused" }],
  [1011, { remedy: "wait", text: "serverTrouble" }],
  [1012, { remedy: "wait", text: "serverRestarting" }],
  [4000, { remedy: "wait", text: "serverRestarting" }],
  [4001, { remedy: "wait", text: "tooFarBehind" }],
  [4002, { remedy: "wait", text: "serverFull" }],
  [4500, { remedy: "name", text: "nameInvalid" }],
  [4501, { remedy: "name", text: "nameTaken" }],
  [4502, { remedy: "again", text: "unauthorized" }],
  [4503, { remedy: "room", text: "roomInvalid" }],
  [4504, { remedy: "again", text: "kicked" }],
  [4505, { remedy: "again", text: "flooding" }],
]);

/**
 * A code that is not in the table says only what the client will do.
 *
 * @param {number} code
 * @returns {CloseMeaning}
 */
export function readCloseCode(code) {
  const known = MEANINGS.get(code);
  if (known) return known;
  return mayReconnect(code)
    ? { remedy: "wait", text: "serverClosed" }
    : { remedy: "again", text: "refused" };
}
