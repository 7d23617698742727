import { assertEquals } from "@std/assert";
import { ask } from "../support/raw_http.ts";
import { startServer } from "../support/server.ts";

/** Of the connection, not of the answer. */
const OF_CONNECTION = ["connection", "date", "keep-alive", "transfer-encoding"];

/** A cursor names the log's epoch, which is random. */
const EPOCH = /[\w-]{12}(?=:\d+"|",")/g;

const PLAIN = { "Content-Type": "text/plain" };

/** Requests whose answers tell no time and no random id. */
const REQUESTS: readonly (readonly [path: string, init?: RequestInit])[] = [
  ["/"],
  ["/", { method: "HEAD" }],
  ["/", { headers: { "Accept-Encoding": "gzip" } }],
  ["/", { headers: { "Accept-Encoding": "identity" } }],
  ["/chat.js"],
  ["/natter.js", { method: "HEAD" }],
  ["/healthz"],
  ["/healthz", { method: "HEAD" }],
  ["/readyz"],
  ["/nothing/here"],
  ["/nothing/here", { method: "HEAD" }],
  ["/ws"],
  ["/ws/alice", { method: "POST" }],
  ["/api/rooms"],
  ["/api/rooms/lobby/messages"],
  ["/api/rooms/lobby/messages", { method: "HEAD" }],
  ["/api/rooms/%ff/messages"],
  ["/api/rooms/%2e%2e/messages"],
  ["/api/rooms/lobby/users", { headers: { Origin: "http://evil.example" } }],
  ["/poll/alice?wait=0"],
  ["/poll/alice?wait=0", { method: "HEAD" }],
  ["/messages/alice", { method: "POST" }],
  ["/messages/alice", { method: "POST", headers: PLAIN, body: "" }],
  ["/messages/alice", { method: "POST", headers: PLAIN, body: "x".repeat(100_000) }],
  ["/messages/alice", { method: "PUT", headers: PLAIN, body: "hi" }],
  ["/messages/alice", { method: "OPTIONS", headers: { "Access-Control-Request-Method": "POST" } }],
];

async function answer(url: string, path: string, init: RequestInit | undefined) {
  // As it is, and not `URL`'s idea of it.
  const response = await fetch(`${url.slice(0, -1)}${path}`, init);
  const body = await response.text();
  // To HEAD the runtime says a length of 0 where nobody has said another; `frames` says none.
  const isUnsaid = (name: string, value: string) =>
    init?.method === "HEAD" && name === "content-length" && value === "0";
  const headers = [...response.headers].filter(([name, value]) =>
    !OF_CONNECTION.includes(name) && !isUnsaid(name, value)
  ).map(([name, value]) =>
    // Its beginning is each process's own.
    name === "x-request-id" ? [name, value.replace(/^.*-/, "")] : [name, value]
  );
  return { status: response.status, headers, body: body.replace(EPOCH, "epoch") };
}

Deno.test("a request gets the same answer over both transports", async () => {
  await using serve = await startServer({ TRANSPORT: "serve" });
  await using frames = await startServer({ TRANSPORT: "frames" });
  for (const [path, init] of REQUESTS) {
    const expected = await answer(serve.url, path, init);
    assertEquals(await answer(frames.url, path, init), expected, `${init?.method} ${path}`);
  }
});

Deno.test("an unchanged file is not sent again over either transport", async () => {
  for (const TRANSPORT of ["serve", "frames"]) {
    await using server = await startServer({ TRANSPORT });
    const first = await fetch(server.url);
    await first.body?.cancel();
    const headers = { "If-None-Match": first.headers.get("ETag")! };
    const second = await fetch(server.url, { headers });
    assertEquals([second.status, await second.text()], [304, ""]);
  }
});

const HANDSHAKE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

Deno.test("a handshake with what is no socket is answered as a request, over both transports", async () => {
  const env = { API_KEY: "k".repeat(32) };
  await using serve = await startServer({ ...env, TRANSPORT: "serve" });
  await using frames = await startServer({ ...env, TRANSPORT: "frames" });
  const paths = REQUESTS.filter(([path, init]) => path !== "/ws" && init?.method === undefined)
    .map(([path]) => path);
  const more = ["/openapi.json", "/docs", "/embed", "/messages/a", "/poll/a?cursor=a", "/events/"];
  for (const path of [...paths, ...more]) {
    for (const header of ["Accept-Encoding: gzip", `Authorization: Bearer ${env.API_KEY}`]) {
      const [expected, got] = await Promise.all([serve, frames].map(async ({ port }) => {
        const { status, body } = await ask(port, `GET ${path}`, [...HANDSHAKE, header]);
        return { status, body: body.replace(EPOCH, "epoch") };
      }));
      assertEquals(got, expected, `${path} ${header}`);
    }
  }
});
