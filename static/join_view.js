// @ts-check
/// <reference lib="dom" />
/** Where a person chooses a name and a room, and learns in words why they were not accepted. */

import { h, mark, nameField } from "./dom.js";
import { checkName, suggestNames } from "./names.js";

/** @typedef {import("./languages.js").TextKey} TextKey */

export class JoinView {
  #words;
  #isBusy = false;
  /** What the host has set is not asked for. */
  #fixed = { username: false, room: false };
  #nickname = nameField({
    id: "nickname",
    name: "nickname",
    autocomplete: "nickname",
    "aria-describedby": "join-error nickname-hint",
  });
  #room = nameField({ id: "room", name: "room", "aria-describedby": "join-error" });
  #error = h("p", { class: "error", id: "join-error", role: "alert", hidden: true });
  #others = h("div", { class: "suggestions", role: "group", hidden: true });
  #button = h("button", { type: "submit", class: "primary" });
  #lobby = h("button", { type: "button", class: "text-button", hidden: true });
  #nicknamePart = h("div", { class: "part" });
  #roomPart = h("div", { class: "part" });
  #roomLine = h("p", { class: "room-line" });
  #hint = h("p", { class: "hint", id: "nickname-hint" });

  /**
   * @param {import("./words.js").Words} words
   * @param {(name: string, room: string) => void} join
   * @param {HTMLElement} preferences
   */
  constructor(words, join, preferences) {
    this.#words = words;
    const nicknameLabel = words.say(h("label", { for: "nickname" }), "nickname");
    const roomLabel = words.say(h("label", { for: "room" }), "roomLabel");
    words.say(this.#hint, "nicknameHint");
    words.say(this.#button, "join");
    words.say(this.#lobby, "goToLobby");
    words.label(this.#others, "otherNames");
    this.#nicknamePart.append(nicknameLabel, this.#nickname);
    this.#roomPart.append(roomLabel, this.#room);
    const form = h(
      "form",
      { class: "card", novalidate: true },
      h("div", { class: "card-brand" }, mark(), h("p", { class: "card-name" }, "Natter")),
      words.say(h("p", { class: "tagline" }), "tagline"),
      this.#roomLine,
      this.#nicknamePart,
      this.#error,
      this.#others,
      this.#hint,
      this.#roomPart,
      this.#lobby,
      this.#button,
    );
    this.element = h(
      "section",
      { class: "join" },
      form,
      words.say(h("p", { class: "alone" }), "alone"),
      preferences,
    );
    words.label(this.element, "joinView");
    const submit = () => {
      if (this.#isBusy) return;
      const name = this.#nickname.value.trim();
      const wrong = checkName(name);
      if (wrong) this.refuse("name", wrong, { name });
      else join(name, this.#room.value.trim().replace(/^#/, "") || "lobby");
    };
    for (const field of [this.#nickname, this.#room]) {
      field.addEventListener("input", () => this.clearError());
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    this.#lobby.addEventListener("click", () => {
      this.#room.value = "lobby";
      this.clearError();
      submit();
    });
    this.#others.addEventListener("click", ({ target }) => {
      if (!(target instanceof HTMLButtonElement)) return;
      this.#nickname.value = target.textContent ?? "";
      this.clearError();
      submit();
    });
  }

  /**
   * @param {{ name: string, room: string }} values
   * @param {{ username: boolean, room: boolean }} fixed
   */
  fill({ name, room }, fixed) {
    this.#fixed = fixed;
    this.#nickname.value = name;
    this.#room.value = room;
    this.#showParts();
  }

  #showParts() {
    const { username, room } = this.#fixed;
    this.#nicknamePart.hidden = this.#hint.hidden = username;
    this.#roomPart.hidden = room;
    this.#roomLine.hidden = !room;
    this.#words.say(this.#roomLine, "joinsRoom", { room: this.#room.value });
  }

  focus() {
    const field = this.#fixed.username ? this.#button : this.#nickname;
    field.focus();
    if (field === this.#nickname) this.#nickname.select();
  }

  /** @param {boolean} isBusy an attempt to join is under way */
  setBusy(isBusy) {
    this.#isBusy = isBusy;
    this.#words.say(this.#button, isBusy ? "connecting" : "join");
    this.#button.ariaDisabled = String(isBusy);
  }

  /**
   * @param {import("./close_codes.js").Remedy} remedy
   * @param {TextKey} key
   * @param {Record<string, string | number>} values
   */
  refuse(remedy, key, values) {
    this.#words.say(this.#error, key, values);
    this.#error.hidden = false;
    this.#lobby.hidden = remedy !== "room" || this.#room.value === "lobby";
    this.#nickname.ariaInvalid = String(remedy === "name");
    this.#room.ariaInvalid = String(remedy === "room");
    // Where only another one helps, the host's choice is open to the person.
    if (remedy === "room") this.#fixed.room = false;
    this.#showParts();
    this.#suggest(key === "nameTaken" && !this.#fixed.username ? this.#nickname.value.trim() : "");
    if (remedy === "room") this.#room.focus();
    else if (remedy !== "wait") this.focus();
  }

  /** @param {string} name */
  #suggest(name) {
    this.#others.hidden = name === "";
    const names = name === "" ? [] : suggestNames(name);
    this.#others.replaceChildren(
      ...names.map((each) => h("button", { type: "button", class: "chip", dir: "auto" }, each)),
    );
  }

  clearError() {
    this.#words.say(this.#error, "");
    this.#error.hidden = true;
    this.#lobby.hidden = true;
    this.#suggest("");
    this.#nickname.ariaInvalid = this.#room.ariaInvalid = "false";
  }
}
