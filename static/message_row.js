// @ts-check
/// <reference lib="dom" />
/**
 * One item of a conversation as an element. Whatever people wrote is only ever set as text, each
 * piece with a direction of its own.
 */

import { avatar, h, icon, iconButton } from "./dom.js";
import { isLargeEmoji, parseBody } from "./markup.js";
import { nameKey } from "./natter.js";

/** @typedef {import("./items.js").Item} Item */
/** @typedef {import("./items.js").MessageItem} MessageItem */
/** @typedef {import("./languages.js").TextKey} TextKey */
/**
 * What a row depends on beside its item.
 *
 * @typedef {object} RowPlace
 * @property {boolean} isFirst of its group: with the sender's name and the time
 * @property {boolean} isLast of its group
 * @property {string} day in words, where one begins: "today" is another one after midnight
 * @property {boolean} isFirstUnread
 * @property {boolean} canDelete
 */
/**
 * @typedef {object} RowActions
 * @property {(item: MessageItem) => void} retry
 * @property {(item: MessageItem) => void} discard
 * @property {(item: MessageItem) => void} remove
 * @property {(name: string) => void} direct
 */

const MINUTE_MS = 60_000;

/**
 * Messages of one sender in one minute stand together, so that the time above them is true of each.
 *
 * @param {Item | undefined} earlier
 * @param {Item | undefined} later
 * @returns {boolean}
 */
export function isOneGroup(earlier, later) {
  if (earlier?.kind !== "message" || later?.kind !== "message") return false;
  return earlier.own === later.own && earlier.sender === later.sender &&
    Math.floor(earlier.at / MINUTE_MS) === Math.floor(later.at / MINUTE_MS);
}

/** Why a message was not sent, by the error's code. @type {Record<string, TextKey>} */
const PROBLEMS = {
  body_too_large: "problemTooLarge",
  user_not_found: "problemNoUser",
  forbidden: "problemForbidden",
  room_name_invalid: "problemForbidden",
  not_joined: "problemForbidden",
  queue_full: "problemQueueFull",
  expired: "problemExpired",
  closed: "problemClosed",
};

export class MessageRow {
  /** What it shows; another signature is another look. */
  signature = "";
  #words;
  #actions;

  /**
   * @param {import("./words.js").Words} words
   * @param {RowActions} actions
   */
  constructor(words, actions) {
    this.#words = words;
    this.#actions = actions;
    this.element = h("div", { class: "row", tabindex: "-1" });
  }

