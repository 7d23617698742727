/**
 * The keys that make names one's own, one for each server and name.
 *
 * @module
 */

import { nameKey, Natter } from "../../static/natter.js";

/**
 * Looks up the key to a name, and makes and keeps one where there is none. Deno keeps it in its own
 * folder, apart from other programs' and without a permission; where it cannot, the key lasts as
 * long as the process.
 *
 * @param url The server.
 * @param username The name.
 */
export function keyOf(url: string, username: string): string {
  const item = `natter:key:${url}:${nameKey(username)}`;
  try {
    const known = localStorage.getItem(item);
    if (known !== null) return known;
    const key = Natter.createKey();
    localStorage.setItem(item, key);
    return key;
  } catch {
    return Natter.createKey();
  }
}
