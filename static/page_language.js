// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The page in the language of the person who reads it. An element names its text by a key, so that
 * a switch of the language finds and says everything again:
 * `data-text` (with `data-values`), `data-label` (aria-label), `data-placeholder`; `<time>` follows.
 */

import { create, element } from "./dom.js";
import { chooseLanguage, isLanguage, TEXTS } from "./languages.js";
import { recall, remember } from "./storage.js";

/** @typedef {import("./languages.js").TextKey} TextKey */
/** @typedef {Record<string, string | number>} Values */

/** @type {import("./languages.js").Language} */
let language = "en";

/**
 * @param {TextKey} key
 * @param {Values} [values]
 * @returns {string}
 */
function text(key, values = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (place, name) => {
    const value = values[name];
    // A name may be written in the other direction: first strong isolate … pop (Unicode UAX 9).
    return typeof value === "string" ? `\u2068${value}\u2069` : String(value ?? place);
  });
}

/**
 * Puts a text into an element, as text, now and after each switch of the language.
 *
 * @param {HTMLElement} target
 * @param {TextKey | ""} key empty: no text
 * @param {Values} [values]
 */
export function say(target, key, values = {}) {
  target.dataset["text"] = key;
  target.dataset["values"] = JSON.stringify(values);
  const said = key === "" ? "" : text(key, values);
  // A live region speaks again whenever its text is set, even to the same.
  if (target.textContent !== said) target.textContent = said;
}

/**
 * @param {number} at ms since 1970
 * @returns {HTMLTimeElement}
 */
export function createTime(at) {
  const time = create("time");
  time.dateTime = new Date(at).toISOString();
  sayTime(time);
  return time;
}

/** @param {HTMLTimeElement} time */
function sayTime(time) {
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
  time.title = at.toLocaleString(language, { dateStyle: "long", timeStyle: "medium" });
}

/** Says everything on the page in the present language. */
function sayPage() {
  document.documentElement.lang = language;
  const keyed = document.querySelectorAll("[data-text], [data-label], [data-placeholder]");
  for (const target of keyed) {
    if (!(target instanceof HTMLElement)) continue;
    const { text: key, values, label, placeholder } = target.dataset;
    if (key !== undefined) {
      say(target, /** @type {TextKey | ""} */ (key), values ? JSON.parse(values) : {});
    }
    if (label !== undefined) target.ariaLabel = text(/** @type {TextKey} */ (label));
    if (placeholder !== undefined) {
      target.setAttribute("placeholder", text(/** @type {TextKey} */ (placeholder)));
    }
  }
  for (const time of document.querySelectorAll("time")) sayTime(time);
}

/** Says the page in the language that the person chose or prefers, and minds the switch. */
export function startLanguage() {
  const chooser = element("language", HTMLSelectElement);
  language = chooseLanguage(navigator.languages, recall("language"));
  chooser.value = language;
  chooser.addEventListener("change", () => {
    if (!isLanguage(chooser.value)) return;
    language = chooser.value;
    remember("language", language);
    sayPage();
  });
  sayPage();
}
