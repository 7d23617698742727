// @ts-check
/// <reference lib="dom" />
/** What a person sees once one is in: the conversation, with the others and the people around it. */

import { Alerts, Announcer } from "./alerts.js";
import { Composer } from "./composer.js";
import { h, iconButton } from "./dom.js";
import { Drawers } from "./drawers.js";
import { MessageList } from "./message_list.js";
import { People } from "./people.js";
import { Me } from "./settings.js";
import { Sidebar } from "./sidebar.js";
import { StatusLine } from "./status_line.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */

/** In a page out of sight nothing is drawn, but counts in its title still change. */
const HIDDEN_MS = 200;
/** How often it is looked whether somebody still types, while somebody does. */
const TYPING_LOOK_MS = 1_000;

export class ChatView {
  #words;
  #root;
  #options;
  /** @type {import("./chat_model.js").ChatModel | undefined} */
  #model;
  #isOpen = false;
  #alerts;
  #announcer;
  #me;
  #sidebar;
  #people;
  #list;
  #composer;
  #drawers;
  #status;
  #title = h("h2", { class: "title" });
  #menuBadge = h("span", { class: "menu-badge", "aria-hidden": "true", hidden: true });
  /** @type {HTMLElement} */
  #menu;
  #main = h("section", { class: "main" });
  #chat = h("div", { class: "chat", hidden: true });
  #isScheduled = false;
  #told = "";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #typingTimer;

