// @ts-check
/// <reference lib="dom" />
/** What a person chooses for oneself: the language, the colours, sound and notifications. */

import { avatar, h, icon } from "./dom.js";
import { chooseLanguage } from "./languages.js";
import { nameKey } from "./natter.js";

/** @typedef {import("./languages.js").Language} Language */
/** @typedef {"auto" | "light" | "dark"} Theme */

/** @type {[Language, string][]} */
const LANGUAGES = [["en", "English"], ["zh-Hant", "繁體中文"], ["zh-Hans", "简体中文"]];
/** @type {[Theme, import("./languages.js").TextKey][]} */
const THEMES = [["auto", "themeAuto"], ["light", "themeLight"], ["dark", "themeDark"]];

/** Two small choices; they stand where one joins, and among the settings. */
class Preferences {
  #language = h("select", { autocomplete: "off" });
  #theme = h("select", { autocomplete: "off" });

  /**
   * @param {import("./words.js").Words} words
   * @param {(name: "language" | "theme", value: string) => void} choose
   */
  constructor(words, choose) {
    for (const [value, name] of LANGUAGES) {
      this.#language.append(h("option", { value, lang: value }, name));
    }
    for (const [value, key] of THEMES) {
      this.#theme.append(words.say(h("option", { value }), key));
    }
    words.label(this.#language, "language");
    words.label(this.#theme, "theme");
    this.#language.addEventListener("change", () => choose("language", this.#language.value));
    this.#theme.addEventListener("change", () => choose("theme", this.#theme.value));
    this.element = h("div", { class: "preferences" }, this.#language, this.#theme);
  }

  /**
   * @param {Language} language
   * @param {Theme} theme
   * @param {{ language: boolean, theme: boolean }} fixed what the host has set is not asked for
   */
  show(language, theme, fixed) {
    this.#language.value = language;
    this.#theme.value = theme;
    this.#language.hidden = fixed.language;
    this.#theme.hidden = fixed.theme;
  }
}

/** The language and the colours of a chat: what the host has set, or else the person. */
export class Settings {
  #host;
  #root;
  #words;
  #options;

  /**
   * @param {HTMLElement} host the element
   * @param {HTMLElement} root all that is in it
   * @param {import("./words.js").Words} words
   * @param {{ store: () => import("./storage.js").Storage,
   *   changed: (settings: { language: Language, theme: Theme }) => void }} options
   */
  constructor(host, root, words, options) {
    this.#host = host;
    this.#root = root;
    this.#words = words;
    this.#options = options;
    /** @param {"language" | "theme"} name @param {string} value */
    const choose = (name, value) => {
      options.store().set(name, value);
      this.apply();
    };
    this.whereOneJoins = new Preferences(words, choose);
    this.amongSettings = new Preferences(words, choose);
  }

  apply() {
    const host = this.#host;
    const store = this.#options.store();
    const lang = host.getAttribute("lang");
    const language = lang
      ? chooseLanguage([lang, ...navigator.languages])
      : chooseLanguage(navigator.languages, store.get("language"));
    const given = host.getAttribute("theme") || store.get("theme");
    const theme = given === "light" || given === "dark" ? given : "auto";
    this.#words.speak(language);
    this.#root.dataset["theme"] = theme;
    const fixed = { language: host.hasAttribute("lang"), theme: host.hasAttribute("theme") };
    this.whereOneJoins.show(language, theme, fixed);
    this.amongSettings.show(language, theme, fixed);
    this.#options.changed({ language, theme });
  }
}

/** At the foot of the sidebar. */
export class Me {
  #avatar = h("span");
  #name = h("bdi", { class: "entry-name" });
  #sound = h("input", { type: "checkbox", id: "sound" });
  #notify = h("input", { type: "checkbox", id: "notify" });
  #note = h("p", { class: "hint", role: "status" });

  /**
   * @param {import("./words.js").Words} words
   * @param {HTMLElement} preferences
   * @param {{ sound: (on: boolean) => void, notify: (on: boolean) => Promise<boolean>, leave: () => void }} act
   */
  constructor(words, preferences, act) {
    const summary = h("summary", { class: "entry" }, this.#avatar, this.#name, icon("gear"));
    summary.append(words.say(h("span", { class: "visually-hidden" }), "settings"));
    const leave = h("button", { type: "button", class: "secondary", click: act.leave });
    this.element = h(
      "details",
      { class: "me" },
      summary,
      h(
        "div",
        { class: "settings" },
        preferences,
        h("label", { class: "check" }, this.#sound, words.say(h("span"), "sound")),
        h("label", { class: "check" }, this.#notify, words.say(h("span"), "notifications")),
        this.#note,
        words.say(leave, "leave"),
      ),
    );
    this.#sound.addEventListener("change", () => act.sound(this.#sound.checked));
    this.#notify.addEventListener("change", async () => {
      const isOn = await act.notify(this.#notify.checked);
      const isRefused = this.#notify.checked && !isOn;
      words.say(this.#note, isRefused ? "notificationsBlocked" : "");
      this.#notify.checked = isOn;
    });
  }

  /**
   * @param {string} name
   * @param {{ sound: boolean, notify: boolean }} alerts
   */
  show(name, { sound, notify }) {
    if (this.#name.textContent !== name) {
      this.#name.textContent = name;
      this.#avatar.replaceChildren(avatar(name, nameKey(name)));
    }
    this.#sound.checked = sound;
    this.#notify.checked = notify;
  }

  close() {
    this.element.open = false;
  }
}
