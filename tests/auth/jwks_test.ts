import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { JwksKeys } from "../../lib/auth/jwks.ts";
import {
  JWKS_BYTES_MAX,
  JWKS_COOLDOWN_MS,
  JWKS_FRESH_MS,
  JWKS_KEYS_MAX,
  JWKS_TIMEOUT_MS,
} from "../../lib/limits.ts";
import { within } from "../support/deadline.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { createPair, keySet } from "./support.ts";

type Answer = (init: RequestInit) => Response | Promise<Response>;

const first = await createPair("EdDSA", "first");
const second = await createPair("EdDSA", "second");
const rsa = await createPair("RS256", "rsa");
const both = keySet(first, second);

/** Keys, their provider as the test says, and what happened. */
function setUp(answer: Answer) {
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

const sends = (text: string, status = 200): Answer => () => new Response(text, { status });
const down: Answer = () => Promise.reject(new TypeError("connection refused"));

/** What is found: a key's type, or why there is none. */
async function found(keys: JwksKeys, { alg, kid }: { alg: string; kid: string }): Promise<string> {
  const key = await within(keys.find(alg, kid), "an answer about a key");
  return typeof key === "string" ? key : key.type;
}

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

/** A body of so many bytes, in pieces, whose beginning is a good set. */
function bodyOf(bytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const text = new TextEncoder().encode(both.padEnd(bytes));
  return new Blob([text]).stream();
}

/** A body that breaks off in the middle. */
function brokenBody(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let pulls = 0;
  return new ReadableStream({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(new TextEncoder().encode(both));
      else controller.error(new TypeError("connection reset"));
    },
  });
}

const manyKeys = (count: number) => JSON.stringify({ keys: Array(count).fill(first.jwk) });

Deno.test("an answer that is no bounded set of keys counts as none", async () => {
  const answers: readonly (readonly [name: string, answer: Answer, error: string])[] = [
    ["connection refused", down, "refused"],
    ["not found", sends(both, 404), "answered 404"],
    ["an error", sends(both, 500), "answered 500"],
    ["a redirect", () => Response.redirect("https://login.example/keys2", 302), "answered 302"],
    ["created", sends(both, 201), "answered 201"],
    ["no content", () => new Response(null, { status: 204 }), "answered 204"],
    ["nothing", () => new Response(null), "a set"],
    ["an empty text", sends(""), "a set"],
    ["a page", sends("<!doctype html>"), "a set"],
    ["half a set", sends(both.slice(0, -1)), "a set"],
    ["null", sends("null"), "a set"],
    ["a list", sends(`[${both}]`), "a set"],
    ["an object", sends("{}"), "a set"],
    ["keys that are no list", sends('{"keys":{}}'), "a set"],
    ["keys that are deep", sends("[".repeat(JWKS_BYTES_MAX)), "a set"],
    ["too many keys", sends(manyKeys(JWKS_KEYS_MAX + 1)), "a set of at most 100 keys"],
    ["too many bytes", () => new Response(bodyOf(JWKS_BYTES_MAX + 1)), "more than 262144 bytes"],
    ["a body that breaks off", () => new Response(brokenBody()), "reset"],
    ["a body that was read", () => {
      const response = new Response(both);
      void response.text();
      return response;
    }, ""],
  ];
  for (const [name, answer, message] of answers) {
    const { keys, clock, provider, errors } = setUp(answer);
    assertEquals(await found(keys, first), "out of reach", name);
    assertEquals(errors.length, 1, name);
    assert(String(errors[0]).includes(message), `${name}: ${errors[0]}`);
    assertEquals(clock.alarmCount, 0, name);

    provider.answer = sends(both);
    await clock.advance(JWKS_COOLDOWN_MS);
    assertEquals(await found(keys, first), "public", name);
    provider.answer = answer;
    await clock.advance(JWKS_FRESH_MS);
    assertEquals(await found(keys, first), "public", name);
    assertEquals(await found(keys, { alg: "EdDSA", kid: "none" }), "out of reach", name);
    assertEquals(await found(keys, first), "public", name);
  }
});

