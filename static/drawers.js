// @ts-check
/// <reference lib="dom" />
/** Where there is little room, the rooms and the people are drawers over the conversation. */

import { isComposing } from "./keys.js";

export class Drawers {
  #root;
  #main;
  #sides;
  #width = 0;
  /** @type {HTMLElement | undefined} what opened the drawer, and has the focus back after it */
  #opener;

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} main what is out of reach behind a drawer
   * @param {{ rooms: HTMLElement, people: HTMLElement }} sides
   */
  constructor(root, main, sides) {
    this.#root = root;
    this.#main = main;
    this.#sides = sides;
    root.addEventListener("keydown", (event) => {
      // What an input method is told to drop is no wish to leave.
      if (event.key === "Escape" && !isComposing(event)) this.close();
    });
    new ResizeObserver(([entry]) => {
      const width = entry?.contentRect.width ?? 0;
      if (width !== this.#width) this.close(false);
      this.#width = width;
    }).observe(root);
  }

  get isOpen() {
    return Boolean(this.#root.dataset["drawer"]);
  }

  /**
   * @param {"rooms" | "people"} which
   * @param {HTMLElement} opener
   */
  open(which, opener) {
    this.#opener = opener;
    this.#root.dataset["drawer"] = which;
    this.#main.inert = true;
    // In a window of middling width the rooms stand beside the conversation, behind the drawer.
    this.#sides.rooms.inert = which !== "rooms";
    const drawer = this.#sides[which];
    const first = drawer.querySelector("[tabindex='0']") ?? drawer.querySelector(".drawer-close");
    // Still on its way in: to scroll to it would move the whole chat.
    /** @type {HTMLElement | null} */ (first)?.focus({ preventScroll: true });
  }

  /** @param {boolean} [focus] */
  close(focus = true) {
    if (!this.isOpen) return;
    delete this.#root.dataset["drawer"];
    this.#main.inert = this.#sides.rooms.inert = false;
    if (focus) this.#opener?.focus();
  }
}
