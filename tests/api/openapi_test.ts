/** A walk through `/openapi.json`: every request that it documents is made, every answer held to it. */

import { assert, assertEquals } from "@std/assert";
import { createHmac, issue } from "../auth/support.ts";
import { Client } from "../support/client.ts";
import { until } from "../support/deadline.ts";
import { RawClient } from "../support/raw_client.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { openSilentPeer } from "../support/silent_peer.ts";
import { type Asked, askFor } from "./asker.ts";
import { Judge } from "./judge.ts";

const API_KEY = "the-api-key-of-the-programs";
const KEY = "k".repeat(22), OTHER_KEY = "o".repeat(22);
const SECRET = "a-secret-of-at-least-32-bytes-for-tests";
const METRICS_KEY = "the-key-of-the-monitoring";
const FREE = { API_KEY, METRICS_KEY, MESSAGES_PER_SECOND: "0", BODY_BYTES_MAX: "64" };

/** What no request can bring about on a server that is well, and what shows it instead. */
const UNSEEN: readonly RegExp[] = [
  / 500 internal$/, // a fault of ours: tests/routes/ws_refusals_test.ts
  / 408 request_timeout$/, // takes ten seconds: tests/routes/messages_bodies_test.ts
  // The store is out of reach: tests/routes/rooms_test.ts, tests/routes/messages_test.ts
  /^(?!poll|stream|isReady).* 503 unavailable$/,
];

let judge: Judge;

async function judgeOf(server: TestServer): Promise<void> {
  judge = new Judge(await (await fetch(new URL("openapi.json", server.url))).json());
}

/** Asks for an operation, and wants it answered so. */
async function expect(
  server: TestServer,
  id: string,
  wanted: number | string,
  asked: Asked = {},
) {
  const { status, body, headers } = await askFor(judge, server, id, asked);
  const about = `${id}: ${JSON.stringify(asked)} ${JSON.stringify(body)}`;
  assertEquals(typeof wanted === "number" ? status : body?.code, wanted, about);
  return { body, headers };
}

/** The operations that may answer with a code. */
function idsWith(code: string): string[] {
  return [...judge.promised].filter((line) => line.endsWith(` ${code}`)).map((line) =>
    line.split(" ")[0]!
  );
}

const ids = (isMeant: (tags: readonly string[]) => boolean) =>
  [...judge.operations].filter(([, { operation }]) => isMeant(operation.tags)).map(([id]) => id);

Deno.test("every documented request is answered as documented", async () => {
  await using server = await startServer(FREE);
  await judgeOf(server);
  for (const id of ids((tags) => tags.includes("Files"))) {
    const { headers } = await expect(server, id, 200);
    const etag = headers.get("ETag")!;
    await expect(server, id, 304, { headers: { "If-None-Match": etag } });
  }
  for (const id of ["isAlive", "isReady"]) await expect(server, id, 200);
  for (const key of [METRICS_KEY, API_KEY]) await expect(server, "readMetrics", 200, { key });
  await expect(server, "openEcho", 101);
  await expect(server, "openChat", 101, {
    path: { username: "listener" },
    query: "room=lobby",
    headers: { "Sec-WebSocket-Protocol": "natter.plain" },
  });
  await expect(server, "publish", 201, { type: "text/plain", body: "hi", query: "room=builds" });
  const ref = { body: { body: "hi", ref: "the-first" }, key: KEY, path: { username: "alice" } };
  await expect(server, "publish", 201, ref);
  await expect(server, "publish", 200, ref);
  await expect(server, "publish", 201, { ...ref, body: { body: "psst", to: "alice" } });
  const { body: poll } = await expect(server, "poll", 200, {
    ...ref,
    body: undefined,
    query: "room=lobby&room=builds&wait=1",
  });
  assert(poll.events.length > 4);
  const next = `wait=0&cursor=${encodeURIComponent(poll.cursor)}`;
  const alice = { key: KEY, path: { username: "alice" } };
  assertEquals((await expect(server, "poll", 200, { ...alice, query: next })).body.events, []);
  await expect(server, "stream", 200, { ...alice, query: "room=lobby&room=builds" });
  await expect(server, "stream", 200, { headers: { "Last-Event-ID": poll.cursor } });
  await expect(server, "readHistory", 200, { query: "before=9&limit=200" });
  await expect(server, "readHistory", 200, {
    query: "after=0",
    path: { room: "@alice" },
    key: KEY,
  });
  await expect(server, "readUsers", 200);
  const program = { key: API_KEY };
  await expect(server, "listRooms", 200, { ...program, query: "after=a&limit=1000" });
  const said = { ...program, body: { sender: "Operations", body: "hi", ref: "once" } };
  await expect(server, "say", 201, said);
  await expect(server, "say", 200, said);
  await expect(server, "deleteMessage", 200, program);
  await expect(server, "kick", 200, program);
  await expect(server, "kick", 200, { ...program, query: "ban=60", path: { username: "mallory" } });
  await expect(server, "poll", "banned", { path: { username: "mallory" } });
  await expect(server, "erase", 200, program);
});

