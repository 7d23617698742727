import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  acceptValue,
  checkHandshakeResponse,
  checkUpgrade,
  createKey,
  encodeHandshakeRequest,
  encodeHandshakeResponse,
  parseResponseHead,
  parseSubprotocols,
} from "../../lib/websocket/handshake.ts";
import { ACCEPT, KEY } from "../support/handshake.ts";

const GOOD = {
  "host": "example.com",
  "upgrade": "websocket",
  "connection": "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": KEY,
};

/** A good request with some headers changed; undefined removes one. */
function request(changes: Record<string, string | undefined> = {}, method = "GET") {
  const fields = new Map(Object.entries({ ...GOOD, ...changes }));
  return { method, headers: { get: (name: string) => fields.get(name.toLowerCase()) } };
}

function text(encoded: Uint8Array): string {
  return new TextDecoder().decode(encoded);
}

Deno.test("handshakes that may be upgraded", async (t) => {
  const table: [name: string, changes: Record<string, string>][] = [
    ["as most clients send it", {}],
    ["Upgrade in another case", { upgrade: "WebSocket" }],
    ["Connection in another case", { connection: "UPGRADE" }],
    ["Connection as Firefox sends it", { connection: "keep-alive, Upgrade" }],
    ["Connection with upgrade first", { connection: "upgrade,keep-alive" }],
    ["Upgrade among others, with tabs", { upgrade: "h2c\t,\twebsocket , foo" }],
    ["the lowest key", { "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" }],
    ["the highest key", { "sec-websocket-key": "/////////////////////w==" }],
    ["a key that ends in Q", { "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAQ==" }],
    ["a key that ends in g", { "sec-websocket-key": "+++++++++++++++++++++g==" }],
  ];
  for (const [name, changes] of table) {
    await t.step(name, () => assertEquals(checkUpgrade(request(changes)), undefined));
  }
});

Deno.test("a Request can be checked as it is", () => {
  assertEquals(checkUpgrade(new Request("http://a/ws", { headers: GOOD })), undefined);
  assertEquals(checkUpgrade(new Request("http://a/ws"))?.status, 426);
});