  /**
   * @param {Item} item
   * @param {RowPlace} place
   */
  show(item, place) {
    const hadFocus = this.element.contains(
      /** @type {ShadowRoot | Document} */ (this.element.getRootNode()).activeElement,
    );
    const parts = [];
    if (place.day !== "") parts.push(this.#divider("day", place.day));
    if (place.isFirstUnread) {
      parts.push(this.#divider("unread-line", this.#words.text("newFromHere")));
    }
    parts.push(item.kind === "message" ? this.#message(item, place) : this.#note(item));
    this.element.replaceChildren(...parts);
    if (hadFocus) this.element.focus({ preventScroll: true });
    this.setStop(this.element.tabIndex === 0);
  }

  /** Only the row that the person is at has its buttons and links in the order of the Tab key. */
  setStop(isStop = false) {
    this.element.tabIndex = isStop ? 0 : -1;
    for (const each of this.element.querySelectorAll("a, button")) {
      /** @type {HTMLElement} */ (each).tabIndex = isStop ? 0 : -1;
    }
  }

  /**
   * @param {string} className
   * @param {string} text
   */
  #divider(className, text) {
    return h("div", { class: `divider ${className}` }, h("span", {}, text));
  }

  /** @param {import("./items.js").NoteItem} item */
  #note({ kind, count }) {
    const words = h("span");
    if (kind === "gap") this.#words.say(words, "gap", { count });
    else this.#words.say(words, "notRecovered");
    return h("p", { class: `note ${kind}` }, icon("alert"), words);
  }

  /**
   * @param {MessageItem} item
   * @param {RowPlace} place
   */
  #message(item, { isFirst, isLast, canDelete }) {
    const { own, sender, at, isMention, delivery, deleted } = item;
    const classes = ["message", own ? "own" : "other", delivery];
    if (isFirst) classes.push("first");
    if (isLast) classes.push("last");
    if (isMention) classes.push("mention");
    const bubble = this.#bubble(item);
    const actions = h("span", { class: "actions" }, this.#words.time(at));
    if (own && canDelete && !deleted && delivery === "sent") {
      actions.prepend(this.#deleteButton(item));
    }
    if (!own) actions.append(this.#directButton(sender));
    const line = h("div", { class: "line" }, bubble, actions);
    const parts = [line];
    if (isFirst) parts.unshift(this.#head(item));
    if (delivery !== "sent") parts.push(this.#delivery(item));
    const message = h("div", { class: classes.join(" ") }, ...parts);
    if (isFirst && !own) message.prepend(avatar(sender, nameKey(sender)));
    return message;
  }

  /** @param {MessageItem} item */
  #head({ own, sender, at }) {
    const name = h("bdi", { class: "sender" });
    if (own) this.#words.say(name, "you");
    else name.textContent = sender;
    return h("div", { class: "head" }, name, this.#words.time(at));
  }

  /** @param {MessageItem} item */
  #bubble({ body, deleted }) {
    if (deleted) return this.#words.say(h("div", { class: "bubble gone" }), "deleted");
    const isLarge = isLargeEmoji(body);
    const bubble = h("div", { class: isLarge ? "bubble large" : "bubble", dir: "auto" });
    for (const piece of parseBody(body)) {
      if (piece.type === "text") bubble.append(piece.text);
      else if (piece.type === "code") bubble.append(h("code", {}, piece.text));
      else if (piece.type === "block") {
        bubble.append(h("pre", { dir: "ltr" }, h("code", {}, piece.text)));
      } else {
        const { href, text } = piece;
        const rel = "noopener noreferrer nofollow";
        bubble.append(h("a", { href, rel, target: "_blank", dir: "ltr" }, text));
      }
    }
    return bubble;
  }

  /** @param {MessageItem} item */
  #delivery(item) {
    const { delivery, problem } = item;
    const words = h("span");
    const line = h("div", { class: "delivery" });
    if (delivery === "pending") {
      line.append(h("span", { class: "why" }, icon("clock"), this.#words.say(words, "sending")));
      return line;
    }
    this.#words.say(words, delivery === "perhaps" ? "perhapsSent" : PROBLEMS[problem] ?? "notSent");
    line.append(h("span", { class: "why" }, icon("alert"), words));
    line.append(this.#button("retry", () => this.#actions.retry(item)));
    line.append(this.#button("discard", () => this.#actions.discard(item)));
    return line;
  }

  /**
   * @param {TextKey} key
   * @param {() => void} click
   */
  #button(key, click) {
    const button = h("button", { type: "button", class: "text-button", click });
    return this.#words.say(button, key);
  }

  /** The first click asks, the second does it. @param {MessageItem} item */
  #deleteButton(item) {
    const button = iconButton(this.#words, "delete", "trash", { class: "small" });
    const disarm = () => {
      if (!button.classList.contains("armed")) return;
      button.classList.remove("armed");
      button.replaceChildren(icon("trash"));
      this.#words.label(button, "delete");
    };
    button.addEventListener("click", () => {
      if (button.classList.contains("armed")) return this.#actions.remove(item);
      button.classList.add("armed");
      button.replaceChildren(this.#words.text("deleteReally"));
      this.#words.label(button, "deleteReally");
    });
    button.addEventListener("blur", disarm);
    return button;
  }

  /** @param {string} sender */
  #directButton(sender) {
    const click = () => this.#actions.direct(sender);
    return iconButton(this.#words, "writeTo", "reply", { class: "small", click }, { name: sender });
  }
}

/**
 * Whether the message before is of another day; what is missing between them has none.
 *
 * @param {readonly Item[]} items
 * @param {number} index
 * @param {number} at
 */
export function beginsDay(items, index, at) {
  let before = index - 1;
  while (before >= 0 && items[before]?.kind !== "message") before--;
  const last = items[before];
  return last?.kind !== "message" ||
    new Date(last.at).toDateString() !== new Date(at).toDateString();
}
