// @ts-check
/// <reference lib="dom" />
/** The two things that every part of the page does with the document. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 * @throws {TypeError} if the page has no such element
 */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`The page has no ${kind.name} "${id}"`);
  return found;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function create(tag, className = "") {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}
