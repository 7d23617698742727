// @ts-check
/// <reference lib="dom" />
/**
 * Where a message is written. What cannot be sent stays in the field, and the line below says why.
 */

import { h, icon } from "./dom.js";
import { isSendKey } from "./keys.js";
import { bytesOf } from "./natter.js";

/** From here on the line below says how much room is left. */
const BYTES_LEFT_SHOWN = 1_000;
const DRAFT_CHARS_MAX = 100_000;
/** What a server that does not tell its limits is believed to take. */
const BYTES_MAX = 8_192;

/** @typedef {import("./languages.js").TextKey} TextKey */

export class Composer {
  #words;
  #options;
  #draftName = "";
  #isClosed = false;
  #bytesMax = BYTES_MAX;
  /** @type {readonly string[]} */
  #typers = [];
  #field = h("textarea", {
    rows: "1",
    dir: "auto",
    autocomplete: "off",
    enterkeyhint: "send",
    "aria-describedby": "note",
  });
  #button = h("button", { type: "submit", class: "send" }, icon("send"));
  #note = h("p", { class: "note-line", id: "note" });
  #typing = h("p", { class: "note-line typing", "aria-hidden": "true" });

  /**
   * @param {import("./words.js").Words} words
   * @param {{ send: (text: string) => void, typing: () => void,
   *   store: () => import("./storage.js").Storage }} options
   */
  constructor(words, options) {
    this.#words = words;
    this.#options = options;
    words.label(this.#field, "message");
    words.placeholder(this.#field, "messagePlaceholder");
    words.label(this.#button, "send");
    const box = h("div", { class: "field-box" }, this.#field, this.#button);
    const below = h("div", { class: "below" }, this.#note, this.#typing);
    this.element = h("form", { class: "composer", novalidate: true }, box, below);
    this.#field.addEventListener("input", () => {
      this.#show();
      options.store().set(this.#draftName, this.#field.value.slice(0, DRAFT_CHARS_MAX));
      if (this.#field.value.trim() !== "") options.typing();
    });
    this.#field.addEventListener("keydown", (event) => {
      if (!isSendKey(event)) return;
      event.preventDefault();
      this.#submit();
    });
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
      this.focus();
    });
    this.#show();
  }

  /** @param {number} [bytesMax] what the server takes */
  setLimit(bytesMax = BYTES_MAX) {
    if (this.#bytesMax === bytesMax) return;
    this.#bytesMax = bytesMax;
    this.#show();
  }

  /** @param {boolean} isClosed nothing can be sent until the person does something */
  setClosed(isClosed) {
    if (this.#isClosed === isClosed) return;
    this.#isClosed = isClosed;
    this.#show();
  }

  /** @param {string} key the conversation's: each has a draft of its own */
  open(key) {
    const name = `draft:${key}`;
    if (this.#draftName === name) return;
    this.#draftName = name;
    this.#field.value = this.#options.store().get(name);
    this.#show();
  }

  /** @param {readonly string[]} names who types */
  showTyping(names) {
    if (names.join("\n") === this.#typers.join("\n")) return;
    this.#typers = names;
    const [first = "", second = ""] = names;
    if (names.length === 0) this.#words.say(this.#typing, "");
    else if (names.length === 1) this.#words.say(this.#typing, "typingOne", { name: first });
    else if (names.length === 2) {
      this.#words.say(this.#typing, "typingTwo", { name: first, other: second });
    } else this.#words.say(this.#typing, "typingMany", { count: names.length });
    this.element.classList.toggle("others-type", names.length > 0);
  }

  focus() {
    this.#field.focus();
  }

  #submit() {
    if (this.#button.ariaDisabled === "true") return;
    const text = this.#field.value;
    this.#field.value = "";
    this.#options.store().set(this.#draftName, "");
    this.#show();
    this.#options.send(text);
  }

  #show() {
    const { value } = this.#field;
    const bytesLeft = this.#bytesMax - bytesOf(value);
    const isBlank = value.trim() === "";
    // Not `disabled`: that would take the focus away from a person at the keyboard.
    this.#button.ariaDisabled = String(isBlank || bytesLeft < 0 || this.#isClosed);
    if (bytesLeft < 0) this.#explain("messageTooLong", { count: -bytesLeft }, true);
    else if (this.#isClosed && !isBlank) this.#explain("keptWhileClosed", {}, false);
    else if (bytesLeft < BYTES_LEFT_SHOWN) this.#explain("bytesLeft", { count: bytesLeft }, false);
    else this.#explain("enterHint", {}, false);
    this.#field.ariaInvalid = String(bytesLeft < 0);
    this.#grow();
  }

  /**
   * @param {TextKey} key
   * @param {Record<string, number>} values
   * @param {boolean} isError
   */
  #explain(key, values, isError) {
    this.#words.say(this.#note, key, values);
    this.#note.classList.toggle("error", isError);
    this.#note.classList.toggle("hint", key === "enterHint");
  }

  /** The field is as high as its text; the style sheet says how high at most. */
  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    const { style } = this.#field;
    style.height = "auto";
    style.height = `${this.#field.scrollHeight}px`;
  }
}
