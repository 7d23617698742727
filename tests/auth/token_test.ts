import { assert, assertEquals, assertThrows } from "@std/assert";
import { JwksKeys } from "../../lib/auth/jwks.ts";
import { allowsRoom, type Principal, type Unauthorized } from "../../lib/auth/principal.ts";
import { createTokenAuthenticator } from "../../lib/auth/token.ts";
import {
  TOKEN_CHARS_MAX,
  TOKEN_EXP_SECONDS_MAX,
  TOKEN_ROOM_CHARS_MAX,
  TOKEN_ROOMS_MAX,
} from "../../lib/limits.ts";
import { nameKey } from "../../lib/protocol/name.ts";
import { Random } from "../simulation/random.ts";
import { FakeClock } from "../support/fake_clock.ts";
import {
  base64url,
  createHmac,
  createPair,
  issue,
  keySet,
  PAIR_ALGORITHMS,
  type Signer,
} from "./support.ts";

const NOW = 1_800_000_000;
const SECRET = crypto.randomUUID();
const JWKS_URL = "https://login.example/keys";

/** Every reason that there is: whatever comes, nothing else is ever said. */
const REASONS: ReadonlySet<string> = new Set([
  "token missing",
  "token too long",
  "token malformed",
  "token algorithm not allowed",
  "token of an unknown key",
  "keys out of reach",
  "token wrong",
  "token expired",
  "token not yet valid",
  "token of another issuer",
  "token for another audience",
  "token sub is no username",
  "token exp malformed",
  "token rooms malformed",
]);

const hmac = await createHmac(SECRET);
const pairs = await Promise.all(PAIR_ALGORITHMS.map((alg) => createPair(alg, `key of ${alg}`)));
const [rsa, ecdsa, ed25519] = pairs as [typeof pairs[0], typeof pairs[0], typeof pairs[0]];

function createJwks(set = keySet(...pairs)): JwksKeys {
  return new JwksKeys({
    url: new URL(JWKS_URL),
    fetch(url) {
      assertEquals(url, JWKS_URL); // a token's `jku` and `x5u` lead nowhere
      return Promise.resolve(new Response(set));
    },
    clock: new FakeClock(),
    onError(error) {
      throw error;
    },
  });
}

const now = () => NOW * 1000;
const both = createTokenAuthenticator({ secret: SECRET, jwks: createJwks(), now });
const secretOnly = createTokenAuthenticator({ secret: SECRET, now });
const jwksOnly = createTokenAuthenticator({ jwks: createJwks(), now });

/** What is said of a token: why it is refused, or who its bearer is. */
async function answer(token: string | undefined, authenticator = both): Promise<string> {
  const result = await authenticator.authenticate(token);
  if ("unauthorized" in result) {
    assert(REASONS.has(result.unauthorized), result.unauthorized);
    return result.unauthorized;
  }
  return result.author!;
}

/** The principal of claims that are good. */
async function principal(claims: object): Promise<Principal> {
  const result = await both.authenticate(await issue(hmac, { sub: "alice", ...claims }));
  assert(!("unauthorized" in result), JSON.stringify(result));
  return result;
}

/** A signer under another algorithm's name, or another key's id. */
function disguised(signer: Signer, header: { alg?: string; kid?: string }): Signer {
  return { ...signer, ...header };
}

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

Deno.test("each source of keys has its own algorithms", async () => {
  for (const signer of [hmac, ...pairs]) {
    const token = await issue(signer, { sub: "alice" });
    const isSecret = signer === hmac;
    const refused = "token algorithm not allowed";
    assertEquals(await answer(token, secretOnly), isSecret ? "u:alice" : refused, signer.alg);
    assertEquals(await answer(token, jwksOnly), isSecret ? refused : "u:alice", signer.alg);
  }
});

Deno.test("an algorithm that is not among the four is refused, whatever signed the token", async () => {
  const names = ["none", "None", "NONE", "hs256", "HS256 ", "HS384", "HS512", "RS384", "RS512"];
  names.push(
    "PS256",
    "ES384",
    "ES512",
    "ES256K",
    "Ed25519",
    "Ed448",
    "ML-DSA-44",
    "RSA-OAEP",
    "dir",
  );
  names.push("", "__proto__", "constructor", "A128KW", "x".repeat(1000));
  for (const alg of names) {
    for (const signer of [hmac, ...pairs]) {
      const token = await issue(disguised(signer, { alg }), { sub: "alice" });
      assertEquals(await answer(token), "token algorithm not allowed", `${alg} by ${signer.alg}`);
    }
  }
  for (const alg of [undefined, null, 256, ["HS256"], { HS256: true }]) {
    const token = await issue(hmac, { sub: "alice" }, { alg });
    assertEquals(await answer(token), "token malformed", JSON.stringify(alg));
  }
});

