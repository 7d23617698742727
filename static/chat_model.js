// @ts-check
/**
 * All conversations of one person over one client. It knows no page: views ask it and are told when
 * to look again.
 */

import { Conversation } from "./conversation.js";
import { mentions } from "./names.js";
import { nameKey, randomId } from "./natter.js";

/** @typedef {import("./conversation.js").MessageItem} MessageItem */
/** @typedef {{ ref: string, key: string, body: string, at: number }} Outgoing */
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

/** How long somebody who typed is thought to type; the server tells at most once a second. */
export const TYPING_SHOWN_MS = 5_000;
const HISTORY_PAGE = 100;
/** Conversations of a kind that are remembered for the next visit. */
const OPEN_MAX = 30;
/** As long as the server is sure to know a ref (docs/protocol.md, "Idempotence"), less a reserve. */
export const OUTBOX_MS = 540_000;

export class ChatModel {
  /** @type {Map<string, Conversation>} */
  conversations = new Map();
  /** @type {Conversation} */
  active;
  /** @type {import("./natter.js").StateChange} */
  state = { state: "connecting" };
  /** @type {import("./natter.js").Joined | undefined} */
  #inbox;
  #options;
  /** What was open when this tab, or another, was here last, is open again. */
  #isResumed = false;
  /** Under which names the browser remembers what is this person's. */
  #names;
  #client;
  #now;
  /** @type {Outgoing[]} */
  #outbox = [];

