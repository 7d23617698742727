/**
 * Requests that nobody should send, and what each is answered.
 *
 * @module
 */

import { TRANSPORT } from "../support/server.ts";

/** The key of whom they are after. */
export const KEY = "hushed-key-of-the-victim-0001";

/** The key of the operator's programs. */
export const API_KEY = "hushed-key-of-programs";

/** The header of a body of JSON. */
export const JSON_TYPE = "Content-Type: application/json";

/** Whether our own server answers. */
export const isFrames = TRANSPORT === "frames";

/** What `TRANSPORT=frames` says to heads above 16 KiB, which `Deno.serve` takes. */
const LONG_HEAD = isFrames ? 431 : undefined;

/** What a page of another site can make a browser send, and what comes of it. */
export const PAGES: readonly (readonly [headers: readonly string[], status: number])[] = [
  [[], 200],
  [["Sec-Fetch-Site: none"], 200],
  [["Sec-Fetch-Site: same-origin"], 200],
  [["Sec-Fetch-Site: same-site"], 403],
  [["Sec-Fetch-Site: cross-site"], 403],
  [["Sec-Fetch-Site: CROSS-SITE"], 403],
  [["Sec-Fetch-Site: none, cross-site"], 403],
  [["Sec-Fetch-Site: "], 403],
  [["Origin: http://evil.example"], 403],
  [["Origin: null"], 403],
  [["Origin: "], 403],
  [["Origin: http://127.0.0.1"], 403],
  [["Origin: http://127.0.0.1.evil.example"], 403],
  [["Origin: http://OWN@evil.example"], 403],
  [["Origin: http://OWN/"], 403],
  [["Origin: http://OWN, http://evil.example"], 403],
  [["Origin: http://OWN", "Origin: http://evil.example"], 403],
  [["Origin: http://evil.example", "Sec-Fetch-Site: same-origin"], 403],
  [["Origin: http://OWN"], 200],
  [["Origin: https://OWN"], 200],
];

/** Requests that try to be another one. */
export const LINES: readonly (readonly [line: string, statuses: readonly number[]])[] = [
  ["GET /api/rooms/a%2fb/messages", [400]],
  ["GET /api/rooms/..%2f..%2fmain.ts/messages", [400]],
  ["GET /api/rooms/%2e%2e/messages", [400]],
  ["GET /api/rooms/%2e/messages", [400]],
  ["GET /api/rooms/a/../../healthz", [404]],
  ["GET /%2e%2e/%2e%2e/main.ts", [404]],
  ["GET /..%5cmain.ts", [404]],
  ["GET /chat.js%00.html", [404]],
  ["GET //chat.js", [404]],
  ["GET /api/rooms/%00/messages", [400]],
  ["GET /api/rooms/a%00b/messages", [400]],
  ["GET /api/rooms/%ff/messages", [400]],
  ["GET /api/rooms/%/messages", [400]],
  ["GET /api/rooms/%0d%0aSet-Cookie:%20a=b/messages", [400]],
  ["GET /api/rooms/~victim/messages", [400]],
  ["GET /api/rooms/!name%2fvictim/messages", [400]],
  ["GET /api/rooms/@victim/messages", [403]],
  ["GET /api/rooms/@nobody/messages", [403]],
  ["GET /api/rooms/@VICTIM/messages", [403]],
  ["GET /api/rooms/%40victim/users", [403]],
  ["GET /api/rooms/__proto__/messages", [200]],
  ["GET /api/rooms/constructor/users", [200]],
  ["GET /api/rooms/lobby/messages?limit=1e3", [400]],
  ["GET /api/rooms/lobby/messages?limit=201", [400]],
  ["GET /api/rooms/lobby/messages?limit=%31", [200]],
  ["GET /api/rooms/lobby/messages?before=-1", [400]],
  ["GET /api/rooms/lobby/messages?after=99999999999999999999", [400]],
  ["GET /api/rooms/lobby/messages?after=0x10", [400]],
  [`GET /api/rooms/${"x".repeat(20_000)}/messages`, [LONG_HEAD ?? 400]],
  [`GET /${"x".repeat(60_000)}`, [LONG_HEAD ?? 404]],
  [`GET /?${"a=b&".repeat(10_000)}`, [LONG_HEAD ?? 200]],
  [`GET /${"a/".repeat(10_000)}`, [LONG_HEAD ?? 404]],
  [`GET /${"x".repeat(100_000)}`, [0, 400, 414, 431]],
  ["GET http://127.0.0.1/healthz", [200]],
  ["GET http://evil.example/healthz", [200]],
  ["GET http://evil.example/api/rooms/@victim/messages", [403]],
  ["GET https://user:password@evil.example/healthz", [0, 200, 400]],
  ["OPTIONS *", [400, 404]],
  ["CONNECT evil.example:443", [400, 404, 405]],
  ["TRACE /healthz", [404, 405]],
  ["GET healthz", [0, 400]],
  ["DELETE /api/users/victim", [401]],
  ["DELETE /api/users/victim/messages", [401]],
  ["DELETE /api/rooms/lobby/messages/1", [401]],
  ["DELETE /api/rooms/lobby/messages/1e9", [404]],
  ["GET /api/rooms", [401]],
  ["GET /api/rooms?access_token=hushed-key-of-programs", [401]],
];