Deno.test("a public key is no secret, in whatever form its bytes are taken", async () => {
  for (const { kid, jwk, spki, alg } of pairs) {
    const lines = spki.toBase64().replace(/.{64}/g, "$&\n");
    const pem = `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----`;
    const members = Object.values(jwk).map(String);
    for (const bytes of [JSON.stringify(jwk), ...members, spki, pem, pem + "\n"]) {
      const forger = disguised(await createHmac(bytes), { kid });
      const token = await issue(forger, { sub: "alice" });
      assertEquals(await answer(token), "token wrong", alg);
      assertEquals(await answer(token, jwksOnly), "token algorithm not allowed", alg);
      const crossed = await issue(disguised(forger, { alg }), { sub: "alice" });
      assertEquals(await answer(crossed), "token wrong", `${alg} by HMAC`);
    }
  }
});

Deno.test("a signature of another algorithm or key is wrong", async () => {
  const other = await createPair("EdDSA", ed25519.kid);
  const forgers: readonly (readonly [name: string, signer: Signer, answer: string])[] = [
    ["RS256 by the secret", disguised(hmac, { alg: "RS256", kid: rsa.kid }), "token wrong"],
    ["ES256 by the secret", disguised(hmac, { alg: "ES256", kid: ecdsa.kid }), "token wrong"],
    ["EdDSA by the secret", disguised(hmac, { alg: "EdDSA", kid: ed25519.kid }), "token wrong"],
    ["HS256 by an RSA key", disguised(rsa, { alg: "HS256" }), "token wrong"],
    ["HS256 by another secret", await createHmac(SECRET + "!"), "token wrong"],
    ["EdDSA by another key of that id", other, "token wrong"],
    [
      "RS256 naming an ECDSA key",
      disguised(rsa, { kid: ecdsa.kid }),
      "token of an unknown key",
    ],
    ["ES256 naming an RSA key", disguised(ecdsa, { kid: rsa.kid }), "token of an unknown key"],
    ["a key that is not published", disguised(rsa, { kid: "7" }), "token of an unknown key"],
    ["an id in another case", disguised(rsa, { kid: "KEY OF RS256" }), "token of an unknown key"],
    ["an id of a prototype", disguised(rsa, { kid: "__proto__" }), "token of an unknown key"],
    [
      "ES256 by nothing",
      { ...ecdsa, sign: () => Promise.resolve(new ArrayBuffer(64)) },
      "token wrong",
    ],
    [
      "EdDSA by nothing",
      { ...ed25519, sign: () => Promise.resolve(new ArrayBuffer(64)) },
      "token wrong",
    ],
    [
      "RS256 by nothing",
      { ...rsa, sign: () => Promise.resolve(new ArrayBuffer(256)) },
      "token wrong",
    ],
    [
      "RS256 by one byte",
      { ...rsa, sign: () => Promise.resolve(new ArrayBuffer(1)) },
      "token wrong",
    ],
  ];
  for (const [name, signer, expected] of forgers) {
    assertEquals(await answer(await issue(signer, { sub: "alice" })), expected, name);
  }
});

Deno.test("a provider's token must name its key", async () => {
  for (const pair of pairs) {
    const { kid: _kid, ...nameless } = pair;
    assertEquals(await answer(await issue(nameless, { sub: "a" })), "token of an unknown key");
    for (const kid of [null, 7, [pair.kid], {}]) {
      assertEquals(await answer(await issue(pair, { sub: "a" }, { kid })), "token malformed");
    }
  }
});