Deno.test("HEAD is answered as GET is, without the body, wherever there is a GET", async () => {
  await using server = await startServer(FREE);
  for (const [id, { method, operation }] of judge.operations) {
    if (method !== "get" || operation.tags.includes("WebSocket")) continue;
    const query = id === "poll" ? "wait=0" : "";
    const { status } = await askFor(judge, server, id, { key: API_KEY, query }, true);
    // The key of programs is for no user.
    assertEquals(status, operation.tags.includes("Reading") ? 403 : 200, id);
    if (status === 403) {
      assertEquals((await askFor(judge, server, id, { query }, true)).status, 200);
    }
  }
});

Deno.test("every documented refusal of a request comes as documented", async () => {
  await using server = await startServer(FREE);
  const program = { key: API_KEY };
  for (const id of idsWith("unauthorized")) {
    await expect(server, id, "unauthorized", { key: "a-key-that-is-none" });
  }
  for (const id of idsWith("forbidden")) {
    await expect(server, id, "forbidden", { headers: { "Origin": "https://evil.example" } });
  }
  for (const id of idsWith("username_invalid")) {
    if (id === "say") continue;
    const asked = judge.operations.get(id)!.operation.tags.includes("Programs") ? program : {};
    await expect(server, id, "username_invalid", { ...asked, path: { username: "..." } });
  }
  await expect(server, "say", "username_invalid", { ...program, body: { sender: ".", body: "x" } });
  for (const id of idsWith("room_name_invalid")) {
    const inPath = judge.operations.get(id)!.path.includes("{room}");
    await expect(server, id, "room_name_invalid", {
      ...inPath ? { path: { room: "a b" } } : { query: "room=a+b" },
      ...["say", "deleteMessage"].includes(id) ? program : {},
    });
  }
  for (
    const [id, asked] of [
      ["openEcho", { headers: { "Sec-WebSocket-Key": "short" } }],
      ["openChat", { headers: { "Sec-WebSocket-Key": "short" } }],
      ["poll", { query: "wait=99" }],
      ["stream", { query: "cursor=none" }],
      ["publish", { body: "{" }],
      ["readHistory", { query: "limit=0" }],
      ["listRooms", { ...program, query: "limit=1001" }],
      ["say", { ...program, body: { body: "no sender" } }],
      ["kick", { ...program, query: "ban=for-ever" }],
    ] as const
  ) await expect(server, id, "bad_request", asked);
  for (const id of ["openEcho", "openChat"]) {
    await expect(server, id, 426, { headers: { "Upgrade": "h2c" } });
    await expect(server, id, 426, { headers: { "Sec-WebSocket-Version": "8" } });
  }
  for (const [id, sender] of [["publish", {}], ["say", { sender: "Bot" }]] as const) {
    const asked = { key: id === "say" ? API_KEY : KEY, path: { username: "speaker" } };
    const body = (body: string) => ({ ...asked, body: { ...sender, body, ref: "one" } });
    await expect(server, id, "body_empty", body(""));
    await expect(server, id, "body_too_large", body("x".repeat(65)));
    await expect(server, id, "unsupported_media_type", { ...asked, type: "text/csv", body: "a,b" });
    await expect(server, id, 201, body("this"));
    await expect(server, id, "ref_conflict", body("that"));
  }
  const toNobody = { key: KEY, path: { username: "speaker" }, body: { body: "x", to: "nobody" } };
  await expect(server, "publish", "user_not_found", toNobody);
  for (const id of idsWith("username_taken")) {
    await expect(server, id, "username_taken", { key: OTHER_KEY, path: { username: "speaker" } });
  }
  await expect(server, "deleteMessage", "not_found", { ...program, path: { offset: "999" } });
});

Deno.test("without an API_KEY the programs' interfaces are documented not to be there, nor the metrics", async () => {
  await using server = await startServer();
  for (const id of [...ids((tags) => tags.includes("Programs")), "readMetrics"]) {
    await expect(server, id, "not_found", { key: API_KEY });
  }
});

