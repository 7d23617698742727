import { assertEquals, assertMatch } from "@std/assert";
import { createTestApp, type TestApp } from "../support/app.ts";
import { HANDSHAKE } from "../support/handshake.ts";
import { type Asker, AT_PORT, EVERYBODY, LISTED, NOBODY, origin } from "./cross_site_askers.ts";
import { API_KEY } from "./support.ts";

const HOST = "chat.example";

interface Interface {
  readonly method: string;
  readonly path: string;
  /** What those get who may ask. */
  readonly status: number;
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const JSON_TYPE = { "Content-Type": "application/json" };

const INTERFACES: readonly Interface[] = [
  {
    method: "POST",
    path: "/messages/alice",
    status: 201,
    headers: JSON_TYPE,
    body: '{"body":"a"}',
  },
  { method: "POST", path: "/messages/alice", status: 415 },
  { method: "POST", path: "/messages/", status: 400, headers: JSON_TYPE, body: '{"body":"a"}' },
  { method: "GET", path: "/messages/alice", status: 404 },
  { method: "GET", path: "/api/rooms/lobby/messages", status: 200 },
  { method: "HEAD", path: "/api/rooms/lobby/messages", status: 200 },
  { method: "GET", path: "/api/rooms/lobby/messages?limit=0", status: 400 },
  { method: "GET", path: "/api/rooms/lobby/messages", status: 401, key: "short" },
  { method: "GET", path: "/api/rooms/@alice/messages", status: 403 },
  { method: "GET", path: "/api/rooms/lobby/users", status: 200 },
  { method: "GET", path: "/api/rooms/lobby/nothing", status: 404 },
  { method: "GET", path: "/api/rooms", status: 200, key: API_KEY },
  { method: "GET", path: "/api/rooms", status: 401 },
  {
    method: "POST",
    path: "/api/rooms/lobby/messages",
    status: 201,
    key: API_KEY,
    headers: JSON_TYPE,
    body: '{"sender":"a","body":"b"}',
  },
  { method: "DELETE", path: "/api/rooms/lobby/messages/9999", status: 404, key: API_KEY },
  { method: "DELETE", path: "/api/users/nobody", status: 200, key: API_KEY },
  { method: "DELETE", path: "/api/users/nobody?ban=0", status: 200, key: API_KEY },
  { method: "DELETE", path: "/api/users/nobody/messages", status: 200, key: API_KEY },
  { method: "DELETE", path: "/api/users/nobody", status: 401 },
];

const CORS_HEADERS = [
  "Access-Control-Allow-Origin",
  "Access-Control-Allow-Methods",
  "Access-Control-Allow-Headers",
  "Access-Control-Allow-Credentials",
  "Access-Control-Max-Age",
];

const SECURITY_HEADERS = [
  "Content-Security-Policy",
  "Cross-Origin-Opener-Policy",
  "Cross-Origin-Resource-Policy",
  "Permissions-Policy",
  "Referrer-Policy",
  "X-Content-Type-Options",
];

function assertSecure({ headers }: Response, where: string): void {
  for (const name of SECURITY_HEADERS) assertEquals(headers.has(name), true, `${where}: ${name}`);
  assertMatch(headers.get("Content-Security-Policy")!, /^default-src 'none'; .*frame-ancestors/);
  assertEquals(headers.get("X-Content-Type-Options"), "nosniff", where);
  assertEquals(headers.get("Access-Control-Allow-Credentials"), null, where);
}

async function checkInterfaces(
  testApp: TestApp,
  askers: readonly Asker[],
  host = HOST,
): Promise<void> {
  for (const { why, headers, isAllowed } of askers) {
    const from = headers["Origin"];
    for (const { method, path, status, key, body, ...more } of INTERFACES) {
      const where = `${why}: ${method} ${path}`;
      const response = await testApp.request(path, {
        method,
        headers: {
          "Host": host,
          ...headers,
          ...more.headers,
          ...key !== undefined && { "Authorization": `Bearer ${key}` },
        },
        ...body !== undefined && { body },
      });
      const text = await response.text();
      assertEquals(response.status, isAllowed ? status : 403, `${where}: ${text}`);
      assertSecure(response, where);
      assertEquals(response.headers.get("Cache-Control"), "no-store", where);
      const told = response.headers.get("Access-Control-Allow-Origin");
      assertEquals(told, isAllowed && from !== undefined ? from : null, where);
      if (isAllowed) assertMatch(response.headers.get("Vary") ?? "", /\bOrigin\b/, where);
      else if (method !== "HEAD") assertEquals(JSON.parse(text).code, "forbidden", where);
    }
  }
}

async function checkSockets(
  testApp: TestApp,
  askers: readonly Asker[],
  host = HOST,
): Promise<void> {
  for (const { why, headers, isAllowed } of askers) {
    for (const path of ["/ws", "/ws/alice"]) {
      const response = await testApp.request(path, {
        headers: { "Host": host, ...HANDSHAKE, ...headers },
      });
      const text = await response.text();
      assertEquals(response.status, isAllowed ? 200 : 403, `${why}: ${path}`);
      if (!isAllowed) assertEquals(JSON.parse(text).code, "forbidden");
      for (const name of CORS_HEADERS) assertEquals(response.headers.get(name), null, why);
    }
  }
}

async function checkPreflights(
  testApp: TestApp,
  askers: readonly Asker[],
  host = HOST,
): Promise<void> {
  for (const { why, headers, isAllowed } of askers) {
    const from = headers["Origin"];
    if (from === undefined) continue;
    for (const { method, path } of INTERFACES) {
      const response = await testApp.request(path, {
        method: "OPTIONS",
        headers: {
          "Host": host,
          ...headers,
          "Access-Control-Request-Method": method,
          "Access-Control-Request-Headers": "authorization,content-type,x-evil",
        },
      });
      await response.text();
      const where = `${why}: OPTIONS ${path}`;
      assertSecure(response, where);
      assertEquals(response.status, isAllowed ? 204 : 403, where);
      assertEquals(
        CORS_HEADERS.map((name) => response.headers.get(name)),
        isAllowed
          ? [from, "GET,POST,DELETE", "Authorization,Content-Type,Last-Event-ID", null, "600"]
          : [null, null, null, null, null],
        where,
      );
    }
  }
}

const SETTINGS: readonly {
  readonly allowed: string | undefined;
  readonly host?: string;
  readonly askers: readonly Asker[];
}[] = [
  { allowed: "https://shop.example,http://localhost:3000", askers: LISTED },
  { allowed: "*", askers: EVERYBODY },
  { allowed: undefined, askers: NOBODY },
  { allowed: undefined, host: "chat.example:8000", askers: AT_PORT },
  { allowed: undefined, host: "CHAT.Example", askers: [origin("https://chat.example", true)] },
  { allowed: undefined, host: "chat.example.", askers: [origin("https://chat.example", false)] },
  {
    allowed: undefined,
    host: "[::1]:8000",
    askers: [origin("http://[::1]:8000", true), origin("http://[::2]:8000", false)],
  },
  { allowed: undefined, host: "", askers: [origin("https://chat.example", false)] },
];

for (const { allowed, host, askers } of SETTINGS) {
  const setting = `ALLOWED_ORIGINS=${allowed ?? ""}, Host: ${host ?? HOST}`;
  const env = {
    API_KEY,
    CLAIMS_PER_MINUTE: "0",
    MESSAGES_PER_SECOND: "0",
    CONNECTIONS_PER_IP_MAX: "0",
    ...allowed !== undefined && { ALLOWED_ORIGINS: allowed },
  };

  Deno.test(`pages that may ask get an answer and the headers of CORS, others 403 (${setting})`, async () => {
    await checkInterfaces(await createTestApp(env), askers, host);
  });

  Deno.test(`pages that may connect get a socket, others 403 (${setting})`, async () => {
    await checkSockets(await createTestApp(env), askers, host);
  });

  Deno.test(`a preflight says what may be asked, to those who may (${setting})`, async () => {
    await checkPreflights(await createTestApp(env), askers, host);
  });
}

Deno.test("pages of other sites say nothing, whatever they are answered", async () => {
  const testApp = await createTestApp();
  for (
    const headers of [{ "Origin": "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }]
  ) {
    const response = await testApp.request("/messages/alice", {
      method: "POST",
      headers: { "Host": HOST, "Content-Type": "text/plain", ...headers },
      body: "hi",
    });
    assertEquals(response.status, 403, await response.text());
  }
  const page = await testApp.request("/api/rooms/lobby/messages");
  assertEquals((await page.json()).entries, []);
  assertEquals(testApp.testChat.directory.size, 0);
});

Deno.test("an answer of the server's failure is told to the page that asked, and to no other", async () => {
  const testApp = await createTestApp({ ALLOWED_ORIGINS: "https://shop.example" });
  testApp.testChat.store.isDown = true;
  for (
    const [from, status] of [["https://shop.example", 503], ["https://evil.example", 403]] as const
  ) {
    const response = await testApp.request("/messages/alice", {
      method: "POST",
      headers: { "Host": HOST, "Origin": from, "Content-Type": "text/plain" },
      body: "hi",
    });
    assertEquals(response.status, status, await response.text());
    assertEquals(
      response.headers.get("Access-Control-Allow-Origin"),
      status === 503 ? from : null,
    );
    const exposed = response.headers.get("Access-Control-Expose-Headers");
    assertEquals(exposed, status === 503 ? "Retry-After,X-Request-Id" : null);
    assertSecure(response, from);
  }
});

Deno.test("the page's files, the checks, and what is not there are for every site, without CORS", async () => {
  const testApp = await createTestApp({ ALLOWED_ORIGINS: "https://shop.example" });
  for (const { headers, why } of LISTED) {
    for (
      const [path, status] of [
        ["/", 200],
        ["/icon.svg", 200],
        ["/healthz", 200],
        ["/readyz", 200],
        ["/nothing", 404],
      ] as const
    ) {
      const response = await testApp.request(path, { headers: { "Host": HOST, ...headers } });
      await response.text();
      assertEquals(response.status, status, `${why}: ${path}`);
      for (const name of CORS_HEADERS) assertEquals(response.headers.get(name), null, path);
      assertSecure(response, `${why}: ${path}`);
      const vary = response.headers.get("Vary") ?? "";
      assertEquals(vary.includes("Origin"), false, "one copy for all in a cache");
    }
  }
});
