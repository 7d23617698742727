import { assert, assertEquals } from "@std/assert";
import { base64url, createHmac, createPair, issue, keySet, type Signer } from "../auth/support.ts";
import { Client } from "../support/client.ts";
import { until, within } from "../support/deadline.ts";
import { HANDSHAKE_LINES } from "../support/handshake.ts";
import { RawClient } from "../support/raw_client.ts";
import { ask, head, RawHttp } from "../support/raw_http.ts";
import { RichClient } from "../support/rich_client.ts";
import { besiege, type Siege } from "../support/siege.ts";

const SECRET = "a secret of the product's, and of nobody else";
const product = await createHmac(SECRET);

const soon = () => Math.floor(Date.now() / 1000) + 600;
const tokenOf = (signer: Signer, sub: string, header: object = {}) =>
  issue(signer, { sub, exp: soon() }, header);

/** A provider of keys on the loopback address, whose answer a test chooses. */
class Provider implements AsyncDisposable {
  asked = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #ended = new AbortController();

  constructor(answer: () => Response | Promise<Response>) {
    const { signal } = this.#ended;
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal, onListen() {} }, () => {
      this.asked++;
      return answer();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/keys`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#server.finished;
  }
}

/** Brings a token in the three ways in which one can come, and sees how it is refused. */
async function bring({ server }: Siege, token: string, reason: string): Promise<void> {
  const client = await Client.open(server.url, "/ws/alice", ["natter.v1", `natter.auth.${token}`]);
  assertEquals(client.socket.protocol, "natter.v1");
  assertEquals(await within(client.closed, "the end"), { code: 4502, reason });
  const authorization = `Authorization: Bearer ${token}`;
  for (const request of ["POST /messages/alice", "GET /api/rooms/lobby/messages"]) {
    const body = "a body that is hushed";
    const { status, body: problem } = await ask(server.port, request, [
      authorization,
      "Content-Type: text/plain",
      `Content-Length: ${body.length}`,
    ], body);
    assertEquals([status, JSON.parse(problem).detail], [401, reason], request);
  }
}

Deno.test("no token but the product's own lets anybody in, and none is logged", async (t) => {
  const pair = await createPair("RS256", "public");
  const forged = { ...await createHmac(pair.spki), alg: "HS256" };
  const stranger = await createHmac("a secret of somebody else's, as long");
  const claims = { sub: "alice", exp: soon() };
  const good = await tokenOf(product, "alice");
  const [header, payload, signature] = good.split(".") as [string, string, string];
  const wrong: readonly (readonly [what: string, token: string, reason: string])[] = [
    ["alg none", `${base64url({ alg: "none" })}.${payload}.${signature}`, "algorithm not allowed"],
    ["alg none, unsigned", `${base64url({ alg: "none" })}.${payload}.`, "malformed"],
    ["alg None", `${base64url({ alg: "None" })}.${payload}.${signature}`, "algorithm not allowed"],
    ["HS256 by a public key", await issue(forged, claims), "wrong"],
    ["RS256 without a provider", await issue(pair, claims), "algorithm not allowed"],
    ["HS512", await issue(product, claims, { alg: "HS512" }), "algorithm not allowed"],
    ["another's signature", await issue(stranger, claims), "wrong"],
    ["no signature", `${header}.${payload}.`, "malformed"],
    ["a signature of one letter", `${header}.${payload}.A`, "wrong"],
    ["a changed payload", `${header}.${base64url({ sub: "root" })}.${signature}`, "wrong"],
    ["expired", await issue(product, { sub: "alice", exp: 1 }), "expired"],
    ["not yet", await issue(product, { sub: "alice", nbf: soon() }), "not yet valid"],
    ["exp as a text", await issue(product, { sub: "alice", exp: "9999999999" }), "exp malformed"],
    ["a sub that is no name", await issue(product, { sub: "a\nb" }), "sub is no username"],
    ["no sub", await issue(product, { exp: soon() }), "sub is no username"],
    ["rooms that are no list", await issue(product, { ...claims, rooms: "*" }), "rooms malformed"],
    ["crit", await issue(product, claims, { crit: ["exp"] }), "malformed"],
    ["a key in the header", await issue(stranger, claims, { jwk: pair.jwk }), "wrong"],
    ["8193 characters", good.padEnd(8193, "A"), "too long"],
    ["points", "...", "malformed"],
    ["one point", "a.b", "malformed"],
    ["a prototype", `${base64url({ alg: "__proto__" })}.e30.AA`, "algorithm not allowed"],
  ];
  const env = { AUTH: "token", AUTH_SECRET: SECRET, MESSAGES_PER_SECOND: "0" };
  const credentialOf = (name: string) => tokenOf(product, name);
  await besiege(t, { env, credentialOf }, async (siege) => {
    const { server, secrets, step } = siege;
    secrets.push(SECRET, good, signature, "hushed", "alice");
    for (const [what, token, reason] of wrong) {
      if (token.length < 8193) secrets.push(token);
      await step(what, () => bring(siege, token, `token ${reason}`));
    }

    await step("a token of somebody else's", async () => {
      const client = await Client.open(server.url, "/ws/talker", [
        "natter.v1",
        `natter.auth.${good}`,
      ]);
      assertEquals((await within(client.closed, "the end")).code, 4502);
      const { status } = await ask(server.port, "POST /messages/talker", [
        `Authorization: Bearer ${good}`,
        "Content-Type: text/plain",
        "Content-Length: 2",
      ], "hi");
      assertEquals(status, 401);
    });

    await step("a token in the address, and in other headers", async () => {
      for (const query of ["token", "access_token", "auth", "key"]) {
        const client = await Client.open(server.url, `/ws/alice?${query}=${good}`);
        assertEquals((await within(client.closed, "the end")).reason, "token missing");
      }
      for (
        const header of ["Cookie: token=", "X-Authorization: Bearer ", "Authorization: Basic "]
      ) {
        const { status } = await ask(server.port, "GET /api/rooms/lobby/users", [header + good]);
        assertEquals(status, 401, header);
      }
    });

    await step("a token of 100 KB", async () => {
      const long = "A".repeat(100_000);
      const { status } = await ask(server.port, "GET /api/rooms/lobby/users", [
        `Authorization: Bearer ${long}`,
      ]);
      assert([400, 401, 431].includes(status), `${status}`);
      const renewing = await RichClient.open(server.url, "/ws/alice", good);
      await renewing.joined("lobby");
      renewing.send({ type: "token", token: long.slice(0, 40_000), ref: "r" });
      assertEquals((await renewing.next("error")).code, "unauthorized");
      renewing.send({ type: "token", token: long });
      assertEquals((await within(renewing.closed, "the end")).code, 1009);
    });

    await step("subprotocols with junk", async () => {
      const offers = [
        ["natter.v1", "natter.auth."],
        ["natter.v1", "natter.auth.a", `natter.auth.${good}`],
        ["natter.v1", `NATTER.AUTH.${good}`],
        ["natter.v1", ...Array.from({ length: 1000 }, (_, i) => `x${i}`)],
        ["natter.v1", "natter.auth.!#$%&'*+^_`|~"],
      ];
      for (const subprotocols of offers) {
        using client = await RawClient.open(server.port, "/ws/alice", { subprotocols });
        const end = await client.untilClosed();
        assert(end.type === "close" && end.code === 4502, JSON.stringify(end));
        await client.sendClose();
      }
    });

    await step("2,000 wrong tokens at once over HTTP", async () => {
      const token = wrong.find(([what]) => what === "another's signature")![1];
      const request = head("GET /api/rooms/lobby/users", [
        "Host: a",
        `Authorization: Bearer ${token}`,
      ]);
      await Promise.all(Array.from({ length: 20 }, async () => {
        using http = await RawHttp.connect(server.port);
        await http.write(request.repeat(100));
        let answers = "";
        await until(async () => {
          answers += await http.read() ?? "";
          return answers.split("HTTP/1.1 401").length > 100;
        }, "a hundred answers");
        assertEquals(answers.split("HTTP/1.1 401").length, 101);
      }));
    });

    await step("500 sockets with wrong tokens at once", async () => {
      await Promise.all(Array.from({ length: 500 }, async (_, i) => {
        const token = wrong[i % 18]![1];
        using client = await RawClient.open(server.port, "/ws/alice", {
          subprotocols: ["natter.v1", `natter.auth.${token}`],
        });
        const end = await client.untilClosed();
        assert(end.type === "close" && end.code === 4502);
      }));
    });

    await step("1,000 wrong tokens as commands, and a right one of somebody else's", async () => {
      const session = await RichClient.open(server.url, "/ws/alice", good);
      await session.joined("lobby");
      for (let i = 0; i < 1000; i++) {
        session.send({ type: "token", token: `${i}.${payload}.${signature}`, ref: `${i}` });
      }
      for (let i = 0; i < 1000; i++) {
        const { code } = await session.next("error");
        assert(["unauthorized", "busy"].includes(code), code);
      }
      session.send({ type: "token", token: await tokenOf(product, "talker"), ref: "other" });
      assertEquals((await session.next("error")).code, "unauthorized");
      assertEquals((await session.say("lobby", "hushed")).room, "lobby");
      await session[Symbol.asyncDispose]();
    });
  });
});