  /**
   * @param {import("./words.js").Words} words
   * @param {HTMLElement} root
   * @param {HTMLElement} preferences
   * @param {{ store: () => import("./storage.js").Storage, act: () => void, leave: () => void,
   *   unread: (count: number, calls: number) => void }} options `act`: what the strip's button does
   */
  constructor(words, root, preferences, options) {
    this.#words = words;
    this.#root = root;
    this.#options = options;
    this.#alerts = new Alerts(options.store);
    this.#announcer = new Announcer(words);
    this.#me = new Me(words, preferences, {
      sound: (on) => this.#alerts.setSound(on),
      notify: (on) => this.#alerts.setNotify(on),
      leave: options.leave,
    });
    this.#sidebar = new Sidebar(words, {
      activate: (conversation) => this.#activate(conversation),
      leave: (conversation) => this.#model?.leave(conversation),
      openRoom: (name) => {
        this.#model?.openRoom(name);
        this.#drawers.close();
        this.focus();
      },
      close: () => this.#drawers.close(),
    }, this.#me.element);
    this.#people = new People(words, {
      direct: (name) => this.#direct(name),
      close: () => this.#drawers.close(),
    });
    this.#list = new MessageList(words, {
      older: () => void this.#model?.loadOlder(this.#model.active),
      atEnd: () => this.#look(),
      hasCommands: () => this.#model?.hasCommands ?? false,
      retry: (item) => this.#model?.retry(this.#model.active, item),
      discard: (item) => this.#model?.discard(this.#model.active, item),
      remove: (item) => void this.#model?.delete(this.#model.active, item),
      direct: (name) => this.#direct(name),
    });
    this.#composer = new Composer(words, {
      send: (text) => {
        this.#model?.send(text);
        this.#list.goToEnd();
      },
      typing: () => this.#model?.typing(),
      store: options.store,
    });
    this.#status = new StatusLine(words, options.act);
    /** @type {HTMLElement} */
    const people = iconButton(words, "openPeople", "people", {
      class: "people-button",
      "aria-controls": "people",
      click: () => this.#drawers.open("people", people),
    });
    this.#menu = iconButton(words, "openSidebar", "menu", {
      class: "menu-button",
      "aria-controls": "sidebar",
      click: () => this.#drawers.open("rooms", this.#menu),
    });
    this.#menu.append(this.#menuBadge);
    const titles = h("div", { class: "titles" }, this.#title, this.#status.line);
    const header = h("header", { class: "bar" }, this.#menu, titles, people);
    this.#list.element.prepend(this.#status.strip);
    this.#main.append(header, this.#status.live, this.#list.element, this.#composer.element);
    words.label(this.#main, "chat");
    const sides = { rooms: this.#sidebar.element, people: this.#people.element };
    this.#drawers = new Drawers(root, this.#main, sides);
    const scrim = h("div", { class: "scrim", click: () => this.#drawers.close() });
    this.#chat.append(sides.rooms, this.#main, scrim, sides.people);
    /** What is to be put on the page. */
    this.elements = [this.#chat, this.#announcer.spoken, this.#announcer.toast];
  }

  /** One is about to come in. @param {import("./chat_model.js").ChatModel} model */
  prepare(model) {
    this.#model = model;
  }

  /** One is in. */
  open() {
    this.#isOpen = true;
    this.#chat.hidden = false;
    this.#model?.resume();
    this.#render();
  }

  /** One is in no more; what is seen stays. */
  close() {
    this.#model = undefined;
    this.#isOpen = false;
    this.#status.stop();
    clearInterval(this.#typingTimer);
    // So that the next one is shown and remembered, also where it has the same name.
    this.#title.replaceChildren();
    this.#tellUnread();
  }

  hide() {
    this.#drawers.close(false);
    this.#me.close();
    this.#chat.hidden = true;
  }

  focus() {
    this.#composer.focus();
  }

  /** Follows whether somebody looks. @param {AbortSignal} signal ends that */
  watch(signal) {
    document.addEventListener("visibilitychange", () => {
      this.#look();
      // A frame that was asked for just before comes only when the page is seen again.
      if (document.hidden) setTimeout(() => this.#draw(), HIDDEN_MS);
    }, { signal });
    addEventListener("focus", () => this.#look(), { signal });
  }

  /** @param {Conversation} conversation */
  #activate(conversation) {
    const isDrawer = this.#drawers.isOpen;
    this.#model?.activate(conversation);
    this.#drawers.close(false);
    this.#render();
    if (isDrawer || matchMedia("(hover: hover)").matches) this.focus();
  }

  /** @param {string} name */
  #direct(name) {
    this.#model?.openDirect(name);
    this.#drawers.close(false);
    this.#render();
    this.focus();
  }

  /** Draws what has changed, once a frame however much that is. */
  changed() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (document.hidden) setTimeout(() => this.#draw(), HIDDEN_MS);
    else requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    if (!this.#isScheduled) return;
    this.#isScheduled = false;
    this.#render();
  }

  #render() {
    const model = this.#model;
    if (!model || !this.#isOpen) return;
    const { active, state, username, people, unsent } = model;
    this.#showTitle(active);
    const peopleCount = active.kind === "room" ? people.userCount : 0;
    this.#status.show(state, { unsent, people: peopleCount, name: username, room: active.name });
    this.#composer.setClosed(state.state === "closed");
    this.#composer.setLimit(model.bodyBytesMax);
    this.#composer.open(active.key);
    this.#list.show(active);
    this.#sidebar.show(model.conversations.values(), active);
    this.#people.show(people, username);
    this.#me.show(username, this.#alerts);
    this.#showTyping(model.typers(active));
    this.#tellUnread();
    this.#announcer.speak();
  }

  /** A tab that is loaded again begins with the room that is shown. @param {Conversation} active */
  #showTitle({ kind, name }) {
    const sign = kind === "room" ? "#" : "";
    if (this.#title.textContent === sign + name) return;
    this.#root.dataset["kind"] = kind;
    this.#title.replaceChildren(h("bdi", {}, name));
    if (kind !== "room") return;
    this.#title.prepend(h("span", { class: "sign", "aria-hidden": "true" }, sign));
    this.#options.store().set("room", name, "session");
  }

  /** @param {string[]} typers */
  #showTyping(typers) {
    this.#composer.showTyping(typers);
    clearInterval(this.#typingTimer);
    if (typers.length > 0) {
      this.#typingTimer = setInterval(() => this.changed(), TYPING_LOOK_MS);
    }
  }

  #tellUnread() {
    const count = this.#model?.unread ?? 0;
    const calls = this.#model?.calls ?? 0;
    const elsewhere = count - (this.#model?.active.unread ?? 0);
    this.#menuBadge.hidden = elsewhere === 0;
    this.#menuBadge.textContent = String(elsewhere);
    if (elsewhere === 0) this.#words.label(this.#menu, "openSidebar");
    else this.#words.label(this.#menu, "openSidebarUnread", { count: elsewhere });
    const told = `${count} ${calls}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#options.unread(count, calls);
  }

  /** @param {Conversation} conversation */
  isSeen(conversation) {
    return conversation === this.#model?.active && this.#list.isAtEnd && !document.hidden &&
      document.hasFocus() && !this.#chat.hidden;
  }

  /**
   * Something has not happened.
   *
   * @param {Parameters<Announcer["fail"]>} failure
   */
  fail(...failure) {
    this.#announcer.fail(...failure);
  }

  /** Somebody looks at it, perhaps. */
  #look() {
    const model = this.#model;
    if (model && this.#isOpen && this.isSeen(model.active)) model.read(model.active);
  }

  /**
   * @param {Conversation} conversation
   * @param {import("./items.js").MessageItem} item
   * @param {boolean} isCall it asks for this very person
   */
  arrived(conversation, { sender, body }, isCall) {
    const { kind, name, key } = conversation;
    if (conversation === this.#model?.active) this.#announcer.hear(`${sender}: ${body}`);
    if (!this.isSeen(conversation) && this.#alerts.sound) this.#alerts.play();
    if (isCall && (document.hidden || !document.hasFocus())) {
      const title = kind === "room" ? `${sender} · #${name}` : sender;
      this.#alerts.tell(title, body, key, () => this.#activate(conversation));
    }
  }
}
