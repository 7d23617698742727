// @ts-check
/** What a conversation consists of. */

/** @typedef {"pending" | "sent" | "failed" | "perhaps"} Delivery */
/**
 * @typedef {object} MessageItem
 * @property {"message"} kind
 * @property {string} key
 * @property {number} place its offset; infinite as long as it is not stored
 * @property {string} id
 * @property {string} ref of an own one that was sent from here
 * @property {string} sender
 * @property {string} body
 * @property {number} at ms since 1970
 * @property {boolean} own
 * @property {boolean} isMention
 * @property {boolean} deleted
 * @property {Delivery} delivery
 * @property {string} problem why it failed: an error code
 * @property {number} version changes with anything of it
 */
/**
 * @typedef {object} NoteItem
 * @property {"gap" | "break"} kind `break`: what came before could not be gone on with
 * @property {string} key
 * @property {number} place
 * @property {number} count of the messages that are missing
 * @property {number} version
 */
/** @typedef {MessageItem | NoteItem} Item */

/** @param {Partial<MessageItem>} parts @returns {MessageItem} one that is stored, but for these */
export function createMessage(parts) {
  return {
    kind: "message",
    key: `m:${parts.id}`,
    place: Infinity,
    id: "",
    ref: "",
    sender: "",
    body: "",
    at: 0,
    own: false,
    isMention: false,
    deleted: false,
    delivery: "sent",
    problem: "",
    version: 0,
    ...parts,
  };
}
