// @ts-check
/**
 * One conversation, a room's or with one person, as a list of items in their order: messages, those
 * on their way after all others, and what is known to be missing. It knows no page and no socket.
 */

import { createMessage } from "./items.js";
import { nameKey } from "./natter.js";

/** @typedef {import("./items.js").Item} Item */
/** @typedef {import("./items.js").MessageItem} MessageItem */

/** The oldest are let go of beyond this; they can be loaded again. */
export const ITEMS_MAX = 20_000;
const ITEMS_KEPT = 15_000;

export class Conversation {
  /** @type {Item[]} */
  items = [];
  /** Whether there is a past to load. */
  hasMore = false;
  isLoading = false;
  unread = 0;
  mentions = 0;
  /** The key of the first unread message; the line stays when it has been read. */
  lineKey = "";
  /** Who types, until when in ms since 1970. @type {Map<string, number>} */
  typers = new Map();
  epoch = "";
  /** The newest offset when it was joined: what comes up to there is no news. */
  head = 0;
  /** Everything up to here has been read. */
  readUpTo = 0;
  /** The past is before this offset. */
  oldest = 0;
  newest = 0;
  /** @type {Map<string, MessageItem>} */
  #byId = new Map();
  /** @type {Map<string, MessageItem>} */
  #byRef = new Map();

  /**
   * @param {"room" | "direct"} kind
   * @param {string} name the room's, or the other person's
   */
  constructor(kind, name) {
    this.kind = kind;
    this.name = name;
    this.key = (kind === "room" ? "#" : "@") + nameKey(name);
  }

  /**
   * The server says from where on it tells.
   *
   * @param {{ epoch: string, offset: number, head: number, recovered: boolean }} joined
   * @param {string} [read] `epoch:offset`: what an earlier visit had read
   */
  begin({ epoch, offset, head, recovered }, read = "") {
    this.head = head;
    const isFirst = this.epoch === "";
    // A server that was started again may call the same history by another name.
    if (recovered && !isFirst) this.epoch = epoch;
    if (isFirst || epoch !== this.epoch) {
      if (!isFirst) this.#startAnew(offset);
      this.epoch = epoch;
      this.newest = offset;
      this.oldest = offset + 1;
      this.hasMore = offset > 0;
      const readOffset = read.startsWith(`${epoch}:`) ? Number(read.slice(epoch.length + 1)) : NaN;
      this.readUpTo = Number.isInteger(readOffset) ? Math.min(readOffset, head) : head;
    } else if (!recovered && offset > this.newest) {
      this.miss(this.newest + 1, offset);
    }
  }

  /**
   * What was shown is of a history that the server does not have any more.
   *
   * @param {number} offset
   */
  #startAnew(offset) {
    this.items = this.items.filter(({ place }) => place === Infinity);
    this.#byId.clear();
    this.unread = this.mentions = 0;
    this.lineKey = "";
    this.#insert({ kind: "break", key: "break", place: offset + 0.5, count: 0, version: 0 });
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  miss(from, to) {
    const count = to - from + 1;
    this.#insert({ kind: "gap", key: `gap:${from}`, place: from, count, version: 0 });
    this.newest = Math.max(this.newest, to);
  }

  /**
   * @param {import("./natter.js").Message} message
   * @param {{ own: boolean, isSeen: boolean, isMention: boolean }} circumstances
   * @returns {MessageItem | undefined} undefined: it was here already
   */
  take({ offset, id, sender, body, at, deleted: isDeleted }, { own, isSeen, isMention }) {
    const deleted = isDeleted === true;
    this.newest = Math.max(this.newest, offset);
    this.typers.delete(sender);
    if (this.#byId.has(id)) return undefined;
    if (own) this.#adopt(body);
    const item = this.#add({ id, place: offset, sender, body, at, own, isMention, deleted });
    if (own || offset <= this.readUpTo) return item;
    if (isSeen) this.readUpTo = offset;
    else if (!deleted) {
      if (this.unread === 0) this.lineKey = item.key;
      this.unread++;
      if (isMention) this.mentions++;
    }
    return item;
  }

  /** @param {Partial<MessageItem>} parts @returns {MessageItem} */
  #add(parts) {
    const item = createMessage(parts);
    if (item.id !== "") this.#byId.set(item.id, item);
    this.#insert(item);
    return item;
  }

