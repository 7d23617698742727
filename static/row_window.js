// @ts-check
/**
 * Which items of a conversation are in the document: neighbours, known by the first and the last of
 * them, so that they stay the same ones whatever comes before or behind.
 */

/** @typedef {import("./items.js").Item} Item */

/** Rows in the document. */
const ROWS_MAX = 240;
const ROWS_FIRST = 80;
const ROWS_STEP = 60;

export class RowWindow {
  /** @type {Item | undefined} */
  #first;
  /** @type {Item | undefined} */
  #last;
  /** Whether it reached to the newest item when it was chosen last. */
  reachesEnd = true;

  get last() {
    return this.#last;
  }

  /** Its place is to be chosen anew. */
  reset() {
    this.#first = this.#last = undefined;
  }

  /**
   * @param {readonly Item[]} items
   * @returns {number} where it begins; -1: what it began with is gone
   */
  startIn(items) {
    return this.#first ? items.indexOf(this.#first) : 0;
  }

  /**
   * Chooses the items to show.
   *
   * @param {readonly Item[]} items
   * @param {boolean} isAtEnd
   * @returns {[number, number]} the first one, and the one behind the last
   */
  choose(items, isAtEnd) {
    const [start, end] = this.#range(items, isAtEnd);
    this.#first = items[start];
    this.#last = items[end - 1];
    this.reachesEnd = end === items.length;
    return [start, end];
  }

  /**
   * @param {readonly Item[]} items
   * @param {boolean} isAtEnd
   * @returns {[number, number]}
   */
  #range(items, isAtEnd) {
    const { length } = items;
    let start = this.#first ? items.indexOf(this.#first) : -1;
    let end = this.#last ? items.lastIndexOf(this.#last) + 1 : 0;
    if (isAtEnd || end === 0) {
      end = length;
      if (start < 0 || end - start > ROWS_MAX) start = Math.max(0, end - ROWS_FIRST);
      return [start, end];
    }
    if (start < 0) start = Math.max(0, end - ROWS_FIRST);
    // What is new belongs to the rows, as long as there is room below what the person reads.
    if (this.reachesEnd && length - start <= ROWS_MAX) end = length;
    return [start, end];
  }

  /**
   * @param {readonly Item[]} items
   * @returns {boolean} whether there was anything above
   */
  extendUp(items) {
    const start = this.startIn(items);
    if (start <= 0) return false;
    const newStart = Math.max(0, start - ROWS_STEP);
    this.#first = items[newStart];
    const end = Math.min(items.length, newStart + ROWS_MAX);
    if (this.#last && items.lastIndexOf(this.#last) + 1 > end) {
      this.#last = items[end - 1];
      this.reachesEnd = false;
    }
    return true;
  }

  /**
   * @param {readonly Item[]} items
   * @returns {boolean} whether there was anything below
   */
  extendDown(items) {
    if (this.reachesEnd) return false;
    const end = this.#last ? items.lastIndexOf(this.#last) + 1 : items.length;
    const newEnd = Math.min(items.length, end + ROWS_STEP);
    this.#last = items[newEnd - 1];
    this.#first = items[Math.max(this.startIn(items), newEnd - ROWS_MAX)];
    return true;
  }
}