Deno.test("handshakes that are refused", async (t) => {
  const [upgrade, version] = [{ Upgrade: "websocket" }, { "Sec-WebSocket-Version": "13" }];
  const allow = { Allow: "GET" };
  const [u, c, v, k] = ["upgrade", "connection", "sec-websocket-version", "sec-websocket-key"];
  const none = { [u]: undefined, [c]: undefined, [v]: undefined, [k]: undefined };
  const table: [
    name: string,
    status: number,
    headers: Record<string, string>,
    changes: Record<string, string | undefined>,
    method?: string,
  ][] = [
    ["POST", 405, allow, {}, "POST"],
    ["HEAD", 405, allow, {}, "HEAD"],
    ["a method is case-sensitive", 405, allow, {}, "get"],
    ["the method comes first", 405, allow, none, "PUT"],
    ["an ordinary GET", 426, upgrade, none],
    ["no Upgrade", 426, upgrade, { [u]: undefined }],
    ["an empty Upgrade", 426, upgrade, { [u]: "" }],
    ["another Upgrade", 426, upgrade, { [u]: "h2c" }],
    ["Upgrade to something longer", 426, upgrade, { [u]: "websockets" }],
    ["Upgrade to something that ends alike", 426, upgrade, { [u]: "xwebsocket" }],
    ["Upgrade with a version", 426, upgrade, { [u]: "websocket/13" }],
    ["Upgrade in two words", 426, upgrade, { [u]: "web socket" }],
    ["Upgrade with letters that only Unicode folds", 426, upgrade, { [u]: "web\u017foc\u212aet" }],
    ["no Connection", 426, upgrade, { [c]: undefined }],
    ["Connection without upgrade", 426, upgrade, { [c]: "keep-alive" }],
    ["Connection with a longer token", 426, upgrade, { [c]: "upgrade-insecure-requests" }],
    ["Connection without its comma", 426, upgrade, { [c]: "keep-alive upgrade" }],
    ["Connection before the version", 426, upgrade, { ...none, [u]: "websocket" }],
    ["no version", 426, version, { [v]: undefined }],
    ["version 8", 426, version, { [v]: "8" }],
    ["version 130", 426, version, { [v]: "130" }],
    ["version 13.0", 426, version, { [v]: "13.0" }],
    ["two versions", 426, version, { [v]: "13, 8" }],
    ["the version before the key", 426, version, { [v]: "", [k]: "" }],
    ["no key", 400, {}, { [k]: undefined }],
    ["an empty key", 400, {}, { [k]: "" }],
    ["a key of 15 bytes", 400, {}, { [k]: "AAAAAAAAAAAAAAAAAAAA" }],
    ["a key of 17 bytes", 400, {}, { [k]: "AAAAAAAAAAAAAAAAAAAAAAA=" }],
    ["a key of 18 bytes", 400, {}, { [k]: "AAAAAAAAAAAAAAAAAAAAAAAA" }],
    ["a key without padding", 400, {}, { [k]: "dGhlIHNhbXBsZSBub25jZQ" }],
    ["a key with half its padding", 400, {}, { [k]: "dGhlIHNhbXBsZSBub25jZQ=" }],
    ["a key with unused bits set", 400, {}, { [k]: "dGhlIHNhbXBsZSBub25jZR==" }],
    ["a key in the URL alphabet", 400, {}, { [k]: "dGhlIHNhbXBsZSBub25j_Q==" }],
    ["a key with a space", 400, {}, { [k]: "dGhlIHNhbXBsZSBub25 ZQ==" }],
    ["a key with a newline after it", 400, {}, { [k]: `${KEY}\n` }],
    ["two keys", 400, {}, { [k]: `${KEY}, ${KEY}` }],
  ];
  for (const [name, status, headers, changes, method] of table) {
    await t.step(name, () => {
      const refusal = checkUpgrade(request(changes, method));
      assertEquals({ status: refusal?.status, headers: refusal?.headers }, { status, headers });
      assert(/^[A-Z].+\.$/.test(refusal?.reason ?? ""), "The reason is a sentence");
    });
  }
});

Deno.test("the key of RFC 6455 section 1.3 is answered as it says", async () => {
  assertEquals(await acceptValue(KEY), ACCEPT);
});

Deno.test("the response that accepts is the one of RFC 6455 section 1.3", () => {
  assertEquals(
    text(encodeHandshakeResponse(ACCEPT, "chat")),
    "HTTP/1.1 101 Switching Protocols\r\n" +
      "Upgrade: websocket\r\n" +
      "Connection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${ACCEPT}\r\n` +
      "Sec-WebSocket-Protocol: chat\r\n\r\n",
  );
  assert(!text(encodeHandshakeResponse(ACCEPT)).includes("Protocol:"));
});

Deno.test("nothing can be injected into a response", () => {
  for (const name of ["", "a b", "a\r\nSet-Cookie: b", "a\n", "a,b", "a;b", "é", "a\0", "(a)"]) {
    assertThrows(() => encodeHandshakeResponse(ACCEPT, name), SyntaxError, "not a token", name);
  }
  for (const accept of ["", `${ACCEPT}\r\nA: b`, `${ACCEPT}\n`, ACCEPT.slice(1), KEY]) {
    assertThrows(() => encodeHandshakeResponse(accept), SyntaxError, "accept value", accept);
  }
});

Deno.test("every accept value can be written", async () => {
  for (let i = 0; i < 300; i++) encodeHandshakeResponse(await acceptValue(`${i}`));
});

Deno.test("a client's request has exactly the lines that it was given", () => {
  assertEquals(
    text(encodeHandshakeRequest({
      path: "/ws/alice?room=a&room=b",
      host: "example.com:8000",
      key: KEY,
      subprotocols: ["natter.v1", "natter.auth.q8fT"],
      origin: "http://example.com:8000",
      headers: { "X-Forwarded-For": "192.0.2.1", Cookie: "a=b; c=d" },
    })),
    "GET /ws/alice?room=a&room=b HTTP/1.1\r\n" +
      "Host: example.com:8000\r\n" +
      "Upgrade: websocket\r\n" +
      "Connection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\n" +
      `Sec-WebSocket-Key: ${KEY}\r\n` +
      "Sec-WebSocket-Protocol: natter.v1, natter.auth.q8fT\r\n" +
      "Origin: http://example.com:8000\r\n" +
      "X-Forwarded-For: 192.0.2.1\r\n" +
      "Cookie: a=b; c=d\r\n\r\n",
  );
});

