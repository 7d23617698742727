// @ts-check
/// <reference lib="dom" />
/** The rooms and people that one talks with, and oneself. */

import { avatar, h, iconButton, mark, nameField } from "./dom.js";
import { refill, roveFocus } from "./keys.js";
import { nameKey } from "./natter.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */

export class Sidebar {
  #words;
  #options;
  #rooms = h("ul", { class: "entries" });
  #direct = h("ul", { class: "entries" });
  #directTitle = h("h2", { class: "list-title" });
  #field = nameField({ id: "new-room" });
  #lists = h("nav", { class: "lists" });
  #signature = "";

  /**
   * @param {import("./words.js").Words} words
   * @param {{ activate: (conversation: Conversation) => void, leave: (conversation: Conversation) => void,
   *   openRoom: (name: string) => void, close: () => void }} options
   * @param {HTMLElement} me
   */
  constructor(words, options, me) {
    this.#words = words;
    this.#options = options;
    const add = iconButton(words, "openRoom", "plus", { type: "submit", class: "small" });
    words.label(this.#field, "otherRoom");
    words.placeholder(this.#field, "otherRoom");
    const form = h("form", { class: "new-room", novalidate: true }, this.#field, add);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.#field.value.trim().replace(/^#/, "");
      if (name === "") return this.#field.focus();
      this.#field.value = "";
      options.openRoom(name);
    });
    words.label(this.#lists, "conversations");
    words.say(this.#directTitle, "directMessages");
    this.#lists.append(
      words.say(h("h2", { class: "list-title" }), "rooms"),
      this.#rooms,
      form,
      this.#directTitle,
      this.#direct,
    );
    roveFocus(this.#lists);
    const click = options.close;
    const close = iconButton(words, "close", "close", { class: "drawer-close", click });
    const brand = h("p", { class: "brand" }, mark(), "Natter");
    this.element = h(
      "aside",
      { class: "sidebar", id: "sidebar" },
      h("div", { class: "sidebar-head" }, brand, close),
      this.#lists,
      me,
    );
    words.label(this.element, "sidebar");
  }

  /**
   * @param {Iterable<Conversation>} conversations
   * @param {Conversation} active
   */
  show(conversations, active) {
    const all = [...conversations];
    const signature =
      all.map(({ key, name, unread, mentions }) => [key, name, unread, mentions].join())
        .join("\n") + active.key + this.#words.language;
    if (signature === this.#signature) return;
    this.#signature = signature;
    const rooms = all.filter(({ kind }) => kind === "room");
    const people = all.filter(({ kind }) => kind === "direct");
    const isOnly = rooms.length === 1;
    this.#directTitle.hidden = people.length === 0;
    refill(this.#lists, () => {
      this.#rooms.replaceChildren(...rooms.map((each) => this.#entry(each, active, !isOnly)));
      this.#direct.replaceChildren(...people.map((each) => this.#entry(each, active, true)));
    });
  }

  /**
   * @param {Conversation} conversation
   * @param {Conversation} active
   * @param {boolean} canLeave
   */
  #entry(conversation, active, canLeave) {
    const { kind, name, key, unread, mentions } = conversation;
    const sign = kind === "room"
      ? h("span", { class: "sign", "aria-hidden": "true" }, "#")
      : avatar(name, nameKey(name));
    const entry = h(
      "button",
      {
        type: "button",
        class: unread > 0 ? "entry has-unread" : "entry",
        "data-key": key,
        click: () => this.#options.activate(conversation),
      },
      sign,
      h("bdi", { class: "entry-name" }, name),
    );
    if (conversation === active) entry.ariaCurrent = "true";
    if (unread > 0) {
      const isCall = mentions > 0 || kind === "direct";
      const shown = mentions > 0 && kind === "room"
        ? `@${mentions}`
        : unread > 99
        ? "99+"
        : `${unread}`;
      const badge = h(
        "span",
        { class: isCall ? "badge call" : "badge", "aria-hidden": "true" },
        shown,
      );
      const words = h("span", { class: "visually-hidden" });
      entry.append(
        badge,
        this.#words.say(words, mentions > 0 ? "unreadMentions" : "unreadCount", {
          count: unread,
          mentions,
        }),
      );
    }
    const item = h("li", {}, entry);
    if (canLeave) {
      const does = kind === "room" ? "leaveRoom" : "closeDirect";
      const click = () => this.#options.leave(conversation);
      const props = { class: "small leave-entry", click };
      item.append(iconButton(this.#words, does, "close", props, { name }));
    }
    return item;
  }
}
