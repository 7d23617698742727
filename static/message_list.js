// @ts-check
/// <reference lib="dom" />
/**
 * The conversation on the page. Of all its items only those around the view are in the document, so
 * that ten thousand cost as much as a hundred. The view stays at the newest end while the person is
 * there; else what the person reads stays where it is, whatever comes above or below.
 */

import { h, icon, mark } from "./dom.js";
import { beginsDay, isOneGroup, MessageRow } from "./message_row.js";
import { RowWindow } from "./row_window.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {import("./items.js").Item} Item */

/** Nearer to the end than this counts as being there. */
const SLACK_PX = 24;
/** So near to an end of the rows, more of them are made. */
const AHEAD_PX = 900;

export class MessageList {
  #words;
  #options;
  /** @type {Conversation | undefined} */
  #conversation;
  /** @type {Map<string, MessageRow>} by the items' keys */
  #rows = new Map();
  #window = new RowWindow();
  /** Whether the person is at the newest end. */
  isAtEnd = true;
  /** Where this put the view: a scroll to there is not the person's. */
  #setTop = -1;
  #lastTop = 0;
  #stopKey = "";
  #start = h("div", { class: "beginning" });
  #content = h("div", { class: "rows" });
  #log = h("div", { class: "log", role: "log", "aria-live": "off", tabindex: "-1" });
  #jump = h("button", { type: "button", class: "jump", hidden: true });
  #jumpWords = h("span");
  #empty = h("div", { class: "empty" });

  /**
   * @param {import("./words.js").Words} words
   * @param {import("./message_row.js").RowActions & {
   *   older: () => void, atEnd: () => void, hasCommands: () => boolean }} options
   */
  constructor(words, options) {
    this.#words = words;
    this.#options = options;
    words.label(this.#log, "conversation");
    this.#jump.append(icon("down"), this.#jumpWords);
    this.#empty.append(
      mark(),
      words.say(h("p", { class: "empty-title" }), "emptyTitle"),
      words.say(h("p"), "emptyText"),
    );
    this.#log.append(this.#start, this.#content);
    this.element = h("div", { class: "window" }, this.#log, this.#empty, this.#jump);
    this.#log.addEventListener("scroll", () => this.#look(), { passive: true });
    this.#log.addEventListener("keydown", (event) => this.#move(event));
    this.#log.addEventListener("focusin", ({ target }) => this.#focused(target));
    this.#jump.addEventListener("click", () => {
      this.goToEnd();
      this.#focusStop();
    });
    // A keyboard that slides in, a message field that grows, a turned phone, a font that came late.
    const observer = new ResizeObserver(() => {
      if (this.isAtEnd) this.#scrollDown();
    });
    observer.observe(this.#log);
    observer.observe(this.#content);
  }

  /** @param {Conversation} conversation */
  show(conversation) {
    if (conversation !== this.#conversation) {
      this.#conversation = conversation;
      this.#rows.clear();
      this.#window.reset();
      this.isAtEnd = true;
      this.#stopKey = "";
    }
    this.#update();
  }

  goToEnd() {
    this.isAtEnd = true;
    this.#window.reset();
    this.#update();
  }

  #update() {
    const conversation = this.#conversation;
    if (!conversation) return;
    const { items } = conversation;
    const anchor = this.isAtEnd ? undefined : this.#anchor();
    const [start, end] = this.#window.choose(items, this.isAtEnd);
    this.#render(items, start, end);
    this.#empty.hidden = items.length > 0 || conversation.hasMore;
    this.#showStart(start);
    if (this.isAtEnd) this.#scrollDown();
    else if (anchor) this.#keep(anchor);
    this.#showJump();
    this.#fill(start);
  }

  /**
   * @param {readonly Item[]} items
   * @param {number} start
   * @param {number} end
   */
  #render(items, start, end) {
    const hadFocus = this.#hasFocus();
    if (this.#rows.size === 0) this.#content.replaceChildren();
    const wanted = new Set();
    let after = this.#content.firstElementChild;
    for (let index = start; index < end; index++) {
      const item = items[index];
      if (!item) continue;
      wanted.add(item.key);
      const row = this.#row(items, index, item);
      if (row.element === after) after = after.nextElementSibling;
      else this.#content.insertBefore(row.element, after);
    }
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    if (!this.#rows.has(this.#stopKey)) this.#stopAt(items[end - 1]?.key ?? "");
    if (hadFocus && !this.#hasFocus()) this.#focusStop();
  }

  /**
   * @param {readonly Item[]} items
   * @param {number} index
   * @param {Item} item
   * @returns {MessageRow}
   */
  #row(items, index, item) {
    const { lineKey = "" } = this.#conversation ?? {};
    const row = this.#rows.get(item.key) ?? this.#makeRow(item);
    const isFirstUnread = item.key === lineKey;
    const before = items[index - 1];
    const next = items[index + 1];
    const isNewDay = item.kind === "message" && beginsDay(items, index, item.at);
    const place = {
      day: isNewDay ? this.#words.day(item.at) : "",
      isFirstUnread,
      isFirst: isNewDay || isFirstUnread || !isOneGroup(before, item),
      isLast: !isOneGroup(item, next) || next?.key === lineKey,
      canDelete: this.#options.hasCommands(),
    };
    const { language } = this.#words;
    const signature = `${item.version} ${Object.values(place)} ${language}`;
    if (row.signature !== signature) row.show(item, place);
    row.signature = signature;
    return row;
  }

  /** @param {Item} item */
  #makeRow(item) {
    const row = new MessageRow(this.#words, this.#options);
    row.element.dataset["key"] = item.key;
    this.#rows.set(item.key, row);
    return row;
  }

  /** @param {number} start */
  #showStart(start) {
    const { hasMore = false, kind = "room", name = "", items = [] } = this.#conversation ?? {};
    const isMore = hasMore || start > 0;
    this.#start.classList.toggle("more", isMore);
    if (isMore) this.#words.say(this.#start, "loadingOlder");
    else if (items.length === 0) this.#words.say(this.#start, "");
    else if (kind === "room") this.#words.say(this.#start, "beginningOfRoom", { room: name });
    else this.#words.say(this.#start, "beginningWith", { name });
  }

