// @ts-check
/// <reference lib="dom" />
/**
 * `<natter-chat>`: the whole chat in one element, on any page. How to use it: docs/embed.md; how it
 * looks and why: docs/design.md.
 *
 * @module
 */

import { Alerts } from "./alerts.js";
import { ChatModel } from "./chat_model.js";
import { readCloseCode } from "./close_codes.js";
import { Composer } from "./composer.js";
import { h, iconButton } from "./dom.js";
import { JoinView } from "./join_view.js";
import { isComposing } from "./keys.js";
import { chooseLanguage } from "./languages.js";
import { MessageList } from "./message_list.js";
import { checkName } from "./names.js";
import { nameKey, Natter } from "./natter.js";
import { People } from "./people.js";
import { Me, Preferences } from "./settings.js";
import { Sidebar } from "./sidebar.js";
import { StatusLine } from "./status_line.js";
import { Storage } from "./storage.js";
import { STYLES } from "./styles.js";
import { Words } from "./words.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */

/** In a page out of sight nothing is drawn, but counts in its title still change. */
const HIDDEN_MS = 200;
/** How often it is looked whether somebody still types, while somebody does. */
const TYPING_LOOK_MS = 1_000;
/** More new messages at once than this are only counted for those who listen. */
const SPOKEN_MAX = 3;
const TOAST_MS = 6_000;

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLES);

/**
 * A chat. Attributes: `server`, `room`, `username`, `token`, `theme`, `lang`, `autofocus`; `alone`,
 * set by a server that knows nothing of its other instances; property `getToken`.
 *
 * Events, all of which bubble out of it: `natter-settings` `{language, theme}`, `natter-state`
 * `{state, transport}`, `natter-joined` `{username, room}`, `natter-message` `{room, with, sender,
 * body}`, `natter-unread` `{count, calls}`, `natter-closed` `{code, reason}`, `natter-left`.
 */
export class NatterChat extends HTMLElement {
  static observedAttributes = ["server", "room", "username", "token", "theme", "lang"];

  /** @type {(() => string | Promise<string>) | undefined} */
  #getToken;
  #root = h("div", { class: "root" });
  #words = new Words(this.#root);
  /** @type {Natter | undefined} */
  #client;
  /** @type {ChatModel | undefined} */
  #model;
  #server = new URL(".", import.meta.url);
  #store = new Storage(this.#server);
  #alerts = new Alerts(this.#store);
  #isStarted = false;
  #wasOpen = false;
  #isScheduled = false;
  #told = "";
  #width = 0;
  /** @type {string[]} */
  #spoken = [];
  /** @type {HTMLElement | undefined} what opened the drawer, and has the focus back after it */
  #opener;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #typingTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #toastTimer;
  #listening = new AbortController();

