import { assert, assertEquals } from "@std/assert";
import { base64url, createHmac, createPair, issue } from "../auth/support.ts";
import { Client } from "../support/client.ts";
import { until, within } from "../support/deadline.ts";
import { RawClient } from "../support/raw_client.ts";
import { ask, head, RawHttp } from "../support/raw_http.ts";
import { RichClient } from "../support/rich_client.ts";
import { besiege } from "../support/siege.ts";
import { bring, product, SECRET, soon, tokenOf } from "./tokens_support.ts";

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