Deno.test("a provider that hangs holds back those alone who need it, and leaves nothing behind", async (t) => {
  await using provider = new Provider(() => new Promise<Response>(() => {}));
  const pair = await createPair("ES256", "hung");
  const token = await tokenOf(pair, "alice");
  const env = {
    AUTH: "token",
    AUTH_SECRET: SECRET,
    AUTH_JWKS_URL: provider.url,
    CONNECTIONS_PER_IP_MAX: "60",
  };
  const mayLog = ["The keys of tokens are out of reach"];
  const credentialOf = (name: string) => tokenOf(product, name);
  await besiege(t, { env, credentialOf, mayLog, words: 2 }, async ({ server, secrets, step }) => {
    secrets.push(token);
    await step("50 wait for keys that do not come, and half of them leave", async () => {
      const subprotocols = ["natter.v1", `natter.auth.${token}`];
      const leaving = await Promise.all(Array.from({ length: 25 }, async () => {
        const http = await RawHttp.connect(server.port);
        await http.write(head("GET /ws/alice", [
          "Host: a",
          ...HANDSHAKE_LINES,
          `Sec-WebSocket-Protocol: ${subprotocols.join(", ")}`,
        ]));
        return http;
      }));
      await until(() => provider.asked > 0, "the provider is asked");
      const staying = Array.from({ length: 25 }, async () => {
        const client = await Client.open(server.url, "/ws/alice", subprotocols);
        return await within(client.closed, "the end");
      });
      for (const http of leaving) http[Symbol.dispose]();
      for (const end of await Promise.all(staying)) {
        assertEquals(end, { code: 1011, reason: "keys out of reach" });
      }
    });

    await step("whoever needs no provider comes in, in the places of those who left", async () => {
      const guests = await Promise.all(
        Array.from({ length: 50 }, (_, i) => tokenOf(product, `guest${i}`)),
      );
      const enter = async (token: string, i: number) => {
        await using client = await RichClient.open(server.url, `/ws/guest${i}`, token);
        return await client.next("welcome").then(() => true, () => false);
      };
      await until(
        async () => (await Promise.all(guests.map(enter))).every((isIn) => isIn),
        "there is room for fifty",
      );
    });
  });
});

