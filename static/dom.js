// @ts-check
/// <reference lib="dom" />
/** Making elements. What people wrote gets into the document as text only. */

import { isComposing } from "./keys.js";

/** @typedef {string | boolean | number | undefined | ((event: any) => void)} Prop */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, Prop>} [props] attributes; functions listen to the event of their name
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/**
 * A field for the name of a person or a room, which nothing corrects.
 *
 * @param {Record<string, Prop>} props
 */
export function nameField(props) {
  return h("input", {
    dir: "auto",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    enterkeyhint: "go",
    /** @param {KeyboardEvent} event */
    keydown(event) {
      // Safari would submit the form on the Enter that picks a candidate.
      if (event.key === "Enter" && isComposing(event)) event.preventDefault();
    },
    ...props,
  });
}

const SVG = "http://www.w3.org/2000/svg";

/** Lines in a box of 24 by 24. */
const ICONS = {
  menu: "M4 7h16M4 12h16M4 17h10",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7a3.5 3.5 0 0 0 0 7zM3 20a6 6 0 0 1 12 0M16 4.5a3.5 3.5 0 0 1 0 6.2" +
    "M18 14.5a6 6 0 0 1 3 5.5",
  close: "M6 6l12 12M18 6L6 18",
  send: "M12 20V5M5.5 11.5L12 5l6.5 6.5",
  down: "M12 4v15M5.5 12.5L12 19l6.5-6.5",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  plus: "M12 5v14M5 12h14",
  gear: "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5v5M8 14.5v5",
  clock: "M12 21a9 9 0 1 0 0-18a9 9 0 0 0 0 18zM12 7v5l3 2",
  alert: "M12 21a9 9 0 1 0 0-18a9 9 0 0 0 0 18zM12 7.5v5.5M12 16.4v.1",
  reply: "M21 12a8 8 0 0 1-11.6 7.1L4 20l1.1-4.6A8 8 0 1 1 21 12z",
};

/**
 * @param {keyof typeof ICONS} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * @param {import("./words.js").Words} words
 * @param {import("./languages.js").TextKey} key what it does, in words
 * @param {keyof typeof ICONS} name
 * @param {Record<string, Prop>} props
 * @param {import("./words.js").Values} [values] of the words
 */
export function iconButton(words, key, name, props, values) {
  const type = { type: "button", ...props, class: `icon-button ${props["class"]}` };
  return words.label(h("button", type, icon(name)), key, values);
}

/** What is drawn of the mark, in a box of 64 by 64: the same as icon.svg. */
const MARK = [
  [
    "mark-bubble",
    "M20 3h24a17 17 0 0 1 17 17v17a17 17 0 0 1-17 17H33L19.5 61.6A2.2 2.2 0 0 1 16 59.9V53.5" +
    "A17 17 0 0 1 3 37V20A17 17 0 0 1 20 3z",
  ],
  ["mark-body", "M18 41V22.5c0-5.2 5.6-6.6 8.2-2.4l10.6 17c2.7 4.3 8.7 2.8 8.7-2.4V18"],
  ["mark-head", "M39.5 16.5a6 6 0 1 1 12 0a6 6 0 1 1-12 0z"],
  ["mark-collar", "M41.75 25.4h7.5"],
  ["mark-eye", "M45.6 14.8a1.7 1.7 0 1 1 3.4 0a1.7 1.7 0 1 1-3.4 0z"],
];

/** @returns {SVGSVGElement} */
export function mark() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 64 64");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  for (const [name = "", d = ""] of MARK) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/**
 * @param {string} name
 * @returns {string} what a person sees as its first character
 */
function firstCharacter(name) {
  if (!("Segmenter" in Intl)) return [...name][0] ?? "";
  const [first] = new Intl.Segmenter().segment(name);
  return first?.segment ?? "";
}

const HUES = 6;

/**
 * @param {string} key a name's key
 * @returns {number} the same for the same name
 */
function hueOf(key) {
  let sum = 0;
  for (const character of key) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return sum % HUES;
}

/**
 * @param {string} name
 * @param {string} key
 */
export function avatar(name, key) {
  const initial = firstCharacter(name);
  return h("span", { class: `avatar hue-${hueOf(key)}`, "aria-hidden": "true" }, initial);
}
