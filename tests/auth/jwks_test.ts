import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { JwksKeys } from "../../lib/auth/jwks.ts";
import { JWKS_COOLDOWN_MS, JWKS_FRESH_MS } from "../../lib/limits.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { both, down, first, found, second, sends, setUp } from "./jwks_support.ts";
import { createPair, keySet } from "./support.ts";

Deno.test("a set is fetched once, when its first key is asked for", async () => {
  const { keys, requests, errors } = setUp(sends(both));
  assertEquals(requests.length, 0);
  assertEquals(await found(keys, first), "public");
  assertEquals(await found(keys, second), "public");
  assertEquals(await found(keys, first), "public");
  assertEquals(requests.map(({ redirect }) => redirect), ["manual"]);
  assertEquals(errors, []);
});

Deno.test("keys are fetched by http: and https: only", () => {
  const options = { fetch: () => Promise.reject(), clock: new FakeClock(), onError: () => {} };
  for (const url of ["http://a/keys", "https://a/keys", "HTTPS://a"]) {
    new JwksKeys({ ...options, url: new URL(url) });
  }
  for (const url of ["file:///etc/keys", "data:,{}", "ftp://a/keys", "blob:https://a/keys"]) {
    assertThrows(() => new JwksKeys({ ...options, url: new URL(url) }), TypeError, "only http:");
  }
});

Deno.test("all who ask while a set is under way wait for it", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const { keys, requests } = setUp(() => promise);
  const asked = [first, second, first, { alg: "EdDSA", kid: "none" }].map((key) =>
    found(keys, key)
  );
  resolve(new Response(both));
  assertEquals(await Promise.all(asked), ["public", "public", "public", "unknown"]);
  assertEquals(requests.length, 1);
});

Deno.test("one fetch is under way at a time, even one that outlives its deadline", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const { keys, clock, requests } = setUp(() => promise);
  const asked = [found(keys, first)];
  await clock.advance(JWKS_COOLDOWN_MS);
  asked.push(found(keys, second));
  await clock.settle();
  assertEquals(requests.length, 1);
  resolve(new Response(both));
  assertEquals(await Promise.all(asked), ["public", "public"]);
});

Deno.test("an unknown id has the set fetched, at most once in 30 seconds", async () => {
  const { keys, clock, provider, requests } = setUp(sends(keySet(first)));
  assertEquals(await found(keys, first), "public");
  provider.answer = sends(both);
  for (let i = 0; i < 100; i++) {
    assertEquals(await found(keys, { alg: "EdDSA", kid: `made up ${i}` }), "unknown");
  }
  await clock.advance(JWKS_COOLDOWN_MS - 1);
  assertEquals(await found(keys, second), "unknown");
  assertEquals(requests.length, 1);
  await clock.advance(1);
  assertEquals(await found(keys, second), "public");
  assertEquals(requests.length, 2);
});

Deno.test("a set in use is fetched again after 10 minutes, and nobody waits for it", async () => {
  const { keys, clock, provider, requests } = setUp(sends(keySet(first)));
  assertEquals(await found(keys, first), "public");
  const { promise, resolve } = Promise.withResolvers<Response>();
  provider.answer = () => promise;
  await clock.advance(JWKS_FRESH_MS - 1);
  assertEquals(await found(keys, first), "public");
  assertEquals(requests.length, 1);
  await clock.advance(1);
  assertEquals(requests.length, 1);
  for (let i = 0; i < 10; i++) assertEquals(await found(keys, first), "public");
  assertEquals(requests.length, 2);
  resolve(new Response(keySet(second)));
  assertEquals(await found(keys, second), "public");
  assertEquals(requests.length, 2);
});

Deno.test("a key that is rotated away stops working with the next fetch that succeeds", async () => {
  const { keys, clock, provider } = setUp(sends(both));
  assertEquals(await found(keys, first), "public");
  for (const answer of [down, sends("", 500), sends("soon back"), sends(keySet(second))]) {
    provider.answer = answer;
    assertEquals(await found(keys, first), "public");
    await clock.advance(JWKS_COOLDOWN_MS);
    await found(keys, { alg: "EdDSA", kid: "none" }); // has the set fetched
  }
  assertEquals(await found(keys, first), "unknown");
  assertEquals(await found(keys, second), "public");
});

Deno.test("another key under the same id takes its place", async () => {
  const { keys, clock, provider } = setUp(sends(keySet(first)));
  const old = await keys.find(first.alg, first.kid);
  provider.answer = sends(keySet(await createPair("EdDSA", first.kid)));
  await clock.advance(JWKS_COOLDOWN_MS);
  await found(keys, second);
  const renewed = await keys.find(first.alg, first.kid);
  assert(typeof old === "object" && typeof renewed === "object");
  const x = async (key: CryptoKey) => (await crypto.subtle.exportKey("jwk", key)).x;
  assertNotEquals(await x(renewed), await x(old));
});

Deno.test("known keys go on while their provider is down, for ever", async () => {
  const { keys, clock, provider, requests } = setUp(sends(keySet(first)));
  assertEquals(await found(keys, first), "public");
  provider.answer = down;
  for (let day = 0; day < 400; day++) {
    await clock.advance(24 * 3600 * 1000);
    assertEquals(await found(keys, first), "public");
    assertEquals(await found(keys, second), "out of reach");
  }
  assertEquals(requests.length, 401);
});

Deno.test("a stale set is asked for at most once in 30 seconds while its provider is down", async () => {
  const { keys, clock, provider, requests } = setUp(sends(keySet(first)));
  await found(keys, first);
  provider.answer = down;
  await clock.advance(JWKS_FRESH_MS);
  for (let second = 0; second < 60; second++) {
    assertEquals(await found(keys, first), "public");
    await clock.advance(1000);
  }
  assertEquals(requests.length, 3);
});

Deno.test("a provider that is down at the start is asked again after 30 seconds", async () => {
  const { keys, clock, provider, requests } = setUp(down);
  assertEquals(await found(keys, first), "out of reach");
  provider.answer = sends(both);
  await clock.advance(JWKS_COOLDOWN_MS - 1);
  assertEquals(await found(keys, first), "out of reach");
  assertEquals(requests.length, 1);
  await clock.advance(1);
  assertEquals(await found(keys, first), "public");
});

Deno.test("a streak of failures is reported once", async () => {
  const { keys, clock, provider, errors } = setUp(down);
  for (const streak of [1, 2]) {
    for (const answer of [down, sends("", 503), down]) {
      provider.answer = answer;
      await clock.advance(JWKS_COOLDOWN_MS);
      assertEquals(await found(keys, { alg: "EdDSA", kid: "none" }), "out of reach");
    }
    assertEquals(errors.length, streak);
    provider.answer = sends(both);
    await clock.advance(JWKS_COOLDOWN_MS);
    assertEquals(await found(keys, { alg: "EdDSA", kid: "none" }), "unknown");
    assertEquals(errors.length, streak);
  }
});
