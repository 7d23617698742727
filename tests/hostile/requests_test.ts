import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HANDSHAKE_LINES } from "../support/handshake.ts";
import { RawClient } from "../support/raw_client.ts";
import { ask, head, type RawAnswer, RawHttp } from "../support/raw_http.ts";
import { RichClient } from "../support/rich_client.ts";
import { TRANSPORT } from "../support/server.ts";
import { besiege } from "../support/siege.ts";

const KEY = "hushed-key-of-the-victim-0001";
const API_KEY = "hushed-key-of-programs";
const JSON_TYPE = "Content-Type: application/json";

const isFrames = TRANSPORT === "frames";
/** What `TRANSPORT=frames` says to heads above 16 KiB, which `Deno.serve` takes. */
const LONG_HEAD = isFrames ? 431 : undefined;

/** What a page of another site can make a browser send, and what comes of it. */
const PAGES: readonly (readonly [headers: readonly string[], status: number])[] = [
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
const LINES: readonly (readonly [line: string, statuses: readonly number[]])[] = [
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
const HEADS: readonly (readonly [
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
const gzip = async (text: string) =>
  await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();

/** Bodies of a publication, and what comes of them. */
const BODIES: readonly (readonly [what: string, body: string | Uint8Array, status: number])[] = [
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

function publish(
  port: number,
  body: string | Uint8Array,
  headers: readonly string[] = [JSON_TYPE],
): Promise<RawAnswer> {
  const { length } = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return ask(
    port,
    "POST /messages/mallory",
    [...headers, `Content-Length: ${length}`],
    body,
  );
}

Deno.test("no request gets what it should not, breaks anything, or writes into the log", async (t) => {
  const env = { API_KEY, MESSAGES_PER_SECOND: "0" };
  await besiege(t, { env }, async ({ server, secrets, step }) => {
    const { port } = server;
    secrets.push(KEY, API_KEY, "hushed", "mallory", "DROP TABLE", "evil.example");
    await using victim = await RichClient.open(server.url, "/ws/victim?room=apart", KEY);
    await victim.next("welcome");

    await step("pages of other sites", async () => {
      for (const [headers, status] of PAGES) {
        const sent = headers.map((header) => header.replaceAll("OWN", `127.0.0.1:${port}`));
        const read = await ask(port, "GET /api/rooms/lobby/messages", sent);
        assertEquals(read.status, status, sent.join());
        const written = await publish(port, "{}", [JSON_TYPE, ...sent]);
        assertEquals(written.status, status === 200 ? 400 : 403, sent.join());
        const isOwn = sent.some((header) => header.startsWith("Origin: http")) && status === 200;
        assertEquals(/^access-control-allow-origin:/im.test(read.head), isOwn, sent.join());
        assert(!/^access-control-allow-credentials:/im.test(read.head));
        using socket = await RawHttp.connect(port);
        await socket.write(head("GET /ws/mallory", [
          `Host: 127.0.0.1:${port}`,
          ...HANDSHAKE_LINES,
          ...sent,
        ]));
        assertEquals(await socket.status(), status === 200 ? 101 : 403, sent.join());
      }
    });

    await step("a preflight of another site", async () => {
      const { status, head } = await ask(port, "OPTIONS /messages/victim", [
        "Origin: http://evil.example",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: authorization",
      ]);
      assertEquals(status, 403);
      assert(!/^access-control-/im.test(head), head);
    });

    await step("paths", async () => {
      for (const [line, statuses] of LINES) {
        const { status, head, body } = await ask(port, line);
        assert(statuses.includes(status), `${line.slice(0, 80)}: ${status} ${body.slice(0, 300)}`);
        assert(!/^set-cookie:/im.test(head), line);
        assert(!body.includes("createApp"), line);
      }
    });

    await step("dots in paths of programs, however they are written", async () => {
      const authorization = `Authorization: Bearer ${API_KEY}`;
      for (const line of ["DELETE /api/users/%2e", "DELETE /api/users/%2E%2e/messages"]) {
        assertEquals((await ask(port, line, [authorization])).status, 400, line);
      }
    });

    await step("a program reads every room, and no inbox", async () => {
      const authorization = `Authorization: Bearer ${API_KEY}`;
      for (const [room, status] of [["lobby", 200], ["@victim", 403], ["@nobody", 403]] as const) {
        const { status: got } = await ask(port, `GET /api/rooms/${room}/messages`, [authorization]);
        assertEquals(got, status, room);
      }
    });

    await step("headers", async () => {
      for (const [what, headers, statuses] of HEADS) {
        const { status } = await ask(port, "GET /api/rooms/lobby/users", headers);
        assert(statuses.includes(status), `${what}: ${status}`);
      }
    });

    await step("two requests in the body of one", async () => {
      using http = await RawHttp.connect(port);
      const inner = head("GET /api/rooms/@victim/messages", ["Host: a"]);
      await http.write(
        head("POST /messages/mallory", [
          "Host: a",
          "Content-Type: text/plain",
          `Content-Length: ${inner.length}`,
        ]) + inner + head("GET /healthz", ["Host: a", "Connection: close"]),
      );
      const { status, body } = await http.answer();
      assertEquals(status, 201);
      assertStringIncludes(body, "HTTP/1.1 200 OK");
      assertEquals(body.split("HTTP/1.1 ").length, 2);
    });

    await step("bodies", async () => {
      for (const [what, body, status] of BODIES) {
        const answer = await publish(port, body);
        assertEquals(answer.status, status, `${what}: ${answer.body}`);
        assert(!answer.body.includes("__proto__"), what);
      }
      assertEquals((await publish(port, "x", ["Content-Type: text/html"])).status, 415);
      assertEquals((await publish(port, "x", [])).status, 415);
      assertEquals((await publish(port, "x", ['Content-Type: a\tb; charset="hushed'])).status, 415);
    });

    await step("bodies that say that they are compressed", async () => {
      const bomb = await gzip("x".repeat(30_000_000));
      for (const encoding of ["gzip", "br", "deflate", "identity"]) {
        const headers = ["Content-Type: text/plain", `Content-Encoding: ${encoding}`];
        // Nothing is ever unpacked: the bytes are no UTF-8, or too many of them.
        assertEquals((await publish(port, bomb, headers)).status, 413, encoding);
        assertEquals((await publish(port, await gzip("hi"), headers)).status, 400, encoding);
      }
    });

    await step("lengths that are not so", async () => {
      const sent = async (headers: readonly string[], body: string) => {
        using http = await RawHttp.connect(port);
        await http.write(
          head("POST /messages/mallory", [
            "Host: a",
            "Connection: close",
            "Content-Type: text/plain",
            ...headers,
          ]) + body,
        );
        // Where a body has not come to its end, the runtime keeps the connection open for it.
        return await http.status();
      };
      assertEquals(await sent(["Content-Length: 1000000000000"], "hushed"), 413);
      assert([0, 400].includes(await sent(["Content-Length: -1"], "hushed")));
      assert([0, 400].includes(await sent(["Content-Length: 1e3"], "hushed")));
      assert([0, 400].includes(await sent(["Content-Length: 6, 7"], "hushed")));
      assert([0, 400].includes(await sent([`Content-Length: ${"9".repeat(40)}`], "hushed")));
      const chunk = `2000\r\n${"x".repeat(8192)}\r\n`;
      const chunked = "Transfer-Encoding: chunked";
      assertEquals(await sent([chunked], `${chunk}0\r\n\r\n`), 201);
      assertEquals(await sent([chunked], `${chunk}1\r\nx\r\n0\r\n\r\n`), 413);
      assertEquals(await sent([chunked], chunk.repeat(100)), 413, "without an end");
      assert([0, 400].includes(await sent([chunked], "fffffffffffffffff\r\nx")));
      // What follows is the next request, and none: node:http says so before it answers the first.
      const longer = await sent(["Content-Length: 5"], "hushed and more than five");
      assertEquals(longer, isFrames ? 400 : 201);
    });

    await step("names with line ends, in every place for a name", async () => {
      for (const name of ["a%0d%0ab", "a%0ab", "%0a", "a%E2%80%A8b", "a%C2%85b", "a%1b[2Jb"]) {
        using client = await RawClient.open(port, `/ws/${name}?room=${name}`);
        const end = await client.untilClosed();
        assert(end.type === "close" && end.code === 4500, name);
        await client.sendClose();
        using inRoom = await RawClient.open(port, `/ws/mallory?room=${name}`);
        const roomEnd = await inRoom.untilClosed();
        assert(roomEnd.type === "close" && roomEnd.code === 4503, name);
        await inRoom.sendClose();
        assertEquals((await ask(port, `GET /api/rooms/${name}/messages`)).status, 400, name);
      }
    });
  });
});
