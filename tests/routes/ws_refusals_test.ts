import { assert, assertEquals } from "@std/assert";
import { createTestApp } from "../support/app.ts";
import { HANDSHAKE } from "../support/handshake.ts";

const REQUEST = { "Host": "chat.example", ...HANDSHAKE };

const REFUSED: readonly {
  readonly why: string;
  readonly headers: Record<string, string | undefined>;
  readonly method?: string;
  readonly status: number;
  readonly answer?: readonly [name: string, value: string];
}[] = [
  { why: "POST", method: "POST", headers: {}, status: 405, answer: ["Allow", "GET"] },
  { why: "HEAD", method: "HEAD", headers: {}, status: 405, answer: ["Allow", "GET"] },
  {
    why: "no Upgrade",
    headers: { "Upgrade": undefined },
    status: 426,
    answer: ["Upgrade", "websocket"],
  },
  { why: "another Upgrade", headers: { "Upgrade": "h2c" }, status: 426 },
  { why: "no Connection", headers: { "Connection": undefined }, status: 426 },
  { why: "Connection without upgrade", headers: { "Connection": "keep-alive" }, status: 426 },
  {
    why: "no version",
    headers: { "Sec-WebSocket-Version": undefined },
    status: 426,
    answer: ["Sec-WebSocket-Version", "13"],
  },
  { why: "an old version", headers: { "Sec-WebSocket-Version": "8" }, status: 426 },
  { why: "no key", headers: { "Sec-WebSocket-Key": undefined }, status: 400 },
  { why: "an empty key", headers: { "Sec-WebSocket-Key": "" }, status: 400 },
  {
    why: "a key of 15 bytes",
    headers: { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j" },
    status: 400,
  },
  { why: "another origin", headers: { "Origin": "https://evil.example" }, status: 403 },
  { why: "the origin null", headers: { "Origin": "null" }, status: 403 },
  { why: "an empty origin", headers: { "Origin": "" }, status: 403 },
  {
    why: "the own name with more at its end",
    headers: { "Origin": "https://chat.example.evil.example" },
    status: 403,
  },
  {
    why: "the own name with more before it",
    headers: { "Origin": "https://evilchat.example" },
    status: 403,
  },
  { why: "another port", headers: { "Origin": "https://chat.example:8443" }, status: 403 },
  { why: "an origin with a path", headers: { "Origin": "https://chat.example/" }, status: 403 },
  {
    why: "an origin with a user",
    headers: { "Origin": "https://chat.example@evil.example" },
    status: 403,
  },
];

function without(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...REQUEST, ...headers }).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
}

Deno.test("a handshake that a program got wrong is refused with an HTTP status, on both endpoints", async () => {
  const { request, connectionCounter } = await createTestApp();
  for (const path of ["/ws", "/ws/alice"]) {
    for (const { why, headers, method = "GET", status, answer } of REFUSED) {
      const response = await request(path, { method, headers: without(headers) });
      assertEquals(response.status, status, `${path}: ${why}`);
      if (answer !== undefined) assertEquals(response.headers.get(answer[0]), answer[1], why);
      const body = await response.text();
      if (method === "HEAD") continue;
      assertEquals(response.headers.get("Content-Type"), "application/problem+json", why);
      const problem = JSON.parse(body);
      assertEquals([problem.status, problem.code], [
        status,
        status === 403 ? "forbidden" : "bad_request",
      ]);
    }
  }
  assertEquals(connectionCounter.total, 0);
});

const ACCEPTED: readonly (readonly [why: string, headers: Record<string, string>])[] = [
  ["no origin", {}],
  ["the own origin", { "Origin": "http://chat.example" }],
  ["the own origin behind a proxy that ends TLS", { "Origin": "https://chat.example" }],
  ["the own origin with its default port", {
    "Origin": "https://chat.example",
    "Host": "chat.example:443",
  }],
  ["the own origin with a port", {
    "Origin": "http://chat.example:8000",
    "Host": "chat.example:8000",
  }],
  ["an origin in the list", { "Origin": "https://shop.example" }],
  ["Upgrade in another case", { "Upgrade": "WebSocket" }],
  ["Connection with more in it", { "Connection": "keep-alive, Upgrade" }],
];

Deno.test("a right handshake is handed to the transport", async () => {
  const { request } = await createTestApp({ ALLOWED_ORIGINS: "https://shop.example" });
  for (const [why, headers] of ACCEPTED) {
    const response = await request("/ws/alice", { headers: without(headers) });
    assertEquals(await response.text(), "upgraded", why);
  }
});

Deno.test("with ALLOWED_ORIGINS=* every origin may connect", async () => {
  const { request } = await createTestApp({ ALLOWED_ORIGINS: "*" });
  for (const origin of ["https://evil.example", "null"]) {
    const response = await request("/ws/alice", { headers: without({ "Origin": origin }) });
    assertEquals(await response.text(), "upgraded", origin);
  }
});

Deno.test("the plain subprotocol is selected where it is offered, and no other is named", async () => {
  const { request } = await createTestApp();
  const offers: readonly (readonly [offer: string | undefined, selected: string | undefined])[] = [
    [undefined, undefined],
    ["natter.plain", "natter.plain"],
    ["chat,natter.plain", "natter.plain"],
    ["chat, superchat", undefined],
  ];
  for (const [offer, selected] of offers) {
    let named: string | undefined = "not asked";
    const headers = without({ "Sec-WebSocket-Protocol": offer });
    const response = await request("/ws/alice", { headers }, {
      upgrade(_request, options) {
        named = options.subprotocol;
        return new Response("upgraded");
      },
    });
    await response.text();
    assertEquals(named, selected, offer);
  }
});

Deno.test("sockets of one address beyond the room for refusals get 503, another address none", async () => {
  const { request, connectionCounter } = await createTestApp({ CONNECTIONS_PER_IP_MAX: "1" });
  const statuses = [];
  for (let i = 0; i < 22; i++) {
    const response = await request("/ws/alice", { headers: REQUEST });
    statuses.push(response.status);
    if (response.status === 503) assert(Number(response.headers.get("Retry-After")) > 0);
    await response.text();
  }
  assertEquals(statuses.slice(-2), [200, 503]);
  const other = await request("/ws/alice", { headers: REQUEST }, { remoteAddress: "127.0.0.2" });
  assertEquals(await other.text(), "upgraded");
  assertEquals(connectionCounter.total, 22);
});

Deno.test("an upgrade that throws is answered with 500, logged, and not counted", async () => {
  const { request, connectionCounter, log } = await createTestApp();
  const response = await request("/ws/alice", { headers: REQUEST }, {
    upgrade() {
      throw new TypeError("a fault");
    },
  });
  assertEquals(response.status, 500);
  assertEquals((await response.json()).code, "internal");
  assertEquals(connectionCounter.total, 0);
  assertEquals(log.length, 1);
});
