import { assert, assertEquals } from "@std/assert";
import type { NatterError } from "../../static/natter.js";
import { until, within } from "../support/deadline.ts";
import { FakeServer } from "./fake_server.ts";
import { client } from "./links_support.ts";

/** A token that ends at a time. */
function token(expiresAt: number): string {
  return `h.${btoa(JSON.stringify({ exp: expiresAt / 1000 })).replace(/=/g, "")}.s`;
}

const FINAL: readonly [code: string, status: number, closes: number][] = [
  ["username_invalid", 400, 4500],
  ["username_taken", 409, 4501],
  ["unauthorized", 401, 4502],
  ["room_name_invalid", 400, 4503],
  ["forbidden", 403, 4503],
];

for (const [code, status, closes] of FINAL) {
  for (const transport of ["events", "poll"] as const) {
    Deno.test(`${transport}: ${code} is final, as it is on a socket`, async () => {
      const server = new FakeServer();
      server.refusal = { status, code };
      await using ann = client(server, { transport });
      await until(() => ann.closed.length > 0, "it is closed");
      assertEquals([ann.closed, server.asked], [[closes], [transport]]);
    });
  }
}

Deno.test("the server's own wait is kept to, and being online again does not shorten it", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const waits: number[] = [];
  ann.natter.addEventListener("state", ({ detail }) => waits.push(detail.retryAt ?? 0));
  const before = Date.now();
  server.sockets[0]!.tell([{ type: "reconnect", afterMs: 9000 }]);
  server.sockets[0]!.end(4000, "drain");
  assert(waits[0]! >= before + 9000);
  globalThis.dispatchEvent(new Event("online"));
  assertEquals([ann.natter.state, server.asked], ["waiting", ["ws"]]);
});

Deno.test("a page that is back before the server wants it connects when it does", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const before = Date.now();
  server.sockets.at(-1)!.tell([{ type: "reconnect", afterMs: 300 }]);
  server.sockets.at(-1)!.end(4000, "drain");
  globalThis.dispatchEvent(new Event("pagehide"));
  globalThis.dispatchEvent(new Event("pageshow"));
  assertEquals(ann.natter.state, "waiting");
  await ann.opened();
  assert(Date.now() >= before + 300);
});

Deno.test("a full server's Retry-After is kept to", async () => {
  const server = new FakeServer();
  const waits: number[] = [];
  const before = Date.now();
  server.refusal = { status: 503, code: "busy", retryAfter: "7" };
  await using ann = client(server, { transport: "poll" });
  ann.natter.addEventListener("state", ({ detail }) => waits.push(detail.retryAt ?? 0));
  await until(() => waits.length > 0, "it waits");
  assert(waits[0]! >= before + 7000);
});

Deno.test("a socket that closes again and again is not hurried after", async () => {
  const server = new FakeServer();
  const attempts: number[] = [];
  const random = () => 0.5;
  const options = { random, backoffBaseMs: 1, backoffCapMs: 1e6, transport: "websocket" as const };
  await using ann = await client(server, options).opened();
  ann.natter.addEventListener("state", ({ detail }) => {
    if (detail.retryAt) attempts.push(detail.retryAt - Date.now());
  });
  for (const code of [4001, 4000, 1006, 1012, 4003, 4499, 3000, 1005]) {
    server.sockets.at(-1)!.end(code);
    await ann.opened();
  }
  // 0.5, 1, 2, 4 … ms: each bound is twice the last, whatever the code.
  const bounds = attempts.map((_, attempt) => Math.floor(0.5 * 2 ** attempt));
  assertEquals(attempts.filter((ms, i) => ms > bounds[i]!), []);
  assert(attempts.at(-1)! > attempts[0]!, `${attempts}`);
});

Deno.test("a refused token: one fresh one at once, then with backoff; without getToken it is the end", async () => {
  const server = new FakeServer();
  let asked = 0;
  await using ann = await client(server, {
    getToken: () => `token-${++asked}`,
    random: () => 0.5,
    backoffBaseMs: 1e6,
    backoffCapMs: 1e6,
  }).opened();
  server.sockets[0]!.end(4502, "token expired");
  await ann.opened();
  server.sockets[1]!.end(4502, "token expired");
  await until(() => ann.natter.state === "waiting", "it waits");
  assertEquals(server.secrets, ["token-1", "token-2"]);
  await using ben = await client(server, { token: "only-one" }).opened();
  server.sockets[2]!.end(4502, "token expired");
  assertEquals([ben.natter.state, ben.closed], ["closed", [4502]]);
});

Deno.test("a token is renewed on the socket before it ends", async () => {
  const server = new FakeServer();
  let asked = 0;
  await using ann = await client(server, {
    getToken: () => Promise.resolve(token(Date.now() + (++asked === 1 ? 1100 : 1e8))),
  }).opened();
  await until(() => server.commands.some(({ type }) => type === "token"), "it is renewed");
  assertEquals([asked, server.asked], [2, ["ws"]]);
  server.sockets[0]!.tell([{ type: "token", expiresAt: Date.now() + 1e9, ref: "r" }]);
  server.sockets[0]!.tell([{ type: "left", room: "tea" }]);
  assertEquals(ann.natter.cursor, "", "what the new token does not allow is not asked for again");
});

Deno.test("a token that has come is waited for no longer", async () => {
  const server = new FakeServer();
  const getToken = () => "token";
  await using ann = await client(server, { getToken, connectTimeoutMs: 30_000 }).opened();
  const ask = () =>
    ann.natter.history({ room: "tea" }).then(() => "answered", ({ code }: NatterError) => code);
  const asked = () => server.commands.filter(({ type }) => type === "history").length;
  // As many questions as may be open, and no answers.
  const outcomes = Array.from({ length: 63 }, ask);
  await until(() => asked() === 63, "all but one are asked");
  outcomes.push(ask());
  await until(() => asked() === 64, "the last one is asked");
  assertEquals(await within(ask(), "a refusal"), "queue_full");
  ann.natter.close();
  assertEquals(new Set(await Promise.all(outcomes)), new Set(["closed"]));
});

Deno.test("no token: told as an error, and tried again", async () => {
  const server = new FakeServer();
  let asked = 0;
  const errors: string[] = [];
  const getToken = () => {
    if (++asked < 3) throw new Error("logged out");
    return "token";
  };
  await using ann = client(server, { getToken });
  ann.natter.addEventListener("error", ({ detail }) => errors.push(detail.message));
  await ann.opened();
  assertEquals([errors, server.secrets], [["logged out", "logged out"], ["token"]]);
});
