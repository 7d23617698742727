// @ts-check
/// <reference lib="dom" />
/** The keyboard: Enter as seen through an input method, and one tab stop for a list. */

/**
 * Whether a key belongs to an input method that is composing (Chinese, Japanese, Korean …): Enter
 * then picks a candidate. Safari ends the composition before this very keydown, so that
 * `isComposing` is false already; the key code 229 still tells (UI Events, section 7.3).
 *
 * @param {KeyboardEvent} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** @param {KeyboardEvent} event */
export function isSendKey(event) {
  return event.key === "Enter" && !event.shiftKey && !event.altKey && !isComposing(event);
}

/**
 * Makes a list one tab stop: arrows, Home and End move within it.
 *
 * @param {HTMLElement} list
 * @param {string} selector its stops
 */
export function roveFocus(list, selector) {
  list.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const stops = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(selector))];
    const at = stops.indexOf(target);
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    const next = to === undefined ? undefined : stops[to];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  list.addEventListener("focusin", ({ target }) => {
    const stop = /** @type {Element} */ (target).closest(selector);
    if (stop) makeStop(list, selector, /** @type {HTMLElement} */ (stop));
  });
}

/**
 * Leaves one stop in the order of the Tab key.
 *
 * @param {HTMLElement} list
 * @param {string} selector
 * @param {HTMLElement} [stop] by default the one before, or the first
 */
export function makeStop(list, selector, stop) {
  const stops = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(selector))];
  const chosen = stop ?? stops.find(({ tabIndex }) => tabIndex === 0) ?? stops[0];
  for (const each of stops) each.tabIndex = each === chosen ? 0 : -1;
}
