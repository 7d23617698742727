import { assertEquals } from "@std/assert";
import { createHmac, createPair, keySet, type Signer } from "../auth/support.ts";
import { Client } from "../support/client.ts";
import { until, within } from "../support/deadline.ts";
import { HANDSHAKE_LINES } from "../support/handshake.ts";
import { head, RawHttp } from "../support/raw_http.ts";
import { RichClient } from "../support/rich_client.ts";
import { besiege } from "../support/siege.ts";
import { bring, product, SECRET, tokenOf } from "./tokens_support.ts";

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