  /**
   * @param {ModelOptions} options
   * @param {string} room the one to begin with
   */
  constructor(options, room) {
    this.#options = options;
    this.#client = options.client;
    this.#now = options.now ?? Date.now;
    const me = nameKey(options.client.username);
    this.#names = {
      rooms: `rooms:${me}`,
      people: `people:${me}`,
      read: `read:${me}:`,
      outbox: `outbox:${me}`,
    };
    this.active = this.#open("room", room);
    const { client } = options;
    client.addEventListener("state", ({ detail }) => this.#become(detail));
    client.addEventListener("joined", ({ detail }) => this.#joined(detail));
    client.addEventListener("left", ({ detail }) => this.#shut(detail));
    client.addEventListener("message", ({ detail }) => this.#take(detail));
    client.addEventListener("ack", ({ detail }) => this.#acknowledge(detail));
    client.addEventListener("deletion", ({ detail }) => this.#remove(detail));
    client.addEventListener("gap", ({ detail }) => this.#miss(detail));
    client.addEventListener("typing", ({ detail }) => this.#type(detail));
    client.addEventListener("presence", () => options.changed());
    client.addEventListener("error", ({ detail: { code, message, room } }) => {
      if (code !== "connect_failed") options.failed(code, message, room);
    });
  }

  get username() {
    return this.#client.username;
  }

  /** Messages that wait or are under way. */
  get unsent() {
    return this.#client.unsent.filter(({ offset }) => offset === undefined).length;
  }

  get unread() {
    let count = 0;
    for (const { unread } of this.conversations.values()) count += unread;
    return count;
  }

  /** What asks for this very person: direct messages and mentions. */
  get calls() {
    let count = 0;
    for (const { kind, unread, mentions } of this.conversations.values()) {
      count += kind === "direct" ? unread : mentions;
    }
    return count;
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

  /** @param {string} name */
  isMe(name) {
    return nameKey(name) === nameKey(this.username);
  }

  /** Goes on where this tab was: its rooms, its people, and what it had not got rid of. */
  resume() {
    const { store } = this.#options;
    for (const name of store.list(this.#names.rooms, "element")) {
      if (typeof name === "string") this.openRoom(name, false);
    }
    for (const name of store.list(this.#names.people, "element")) {
      if (typeof name === "string") this.openDirect(name, false);
    }
    const outbox = store.list(this.#names.outbox, "session");
    for (const entry of /** @type {Outgoing[]} */ (outbox)) {
      const conversation = this.#openByKey(String(entry?.key));
      if (!conversation || typeof entry.body !== "string") continue;
      this.#outbox.push(entry);
      const { ref, body, at } = entry;
      conversation.addPending({ ref, body, at, sender: this.username });
      if (this.#now() - at < OUTBOX_MS) this.#transmit(conversation, entry);
      else conversation.mark(ref, "perhaps", "expired");
    }
    this.#isResumed = true;
    this.#rememberOpen();
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
    const conversation = this.#open("room", name);
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
    const conversation = this.#open("direct", name);
    if (activate) this.activate(conversation);
  }

  /**
   * @param {"room" | "direct"} kind
   * @param {string} name
   */
  #open(kind, name) {
    const made = new Conversation(kind, name);
    const known = this.conversations.get(made.key);
    if (known) return known;
    this.conversations.set(made.key, made);
    if (kind === "direct" && this.#inbox) this.#begin(made, this.#inbox);
    this.#rememberOpen();
    return made;
  }

  /** @param {Conversation} conversation */
  leave({ key, kind, name }) {
    this.conversations.delete(key);
    if (kind === "room") this.#client.leave(name);
    this.#outbox = this.#outbox.filter((each) => each.key !== key);
    this.#rememberOutbox();
    const [first] = this.conversations.values();
    if (key === this.active.key && first) this.active = first;
    this.#rememberOpen();
    this.#options.changed();
  }

  #rememberOpen() {
    if (!this.#isResumed) return;
    const { store } = this.#options;
    const all = [...this.conversations.values()];
    for (const [kind, name] of /** @type {const} */ ([["room", "rooms"], ["direct", "people"]])) {
      const names = all.filter((each) => each.kind === kind).map((each) => each.name);
      store.set(this.#names[name], JSON.stringify(names.slice(0, OPEN_MAX)), "element");
    }
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
    this.active = conversation;
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
    this.#rememberRead(conversation);
    this.#options.changed();
  }

  /** @param {Conversation} conversation */
  #rememberRead({ key, epoch, readUpTo }) {
    this.#options.store.set(this.#names.read + key, `${epoch}:${readUpTo}`);
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
      conversation.prepend(page, (sender) => this.isMe(sender), isMention);
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
    const entry = { ref: randomId(), key: conversation.key, body, at: this.#now() };
    conversation.addPending({ ...entry, sender: this.username });
    this.#outbox.push(entry);
    this.#transmit(conversation, entry);
  }

  /**
   * The same ref again: it cannot be said twice.
   *
   * @param {Conversation} conversation
   * @param {MessageItem} item
   */
  retry(conversation, { ref }) {
    const entry = this.#outbox.find((each) => each.ref === ref);
    if (!entry) return;
    conversation.mark(ref, "pending");
    this.#transmit(conversation, entry);
  }

  /**
   * @param {Conversation} conversation
   * @param {MessageItem} item
   */
  discard(conversation, { ref }) {
    conversation.discard(ref);
    this.#forget(ref);
    this.#options.changed();
  }

  /**
   * @param {Conversation} conversation
   * @param {{ ref: string, body: string }} entry
   */
  async #transmit(conversation, { ref, body }) {
    this.#rememberOutbox();
    this.#options.changed();
    const { kind, name } = conversation;
    try {
      const target = kind === "room" ? { room: name, ref } : { to: name, ref };
      // That it is stored is told as an `ack`.
      await this.#client.send(body, target);
    } catch (error) {
      const { code, cause } = /** @type {any} */ (error);
      const isPerhaps = code === "perhaps_sent";
      conversation.mark(ref, isPerhaps ? "perhaps" : "failed", isPerhaps ? cause?.code : code);
      this.#options.changed();
    }
  }

  /** @param {import("./natter.js").Ack} ack */
  #acknowledge(ack) {
    const { key = "" } = this.#outbox.find(({ ref }) => ref === ack.ref) ?? {};
    this.conversations.get(key)?.acknowledge(ack);
    this.#forget(ack.ref);
    this.#options.changed();
  }

  /** @param {string} ref */
  #forget(ref) {
    this.#outbox = this.#outbox.filter((each) => each.ref !== ref);
    this.#rememberOutbox();
  }

  #rememberOutbox() {
    const value = this.#outbox.length === 0 ? "" : JSON.stringify(this.#outbox);
    this.#options.store.set(this.#names.outbox, value, "session");
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
    const now = this.#now();
    for (const [name, until] of conversation.typers) {
      if (until <= now) conversation.typers.delete(name);
    }
    return [...conversation.typers.keys()];
  }

  /** @param {import("./natter.js").StateChange} change */
  #become(change) {
    this.state = change;
    this.#options.changed();
  }

  /** @param {string} room @returns {Conversation[]} of the inbox all direct ones */
  #of(room) {
    if (!room.startsWith("@")) {
      const found = this.conversations.get("#" + nameKey(room));
      return found ? [found] : [];
    }
    return [...this.conversations.values()].filter(({ kind }) => kind === "direct");
  }

  /** @param {import("./natter.js").Joined} joined */
  #joined(joined) {
    if (joined.room.startsWith("@")) this.#inbox = joined;
    for (const conversation of this.#of(joined.room)) this.#begin(conversation, joined);
    this.#options.changed();
  }

  /**
   * @param {Conversation} conversation
   * @param {import("./natter.js").Joined} joined
   */
  #begin(conversation, joined) {
    const read = this.#options.store.get(this.#names.read + conversation.key);
    conversation.begin(joined, read);
    if (conversation.kind === "room") conversation.name = joined.room;
  }

  /**
   * A direct conversation that is opened later on begins where the inbox is by then: what it has said
   * before that is the past.
   *
   * @param {{ room: string, offset: number }} entry
   */
  #follow({ room, offset }) {
    if (this.#inbox && room.startsWith("@")) this.#inbox = { ...this.#inbox, offset };
  }

  /**
   * A new token does not allow the room; one that the person has left is not here any more.
   *
   * @param {{ room: string }} left
   */
  #shut({ room }) {
    for (const conversation of this.#of(room)) {
      this.leave(conversation);
      this.#options.failed("forbidden", "", conversation.name);
    }
  }

  /** @param {import("./natter.js").Message} message */
  #take(message) {
    const { room, sender, body } = message;
    const own = this.isMe(sender);
    const isDirect = room.startsWith("@");
    const other = message.with ?? sender;
    const conversation = isDirect ? this.#open("direct", other) : this.#of(room)[0];
    this.#follow(message);
    if (!conversation) return;
    const isMention = !isDirect && !own && mentions(body, this.username);
    const isSeen = this.#options.isSeen(conversation);
    const { readUpTo } = conversation;
    const item = conversation.take(message, { own, isSeen, isMention });
    if (item && !own && item.place > conversation.head) {
      this.#options.arrived(conversation, item, isMention || isDirect);
    }
    if (conversation.readUpTo !== readUpTo) this.#rememberRead(conversation);
    conversation.trim(conversation === this.active && !isSeen);
    this.#options.changed();
  }

  /** @param {import("./natter.js").Deletion} deletion */
  #remove(deletion) {
    this.#follow(deletion);
    const { room, target } = deletion;
    for (const conversation of this.#of(room)) conversation.remove(target);
    this.#options.changed();
  }

  /** @param {import("./natter.js").Gap} gap */
  #miss({ room, from, to }) {
    this.#follow({ room, offset: to });
    for (const conversation of this.#of(room)) conversation.miss(from, to);
    this.#options.changed();
  }

  /** @param {import("./natter.js").Typing} typing */
  #type({ room, username }) {
    if (this.isMe(username)) return;
    const key = room === undefined ? "@" + nameKey(username) : "#" + nameKey(room);
    this.conversations.get(key)?.typers.set(username, this.#now() + TYPING_SHOWN_MS);
    this.#options.changed();
  }
}