Deno.test("a set may have 256 KiB, and 100 keys", async () => {
  for (const bytes of [JWKS_BYTES_MAX - 1, JWKS_BYTES_MAX]) {
    const { keys } = setUp(() => new Response(bodyOf(bytes)));
    assertEquals(await found(keys, first), "public");
  }
  for (const others of [JWKS_KEYS_MAX - 2, JWKS_KEYS_MAX - 1]) {
    const set = { keys: [...Array(others).fill(rsa.jwk), first.jwk] };
    assertEquals(await found(setUp(sends(JSON.stringify(set))).keys, first), "public");
  }
});

Deno.test("a provider that does not answer, or not to the end, is given up after 5 seconds", async () => {
  const hanging: readonly Answer[] = [
    ({ signal }) => new Promise((_, reject) => (signal!.onabort = () => reject(signal!.reason))),
    ({ signal }) =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"keys":['));
            signal!.onabort = () => controller.error(signal!.reason);
          },
        }),
      ),
  ];
  for (const answer of hanging) {
    const { keys, clock, errors } = setUp(answer);
    const asked = found(keys, first);
    await clock.advance(JWKS_TIMEOUT_MS - 1);
    assertEquals(errors, []);
    await clock.advance(1);
    assertEquals(await asked, "out of reach");
    assert(String(errors[0]).includes("within 5000 ms"), String(errors[0]));
  }
});

Deno.test("what is no public key of a known type is passed over", async () => {
  const { kid: _kid, ...nameless } = first.jwk;
  const strange: readonly unknown[] = [
    null,
    7,
    "key",
    [],
    {},
    { kid: "strange" },
    nameless,
    { ...first.jwk, kid: 7 },
    { ...first.jwk, kid: "strange", kty: "AKP" },
    { ...first.jwk, kid: "strange", kty: undefined },
    { ...first.jwk, kid: "strange", x: undefined },
    { ...first.jwk, kid: "strange", x: 7 },
    { ...first.jwk, kid: "strange", x: "" },
    { ...first.jwk, kid: "strange", x: "!" },
    { ...first.jwk, kid: "strange", crv: "Ed448" },
    { ...first.jwk, kid: "strange", crv: "X25519" },
    { ...first.jwk, kid: "strange", use: "enc" },
    { ...first.jwk, kid: "strange", key_ops: ["encrypt"] },
    { ...first.jwk, kid: "strange", key_ops: "verify" },
    { ...first.jwk, kid: "strange", alg: "ES256" },
    { ...first.jwk, kid: "strange", d: first.jwk.x },
    { kid: "strange", kty: "oct", k: "AAAA", alg: "EdDSA" },
    { kid: "strange", kty: "RSA", n: rsa.jwk.n, e: rsa.jwk.e, alg: "EdDSA" },
  ];
  for (const key of strange) {
    const name = JSON.stringify(key);
    const { keys, errors } = setUp(sends(JSON.stringify({ keys: [key, first.jwk], more: [] })));
    assertEquals(await found(keys, { alg: "EdDSA", kid: "strange" }), "unknown", name);
    assertEquals(await found(keys, first), "public", name);
    assertEquals(errors, [], name);
  }
});

Deno.test("members that a key may have make no difference", async () => {
  const more = {
    use: "sig",
    key_ops: ["verify"],
    alg: "EdDSA",
    x5c: ["AAAA"],
    ext: false,
    iat: {},
  };
  const { keys } = setUp(sends(JSON.stringify({ keys: [{ ...first.jwk, ...more }] })));
  assertEquals(await found(keys, first), "public");
});

Deno.test("two keys of one id and type are none, of two types they are two", async () => {
  const other = { ...second.jwk, kid: first.kid };
  const { keys } = setUp(sends(JSON.stringify({ keys: [first.jwk, other] })));
  assertEquals(await found(keys, first), "unknown");
  const mixed = { keys: [first.jwk, { ...rsa.jwk, kid: first.kid }] };
  const { keys: two } = setUp(sends(JSON.stringify(mixed)));
  assertEquals(await found(two, first), "public");
  assertEquals(await found(two, { alg: "RS256", kid: first.kid }), "public");
});

Deno.test("an empty set withdraws every key", async () => {
  const { keys, clock, provider } = setUp(sends(both));
  assertEquals(await found(keys, first), "public");
  provider.answer = sends('{"keys":[]}');
  await clock.advance(JWKS_FRESH_MS);
  await found(keys, { alg: "EdDSA", kid: "none" });
  assertEquals(await found(keys, first), "unknown");
});
