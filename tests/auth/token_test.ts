import { assert, assertEquals, assertThrows } from "@std/assert";
import { JwksKeys } from "../../lib/auth/jwks.ts";
import type { Principal, Unauthorized } from "../../lib/auth/principal.ts";
import { createTokenAuthenticator } from "../../lib/auth/token.ts";
import { TOKEN_CHARS_MAX } from "../../lib/limits.ts";
import { Random } from "../simulation/random.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { base64url, createHmac, issue } from "./support.ts";
import {
  answer,
  both,
  createJwks,
  hmac,
  JWKS_URL,
  NOW,
  now,
  pairs,
  REASONS,
  rsa,
  SECRET,
} from "./token_support.ts";

Deno.test("a token signed by the secret or by a provider's key says who its bearer is", async () => {
  for (const signer of [hmac, ...pairs]) {
    const token = await issue(signer, { sub: "Zoe\u0308", exp: NOW + 60, iat: NOW, jti: "7" });
    assertEquals(await both.authenticate(token), {
      author: "u:Zoë",
      user: { text: "Zoë", key: "zoë" },
      rooms: undefined,
      expiresAt: (NOW + 60) * 1000,
    }, signer.alg);
  }
});

Deno.test("a reason fits into a close frame, and into a line", () => {
  for (const reason of REASONS) assert(reason.length <= 60, reason);
});

Deno.test("without a token nobody comes in", async () => {
  assertEquals(await answer(undefined), "token missing");
});

Deno.test("a token that asks for an extension is refused", async () => {
  const headers = [
    { crit: ["exp"], exp: NOW + 60 },
    { crit: ["b64"], b64: true },
    { crit: ["b64"], b64: false },
    { crit: [] },
    { crit: null },
    { crit: "b64" },
    { b64: false },
    { b64: true },
  ];
  for (const header of headers) {
    for (const signer of [hmac, ...pairs]) {
      const token = await issue(signer, { sub: "alice" }, header);
      assertEquals(await answer(token), "token malformed", JSON.stringify(header));
    }
  }
});

Deno.test("what has not the form of a signed token is refused", async () => {
  const token = await issue(hmac, { sub: "alice" });
  const [head, payload, signature] = token.split(".") as [string, string, string];
  const encrypted = base64url({ alg: "dir", enc: "A128GCM" });
  const texts: readonly (readonly [name: string, text: string])[] = [
    ["nothing", ""],
    ["a word", "token"],
    ["dots", ".."],
    ["many dots", ".".repeat(TOKEN_CHARS_MAX)],
    ["two parts", `${head}.${payload}`],
    ["no signature", `${head}.${payload}.`],
    ["no payload", `${head}..${signature}`],
    ["no header", `.${payload}.${signature}`],
    ["four parts", `${token}.${signature}`],
    ["an encrypted token", `${encrypted}..AAAA.AAAA.AAAA`],
    ["an encrypted token without empty parts", `${encrypted}.AAAA.AAAA.AAAA.AAAA`],
    ["an encrypted token in three parts", `${encrypted}.AAAA.AAAA`],
    ["an unsigned token", `${base64url({ alg: "none" })}.${payload}.`],
    ["a space before", ` ${token}`],
    ["a line break after", `${token}\n`],
    ["a space inside", `${head}. ${payload}.${signature}`],
    ["padding", `${token}=`],
    ["a character of plain Base64", `${head}.${payload}.${signature.slice(1)}+`],
    ["the scheme", `Bearer ${token}`],
    ["JSON", JSON.stringify({ protected: head, payload, signature })],
    ["a header of one character", `A.${payload}.${signature}`],
    ["a header that is no JSON", await issue(hmac, { sub: "alice" }, "alg: HS256")],
    ["a header that is a list", await issue(hmac, { sub: "alice" }, '["HS256"]')],
    ["a header that is null", await issue(hmac, { sub: "alice" }, "null")],
    ["a header that is deep", await issue(hmac, { sub: "alice" }, "[".repeat(5000))],
    ["a payload that is no JSON", await issue(hmac, "sub=alice")],
    ["a payload that is a list", await issue(hmac, '[{"sub":"alice"}]')],
    ["a payload that is null", await issue(hmac, "null")],
    ["a payload that is a text", await issue(hmac, '"alice"')],
    ["a payload that is deep", await issue(hmac, "[".repeat(5000))],
    ["a token inside of a token", await issue(hmac, token, { cty: "JWT" })],
    ["the same as JSON", await issue(hmac, JSON.stringify(token), { cty: "JWT" })],
  ];
  for (const [name, text] of texts) {
    const expected = name === "an encrypted token in three parts"
      ? "token algorithm not allowed"
      : "token malformed";
    assertEquals(await answer(text), expected, name);
  }
});