/** Heads of requests, each to be answered with one of these. */
export const HEADS: readonly (readonly [
  what: string,
  headers: readonly string[],
  statuses: readonly number[],
])[] = [
  ["a thousand headers", Array.from({ length: 1000 }, (_, i) => `X-${i}: a`), [
    isFrames ? 200 : 400,
  ]],
  ["a header of 60 KB", [`X: ${"a".repeat(60_000)}`], [LONG_HEAD ?? 200]],
  ["a header of a megabyte", [`X: ${"a".repeat(1_000_000)}`], [0, 400, 431]],
  ["bytes above ASCII", ["User-Agent: \u00fcberall \u2028 und n\u00fcrgends"], [200, 400]],
  ["a folded header", ["X: a", " b"], [200, 400]],
  ["a space before the colon", ["X : a"], [0, 400]],
  ["no colon", ["hushed"], [0, 400]],
  ["a bare line feed", ["X: a\nY: b"], [200, 400]],
  ["a bare carriage return", ["X: a\rY: b"], [0, 400]],
  ["two hosts", ["Host: evil.example"], [200, 400]],
  ["two keys", [`Authorization: Bearer ${KEY}`, "Authorization: Bearer another"], [200, 401]],
  ["an empty key", ["Authorization: Bearer "], [200, 401]],
  ["a key that is none", ["Authorization: Bearer hushed!"], [401]],
  ["an address that is none", ["X-Forwarded-For: '); DROP TABLE--, ::::, \u001b[2J"], [200, 400]],
  ["a User-Agent with a line of the log", [
    'User-Agent: a"}\\n{"time":"2026-01-01T00:00:00.000Z","level":"error","message":"hushed"}',
  ], [200]],
  ["another method in a header", ["X-HTTP-Method-Override: DELETE"], [200]],
  ["a length and chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"], [0, 200, 400]],
];

const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const object = (extra: string) => `{"body":"hushed",${extra}}`;

/** A text, compressed. */
export const gzip = async (text: string) =>
  await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();

/** Bodies of a publication, and what comes of them. */
export const BODIES:
  readonly (readonly [what: string, body: string | Uint8Array, status: number])[] = [
    ["no JSON", "hushed", 400],
    ["nothing", "", 400],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), 400],
    ["half a character", Uint8Array.of(0x7b, 0xf0, 0x9f), 400],
    ["a byte order mark", '\ufeff{"body":"hushed"}', 400],
    ["null", "null", 400],
    ["a list", '[{"body":"hushed"}]', 400],
    ["a number as large as none", '{"body":1e999}', 400],
    ["another type", '{"body":{"toString":"hushed"}}', 400],
    ["an empty text", '{"body":""}', 400],
    ["deep lists", deep(20_000), 400],
    ["a deep member", object(`"x":${deep(20_000)}`), 201],
    ["a prototype", '{"__proto__":{"body":"hushed"}}', 400],
    ["a prototype beside it", object('"__proto__":{"to":"victim"}'), 201],
    ["a constructor", object('"constructor":{"prototype":{"room":"x"}}'), 201],
    ["the same key twice", '{"body":"a","body":"hushed"}', 201],
    ["thousands of keys", object(Array.from({ length: 4000 }, (_, i) => `"k${i}":1`).join()), 201],
    ["10,000 keys", object(Array.from({ length: 10_000 }, (_, i) => `"k${i}":1`).join()), 413],
    ["half a surrogate pair", '{"body":"\\ud800"}', 201],
    ["controls", '{"body":"\\u0000\\u001b[2J\\r\\n{\\"level\\":\\"error\\"}"}', 201],
    ["a ref with lines", '{"body":"hushed","ref":"a\\nb\\u2028c"}', 201],
    ["a ref too long", `{"body":"hushed","ref":"${"r".repeat(65)}"}`, 400],
    ["8,192 bytes", JSON.stringify({ body: "x".repeat(8192) }), 201],
    ["8,193 bytes", JSON.stringify({ body: "x".repeat(8193) }), 413],
    ["to and room", object('"to":"victim"'), 403],
    ["50 KB", "x".repeat(6 * 8192 + 1025), 413],
  ];
