// @ts-check
/// <reference lib="dom" />
/** Where a person chooses a name, and learns why it was not accepted. */

import { element } from "./dom.js";
import { say } from "./page_language.js";
import { checkName } from "./plain_protocol.js";
import { isComposing } from "./typing.js";

/** @typedef {import("./languages.js").TextKey} TextKey */

export class JoinForm {
  #form = element("join-form", HTMLFormElement);
  #field = element("nickname", HTMLInputElement);
  #button = element("join", HTMLButtonElement);
  #error = element("join-error", HTMLElement);
  #lobbyLink = element("go-to-lobby", HTMLElement);
  #busy = false;

  /**
   * @param {string} nickname the one of the last visit
   * @param {(nickname: string) => void} join
   */
  constructor(nickname, join) {
    this.#field.value = nickname;
    this.#field.addEventListener("input", () => this.clearError());
    this.#field.addEventListener("keydown", (event) => {
      // Safari would submit the form on the Enter that picks a candidate.
      if (event.key === "Enter" && isComposing(event)) event.preventDefault();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#busy) return;
      const name = this.#field.value.trim();
      const wrong = checkName(name);
      if (wrong) this.refuse("name", wrong, { name });
      else join(name);
    });
  }

  focus() {
    this.#field.focus();
    this.#field.select();
  }

  /** @param {boolean} busy an attempt to join is under way */
  setBusy(busy) {
    this.#busy = busy;
    // Not `disabled`: that would take the focus away from a person at the keyboard.
    this.#button.ariaDisabled = String(busy);
  }

  /**
   * @param {"name" | "room" | "stop"} remedy
   * @param {TextKey} key
   * @param {Record<string, string | number>} values
   */
  refuse(remedy, key, values) {
    say(this.#error, key, values);
    this.#error.hidden = false;
    this.#lobbyLink.hidden = remedy !== "room";
    this.#field.ariaInvalid = String(remedy === "name");
    this.focus();
  }

  clearError() {
    say(this.#error, "");
    this.#error.hidden = true;
    this.#lobbyLink.hidden = true;
    this.#field.ariaInvalid = "false";
  }
}