Deno.test("with tokens: every interface of the chat wants one, and those who are banned get nothing", async () => {
  await using server = await startServer({ ...FREE, AUTH: "token", AUTH_SECRET: SECRET });
  const open = judge;
  await judgeOf(server);
  const { seen } = open;
  const signer = await createHmac(SECRET);
  const token = async (sub: string, rooms?: readonly string[]) =>
    await issue(signer, { sub, exp: Math.floor(Date.now() / 1000) + 60, rooms });
  for (const id of ["poll", "stream", "publish", "readHistory", "readUsers"]) {
    const { operation } = judge.operations.get(id)!;
    assert(operation.security.every((scheme: object) => Object.keys(scheme).length > 0), id);
    await expect(server, id, "unauthorized");
    await expect(server, id, "unauthorized", { key: `${await token("walker")}x` });
    await expect(server, id, id === "publish" ? 201 : 200, { key: await token("walker") });
    const asked = id.startsWith("read") ? { path: { room: "lobby" } } : { query: "room=lobby" };
    await expect(server, id, "forbidden", { ...asked, key: await token("walker", ["elsewhere"]) });
  }
  await expect(server, "kick", 200, { key: API_KEY, query: "ban=60" });
  for (const id of idsWith("banned")) {
    await expect(server, id, "banned", { key: await token("walker") });
  }
  for (const line of judge.seen) seen.add(line);
  judge = open;
});

Deno.test("who asks for too much is told when to come back", async () => {
  await using limited = await startServer({
    CLAIMS_PER_MINUTE: "1",
    MESSAGES_PER_SECOND: "1",
    MESSAGES_BURST: "1",
  });
  for (const id of ["poll", "stream"]) {
    // The first name is free.
    await askFor(judge, limited, id, { path: { username: `first-${id}` }, query: "room=a" });
    await expect(limited, id, "rate_limited", { path: { username: `second-${id}` } });
  }
  await expect(limited, "publish", 201);
  // The next is refused if it comes within a second.
  let refused: Awaited<ReturnType<typeof askFor>>;
  await until(async () => {
    refused = await askFor(judge, limited, "publish");
    return refused.status !== 201;
  }, "a message is refused");
  assertEquals([refused!.status, refused!.body.code], [429, "rate_limited"]);
  for (const id of ["readHistory", "readUsers"]) {
    for (let i = 0; i < 40; i++) await askFor(judge, limited, id);
    await expect(limited, id, "rate_limited");
  }
  await using full = await startServer({ ROOMS_MAX: "1" });
  await using _socket = await Client.open(full.url, "/ws/first?room=the-only");
  for (const id of ["poll", "stream"]) await expect(full, id, "rooms_full");
  await using busy = await startServer({ CONNECTIONS_MAX: "1" });
  await using _other = await Client.open(busy.url, "/ws/first");
  for (const id of ["poll", "stream"]) await expect(busy, id, "busy");
});

Deno.test("a handshake is refused where there is no room even to say so on a socket", async () => {
  await using server = await startServer({ CONNECTIONS_PER_IP_MAX: "1" });
  await using _first = await Client.open(server.url, "/ws");
  using clients = new DisposableStack();
  // None of them answers the close, and each keeps its place: on `frames` for 5 s.
  for (let i = 0; i < 20; i++) clients.use(await RawClient.open(server.port, "/ws"));
  for (const id of idsWith("busy").filter((id) => id.startsWith("open"))) {
    await expect(server, id, "busy");
  }
});

Deno.test("a server that is about to end says so", async () => {
  await using server = await startServer({ DRAIN_SECONDS: "20" });
  using _silent = await openSilentPeer(server.port);
  server.process.kill("SIGTERM");
  await until(
    async () => (await askFor(judge, server, "isReady")).status === 503,
    "it is not ready",
  );
  for (const id of ["isReady", "poll", "stream"]) await expect(server, id, "unavailable");
});

Deno.test("pages of listed origins may ask what is for pages, and read the answer", async () => {
  const origin = "https://shop.example";
  await using server = await startServer({ ...FREE, ALLOWED_ORIGINS: origin });
  for (const [id, { path, method, operation }] of judge.operations) {
    const { headers } = operation.responses["200"] ?? { headers: {} };
    if (!("Access-Control-Allow-Origin" in headers)) continue;
    const key = operation.tags.includes("Programs") ? API_KEY : undefined;
    const query = id === "poll" ? "wait=0" : "";
    const answer = await askFor(judge, server, id, { key, query, headers: { "Origin": origin } });
    assertEquals(answer.headers.get("Access-Control-Allow-Origin"), origin, id);
    const address = new URL(`.${path.replace(/\{\w+\}/g, "1")}`, server.url);
    const preflight = await fetch(address, {
      method: "OPTIONS",
      headers: { "Origin": origin, "Access-Control-Request-Method": method.toUpperCase() },
    });
    await preflight.text();
    assertEquals(preflight.status, 204, id);
    assert(
      preflight.headers.get("Access-Control-Allow-Methods")!.includes(method.toUpperCase()),
      id,
    );
  }
});

Deno.test("every status and code that is documented has come, but for those that no request can bring about", () => {
  const missing = [...judge.promised].filter((line) => !judge.seen.has(line));
  assertEquals(missing.filter((line) => !UNSEEN.some((pattern) => pattern.test(line))), []);
  // An excuse that is not needed any more is one too many.
  for (const pattern of UNSEEN) assert(missing.some((line) => pattern.test(line)), `${pattern}`);
});
