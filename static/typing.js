// @ts-check
/// <reference lib="dom" />
/** The Enter key, seen through an input method. */

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
