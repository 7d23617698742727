// @ts-check
/// <reference lib="dom" />
/**
 * `<natter-chat>`: the whole chat in one element, on any page. How to use it: docs/embed.md; how it
 * looks and why: docs/design.md.
 *
 * @module
 */

import { ChatModel } from "./chat_model.js";
import { ChatView } from "./chat_view.js";
import { readCloseCode } from "./close_codes.js";
import { h } from "./dom.js";
import { JoinView } from "./join_view.js";
import { checkName } from "./names.js";
import { nameKey, Natter } from "./natter.js";
import { Settings } from "./settings.js";
import { Storage } from "./storage.js";
import { STYLES } from "./styles.js";
import { Words } from "./words.js";

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
  #isStarted = false;
  #wasOpen = false;
  #listening = new AbortController();
  #settings = new Settings(this, this.#root, this.#words, {
    store: () => this.#store,
    changed: (settings) => {
      this.#emit("natter-settings", settings);
      this.#chat.changed();
    },
  });
  #join = new JoinView(
    this.#words,
    (name, room) => this.#connect(name, room),
    this.#settings.whereOneJoins.element,
  );
  #chat = new ChatView(this.#words, this.#root, this.#settings.amongSettings.element, {
    store: () => this.#store,
    act: () => this.#act(),
    leave: () => this.leave(),
    unread: (count, calls) => this.#emit("natter-unread", { count, calls }),
  });

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    this.#root.append(this.#join.element, ...this.#chat.elements);
    shadow.append(this.#root);
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
    this.#chat.watch(signal);
    // Two tabs of one person: what one chooses, the other shows.
    addEventListener("storage", ({ key }) => {
      if (/:(language|theme)$/.test(key ?? "")) this.#settings.apply();
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
    if (name === "theme" || name === "lang") this.#settings.apply();
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
    this.#settings.apply();
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
      changed: () => this.#chat.changed(),
      arrived: (conversation, item, isCall) => {
        const { kind, name } = conversation;
        const { sender, body } = item;
        const place = kind === "room" ? { room: name } : { with: name };
        this.#emit("natter-message", { ...place, sender, body });
        this.#chat.arrived(conversation, item, isCall);
      },
      isSeen: (conversation) => this.#chat.isSeen(conversation),
      failed: (...failure) => this.#chat.fail(...failure),
    }, room);
    this.#chat.prepare(this.#model);
    this.#join.clearError();
    this.#join.setBusy(true);
  }

  #end() {
    const client = this.#client;
    this.#client = undefined;
    this.#model = undefined;
    this.#wasOpen = false;
    client?.close();
    this.#join.setBusy(false);
    this.#chat.close();
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
    this.#chat.open();
    if (hadFocus || this.hasAttribute("autofocus")) this.#chat.focus();
    this.#emit("natter-joined", { username, room: active.name });
  }

  #showJoin(focus = true) {
    this.#chat.hide();
    this.#join.element.hidden = false;
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
    this.#chat.focus();
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
