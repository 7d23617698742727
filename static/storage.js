// @ts-check
/// <reference lib="dom" />
/**
 * What the browser remembers of one server; where storage is blocked or full, for as long as the
 * page lives.
 */

export class Storage {
  #prefix;
  #kept = { local: new Map(), session: new Map() };

  /** @param {URL} server */
  constructor({ host, pathname }) {
    this.#prefix = `natter:${host}${pathname}:`;
  }

  /**
   * @param {string} name
   * @param {"local" | "session"} [where] `session`: for this tab, over reloads
   * @returns {string}
   */
  get(name, where = "local") {
    const kept = this.#kept[where].get(name);
    if (kept !== undefined) return kept;
    try {
      return areaOf(where).getItem(this.#prefix + name) ?? "";
    } catch {
      return "";
    }
  }

  /**
   * @param {string} name
   * @param {string} value empty: forget it
   * @param {"local" | "session"} [where]
   */
  set(name, value, where = "local") {
    try {
      if (value === "") areaOf(where).removeItem(this.#prefix + name);
      else areaOf(where).setItem(this.#prefix + name, value);
      this.#kept[where].delete(name);
    } catch {
      this.#kept[where].set(name, value);
    }
  }

  /**
   * @param {string} name
   * @param {"local" | "session"} [where]
   * @returns {unknown[]} empty where there is no list
   */
  list(name, where = "local") {
    try {
      const value = JSON.parse(this.get(name, where) || "[]");
      return Array.isArray(value) ? value : [];
    } catch {
      return [];
    }
  }
}

/** @param {"local" | "session"} where */
function areaOf(where) {
  return where === "local" ? localStorage : sessionStorage;
}