  /**
   * A message of one's own came that is not acknowledged here: from elsewhere, or over a new
   * connection. One of the same text whose fate is open is shown no longer until that is known.
   *
   * @param {string} body
   */
  #adopt(body) {
    for (const item of this.#byRef.values()) {
      if (item.body !== body || item.delivery === "failed" || item.delivery === "sent") continue;
      item.delivery = "sent";
      return this.#drop(item);
    }
  }

  /**
   * A message is on its way.
   *
   * @param {{ ref: string, body: string, sender: string, at: number }} message
   * @returns {MessageItem}
   */
  addPending(message) {
    const key = `r:${message.ref}`;
    const item = this.#add({ ...message, key, own: true, delivery: "pending" });
    this.#byRef.set(item.ref, item);
    this.lineKey = "";
    return item;
  }

  /**
   * It is stored.
   *
   * @param {{ ref: string, id: string, offset: number, at: number }} ack
   */
  acknowledge({ ref, id, offset, at }) {
    const item = this.#byRef.get(ref);
    if (!item) return;
    this.discard(ref);
    if (this.#byId.has(id)) return;
    Object.assign(item, { id, place: offset, at, delivery: "sent", problem: "" });
    item.version++;
    this.#byId.set(id, item);
    this.#insert(item);
  }

  /**
   * @param {string} ref
   * @param {import("./items.js").Delivery} delivery
   * @param {string} [problem]
   */
  mark(ref, delivery, problem = "") {
    const item = this.#byRef.get(ref);
    if (!item) return;
    if (item.delivery === "sent") {
      if (delivery !== "failed") return;
      // It was another one that came with its text.
      this.#insert(item);
    }
    item.delivery = delivery;
    item.problem = problem;
    item.version++;
  }

  /**
   * Takes a message that was not sent away, for good.
   *
   * @param {string} ref
   */
  discard(ref) {
    const item = this.#byRef.get(ref);
    this.#byRef.delete(ref);
    if (item) this.#drop(item);
  }

  /**
   * A message is gone; its place stays.
   *
   * @param {number} target its offset
   */
  remove(target) {
    const item = this.items[this.#indexAfter(target) - 1];
    if (item?.kind !== "message" || item.place !== target || item.deleted) return;
    item.deleted = true;
    item.body = "";
    item.version++;
    if (item.place > this.readUpTo && !item.own && this.unread > 0) {
      this.unread--;
      if (item.isMention && this.mentions > 0) this.mentions--;
    }
    item.isMention = false;
  }

  /**
   * A page of the past came.
   *
   * @param {import("./natter.js").HistoryPage} page
   * @param {(sender: string) => boolean} isOwn
   * @param {(body: string) => boolean} [isMention] of somebody else's
   */
  prepend({ epoch, entries, more, from }, isOwn, isMention = () => false) {
    this.isLoading = false;
    if (epoch !== this.epoch) return;
    for (const entry of entries) {
      if (entry.type !== "message" || this.#byId.has(entry.id)) continue;
      const { offset: place, id, sender, body, at } = entry;
      const deleted = entry.deleted === true;
      const own = isOwn(sender);
      this.#add({ id, place, sender, body, at, own, isMention: !own && isMention(body), deleted });
    }
    for (const entry of entries) if (entry.type === "deletion") this.remove(entry.target);
    this.oldest = Math.min(this.oldest, from);
    this.hasMore = more;
  }

  /** @returns {boolean} whether anything was unread */
  markRead() {
    const had = this.unread > 0 || this.readUpTo < this.newest;
    this.readUpTo = Math.max(this.readUpTo, this.newest);
    this.unread = this.mentions = 0;
    return had;
  }

  /**
   * So that memory stays bounded. Who reads above the end loses that place only at twice the bound.
   *
   * @param {boolean} isRead somebody may be reading anywhere in it
   */
  trim(isRead) {
    if (this.items.length <= (isRead ? 2 : 1) * ITEMS_MAX) return;
    const gone = this.items.splice(0, this.items.length - ITEMS_KEPT);
    for (const item of gone) if (item.kind === "message") this.#byId.delete(item.id);
    this.oldest = Math.ceil(this.items[0]?.place ?? this.oldest);
    this.hasMore = true;
  }

  /** @param {Item} item */
  #insert(item) {
    this.items.splice(this.#indexAfter(item.place), 0, item);
  }

  /**
   * @param {number} place
   * @returns {number} behind everything up to there
   */
  #indexAfter(place) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.items[middle]?.place ?? Infinity) <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {Item} item */
  #drop(item) {
    const index = this.items.lastIndexOf(item);
    if (index >= 0) this.items.splice(index, 1);
  }
}
