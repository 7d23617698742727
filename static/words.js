// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The words of one chat, in the language of the person who reads it. An element names its text by a
 * key, so that a switch of the language finds and says everything again: `data-text` (with
 * `data-values`), `data-label`, `data-placeholder`; `<time>` follows.
 */

import { h } from "./dom.js";
import { TEXTS } from "./languages.js";

/** @typedef {import("./languages.js").TextKey} TextKey */
/** @typedef {Record<string, string | number>} Values */

export class Words {
  /** @type {import("./languages.js").Language} */
  language = "en";
  #root;

  /** @param {HTMLElement} root everything that is said is in it */
  constructor(root) {
    this.#root = root;
  }

  /**
   * @param {TextKey} key
   * @param {Values} [values] `count` chooses between one and many
   * @returns {string}
   */
  text(key, values = {}) {
    const [one = "", many = one] = TEXTS[this.language][key].split("|");
    return (values["count"] === 1 ? one : many).replace(/\{(\w+)\}/g, (place, name) => {
      const value = values[name];
      if (typeof value === "number") {
        return value.toLocaleString(this.language, { useGrouping: "min2" });
      }
      // A name may be written in the other direction: first strong isolate … pop (Unicode UAX 9).
      return value === undefined ? place : `\u2068${value}\u2069`;
    });
  }

  /**
   * Puts a text into an element, as text, now and after each switch of the language.
   *
   * @template {HTMLElement} T
   * @param {T} target
   * @param {TextKey | ""} key empty: no text
   * @param {Values} [values]
   * @returns {T} the same
   */
  say(target, key, values = {}) {
    target.dataset["text"] = key;
    target.dataset["values"] = JSON.stringify(values);
    const said = key === "" ? "" : this.text(key, values);
    // A live region speaks again whenever its text is set, even to the same.
    if (target.textContent !== said) target.textContent = said;
    return target;
  }

  /**
   * @template {HTMLElement} T
   * @param {T} target
   * @param {TextKey} key
   * @param {Values} [values]
   * @returns {T} the same, with a name for those who do not see it, and a tip
   */
  label(target, key, values = {}) {
    target.dataset["label"] = key;
    target.dataset["labelValues"] = JSON.stringify(values);
    const label = this.text(key, values);
    target.setAttribute("aria-label", label);
    if (target.localName === "button") target.title = label;
    return target;
  }

  /**
   * @param {HTMLElement} target
   * @param {TextKey} key
   */
  placeholder(target, key) {
    target.dataset["placeholder"] = key;
    target.setAttribute("placeholder", this.text(key));
  }

  /**
   * @param {number} at ms since 1970
   * @returns {HTMLTimeElement}
   */
  time(at) {
    const time = h("time", { datetime: new Date(at).toISOString() });
    this.#sayTime(time);
    return time;
  }

  /**
   * @param {number} at ms since 1970
   * @returns {string} the day: by its name where it is near
   */
  day(at) {
    const now = Date.now();
    const days = Math.round((startOfDay(at) - startOfDay(now)) / 86_400_000);
    if (days === 0 || days === -1) {
      return new Intl.RelativeTimeFormat(this.language, { numeric: "auto" }).format(days, "day");
    }
    const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
    return new Date(at).toLocaleDateString(this.language, {
      weekday: "long",
      month: "long",
      day: "numeric",
      ...(isThisYear ? {} : { year: "numeric" }),
    });
  }

  /** @param {HTMLTimeElement} time */
  #sayTime(time) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleTimeString(this.language, { hour: "numeric", minute: "2-digit" });
    time.title = at.toLocaleString(this.language, { dateStyle: "full", timeStyle: "medium" });
  }

  /** @param {import("./languages.js").Language} language */
  speak(language) {
    this.language = language;
    this.#root.lang = language;
    const keyed = this.#root.querySelectorAll("[data-text], [data-label], [data-placeholder]");
    for (const target of /** @type {NodeListOf<HTMLElement>} */ (keyed)) {
      const { text, values, label, labelValues, placeholder } = target.dataset;
      if (text !== undefined) {
        this.say(target, /** @type {any} */ (text), JSON.parse(values ?? "{}"));
      }
      if (label) this.label(target, /** @type {any} */ (label), JSON.parse(labelValues ?? "{}"));
      if (placeholder) this.placeholder(target, /** @type {any} */ (placeholder));
    }
    for (const time of this.#root.querySelectorAll("time")) this.#sayTime(time);
  }
}

/** @param {number} at */
function startOfDay(at) {
  return new Date(at).setHours(0, 0, 0, 0);
}