Deno.test("a provider that dies puts nobody out, and is not asked for what strangers make up", async (t) => {
  const pair = await createPair("EdDSA", "known");
  const stranger = await createPair("EdDSA", "known");
  const provider = new Provider(() => new Response(keySet(pair)));
  const env = { AUTH: "token", AUTH_JWKS_URL: provider.url, MESSAGES_PER_SECOND: "0" };
  const credentialOf = (name: string) => tokenOf(pair, name);
  await besiege(t, { env, credentialOf }, async (siege) => {
    const { server, secrets, step } = siege;
    await step("tokens of other keys", async () => {
      const kidless: Signer = { alg: "EdDSA", sign: pair.sign };
      const secret = await createHmac(pair.spki);
      const wrong: readonly (readonly [token: string, reason: string])[] = [
        [await tokenOf(stranger, "alice"), "token wrong"],
        [await tokenOf(kidless, "alice"), "token of an unknown key"],
        [await tokenOf(pair, "alice", { alg: "RS256" }), "token of an unknown key"],
        [await tokenOf(secret, "alice", { kid: "known" }), "token algorithm not allowed"],
      ];
      for (const [token, reason] of wrong) {
        secrets.push(token);
        await bring(siege, token, reason);
      }
    });
    await step("1,000 keys that nobody has published", async () => {
      const tokens = await Promise.all(
        Array.from({ length: 1000 }, (_, i) => tokenOf(pair, "alice", { kid: `made-up-${i}` })),
      );
      using http = await RawHttp.connect(server.port);
      const requests = tokens.map((token) =>
        head("GET /api/rooms/lobby/users", ["Host: a", `Authorization: Bearer ${token}`])
      );
      let answers = "";
      await Promise.all([
        http.write(requests.join("")),
        until(async () => {
          answers += await http.read() ?? "";
          return answers.split("HTTP/1.1 401").length > 1000;
        }, "a thousand answers"),
      ]);
      assertEquals(provider.asked, 1);
    });
    await provider[Symbol.asyncDispose]();
    await step("with the provider gone the known key goes on", async () => {
      await using client = await RichClient.open(
        server.url,
        "/ws/alice",
        await tokenOf(pair, "alice"),
      );
      assertEquals((await client.next("welcome")).username, "alice");
    });
  });
});
