import { assert, assertEquals } from "@std/assert";
import {
  JWKS_BYTES_MAX,
  JWKS_COOLDOWN_MS,
  JWKS_FRESH_MS,
  JWKS_KEYS_MAX,
  JWKS_TIMEOUT_MS,
} from "../../lib/limits.ts";
import {
  type Answer,
  both,
  down,
  first,
  found,
  rsa,
  second,
  sends,
  setUp,
} from "./jwks_support.ts";

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
