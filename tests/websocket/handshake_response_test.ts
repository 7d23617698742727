import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkHandshakeResponse,
  HEAD_BYTES_MAX,
  parseResponseHead,
} from "../../lib/websocket/handshake.ts";
import { ACCEPT, KEY } from "../support/handshake.ts";

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

Deno.test("responses that a client must not take for an open connection", async (t) => {
  const [line, accept] = ["HTTP/1.1 101 Switching Protocols", `Sec-WebSocket-Accept: ${ACCEPT}`];
  const [upgrade, connection] = ["Upgrade: WebSocket", "connection: keep-alive, upgrade"];
  const table: [name: string, lines: string[], reason: string][] = [
    ["refused", ["HTTP/1.1 426 ", upgrade, connection, accept], "The status is 426, not 101."],
    ["no Upgrade", [line, connection, accept], "The Upgrade header is not websocket."],
    ["two Upgrades", [line, upgrade, upgrade, connection, accept], "The Upgrade header is not"],
    ["no Connection", [line, upgrade, accept], "The Connection header does not name upgrade."],
    ["no accept value", [line, upgrade, connection], "The Sec-WebSocket-Accept header does not"],
    [
      "an accept value in another case",
      [line, upgrade, connection, accept.toLowerCase()],
      "The Sec-WebSocket-Accept header does not answer the key.",
    ],
    [
      "an extension",
      [line, upgrade, connection, accept, "Sec-WebSocket-Extensions: permessage-deflate"],
      "No extension was offered, but permessage-deflate chosen.",
    ],
    [
      "a subprotocol in another case",
      [line, upgrade, connection, accept, "Sec-WebSocket-Protocol: A"],
      "The subprotocol A was not offered.",
    ],
  ];
  for (const [name, lines, reason] of table) {
    await t.step(name, async () => {
      const head = parseResponseHead(bytes(`${lines.join("\r\n")}\r\n\r\n`))!;
      const refused = await checkHandshakeResponse(head, KEY, ["a"]);
      assert(refused?.startsWith(reason), refused);
    });
  }
  await t.step("but this one is", async () => {
    const head = parseResponseHead(bytes([line, upgrade, connection, accept, "\r\n"].join("\r\n")));
    assertEquals(await checkHandshakeResponse(head!, KEY, ["a"]), undefined);
  });
});

Deno.test("heads that are not HTTP/1.1 responses", () => {
  const line = "HTTP/1.1 200 OK";
  const table: [name: string, head: string][] = [
    ["nothing", ""],
    ["HTTP/1.0", "HTTP/1.0 101 OK"],
    ["a status of two digits", "HTTP/1.1 20 OK"],
    ["a status of four digits", "HTTP/1.1 2000 OK"],
    ["a status that does not exist", "HTTP/1.1 600 OK"],
    ["something before it", " HTTP/1.1 200 OK"],
    ["a header without a colon", `${line}\r\nabc`],
    ["a header without a name", `${line}\r\n: abc`],
    ["a space before the colon", `${line}\r\na : b`],
    ["a folded line", `${line}\r\na: b\r\n c: d`],
    ["a newline alone", `${line}\r\na: b\nc: d`],
    ["a newline alone at the end", `${line}\r\na: b\n`],
    ["a value that is not ASCII", `${line}\r\na: é`],
  ];
  for (const [name, head] of table) {
    const error = () => parseResponseHead(bytes(`${head}\r\n\r\n`));
    assertThrows(error, SyntaxError, "Cannot read response", name);
  }
});

Deno.test("a response's header values are trimmed, and repeated ones joined", () => {
  const head = parseResponseHead(bytes("HTTP/1.1 200\r\nA:b\r\na: \tc \r\nEmpty:\r\n\r\n"))!;
  assertEquals([...head.headers], [["a", "b, c"], ["empty", ""]]);
});

Deno.test("a head has a bound", () => {
  const rest = "HTTP/1.1 200 OK\r\na: \r\n\r\n".length;
  const head = (size: number) => bytes(`HTTP/1.1 200 OK\r\na: ${"b".repeat(size - rest)}\r\n\r\n`);
  for (const size of [HEAD_BYTES_MAX - 1, HEAD_BYTES_MAX]) {
    assertEquals(parseResponseHead(head(size))?.headBytes, size);
  }
  assertThrows(() => parseResponseHead(head(HEAD_BYTES_MAX + 1)), SyntaxError, "over 16384 bytes");
  const endless = new Uint8Array(HEAD_BYTES_MAX).fill(97);
  assertEquals(parseResponseHead(endless.subarray(1)), undefined);
  assertThrows(() => parseResponseHead(endless), SyntaxError, "over 16384 bytes");
});
