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
 * Makes a list one tab stop: arrows, Home and End move between its items' first buttons. The others of
 * an item are in the order of the Tab key only while the person is there.
 *
 * @param {HTMLElement} list
 */
export function roveFocus(list) {
  list.addEventListener("keydown", (event) => {
    const stops = itemsOf(list).map(([stop]) => stop);
    const at = stops.indexOf(/** @type {HTMLElement} */ (event.target));
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    const next = to === undefined ? undefined : stops[to];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  list.addEventListener("focusin", ({ target }) => {
    const items = itemsOf(list);
    const item = itemWith(items, target);
    if (item) makeStop(items, item);
  });
}

/**
 * Fills such a list anew. What had the focus, known by the `data-key` of its item's first button, has
 * it in its new shape too; where it is gone, the one that is the stop now.
 *
 * @param {HTMLElement} list
 * @param {() => void} fill
 */
export function refill(list, fill) {
  const { activeElement } = /** @type {ShadowRoot} */ (list.getRootNode());
  const before = itemWith(itemsOf(list), activeElement);
  fill();
  const items = itemsOf(list);
  const kept = before && items.find(([stop]) => keyOf(stop) === keyOf(before[0]));
  const item = kept ?? items.find(([stop]) => stop?.ariaCurrent === "true") ?? items[0];
  makeStop(items, item);
  const focused = /** @type {HTMLElement} */ (activeElement);
  if (before) (kept?.[before.indexOf(focused)] ?? item?.[0] ?? list).focus();
}

/** @param {HTMLElement} list @returns {HTMLElement[][]} the buttons of each item that has any */
function itemsOf(list) {
  return [...list.querySelectorAll("li")].map((item) => [...item.querySelectorAll("button")])
    .filter(({ length }) => length > 0);
}

/**
 * @param {HTMLElement[][]} items
 * @param {EventTarget | null} target
 */
function itemWith(items, target) {
  return items.find((item) => item.includes(/** @type {HTMLElement} */ (target)));
}

/** @param {HTMLElement | undefined} stop */
function keyOf(stop) {
  return stop?.dataset["key"];
}

/**
 * Leaves one item in the order of the Tab key.
 *
 * @param {HTMLElement[][]} items
 * @param {HTMLElement[] | undefined} item
 */
function makeStop(items, item) {
  for (const each of items) {
    for (const button of each) button.tabIndex = each === item ? 0 : -1;
  }
}
