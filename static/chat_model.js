// @ts-check
/**
 * All conversations of one person over one client. It knows no page: views ask it and are told when
 * to look again.
 */

import { Conversations } from "./conversations.js";
import { mentions } from "./names.js";
import { nameKey } from "./natter.js";
import { Outbox } from "./outbox.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {import("./items.js").MessageItem} MessageItem */
/**
 * @typedef {object} ModelOptions
 * @property {import("./natter.js").Natter} client
 * @property {import("./storage.js").Storage} store
 * @property {() => void} changed something is to be shown anew
 * @property {(conversation: Conversation, item: MessageItem, isMention: boolean) => void} arrived
 *   somebody else has just said something
 * @property {(conversation: Conversation) => boolean} isSeen somebody looks at its newest end
 * @property {(code: string, message: string, room?: string) => void} failed what was asked for did
 *   not happen; `room`: it could not be joined
 * @property {() => number} [now]
 */

const HISTORY_PAGE = 100;

export class ChatModel {
  /** @type {import("./natter.js").StateChange} */
  state = { state: "connecting" };
  #options;
  #client;
  #outbox;

  /**
   * @param {ModelOptions} options
   * @param {string} room the one to begin with
   */
  constructor(options, room) {
    this.#options = options;
    this.#client = options.client;
    this.#outbox = new Outbox(options);
    this.conversations = new Conversations(options, room);
    const { client } = options;
    client.addEventListener("state", ({ detail }) => this.#become(detail));
    client.addEventListener("left", ({ detail }) => this.#shut(detail));
    client.addEventListener("ack", ({ detail }) => this.#acknowledge(detail));
    client.addEventListener("presence", () => options.changed());
    client.addEventListener("error", ({ detail: { code, message, room } }) => {
      if (code !== "connect_failed") options.failed(code, message, room);
    });
  }

  /** The conversation that is shown. */
  get active() {
    return this.conversations.active;
  }

  get username() {
    return this.#client.username;
  }

  /** Messages that wait or are under way. */
  get unsent() {
    return this.#client.unsent.filter(({ offset }) => offset === undefined).length;
  }

  get unread() {
    return this.conversations.unread;
  }

  /** What asks for this very person: direct messages and mentions. */
  get calls() {
    return this.conversations.calls;
  }

  /** What a message may have, in bytes of UTF-8, once the server has told. */
  get bodyBytesMax() {
    return this.#client.limits?.bodyBytesMax;
  }

  /** Who is in the active room; in a direct conversation, the two. */
  get people() {
    const { kind, name } = this.active;
    if (kind === "room") return this.#client.users(name);
    const users = [...new Set([name, this.username])];
    return { users, userCount: users.length };
  }

  /** Whether messages can be deleted and pages of direct messages be read. */
  get hasCommands() {
    return this.#client.transport === "websocket";
  }

  /** Goes on where this tab was: its rooms, its people, and what it had not got rid of. */
  resume() {
    const { conversations } = this;
    for (const name of conversations.remembered("room")) this.openRoom(name, false);
    for (const name of conversations.remembered("direct")) this.openDirect(name, false);
    this.#outbox.resume((key) => this.#openByKey(key));
    conversations.resumed();
    this.#options.changed();
  }

  /** @param {string} key */
  #openByKey(key) {
    if (!/^[#@]./.test(key)) return undefined;
    if (key.startsWith("#")) this.openRoom(key.slice(1), false);
    else this.openDirect(key.slice(1), false);
    return this.conversations.get(key);
  }

  /**
   * @param {string} name
   * @param {boolean} [activate]
   */
  openRoom(name, activate = true) {
    const isKnown = this.conversations.has("#" + nameKey(name));
    const conversation = this.conversations.open("room", name);
    if (activate) this.activate(conversation);
    if (isKnown) return;
    // Why it cannot be joined is told as an `error`.
    this.#client.join(name).catch(({ code }) => {
      if (this.#client.state !== "closed" && code !== "left") this.leave(conversation);
    });
  }

  /**
   * @param {string} name
   * @param {boolean} [activate]
   */
  openDirect(name, activate = true) {
    const conversation = this.conversations.open("direct", name);
    if (activate) this.activate(conversation);
  }

  /** @param {Conversation} conversation */
  leave({ key, kind, name }) {
    this.conversations.close(key);
    if (kind === "room") this.#client.leave(name);
    this.#outbox.leave(key);
    this.#options.changed();
  }

  /**
   * A button may be older than this model, and a notification than the end of what it is about: they
   * mean what has the same key now.
   *
   * @param {Conversation} about
   */
  activate({ key }) {
    const conversation = this.conversations.get(key);
    if (!conversation) return;
    if (conversation !== this.active && this.active.unread === 0) this.active.lineKey = "";
    this.conversations.active = conversation;
    if (conversation.kind === "direct" && conversation.items.length === 0) {
      this.loadOlder(conversation);
    }
    this.#options.changed();
  }

  /**
   * Somebody has looked at the newest end.
   *
   * @param {Conversation} conversation
   */
  read(conversation) {
    if (!conversation.markRead()) return;
    this.conversations.rememberRead(conversation);
    this.#options.changed();
  }

  /** @param {Conversation} conversation */
  async loadOlder(conversation) {
    if (conversation.isLoading || !conversation.hasMore || this.state.state !== "open") return;
    const { kind, name, oldest } = conversation;
    // It can be asked for again once there is a WebSocket.
    if (kind === "direct" && !this.hasCommands) return;
    conversation.isLoading = true;
    const target = kind === "room" ? { room: name } : { with: name };
    try {
      const page = await this.#client.history({ ...target, before: oldest, limit: HISTORY_PAGE });
      const isMention = (/** @type {string} */ body) =>
        kind === "room" && mentions(body, this.username);
      conversation.prepend(page, (sender) => this.conversations.isMe(sender), isMention);
    } catch (error) {
      conversation.isLoading = false;
      // Asked again it would be refused again.
      if (/** @type {any} */ (error).code === "forbidden") {
        conversation.hasMore = false;
        conversation.miss(1, oldest - 1);
      }
    }
    // Who looks again where nothing has moved asks again, without end.
    if (conversation.oldest !== oldest || !conversation.hasMore) this.#options.changed();
  }

  /**
   * @param {string} body
   * @param {Conversation} [conversation]
   */
  send(body, conversation = this.active) {
    this.#outbox.send(body, conversation);
  }

  /**
   * The same ref again: it cannot be said twice.
   *
   * @param {Conversation} conversation
   * @param {MessageItem} item
   */
  retry(conversation, { ref }) {
    this.#outbox.retry(conversation, ref);
  }

  /**
   * @param {Conversation} conversation
   * @param {MessageItem} item
   */
  discard(conversation, { ref }) {
    conversation.discard(ref);
    this.#outbox.forget(ref);
    this.#options.changed();
  }

  /** @param {import("./natter.js").Ack} ack */
  #acknowledge(ack) {
    const key = this.#outbox.forget(ack.ref);
    this.conversations.get(key)?.acknowledge(ack);
    this.#options.changed();
  }

  /**
   * @param {Conversation} conversation
   * @param {MessageItem} item
   */
  async delete({ kind, name }, { place }) {
    try {
      await this.#client.delete(kind === "room" ? name : `@${this.username}`, place);
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      this.#options.failed(code, message);
    }
  }

  /** Tells the others that one types. */
  typing() {
    const { kind, name } = this.active;
    this.#client.typing(kind === "room" ? { room: name } : { to: name });
  }

  /** Who types in a conversation, but oneself. @param {Conversation} conversation */
  typers(conversation) {
    return this.conversations.typers(conversation);
  }

  /** @param {import("./natter.js").StateChange} change */
  #become(change) {
    this.state = change;
    this.#options.changed();
  }

  /**
   * A new token does not allow the room; one that the person has left is not here any more.
   *
   * @param {{ room: string }} left
   */
  #shut({ room }) {
    for (const conversation of this.conversations.of(room)) {
      this.leave(conversation);
      this.#options.failed("forbidden", "", conversation.name);
    }
  }
}
