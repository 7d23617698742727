import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HANDSHAKE_LINES } from "../support/handshake.ts";
import { RawClient } from "../support/raw_client.ts";
import { ask, head, type RawAnswer, RawHttp } from "../support/raw_http.ts";
import { RichClient } from "../support/rich_client.ts";
import { besiege } from "../support/siege.ts";
import {
  API_KEY,
  BODIES,
  gzip,
  HEADS,
  isFrames,
  JSON_TYPE,
  KEY,
  LINES,
  PAGES,
} from "./requests_cases.ts";

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