  /** @returns {{ element: HTMLElement, top: number } | undefined} the first row in view */
  #anchor() {
    const { top } = this.#log.getBoundingClientRect();
    const rows = this.#content.children;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) <= top) low = middle + 1;
      else high = middle;
    }
    const element = /** @type {HTMLElement | undefined} */ (rows[low]);
    return element && { element, top: element.getBoundingClientRect().top };
  }

  /** @param {{ element: HTMLElement, top: number }} anchor */
  #keep({ element, top }) {
    if (!element.isConnected) return;
    const moved = element.getBoundingClientRect().top - top;
    if (moved === 0) return;
    this.#log.scrollTop += moved;
    this.#setTop = this.#log.scrollTop;
  }

  #scrollDown() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#setTop = this.#log.scrollTop;
    this.#options.atEnd();
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    const { items = [] } = this.#conversation ?? {};
    const below = scrollHeight - clientHeight - scrollTop;
    if (Math.abs(scrollTop - this.#setTop) >= 1) {
      const wasAtEnd = this.isAtEnd;
      // Even the first step upwards is a wish to read there.
      const slack = scrollTop < this.#lastTop ? 2 : SLACK_PX;
      this.isAtEnd = below < slack && this.#window.reachesEnd;
      if (this.isAtEnd && !wasAtEnd) this.#options.atEnd();
    }
    this.#setTop = -1;
    this.#lastTop = scrollTop;
    this.#showJump();
    if (this.isAtEnd) return this.#fill(this.#window.startIn(items));
    if (scrollTop < AHEAD_PX) this.#extendUp(items);
    if (below < AHEAD_PX && this.#window.extendDown(items)) this.#update();
  }

  /** Where the rows do not fill the view, there must be more of them. @param {number} start */
  #fill(start) {
    if (this.#log.clientHeight === 0 || this.#log.scrollTop > AHEAD_PX) return;
    if (start === 0) this.#options.older();
    else if (!this.isAtEnd) this.#extendUp(this.#conversation?.items ?? []);
  }

  /** @param {readonly Item[]} items */
  #extendUp(items) {
    if (this.#window.extendUp(items)) this.#update();
    else this.#options.older();
  }

  #showJump() {
    const { unread: count = 0 } = this.#conversation ?? {};
    this.#jump.hidden = this.isAtEnd;
    this.#jump.classList.toggle("has-new", count > 0);
    if (count > 0) this.#words.say(this.#jumpWords, "newMessages", { count });
    else this.#words.say(this.#jumpWords, "jumpDown");
  }

  // ---- The keyboard

  #stop() {
    return this.#rows.get(this.#stopKey);
  }

  #focusStop() {
    (this.#stop()?.element ?? this.#log).focus({ preventScroll: true });
  }

  #hasFocus() {
    const { activeElement } = /** @type {ShadowRoot} */ (this.#log.getRootNode());
    return this.#content.contains(activeElement);
  }

  /** @param {string} key */
  #stopAt(key) {
    this.#stop()?.setStop(false);
    this.#stopKey = key;
    this.#stop()?.setStop(true);
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    const row = /** @type {HTMLElement} */ (target).closest?.(".row");
    const key = /** @type {HTMLElement | null} */ (row)?.dataset["key"];
    if (key !== undefined && key !== this.#stopKey) this.#stopAt(key);
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const { key, target } = event;
    if (key === "End" && target instanceof HTMLElement) {
      event.preventDefault();
      this.goToEnd();
      this.#stopAt(this.#window.last?.key ?? "");
      return this.#focusStop();
    }
    const row = /** @type {HTMLElement} */ (target).closest?.(".row");
    if (!row || (key !== "ArrowUp" && key !== "ArrowDown")) return;
    const next = key === "ArrowUp" ? row.previousElementSibling : row.nextElementSibling;
    if (!next) return;
    event.preventDefault();
    if (key === "ArrowUp") this.isAtEnd = false;
    /** @type {HTMLElement} */ (next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
}
