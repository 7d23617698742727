/**
 * What the tests of a provider's keys share: its keys, and a provider that answers as a test says.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { JwksKeys } from "../../lib/auth/jwks.ts";
import { within } from "../support/deadline.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { createPair, keySet } from "./support.ts";

/** What a provider answers. */
export type Answer = (init: RequestInit) => Response | Promise<Response>;

/** A key of the provider's. */
export const first = await createPair("EdDSA", "first");

/** Another one. */
export const second = await createPair("EdDSA", "second");

/** One of another type. */
export const rsa = await createPair("RS256", "rsa");

/** The set of the first two. */
export const both = keySet(first, second);

/** Keys, their provider as the test says, and what happened. */
export function setUp(answer: Answer) {
  const clock = new FakeClock();
  const requests: RequestInit[] = [];
  const errors: unknown[] = [];
  const provider = { answer };
  const keys = new JwksKeys({
    url: new URL("https://login.example/keys"),
    async fetch(url, init) {
      assertEquals(url, "https://login.example/keys");
      requests.push(init);
      return await provider.answer(init);
    },
    clock,
    onError: (error) => errors.push(error),
  });
  return { keys, clock, provider, requests, errors };
}

/** An answer with a text. */
export const sends = (text: string, status = 200): Answer => () => new Response(text, { status });

/** No answer at all. */
export const down: Answer = () => Promise.reject(new TypeError("connection refused"));

/** What is found: a key's type, or why there is none. */
export async function found(
  keys: JwksKeys,
  { alg, kid }: { alg: string; kid: string },
): Promise<string> {
  const key = await within(keys.find(alg, kid), "an answer about a key");
  return typeof key === "string" ? key : key.type;
}
