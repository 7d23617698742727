// @ts-check
/// <reference lib="dom" />
/**
 * Where a message is written. What cannot be sent stays in the field, and the page says why.
 */

import { element } from "./dom.js";
import { say } from "./page_language.js";
import { countBytes, MESSAGE_BYTES_MAX } from "./plain_protocol.js";
import { isSendKey } from "./typing.js";

/** From here on the page says how much room is left. */
const BYTES_LEFT_SHOWN = 1_000;

export class Composer {
  #form = element("composer", HTMLFormElement);
  #field = element("message", HTMLTextAreaElement);
  #button = element("send", HTMLButtonElement);
  #note = element("composer-note", HTMLElement);
  #send;
  #connected = false;

  /** @param {(text: string) => boolean} send false: it was not sent */
  constructor(send) {
    this.#send = send;
    this.#field.addEventListener("input", () => this.#show());
    this.#field.addEventListener("keydown", (event) => {
      if (!isSendKey(event)) return;
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
      this.#field.focus();
    });
    this.#show();
  }

  /** @param {boolean} connected */
  setConnected(connected) {
    this.#connected = connected;
    this.#show();
  }

  focus() {
    this.#field.focus();
  }

  #submit() {
    if (this.#button.disabled) return;
    if (!this.#send(this.#field.value)) return this.#explain("notSent", {}, true);
    this.#field.value = "";
    this.#show();
  }

  #show() {
    const { value } = this.#field;
    const bytesLeft = MESSAGE_BYTES_MAX - countBytes(value);
    const blank = value.trim() === "";
    this.#button.disabled = !this.#connected || blank || bytesLeft < 0;
    if (bytesLeft < 0) this.#explain("messageTooLong", { count: -bytesLeft }, true);
    else if (!this.#connected && !blank) this.#explain("keptWhileAway", {}, false);
    else if (bytesLeft < BYTES_LEFT_SHOWN) this.#explain("bytesLeft", { count: bytesLeft }, false);
    else this.#explain("", {}, false);
    this.#field.ariaInvalid = String(bytesLeft < 0);
    this.#grow();
  }

  /**
   * @param {import("./languages.js").TextKey | ""} key
   * @param {Record<string, number>} values
   * @param {boolean} isError
   */
  #explain(key, values, isError) {
    say(this.#note, key, values);
    this.#note.classList.toggle("error", isError);
    this.#note.hidden = key === "";
  }

  /** The field is as high as its text; the style sheet says how high at most. */
  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    const { style } = this.#field;
    style.height = "auto";
    const borders = this.#field.offsetHeight - this.#field.clientHeight;
    style.height = `${this.#field.scrollHeight + borders}px`;
  }
}
