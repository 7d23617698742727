// @ts-check
/**
 * The conversations that are open, by their keys: what the client tells gets into them, and the
 * browser remembers them for the next visit. All direct ones are what one inbox tells.
 */

import { Conversation } from "./conversation.js";
import { mentions } from "./names.js";
import { nameKey } from "./natter.js";

/** How long somebody who typed is thought to type; the server tells at most once a second. */
export const TYPING_SHOWN_MS = 5_000;
/** Conversations of a kind that are remembered for the next visit. */
const OPEN_MAX = 30;

/** @extends {Map<string, Conversation>} */
export class Conversations extends Map {
  #options;
  #store;
  #now;
  /** Under which names the browser remembers what is this person's. */
  #names;
  /** What was open when this tab, or another, was here last, is open again. */
  #isResumed = false;
  /** @type {import("./natter.js").Joined | undefined} */
  #inbox;

  /**
   * @param {import("./chat_model.js").ModelOptions} options
   * @param {string} room the one to begin with
   */
  constructor(options, room) {
    super();
    const { client, store } = options;
    this.#options = options;
    this.#store = store;
    this.#now = options.now ?? Date.now;
    const me = nameKey(client.username);
    this.#names = { room: `rooms:${me}`, direct: `people:${me}`, read: `read:${me}:` };
    /** The one that is shown. */
    this.active = this.open("room", room);
    client.addEventListener("joined", ({ detail }) => this.#joined(detail));
    client.addEventListener("message", ({ detail }) => this.#take(detail));
    client.addEventListener("deletion", ({ detail }) => this.#remove(detail));
    client.addEventListener("gap", ({ detail }) => this.#miss(detail));
    client.addEventListener("typing", ({ detail }) => this.#type(detail));
  }

  get unread() {
    let count = 0;
    for (const { unread } of this.values()) count += unread;
    return count;
  }

  /** What asks for this very person: direct messages and mentions. */
  get calls() {
    let count = 0;
    for (const { kind, unread, mentions } of this.values()) {
      count += kind === "direct" ? unread : mentions;
    }
    return count;
  }

  /**
   * @param {"room" | "direct"} kind
   * @param {string} name
   * @returns {Conversation}
   */
  open(kind, name) {
    const made = new Conversation(kind, name);
    const known = this.get(made.key);
    if (known) return known;
    this.set(made.key, made);
    if (kind === "direct" && this.#inbox) this.#begin(made, this.#inbox);
    this.#remember();
    return made;
  }

  /** @param {string} key */
  close(key) {
    this.delete(key);
    const [first] = this.values();
    if (key === this.active.key && first) this.active = first;
    this.#remember();
  }

  /** @param {string} room @returns {Conversation[]} of the inbox all direct ones */
  of(room) {
    if (!room.startsWith("@")) {
      const found = this.get("#" + nameKey(room));
      return found ? [found] : [];
    }
    return [...this.values()].filter(({ kind }) => kind === "direct");
  }

  /** @param {string} name */
  isMe(name) {
    return nameKey(name) === nameKey(this.#options.client.username);
  }

  // ---- What is told

  /** @param {import("./natter.js").Joined} joined */
  #joined(joined) {
    if (joined.room.startsWith("@")) this.#inbox = joined;
    for (const conversation of this.of(joined.room)) this.#begin(conversation, joined);
    this.#options.changed();
  }

  /**
   * @param {Conversation} conversation
   * @param {import("./natter.js").Joined} joined
   */
  #begin(conversation, joined) {
    conversation.begin(joined, this.#store.get(this.#names.read + conversation.key));
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

  /** @param {import("./natter.js").Message} message */
  #take(message) {
    const { room, sender, body } = message;
    const own = this.isMe(sender);
    const isDirect = room.startsWith("@");
    const other = message.with ?? sender;
    const conversation = isDirect ? this.open("direct", other) : this.of(room)[0];
    this.#follow(message);
    if (!conversation) return;
    const isMention = !isDirect && !own && mentions(body, this.#options.client.username);
    const isSeen = this.#options.isSeen(conversation);
    const { readUpTo } = conversation;
    const item = conversation.take(message, { own, isSeen, isMention });
    if (item && !own && item.place > conversation.head) {
      this.#options.arrived(conversation, item, isMention || isDirect);
    }
    if (conversation.readUpTo !== readUpTo) this.rememberRead(conversation);
    conversation.trim(conversation === this.active && !isSeen);
    this.#options.changed();
  }

  /** @param {import("./natter.js").Deletion} deletion */
  #remove(deletion) {
    this.#follow(deletion);
    for (const conversation of this.of(deletion.room)) conversation.remove(deletion.target);
    this.#options.changed();
  }

  /** @param {import("./natter.js").Gap} gap */
  #miss({ room, from, to }) {
    this.#follow({ room, offset: to });
    for (const conversation of this.of(room)) conversation.miss(from, to);
    this.#options.changed();
  }

  /** @param {import("./natter.js").Typing} typing */
  #type({ room, username }) {
    if (this.isMe(username)) return;
    const key = room === undefined ? "@" + nameKey(username) : "#" + nameKey(room);
    this.get(key)?.typers.set(username, this.#now() + TYPING_SHOWN_MS);
    this.#options.changed();
  }

  /** Who types in a conversation, but oneself. @param {Conversation} conversation */
  typers({ typers }) {
    const now = this.#now();
    for (const [name, until] of typers) if (until <= now) typers.delete(name);
    return [...typers.keys()];
  }

  // ---- What is remembered

  /**
   * @param {"room" | "direct"} kind
   * @returns {string[]} what was open at the last visit
   */
  remembered(kind) {
    const names = this.#store.list(this.#names[kind], "element");
    return names.filter((name) => typeof name === "string");
  }

  /** What was remembered is open again: from now on it is what is open. */
  resumed() {
    this.#isResumed = true;
    this.#remember();
  }

  #remember() {
    if (!this.#isResumed) return;
    const all = [...this.values()];
    for (const kind of /** @type {const} */ (["room", "direct"])) {
      const names = all.filter((each) => each.kind === kind).map(({ name }) => name);
      this.#store.set(this.#names[kind], JSON.stringify(names.slice(0, OPEN_MAX)), "element");
    }
  }

  /** Remembers how far it has been read. @param {Conversation} conversation */
  rememberRead({ key, epoch, readUpTo }) {
    this.#store.set(this.#names.read + key, `${epoch}:${readUpTo}`);
  }
}
