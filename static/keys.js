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
    const stops = stopsOf(list, selector);
    const at = stops.indexOf(/** @type {HTMLElement} */ (event.target));
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    const next = to === undefined ? undefined : stops[to];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  list.addEventListener("focusin", ({ target }) => {
    const stop = /** @type {Element} */ (target).closest(selector);
    if (stop) makeStop(stopsOf(list, selector), stop);
  });
}

/**
 * Fills such a list anew. What had the focus, known by its `data-key`, has it in its new shape too.
 *
 * @param {HTMLElement} list
 * @param {string} selector its stops
 * @param {() => void} fill
 */
export function refill(list, selector, fill) {
  const { activeElement } = /** @type {ShadowRoot} */ (list.getRootNode());
  const focused = list.contains(activeElement) ? activeElement : null;
  const key = /** @type {HTMLElement | null} */ (focused)?.dataset["key"];
  fill();
  const stops = stopsOf(list, selector);
  const kept = stops.find(({ dataset }) => dataset["key"] === key);
  makeStop(stops, kept ?? stops.find(({ ariaCurrent }) => ariaCurrent === "true") ?? stops[0]);
  kept?.focus();
}

/**
 * @param {HTMLElement} list
 * @param {string} selector
 */
function stopsOf(list, selector) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(selector))];
}

/**
 * Leaves one stop in the order of the Tab key.
 *
 * @param {HTMLElement[]} stops
 * @param {Element | undefined} stop
 */
function makeStop(stops, stop) {
  for (const each of stops) each.tabIndex = each === stop ? 0 : -1;
}
