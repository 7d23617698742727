import { assertEquals } from "@std/assert";
import { createTokenAuthenticator } from "../../lib/auth/token.ts";
import { createHmac, createPair, issue, keySet, type Signer } from "./support.ts";
import {
  answer,
  createJwks,
  disguised,
  ecdsa,
  ed25519,
  hmac,
  jwksOnly,
  now,
  pairs,
  rsa,
  SECRET,
  secretOnly,
} from "./token_support.ts";

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

Deno.test("parts of two good tokens make no good one", async () => {
  const [one, other] = await Promise.all(["alice", "bob"].map((sub) => issue(hmac, { sub })));
  const [head, , signature] = one!.split(".");
  assertEquals(await answer(`${head}.${other!.split(".")[1]}.${signature}`), "token wrong");
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
