/**
 * Ids of requests, by which the lines of a log belong together.
 *
 * @module
 */

import { REQUEST_ID_CHARS_MAX } from "./limits.ts";

const REQUEST_ID = new RegExp(`^[A-Za-z0-9._:/+=-]{1,${REQUEST_ID_CHARS_MAX}}$`);

/**
 * Makes what gives each request its id: a proxy's own where proxies are believed and it has the form of one,
 * so that both logs tell of the same request; else the next of a row, which nobody has to guess.
 *
 * @param prefix What the ids of this process begin with: random, so that no other's are the same.
 * @param trustProxy How many proxies stand in front of the server; 0: what a client sends is its own word.
 * @returns Takes the value of `X-Request-Id`, or `undefined`, and gives the id.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createRequestIds } from "./request_id.ts";
 *
 * const idOf = createRequestIds("k3f9", 1);
 * assertEquals([idOf(undefined), idOf("of-the-proxy"), idOf("a b")], ["k3f9-1", "of-the-proxy", "k3f9-2"]);
 * ```
 */
export function createRequestIds(
  prefix: string,
  trustProxy: number,
): (given: string | undefined) => string {
  let count = 0;
  return (given) =>
    trustProxy > 0 && given !== undefined && REQUEST_ID.test(given)
      ? given
      : `${prefix}-${(++count).toString(36)}`;
}