Deno.test("a client's shortest request has no optional lines", () => {
  const head = text(encodeHandshakeRequest({ path: "/", host: "a", key: KEY }));
  assertEquals(head.split("\r\n").length, 8);
  assert(!/Protocol|Origin/.test(head));
});

Deno.test("nothing can be injected into a request", () => {
  const good = { path: "/ws", host: "a", key: KEY };
  const table: [name: string, request: Parameters<typeof encodeHandshakeRequest>[0]][] = [
    ["no slash", { ...good, path: "ws" }],
    ["empty path", { ...good, path: "" }],
    ["space in the path", { ...good, path: "/ws HTTP/1.1" }],
    ["newline in the path", { ...good, path: "/ws\r\nA: b" }],
    ["path that is not ASCII", { ...good, path: "/é" }],
    ["newline in the host", { ...good, host: "a\r\nA: b" }],
    ["newline after the host", { ...good, host: "a\n" }],
    ["newline in the key", { ...good, key: `${KEY}\r\n` }],
    ["zero in the origin", { ...good, origin: "http://a\0" }],
    ["origin that is not ASCII", { ...good, origin: "http://é" }],
    ["comma in a subprotocol", { ...good, subprotocols: ["a,b"] }],
    ["empty subprotocol", { ...good, subprotocols: ["a", ""] }],
    ["colon in a header's name", { ...good, headers: { "a:b": "c" } }],
    ["newline in a header's name", { ...good, headers: { "a\r\nb": "c" } }],
    ["empty header name", { ...good, headers: { "": "c" } }],
    ["newline in a header's value", { ...good, headers: { a: "b\r\nc: d" } }],
  ];
  for (const [name, request] of table) {
    assertThrows(() => encodeHandshakeRequest(request), SyntaxError, "Cannot encode", name);
  }
});

Deno.test("a new key is accepted and differs from the one before", () => {
  const key = createKey();
  assertEquals(checkUpgrade(request({ "sec-websocket-key": key })), undefined);
  assertNotEquals(createKey(), key);
});

Deno.test("a client and a server agree, whatever is behind the response", async () => {
  const key = createKey();
  const response = encodeHandshakeResponse(await acceptValue(key), "natter.v1");
  const received = new Uint8Array([...response, 0x81, 0x00, 0xff]);
  for (let i = 0; i < response.length; i++) {
    assertEquals(parseResponseHead(received.subarray(0, i)), undefined, `${i} bytes`);
  }
  const head = parseResponseHead(received)!;
  assertEquals(head.headBytes, response.length);
  assertEquals(head.status, 101);
  assertEquals(head.headers.get("sec-websocket-protocol"), "natter.v1");
  assertEquals(await checkHandshakeResponse(head, key, ["natter.plain", "natter.v1"]), undefined);
});

Deno.test("offered subprotocols are the tokens of the list", () => {
  const table: [header: string | null | undefined, expected: string[]][] = [
    [undefined, []],
    [null, []],
    ["", []],
    ["natter.v1", ["natter.v1"]],
    ["natter.v1,natter.plain", ["natter.v1", "natter.plain"]],
    ["  natter.v1 ,\tnatter.auth.q8fT-_ ", ["natter.v1", "natter.auth.q8fT-_"]],
    ["B, a", ["B", "a"]],
    [",, a,,", ["a"]],
    ["a b, c/d, é, e=f, g", ["g"]],
    ["!#$%&'*+-.^_`|~0aZ", ["!#$%&'*+-.^_`|~0aZ"]],
  ];
  for (const [header, expected] of table) {
    assertEquals(parseSubprotocols(header), expected, String(header));
  }
});
