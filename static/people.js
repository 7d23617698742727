// @ts-check
/// <reference lib="dom" />
/** Who is in the room. */

import { avatar, h, icon, iconButton } from "./dom.js";
import { refill, roveFocus } from "./keys.js";
import { nameKey } from "./natter.js";

export class People {
  #words;
  #direct;
  #list = h("ul", { class: "entries", tabindex: "-1" });
  #title = h("h2", { class: "list-title" });
  #more = h("p", { class: "hint" });
  #signature = "";

  /**
   * @param {import("./words.js").Words} words
   * @param {{ direct: (name: string) => void, close: () => void }} options
   */
  constructor(words, { direct, close }) {
    this.#words = words;
    this.#direct = direct;
    roveFocus(this.#list);
    const button = iconButton(words, "close", "close", { class: "drawer-close", click: close });
    this.element = h(
      "aside",
      { class: "people", id: "people" },
      h("div", { class: "people-head" }, this.#title, button),
      this.#list,
      this.#more,
      words.say(h("p", { class: "alone" }), "alone"),
    );
    words.label(this.element, "people");
  }

  /**
   * @param {{ users: readonly string[], userCount: number }} people
   * @param {string} username one's own
   */
  show({ users, userCount }, username) {
    const signature = `${userCount}\n${users.join("\n")}\n${username}${this.#words.language}`;
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.#words.say(this.#title, "peopleTitle", { count: userCount });
    const hidden = userCount - users.length;
    this.#words.say(this.#more, hidden > 0 ? "peopleMore" : "", { count: hidden });
    const me = nameKey(username);
    refill(this.#list, () => {
      this.#list.replaceChildren(...users.map((name) => this.#person(name, nameKey(name) === me)));
    });
  }

  /**
   * @param {string} name
   * @param {boolean} isMe
   */
  #person(name, isMe) {
    const parts = [avatar(name, nameKey(name)), h("bdi", { class: "entry-name" }, name)];
    if (isMe) {
      const you = this.#words.say(h("span", { class: "tag" }), "you");
      return h("li", {}, h("div", { class: "entry self" }, ...parts, you));
    }
    const click = () => this.#direct(name);
    const entry = h(
      "button",
      { type: "button", class: "entry", "data-key": name, click },
      ...parts,
    );
    entry.append(icon("reply"));
    entry.title = this.#words.text("writeTo", { name });
    return h("li", {}, entry);
  }
}