Deno.test("a token has at most 8192 characters", async () => {
  assertEquals(await answer(await tokenOf(TOKEN_CHARS_MAX - 1)), "u:alice");
  assertEquals(await answer(await tokenOf(TOKEN_CHARS_MAX)), "u:alice");
  assertEquals(await answer(await tokenOf(TOKEN_CHARS_MAX + 1)), "token too long");
  assertEquals(await answer("a".repeat(50_000_000)), "token too long");
});

/** A good token of a length: Base64 cannot have every length, but two parts of it together can. */
async function tokenOf(chars: number): Promise<string> {
  for (let pad = 0; pad < 4; pad++) {
    const header = { pad: "x".repeat(pad) };
    let low = 0;
    let high = chars;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const token = await issue(hmac, { sub: "alice", pad: "x".repeat(middle) }, header);
      if (token.length === chars) return token;
      if (token.length < chars) low = middle + 1;
      else high = middle - 1;
    }
  }
  throw new Error(`No token has ${chars} characters`);
}

Deno.test("whatever comes, the answer is a fixed reason or the truth", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const random = new Random(seed);
  const good = await Promise.all([hmac, ...pairs].map((signer) => issue(signer, { sub: "alice" })));
  for (let run = 0; run < 3000; run++) {
    const token = garbled(random, good);
    // The last character of a part has bits that mean nothing: another one may be the same token.
    const said = await answer(token).catch((error) => `rejected: ${error}`);
    assert(said === "u:alice" || REASONS.has(said), `seed ${seed}, run ${run}: ${said}: ${token}`);
  }
});

/** A good token with some characters changed, or characters of tokens in no order. */
function garbled(random: Random, good: readonly string[]): string {
  const characters = [...'abcXYZ019-_..{}":,é\u0000\ud800= '];
  const text = random.chance(0.3)
    ? Array.from({ length: random.below(60) }, () => random.pick(characters))
    : [...random.pick(good)];
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const replacement = random.chance(0.3) ? [] : [random.pick(characters)];
    text.splice(random.below(text.length), random.below(3), ...replacement);
  }
  return text.join("");
}

Deno.test("whatever is signed, the answer is a fixed reason or a whole principal", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const random = new Random(seed);
  for (let run = 0; run < 1000; run++) {
    const header = strange(random, ["alg", "kid", "crit", "b64", "typ", "cty", "jwk", "__proto__"]);
    const names = ["sub", "exp", "nbf", "iat", "rooms", "iss", "aud", "__proto__", "toString"];
    const payload = { sub: "alice", ...strange(random, names) };
    const token = await issue(
      random.pick([hmac, ...pairs]),
      payload,
      random.chance(0.5) ? header : {},
    );
    const result: Principal | Unauthorized = await both.authenticate(token);
    const context = `seed ${seed}, run ${run}: ${token}`;
    if ("unauthorized" in result) assert(REASONS.has(result.unauthorized), context);
    else {
      assertEquals(result.author, `u:${result.user?.text}`, context);
      assert((result.expiresAt ?? Infinity) > now(), context);
    }
  }
});

/** An object with some of the names, each with a value that is mostly none for it. */
function strange(random: Random, names: readonly string[]): object {
  const values = [null, true, 0, -1, 1.5, 1e300, NOW, NOW + 60, "", "a", "HS256", "RS256", "JWT"];
  const deep = [[], {}, ["lobby"], ["*", 7], { length: 3 }, [[[]]], "\ud800", "x".repeat(300)];
  const chosen = names.filter(() => random.chance(0.3));
  return Object.fromEntries(chosen.map((name) => [name, random.pick([...values, ...deep])]));
}

Deno.test("while no key can be had, that is what is said", async () => {
  for (
    const fail of [() => Promise.reject(new Error("down")), () => {
      throw new Error("down");
    }]
  ) {
    const errors: unknown[] = [];
    const jwks = new JwksKeys({
      url: new URL(JWKS_URL),
      fetch: fail,
      clock: new FakeClock(),
      onError: (error) => errors.push(error),
    });
    const authenticator = createTokenAuthenticator({ secret: SECRET, jwks, now });
    const token = await issue(rsa, { sub: "alice" });
    assertEquals(await answer(token, authenticator), "keys out of reach");
    assertEquals(await answer(await issue(hmac, { sub: "alice" }), authenticator), "u:alice");
    assertEquals(errors.length, 1);
  }
});

Deno.test("a secret has at least 32 bytes, and there is a secret or a set of keys", async () => {
  assertThrows(() => createTokenAuthenticator({ now }), TypeError);
  for (const secret of ["", "a".repeat(31), "é".repeat(15) + "a"]) {
    assertThrows(() => createTokenAuthenticator({ secret, jwks: createJwks(), now }), RangeError);
  }
  for (const secret of ["a".repeat(32), "a".repeat(33), "é".repeat(16), "a".repeat(1000)]) {
    const token = await issue(await createHmac(secret), { sub: "alice" });
    assertEquals(await answer(token, createTokenAuthenticator({ secret, now })), "u:alice");
  }
});
