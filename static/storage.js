// @ts-check
/// <reference lib="dom" />
/**
 * What the browser remembers of one server; where storage is blocked or full, for as long as the
 * page lives.
 *
 * @typedef {"local" | "element" | "session"} Area `local`: for all chats with the server · `element`:
 *   for one of them, since a page may have several · `session`: the same for this tab, over reloads
 */

export class Storage {
  #prefix;
  #scope;
  #kept = { local: new Map(), element: new Map(), session: new Map() };

  /**
   * @param {URL} server
   * @param {string} [scope] which of the chats on a page
   */
  constructor({ host, pathname }, scope = "") {
    this.#prefix = `natter:${host}${pathname}:`;
    this.#scope = scope;
  }

  /**
   * @param {string} name
   * @param {Area} where
   */
  #name(name, where) {
    return this.#prefix + (where === "local" ? name : `${this.#scope}:${name}`);
  }

  /**
   * @param {string} name
   * @param {Area} [where]
   * @returns {string}
   */
  get(name, where = "local") {
    const kept = this.#kept[where].get(name);
    if (kept !== undefined) return kept;
    try {
      return areaOf(where).getItem(this.#name(name, where)) ?? "";
    } catch {
      return "";
    }
  }

  /**
   * @param {string} name
   * @param {string} value empty: forget it
   * @param {Area} [where]
   */
  set(name, value, where = "local") {
    try {
      if (value === "") areaOf(where).removeItem(this.#name(name, where));
      else areaOf(where).setItem(this.#name(name, where), value);
      this.#kept[where].delete(name);
    } catch {
      this.#kept[where].set(name, value);
    }
  }

  /**
   * @param {string} name
   * @param {Area} [where]
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

/** @param {Area} where */
function areaOf(where) {
  return where === "session" ? sessionStorage : localStorage;
}
