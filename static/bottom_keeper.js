// @ts-check
/// <reference lib="dom" />
/**
 * Keeps a conversation at its newest end while the person is there, and leaves the view alone while
 * the person reads above: a button then tells of what came, and leads down.
 */

import { say } from "./page_language.js";

/** Nearer to the end than this counts as being there. */
const SLACK_PX = 48;

export class BottomKeeper {
  #scroller;
  #button;
  #atBottom = true;
  #scheduled = false;
  #unseen = 0;
  /** Where the last scroll to the end led: what grew since has not been scrolled to yet. */
  #bottomTop = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLButtonElement} button leads to the newest message
   */
  constructor(scroller, button) {
    this.#scroller = scroller;
    this.#button = button;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    button.addEventListener("click", () => {
      scroller.focus({ preventScroll: true });
      this.#goDown();
    });
    // A keyboard that slides in, a message field that grows, a turned phone.
    new ResizeObserver(() => this.#atBottom && this.#goDown()).observe(scroller);
  }

  /** @param {boolean} own own messages are always shown */
  added(own) {
    if (own) this.#atBottom = true;
    if (!this.#atBottom) this.#unseen++;
    this.#showButton();
    if (!this.#atBottom || this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (this.#atBottom) this.#goDown();
    });
  }

  /** @param {() => void} removeOldest takes content away at the top; the view must not jump */
  trim(removeOldest) {
    const before = this.#scroller.scrollHeight;
    removeOldest();
    const removed = before - this.#scroller.scrollHeight;
    this.#bottomTop -= removed;
    if (!CSS.supports("overflow-anchor", "auto")) this.#scroller.scrollTop -= removed;
  }

  #goDown() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#bottomTop = this.#scroller.scrollTop;
    this.#atBottom = true;
    this.#showButton();
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const gap = Math.min(this.#bottomTop, scrollHeight - clientHeight) - scrollTop;
    this.#atBottom = gap < SLACK_PX;
    this.#showButton();
  }

  #showButton() {
    if (this.#atBottom) this.#unseen = 0;
    this.#button.hidden = this.#atBottom;
    if (this.#unseen === 0) say(this.#button, "jumpDown");
    else say(this.#button, "jumpToLatest", { count: this.#unseen });
  }
}