  /**
   * @param {"language" | "theme"} name
   * @param {string} value
   */
  #choose = (name, value) => {
    this.#store.set(name, value);
    this.#applySettings();
  };
  #joinPreferences = new Preferences(this.#words, this.#choose);
  #settingsPreferences = new Preferences(this.#words, this.#choose);
  #join = new JoinView(
    this.#words,
    (name, room) => this.#connect(name, room),
    this.#joinPreferences.element,
  );
  #me = new Me(this.#words, this.#settingsPreferences.element, {
    sound: (on) => this.#alerts.setSound(on),
    notify: (on) => this.#alerts.setNotify(on),
    leave: () => this.leave(),
  });
  #sidebar = new Sidebar(this.#words, {
    activate: (conversation) => this.#activate(conversation),
    leave: (conversation) => this.#model?.leave(conversation),
    openRoom: (name) => {
      this.#model?.openRoom(name);
      this.#closeDrawer();
      this.#composer.focus();
    },
    close: () => this.#closeDrawer(),
  }, this.#me.element);
  #people = new People(this.#words, {
    direct: (name) => this.#direct(name),
    close: () => this.#closeDrawer(),
  });
  #list = new MessageList(this.#words, {
    older: () => void this.#model?.loadOlder(this.#model.active),
    atEnd: () => this.#look(),
    hasCommands: () => this.#model?.hasCommands ?? false,
    retry: (item) => this.#model?.retry(this.#model.active, item),
    discard: (item) => this.#model?.discard(this.#model.active, item),
    remove: (item) => void this.#model?.delete(this.#model.active, item),
    direct: (name) => this.#direct(name),
  });
  #composer = new Composer(this.#words, {
    send: (text) => {
      this.#model?.send(text);
      this.#list.goToEnd();
    },
    typing: () => this.#model?.typing(),
    store: () => this.#store,
  });
  #status = new StatusLine(this.#words, () => this.#act());
  #title = h("h2", { class: "title" });
  #spoke = h("div", { class: "visually-hidden", "aria-live": "polite" });
  #toast = h("p", { class: "toast", role: "alert", hidden: true });
  #menuBadge = h("span", { class: "menu-badge", "aria-hidden": "true", hidden: true });
  /** @type {HTMLElement} */
  #menu = iconButton(this.#words, "openSidebar", "menu", {
    class: "menu-button",
    "aria-controls": "sidebar",
    click: () => this.#openDrawer("rooms", this.#menu),
  });
  #main = h("section", { class: "main" });
  #chat = this.#buildChat();

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    this.#root.append(this.#join.element, this.#chat, this.#spoke, this.#toast);
    shadow.append(this.#root);
    this.#root.addEventListener("keydown", (event) => {
      // What an input method is told to drop is no wish to leave.
      if (event.key === "Escape" && !isComposing(event)) this.#closeDrawer();
    });
    new ResizeObserver(([entry]) => {
      const width = entry?.contentRect.width ?? 0;
      if (width !== this.#width) this.#closeDrawer(false);
      this.#width = width;
    }).observe(this);
  }

  /** In token mode: asked at every connect, and before a token expires. */
  get getToken() {
    return this.#getToken;
  }

  set getToken(getToken) {
    this.#getToken = getToken;
    if (this.#isStarted) this.#restart();
  }

  /** The connection, for hosts that want more than the page shows. @returns {Natter | undefined} */
  get client() {
    return this.#client;
  }

  /** Messages that nobody has seen yet. */
  get unread() {
    return this.#model?.unread ?? 0;
  }

  connectedCallback() {
    // Set before the element was defined, it hides the accessor.
    if (Object.hasOwn(this, "getToken")) {
      const own = /** @type {any} */ (this);
      this.#getToken = own.getToken;
      delete own.getToken;
    }
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("visibilitychange", () => {
      this.#look();
      // A frame that was asked for just before comes only when the page is seen again.
      if (document.hidden) setTimeout(() => this.#draw(), HIDDEN_MS);
    }, { signal });
    addEventListener("focus", () => this.#look(), { signal });
    // Two tabs of one person: what one chooses, the other shows.
    addEventListener("storage", ({ key }) => {
      if (/:(language|theme)$/.test(key ?? "")) this.#applySettings();
    }, { signal });
    this.#restart();
  }

  disconnectedCallback() {
    // Moved to another place of the page, it is connected again in the same turn.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#isStarted = false;
      this.#listening.abort();
      this.#end();
    });
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} value
   */
  attributeChangedCallback(name, before, value) {
    if (!this.#isStarted || before === value) return;
    if (name === "theme" || name === "lang") this.#applySettings();
    else if (name === "room" && this.#model && this.#wasOpen) {
      this.#model.openRoom(value ?? "lobby");
    } else this.#restart();
  }

  /** Leaves the chat, and asks for a name again. */
  leave() {
    this.#store.set("here", "", "session");
    this.#end();
    this.#showJoin();
    this.#emit("natter-left", {});
  }

  // ---- Joining

  #restart() {
    this.#end();
    const server = this.getAttribute("server");
    const base = new URL(".", import.meta.url);
    this.#server = server && URL.canParse(server, document.baseURI)
      ? new URL(server, document.baseURI)
      : base;
    if (!this.#server.pathname.endsWith("/")) this.#server.pathname += "/";
    // Two on one page, or the same one tomorrow: known by its id, or else by its room.
    this.#store = new Storage(this.#server, this.id || this.getAttribute("room") || "");
    this.#alerts = new Alerts(this.#store);
    this.#applySettings();
    const username = this.getAttribute("username") ?? "";
    const here = this.#store.get("here", "session");
    const name = username || here || this.#store.get("nickname");
    const room = this.getAttribute("room") || this.#store.get("room", "session") || "lobby";
    this.#join.fill({ name, room }, {
      username: username !== "",
      room: Boolean(this.getAttribute("room")),
    });
    this.#showJoin(false);
    if (username !== "") this.#connect(username, room);
    else if (here !== "") this.#connect(name, room);
    else if (this.hasAttribute("autofocus")) this.#join.focus();
  }

  /**
   * @param {string} name
   * @param {string} room
   */
  #connect(name, room) {
    this.#end();
    const token = this.getAttribute("token");
    const keyName = `key:${nameKey(name)}`;
    const key = this.#store.get(keyName) || Natter.createKey();
    const secret = this.#getToken ? { getToken: this.#getToken } : token ? { token } : { key };
    try {
      this.#client = new Natter({ username: name, url: this.#server, rooms: [room], ...secret });
    } catch {
      const wrong = checkName(name);
      if (wrong) return this.#join.refuse("name", wrong, { name });
      if (room.startsWith("@")) return this.#join.refuse("room", "roomInvalid", { room });
      return this.#join.refuse("again", token ? "unauthorized" : "unreachable", {});
    }
    const client = this.#client;
    client.addEventListener("state", ({ detail }) => this.#follow(client, detail));
    client.addEventListener("joined", () => {
      if (!this.#getToken && !token) this.#store.set(keyName, key);
    }, { once: true });
    this.#model = new ChatModel({
      client,
      store: this.#store,
      changed: () => this.#schedule(),
      arrived: (conversation, item, isCall) => this.#arrived(conversation, item, isCall),
      isSeen: (conversation) => this.#isSeen(conversation),
      failed: (...failure) => this.#fail(...failure),
    }, room);
    this.#join.clearError();
    this.#join.setBusy(true);
  }

  #end() {
    const client = this.#client;
    this.#client = undefined;
    this.#model = undefined;
    this.#wasOpen = false;
    client?.close();
    this.#status.stop();
    clearInterval(this.#typingTimer);
    this.#join.setBusy(false);
    // So that the next one is shown and remembered, also where it has the same name.
    this.#title.replaceChildren();
    this.#tellUnread();
  }

  /**
   * @param {Natter} client
   * @param {import("./natter.js").StateChange} change
   */
  #follow(client, change) {
    if (client !== this.#client) return;
    const { state, code = 1006, reason = "" } = change;
    this.#emit("natter-state", change);
    if (state === "open" && !this.#wasOpen) return this.#opened();
    if (state === "closed") this.#emit("natter-closed", { code, reason });
    if (this.#wasOpen) return;
    const { remedy, text } = readCloseCode(code);
    const name = client.username;
    const room = this.#model?.active.name ?? "";
    if (state === "closed") {
      this.#end();
      this.#join.refuse(remedy, text, { name, room, code });
    } else if (state === "waiting" || state === "offline") {
      const key = state === "offline" ? "offline" : code === 1006 ? "unreachable" : text;
      this.#join.refuse("wait", key, { code });
      // It goes on by itself; but whoever wants another name need not wait for that.
      this.#join.setBusy(false);
    } else if (state === "connecting") this.#join.setBusy(true);
  }

  #opened() {
    const model = this.#model;
    if (!model) return;
    this.#wasOpen = true;
    const { username, active } = model;
    if (!this.hasAttribute("username")) this.#store.set("nickname", username);
    this.#store.set("here", username, "session");
    this.#join.setBusy(false);
    const hadFocus = this.#root.contains(this.shadowRoot?.activeElement ?? null);
    this.#join.element.hidden = true;
    this.#chat.hidden = false;
    model.resume();
    this.#render();
    if (hadFocus || this.hasAttribute("autofocus")) this.#composer.focus();
    this.#emit("natter-joined", { username, room: active.name });
  }

  #showJoin(focus = true) {
    this.#closeDrawer(false);
    this.#me.close();
    this.#join.element.hidden = false;
    this.#chat.hidden = true;
    this.#join.clearError();
    if (focus) this.#join.focus();
  }

  /** What the strip's button does. */
  #act() {
    const { state, code = 1006 } = this.#model?.state ?? {};
    const { remedy, text } = readCloseCode(code);
    if (state !== "closed" || remedy === "again" || remedy === "wait") this.#client?.connect();
    else {
      const name = this.#model?.username ?? "";
      const room = this.#model?.active.name ?? "";
      this.leave();
      return this.#join.refuse(remedy, text, { name, room, code });
    }
    // The button goes with its reason, and the focus must not go with it.
    this.#composer.focus();
  }

  // ---- The chat

  #buildChat() {
    /** @type {HTMLElement} */
    const people = iconButton(this.#words, "openPeople", "people", {
      class: "people-button",
      "aria-controls": "people",
      click: () => this.#openDrawer("people", people),
    });
    this.#menu.append(this.#menuBadge);
    const titles = h("div", { class: "titles" }, this.#title, this.#status.line);
    const header = h("header", { class: "bar" }, this.#menu, titles, people);
    this.#list.element.prepend(this.#status.strip);
    this.#main.append(header, this.#status.live, this.#list.element, this.#composer.element);
    this.#words.label(this.#main, "chat");
    const scrim = h("div", { class: "scrim", click: () => this.#closeDrawer() });
    return h(
      "div",
      { class: "chat", hidden: true },
      this.#sidebar.element,
      this.#main,
      scrim,
      this.#people.element,
    );
  }

  /**
   * @param {"rooms" | "people"} which
   * @param {HTMLElement} opener
   */
  #openDrawer(which, opener) {
    this.#opener = opener;
    this.#root.dataset["drawer"] = which;
    const isRooms = which === "rooms";
    this.#main.inert = true;
    // In a window of middling width the rooms stand beside the conversation, behind the drawer.
    this.#sidebar.element.inert = !isRooms;
    const drawer = isRooms ? this.#sidebar.element : this.#people.element;
    const first = drawer.querySelector("[tabindex='0']") ?? drawer.querySelector(".drawer-close");
    // Still on its way in: to scroll to it would move the whole chat.
    /** @type {HTMLElement | null} */ (first)?.focus({ preventScroll: true });
  }

  /** @param {boolean} [focus] */
  #closeDrawer(focus = true) {
    if (!this.#root.dataset["drawer"]) return;
    delete this.#root.dataset["drawer"];
    this.#main.inert = this.#sidebar.element.inert = false;
    if (focus) this.#opener?.focus();
  }

  /** @param {Conversation} conversation */
  #activate(conversation) {
    const isDrawer = Boolean(this.#root.dataset["drawer"]);
    this.#model?.activate(conversation);
    this.#closeDrawer(false);
    this.#render();
    if (isDrawer || matchMedia("(hover: hover)").matches) this.#composer.focus();
  }

  /** @param {string} name */
  #direct(name) {
    this.#model?.openDirect(name);
    this.#closeDrawer(false);
    this.#render();
    this.#composer.focus();
  }

  /** Draws what has changed, once a frame however much that is. */
  #schedule() {
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
    if (!model || !this.#wasOpen) return;
    const { active, state, username, people, unsent } = model;
    this.#showTitle(active);
    const peopleCount = active.kind === "room" ? people.userCount : 0;
    this.#status.show(state, { unsent, people: peopleCount, name: username, room: active.name });
    this.#composer.setClosed(state.state === "closed");
    this.#composer.setLimit(this.#client?.limits?.bodyBytesMax);
    this.#composer.open(active.key);
    this.#list.show(active);
    this.#sidebar.show(model.conversations.values(), active);
    this.#people.show(people, username);
    this.#me.show(username, this.#alerts);
    this.#showTyping(model.typers(active));
    this.#tellUnread();
    this.#speak();
  }

  /** A tab that is loaded again begins with the room that is shown. @param {Conversation} active */
  #showTitle({ kind, name }) {
    const sign = kind === "room" ? "#" : "";
    if (this.#title.textContent === sign + name) return;
    this.#root.dataset["kind"] = kind;
    this.#title.replaceChildren(h("bdi", {}, name));
    if (kind !== "room") return;
    this.#title.prepend(h("span", { class: "sign", "aria-hidden": "true" }, sign));
    this.#store.set("room", name, "session");
  }

  /** @param {string[]} typers */
  #showTyping(typers) {
    this.#composer.showTyping(typers);
    clearInterval(this.#typingTimer);
    if (typers.length > 0) {
      this.#typingTimer = setInterval(() => this.#schedule(), TYPING_LOOK_MS);
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
    this.#emit("natter-unread", { count, calls });
  }

  // ---- What is seen and heard

  /** @param {Conversation} conversation */
  #isSeen(conversation) {
    return conversation === this.#model?.active && this.#list.isAtEnd && !document.hidden &&
      document.hasFocus() && !this.#chat.hidden;
  }

  /** Somebody looks at it, perhaps. */
  #look() {
    const model = this.#model;
    if (model && this.#wasOpen && this.#isSeen(model.active)) model.read(model.active);
  }

  /**
   * @param {Conversation} conversation
   * @param {import("./conversation.js").MessageItem} item
   * @param {boolean} isCall it asks for this very person
   */
  #arrived(conversation, { sender, body }, isCall) {
    const { kind, name, key } = conversation;
    const place = kind === "room" ? { room: name } : { with: name };
    this.#emit("natter-message", { ...place, sender, body });
    if (conversation === this.#model?.active) this.#spoken.push(`${sender}: ${body}`);
    if (!this.#isSeen(conversation) && this.#alerts.sound) this.#alerts.play();
    if (isCall && (document.hidden || !document.hasFocus())) {
      const title = kind === "room" ? `${sender} · #${name}` : sender;
      this.#alerts.tell(title, body, key, () => this.#activate(conversation));
    }
  }

  /** Additions only: neither history nor what comes into view by scrolling is read out. */
  #speak() {
    const spoken = this.#spoken.splice(0);
    if (spoken.length === 0) return;
    this.#spoke.textContent = spoken.length > SPOKEN_MAX
      ? this.#words.text("newMessages", { count: spoken.length })
      : spoken.join("\n");
  }

  /**
   * @param {string} code
   * @param {string} message
   * @param {string} [room] that could not be joined
   */
  #fail(code, message, room) {
    const isShut = code === "room_name_invalid" || code === "forbidden";
    if (room !== undefined && isShut) this.#words.say(this.#toast, "roomInvalid", { room });
    else this.#words.say(this.#toast, "actionFailed", { reason: message });
    this.#toast.hidden = false;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => this.#toast.hidden = true, TOAST_MS);
  }

  // ---- Language and colours

  /** What the host has set, or else the person. */
  #applySettings() {
    const lang = this.getAttribute("lang");
    const language = lang
      ? chooseLanguage([lang, ...navigator.languages])
      : chooseLanguage(navigator.languages, this.#store.get("language"));
    const given = this.getAttribute("theme") || this.#store.get("theme");
    const theme = given === "light" || given === "dark" ? given : "auto";
    this.#words.speak(language);
    this.#root.dataset["theme"] = theme;
    const fixed = { language: this.hasAttribute("lang"), theme: this.hasAttribute("theme") };
    this.#joinPreferences.show(language, theme, fixed);
    this.#settingsPreferences.show(language, theme, fixed);
    this.#emit("natter-settings", { language, theme });
    this.#schedule();
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

if (!customElements.get("natter-chat")) customElements.define("natter-chat", NatterChat);
