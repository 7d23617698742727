// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The conversation on the page: messages grouped by their sender, and notes between them.
 *
 * Whatever people wrote is only ever set as text, each piece with a direction of its own.
 */

import { BottomKeeper } from "./bottom_keeper.js";
import { create, element } from "./dom.js";
import { createTime, say } from "./page_language.js";

/** @typedef {{ sender: string, text: string, own: boolean, at: number }} Message */

export const MESSAGES_MAX = 2_000;
/** The oldest go so many at a time, since each time costs a layout. */
const TRIM_MESSAGES = 50;
/** A group shows one time: that of its first message. */
const GROUP_MS = 2 * 60_000;
const HUES = 6;

export class Conversation {
  #log = element("log", HTMLElement);
  #empty = element("empty", HTMLElement);
  #keeper = new BottomKeeper(this.#log, element("jump", HTMLButtonElement));
  #messageCount = 0;
  /** @type {{ sender: string, own: boolean, at: number, node: HTMLElement } | undefined} */
  #group;

  get isEmpty() {
    return this.#log.childElementCount === 0;
  }

  /** @param {Message} message */
  add(message) {
    if (this.#messageCount >= MESSAGES_MAX) this.#keeper.trim(() => this.#removeOldest());
    const body = create("p", "message");
    body.dir = "auto";
    body.textContent = message.text;
    body.dataset["at"] = String(message.at);
    this.#groupFor(message).append(body);
    this.#messageCount++;
    this.#empty.hidden = true;
    this.#keeper.added(message.own);
  }

  /**
   * Says something between the messages; said twice in a row, it is said once.
   *
   * @param {import("./languages.js").TextKey} key
   */
  note(key) {
    this.#group = undefined;
    const last = this.#log.lastElementChild;
    if (last instanceof HTMLElement && last.dataset["note"] === key) last.remove();
    const note = create("div", "note");
    note.dataset["note"] = key;
    const words = create("span");
    say(words, key);
    note.append(words, " ", createTime(Date.now()));
    this.#log.append(note);
    this.#empty.hidden = true;
    this.#keeper.added(false);
  }

  /**
   * Marks the person's own messages of which nobody can know whether they arrived.
   *
   * @param {number} since ms since 1970
   */
  doubtOwn(since) {
    const own = [...this.#log.querySelectorAll(".own .message")].reverse();
    for (const body of own) {
      if (!(body instanceof HTMLElement) || Number(body.dataset["at"]) < since) return;
      if (body.nextElementSibling?.classList.contains("doubt")) continue;
      const doubt = create("p", "doubt");
      say(doubt, "mayBeLost");
      body.after(doubt);
    }
  }

  clear() {
    this.#log.replaceChildren();
    this.#messageCount = 0;
    this.#group = undefined;
    this.#empty.hidden = false;
    this.#keeper.added(true);
  }

  /** @param {Message} message */
  #groupFor({ sender, own, at }) {
    const last = this.#group;
    if (last && last.sender === sender && last.own === own && at - last.at < GROUP_MS) {
      return last.node;
    }
    const node = create("div", own ? "group own" : `group other hue-${hueOf(sender)}`);
    const head = create("p", "head");
    const name = create("bdi", "sender");
    if (own) say(name, "you");
    else name.textContent = sender;
    head.append(name, " ", createTime(at));
    if (!own) node.dataset["initial"] = firstCharacter(sender);
    node.append(head);
    this.#log.append(node);
    this.#group = { sender, own, at, node };
    return node;
  }

  #removeOldest() {
    for (let removed = 0; removed < TRIM_MESSAGES;) {
      const first = this.#log.firstElementChild;
      if (!first) return;
      const oldest = first.querySelector(".message");
      if (oldest && first.querySelectorAll(".message").length > 1) {
        if (oldest.nextElementSibling?.classList.contains("doubt")) {
          oldest.nextElementSibling.remove();
        }
        oldest.remove();
      } else {
        first.remove();
      }
      if (!oldest) continue;
      removed++;
      this.#messageCount--;
    }
  }
}

/**
 * @param {string} name
 * @returns {number} the same for the same name
 */
function hueOf(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return sum % HUES;
}

/**
 * @param {string} name
 * @returns {string} what a person sees as its first character
 */
function firstCharacter(name) {
  if (!("Segmenter" in Intl)) return [...name][0] ?? "";
  const [first] = new Intl.Segmenter().segment(name);
  return first?.segment ?? "";
}
