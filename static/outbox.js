// @ts-check
/**
 * What one has said, until it is stored: remembered over reloads, and sent under the same ref, so that
 * nothing can be said twice.
 */

import { nameKey, randomId } from "./natter.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {{ ref: string, key: string, body: string, at: number }} Outgoing `key`: the conversation's */

/** As long as the server is sure to know a ref (docs/protocol.md, "Idempotence"), less a reserve. */
export const OUTBOX_MS = 540_000;

export class Outbox {
  #options;
  #name;
  #now;
  /** @type {Outgoing[]} */
  #entries = [];

  /** @param {import("./chat_model.js").ModelOptions} options */
  constructor(options) {
    this.#options = options;
    this.#name = `outbox:${nameKey(options.client.username)}`;
    this.#now = options.now ?? Date.now;
  }

  /**
   * @param {string} body
   * @param {Conversation} conversation
   */
  send(body, conversation) {
    const entry = { ref: randomId(), key: conversation.key, body, at: this.#now() };
    this.#add(conversation, entry);
    this.#transmit(conversation, entry);
  }

  /**
   * Goes on with what an earlier page had not got rid of.
   *
   * @param {(key: string) => Conversation | undefined} open
   */
  resume(open) {
    const { store } = this.#options;
    for (const entry of /** @type {Outgoing[]} */ (store.list(this.#name, "session"))) {
      const conversation = open(String(entry?.key));
      if (!conversation || typeof entry.body !== "string") continue;
      this.#add(conversation, entry);
      if (this.#now() - entry.at < OUTBOX_MS) this.#transmit(conversation, entry);
      else conversation.mark(entry.ref, "perhaps", "expired");
    }
  }

  /**
   * The same ref again.
   *
   * @param {Conversation} conversation
   * @param {string} ref
   */
  retry(conversation, ref) {
    const entry = this.#entries.find((each) => each.ref === ref);
    if (!entry) return;
    conversation.mark(ref, "pending");
    this.#transmit(conversation, entry);
  }

  /**
   * It is stored, or given up.
   *
   * @param {string} ref
   * @returns {string} the key of its conversation; empty: it was not said here
   */
  forget(ref) {
    const { key = "" } = this.#entries.find((each) => each.ref === ref) ?? {};
    this.#keep((each) => each.ref !== ref);
    return key;
  }

  /** A conversation is closed. @param {string} key */
  leave(key) {
    this.#keep((each) => each.key !== key);
  }

  /** @param {(entry: Outgoing) => boolean} isKept */
  #keep(isKept) {
    this.#entries = this.#entries.filter(isKept);
    this.#remember();
  }

  /**
   * @param {Conversation} conversation
   * @param {Outgoing} entry
   */
  #add(conversation, entry) {
    const { ref, body, at } = entry;
    conversation.addPending({ ref, body, at, sender: this.#options.client.username });
    this.#entries.push(entry);
  }

  /**
   * @param {Conversation} conversation
   * @param {Outgoing} entry
   */
  async #transmit(conversation, { ref, body }) {
    const { client, changed } = this.#options;
    this.#remember();
    changed();
    const { kind, name } = conversation;
    try {
      const target = kind === "room" ? { room: name, ref } : { to: name, ref };
      // That it is stored is told as an `ack`.
      await client.send(body, target);
    } catch (error) {
      const { code, cause } = /** @type {any} */ (error);
      const isPerhaps = code === "perhaps_sent";
      conversation.mark(ref, isPerhaps ? "perhaps" : "failed", isPerhaps ? cause?.code : code);
      changed();
    }
  }

  #remember() {
    const value = this.#entries.length === 0 ? "" : JSON.stringify(this.#entries);
    this.#options.store.set(this.#name, value, "session");
  }
}