Deno.test("a key that comes with the token is not looked at", async () => {
  const forger = await createPair("ES256", "mine");
  const jku = "http://attacker.example/keys";
  for (const kid of [forger.kid, ecdsa.kid]) {
    const header = { kid, jwk: { ...forger.jwk, kid }, jku, x5u: jku, x5c: ["AAAA"] };
    const expected = kid === "mine" ? "token of an unknown key" : "token wrong";
    assertEquals(await answer(await issue(forger, { sub: "alice" }, header)), expected);
  }
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

Deno.test("parts of two good tokens make no good one", async () => {
  const [one, other] = await Promise.all(["alice", "bob"].map((sub) => issue(hmac, { sub })));
  const [head, , signature] = one!.split(".");
  assertEquals(await answer(`${head}.${other!.split(".")[1]}.${signature}`), "token wrong");
});

Deno.test("claims that are malformed are refused, each with its reason", async () => {
  const sub = "token sub is no username";
  const exp = "token exp malformed";
  const rooms = "token rooms malformed";
  const table: readonly (readonly [payload: object | string, answer: string])[] = [
    [{ sub: undefined }, sub],
    [{ sub: null }, sub],
    [{ sub: 7 }, sub],
    [{ sub: ["alice"] }, sub],
    [{ sub: "" }, sub],
    [{ sub: " alice" }, sub],
    [{ sub: "@alice" }, sub],
    [{ sub: "a\u200bb" }, sub],
    [{ sub: "auth0|5f7c8ec7" }, sub],
    [{ sub: "a".repeat(32) }, "u:" + "a".repeat(32)],
    [{ sub: "a".repeat(33) }, sub],
    [{ sub: "__proto__" }, "u:__proto__"],
    [{ exp: null }, exp],
    [{ exp: "NaN" }, exp],
    [{ exp: String(NOW + 60) }, exp],
    [{ exp: true }, exp],
    [{ exp: [NOW + 60] }, exp],
    [{ exp: 1e300 }, exp],
    ['{"sub":"alice","exp":1e400}', exp],
    ['{"sub":"alice","exp":-1e400}', "token expired"],
    [{ exp: -1e300 }, "token expired"],
    [{ exp: -1 }, "token expired"],
    [{ exp: 0 }, "token expired"],
    [{ exp: (NOW + 60) * 1000 }, exp],
    [{ exp: TOKEN_EXP_SECONDS_MAX - 1 }, "u:alice"],
    [{ exp: TOKEN_EXP_SECONDS_MAX }, "u:alice"],
    [{ exp: TOKEN_EXP_SECONDS_MAX + 1 }, exp],
    [{ nbf: "0" }, "token malformed"],
    [{ nbf: null }, "token malformed"],
    ['{"sub":"alice","nbf":1e400}', "token not yet valid"],
    [{ iat: "yesterday" }, "token malformed"],
    [{ rooms: null }, rooms],
    [{ rooms: "lobby" }, rooms],
    [{ rooms: { 0: "lobby" } }, rooms],
    [{ rooms: ["lobby", 7] }, rooms],
    [{ rooms: ["lobby", null] }, rooms],
    [{ rooms: [["lobby"]] }, rooms],
    [{ rooms: Array(TOKEN_ROOMS_MAX - 1).fill("a") }, "u:alice"],
    [{ rooms: Array(TOKEN_ROOMS_MAX).fill("a") }, "u:alice"],
    [{ rooms: Array(TOKEN_ROOMS_MAX + 1).fill("a") }, rooms],
    [{ rooms: ["a".repeat(TOKEN_ROOM_CHARS_MAX - 1)] }, "u:alice"],
    [{ rooms: ["a".repeat(TOKEN_ROOM_CHARS_MAX)] }, "u:alice"],
    [{ rooms: ["a".repeat(TOKEN_ROOM_CHARS_MAX + 1)] }, rooms],
    [{ rooms: ["team\uff0a"] }, rooms],
    [{ rooms: ["\ufe61"] }, rooms],
  ];
  for (const [claims, expected] of table) {
    const payload = typeof claims === "string" ? claims : { sub: "alice", ...claims };
    const name = typeof claims === "string" ? claims : JSON.stringify(claims).slice(0, 100);
    assertEquals(await answer(await issue(hmac, payload)), expected, name);
  }
});

Deno.test("a claim is not looked at before the signature", async () => {
  const forger = await createHmac(crypto.randomUUID());
  for (const claims of [{ exp: 0 }, { sub: 7 }, { nbf: NOW + 60 }, { rooms: 7 }]) {
    assertEquals(await answer(await issue(forger, { sub: "alice", ...claims })), "token wrong");
  }
});

Deno.test("a token is valid from nbf until exp, to the millisecond", async () => {
  const table: readonly (readonly [claims: object, afterMs: number, answer: string])[] = [
    [{ exp: NOW }, -1000, "u:alice"],
    [{ exp: NOW }, -1, "u:alice"],
    [{ exp: NOW }, 0, "token expired"],
    [{ exp: NOW }, 1000, "token expired"],
    [{ exp: NOW + 0.5 }, 499, "u:alice"],
    [{ exp: NOW + 0.5 }, 500, "token expired"],
    [{ exp: NOW + 0.5 }, 999, "token expired"],
    [{ nbf: NOW }, -1000, "token not yet valid"],
    [{ nbf: NOW }, -1, "token not yet valid"],
    [{ nbf: NOW }, 0, "u:alice"],
    [{ nbf: NOW, exp: NOW }, 0, "token expired"],
    [{ nbf: NOW, exp: NOW + 1 }, 999, "u:alice"],
    [{ iat: NOW + 3600 }, 0, "u:alice"], // its issuer's clock is its issuer's matter
  ];
  for (const [claims, afterMs, expected] of table) {
    const at = createTokenAuthenticator({ secret: SECRET, now: () => NOW * 1000 + afterMs });
    const token = await issue(hmac, { sub: "alice", ...claims });
    assertEquals(await answer(token, at), expected, `${JSON.stringify(claims)} at ${afterMs} ms`);
  }
});

Deno.test("a token without exp never expires, another at its exp", async () => {
  assertEquals((await principal({})).expiresAt, undefined);
  assertEquals((await principal({ exp: NOW + 1 })).expiresAt, (NOW + 1) * 1000);
  assertEquals((await principal({ exp: NOW + 1.2345 })).expiresAt, NOW * 1000 + 1234);
});

Deno.test("issuer and audience are checked if they are configured", async () => {
  const issuer = "https://login.example/";
  const table: readonly (readonly [claims: object, answer: string])[] = [
    [{ iss: issuer, aud: "chat" }, "u:alice"],
    [{ iss: issuer, aud: ["chat"] }, "u:alice"],
    [{ iss: issuer, aud: ["shop", "chat"] }, "u:alice"],
    [{ aud: "chat" }, "token of another issuer"],
    [{ iss: null, aud: "chat" }, "token of another issuer"],
    [{ iss: [issuer], aud: "chat" }, "token of another issuer"],
    [{ iss: "https://login.example", aud: "chat" }, "token of another issuer"],
    [{ iss: issuer }, "token for another audience"],
    [{ iss: issuer, aud: "" }, "token for another audience"],
    [{ iss: issuer, aud: [] }, "token for another audience"],
    [{ iss: issuer, aud: "chats" }, "token for another audience"],
    [{ iss: issuer, aud: ["chats", "cha"] }, "token for another audience"],
    [{ iss: issuer, aud: { chat: true } }, "token for another audience"],
    [{ iss: issuer, aud: [["chat"]] }, "token for another audience"],
  ];
  const strict = createTokenAuthenticator({ secret: SECRET, issuer, audience: "chat", now });
  for (const [claims, expected] of table) {
    const token = await issue(hmac, { sub: "alice", ...claims });
    assertEquals(await answer(token, strict), expected, JSON.stringify(claims));
    assertEquals(await answer(token), "u:alice", `not configured: ${JSON.stringify(claims)}`);
  }
});

Deno.test("a token's rooms, names or globs, are all that may be read", async () => {
  const table: readonly (readonly [rooms: string[], yes: string[], no: string[]])[] = [
    [[], [], ["lobby", "a"]],
    [["lobby"], ["lobby", "Lobby", "LOBBY"], ["lobby2", "my-lobby", "lobb"]],
    [["Straße"], ["strasse", "STRASSE"], ["strase"]],
    [["ＴＥＡＭ-*"], ["team-", "team-a"], ["team", "my-team-a"]],
    [["*"], ["a", "lobby"], []],
    [["*-news"], ["a-news", "-news"], ["news", "a-news-b"]],
    [["a*b*c"], ["abc", "aXbXc", "abcbc"], ["ab", "acb", "abcd"]],
    [["a*a"], ["aa", "aba"], ["a"]],
    [["**"], ["a"], []],
    [["lobby", "team-*"], ["lobby", "team-1"], ["team", "lobby-team-1"]],
    [["a.c"], ["a.c"], ["abc"]],
    [["[a-z]*", "(", "a{9}", "^a$"], [], ["a", "b"]],
    [["@*", "my room"], [], ["alice", "my-room"]],
    [[""], [], ["a"]],
  ];
  for (const [rooms, yes, no] of table) {
    const alice = await principal({ rooms });
    for (const room of yes) assert(allowsRoom(alice, nameKey(room)), `${rooms} open ${room}`);
    for (const room of no) assert(!allowsRoom(alice, nameKey(room)), `${rooms} close ${room}`);
  }
  assert(allowsRoom(await principal({}), "any"));
});

Deno.test("globs are matched without trying all ways to read them", async () => {
  // Trying them all would take longer than any test runner waits.
  const hostile = ["*a".repeat(TOKEN_ROOM_CHARS_MAX / 2), "a*".repeat(TOKEN_ROOM_CHARS_MAX / 2)];
  hostile.push("*".repeat(TOKEN_ROOM_CHARS_MAX - 1) + "b");
  const payload = { rooms: Array.from({ length: 12 }, () => hostile).flat() };
  const alice = await principal(payload);
  assert(!allowsRoom(alice, "a".repeat(63)));
  assert(allowsRoom(alice, "a".repeat(63) + "b"));
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

Deno.test("an RSA key that is too short verifies nothing", async () => {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const { n, e, kty } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const short: Signer = {
    alg: "RS256",
    kid: "short",
    jwk: { kid: "short", kty: kty!, n: n!, e: e! },
    sign: (data) => crypto.subtle.sign("RSASSA-PKCS1-v1_5", pair.privateKey, data),
  };
  const jwks = createJwks(keySet(short));
  const authenticator = createTokenAuthenticator({ jwks, now });
  assertEquals(await answer(await issue(short, { sub: "alice" }), authenticator), "token wrong");
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
