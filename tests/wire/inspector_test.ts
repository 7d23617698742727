import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FrameReader } from "../../lib/wire/frame_reader.ts";
import { createInk } from "../../lib/wire/ink.ts";
import { Inspector, type InspectorOptions, WireError } from "../../lib/wire/inspector.ts";
import { encodeHandshakeResponse } from "../../lib/websocket/handshake.ts";
import { ClosedPort } from "../support/closed_port.ts";
import { ACCEPT, KEY } from "../support/handshake.ts";
import { type FakeServer, serveOnce } from "./support.ts";

/** RFC 6455 §1.3. */
const HEAD = encodeHandshakeResponse(ACCEPT);
const SECRET = "q8fT-and-what-nobody-may-see";

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The head of the RFC's answer, and frames in hexadecimal. */
function framed(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...HEAD, ...Uint8Array.fromHex(hex.replaceAll(" ", ""))]);
}

interface Watched {
  readonly inspector: Inspector;
  readonly lines: string[];
}

async function watch(server: FakeServer, more: Partial<InspectorOptions> = {}): Promise<Watched> {
  const lines: string[] = [];
  const inspector = await Inspector.connect({
    target: { url: server.url, subprotocols: [], secret: undefined },
    key: KEY,
    ink: createInk(false),
    print: (more) => lines.push(...more),
    ...more,
  });
  return { inspector, lines };
}

/** The frames that a server heard. */
async function framesOf(server: FakeServer): Promise<(readonly [number, string])[]> {
  const bytes = await server.heard;
  const end = new TextDecoder("latin1").decode(bytes).indexOf("\r\n\r\n") + 4;
  const reader = new FrameReader("client");
  const frames = reader.read(bytes.subarray(end));
  assertEquals(reader.restBytes, 0, "bytes after a close frame");
  return frames.map(({ header, payload }) => [header.opcode, payload.toHex()] as const);
}

Deno.test("the handshake is shown as it was, and its key's way is that of RFC 6455", async () => {
  await using server = serveOnce(framed("88 02 03e8"), true);
  const { inspector, lines } = await watch(server);
  await inspector.run(() => {});
  const golden = `→ GET /ws HTTP/1.1
  Host: ${server.url.host}
  Upgrade: websocket
  Connection: Upgrade
  Sec-WebSocket-Version: 13
  Sec-WebSocket-Key: ${KEY}
  (an empty line ends it; every line ends in CR LF)

The key's way to the accept value:
  key           ${KEY}
  magic string  258EAFA5-E914-47DA-95CA-C5AB0DC85B11
  joined        ${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11
  its SHA-1     b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea
  in Base64     ${ACCEPT}

← HTTP/1.1 101 Switching Protocols
  Upgrade: websocket
  Connection: Upgrade
  Sec-WebSocket-Accept: ${ACCEPT}
  (an empty line ends it; every line ends in CR LF)

✓ The accept value is right: from here on there are frames.

← Frame 1 received: close, 4 bytes`.split("\n");
  assertEquals(lines.slice(0, golden.length), golden);
  assertEquals(lines.at(-1), "✓ The server has ended the TCP connection.");
  const heard = new TextDecoder().decode(await server.heard);
  assertEquals(heard.slice(0, heard.indexOf("\r\n\r\n")).split("\r\n"), [
    golden[0]!.slice(2),
    ...golden.slice(1, 6).map((line) => line.slice(2)),
  ]);
});

Deno.test("a secret is sent in full, and shown in part", async () => {
  await using server = serveOnce(framed("88 02 03e8"), true);
  const subprotocols = ["natter.v1", `natter.auth.${SECRET}`];
  const target = { url: server.url, subprotocols, secret: SECRET };
  const { inspector, lines } = await watch(server, { target });
  await inspector.run(() => {});
  const hidden = "q8fT… (28 characters, hidden here)";
  assertEquals(lines.filter((line) => line.includes("q8fT")), [
    `  Sec-WebSocket-Protocol: natter.v1, natter.auth.${hidden}`,
    `  Authorization: Bearer ${hidden}`,
  ]);
  const heard = new TextDecoder("latin1").decode(await server.heard);
  assertEquals(heard.split(SECRET).length, 3);
});

const ANSWERS: readonly [
  what: string,
  answer: Uint8Array,
  failure: string | undefined,
  sent: (readonly [number, string])[],
][] = [
  ["a close", framed("88 02 03e8"), undefined, [[8, "03e8"]]],
  ["a close because it goes away", framed("88 02 03e9"), undefined, [[8, "03e9"]]],
  ["an empty close", framed("88 00"), undefined, [[8, ""]]],
  [
    "a close for a cause",
    framed("88 08 1195 74616b656e 1b"),
    "The server closed with 4501: taken␛",
    [[8, "1195"]],
  ],
  [
    "a close for a cause without words",
    framed("88 02 1195"),
    "The server closed with 4501: in Natter: the name is taken",
    [[8, "1195"]],
  ],
  ["a ping", framed("89 02 6869 88 02 03e8"), undefined, [[10, "6869"], [8, "03e8"]]],
  [
    "what breaks the protocol",
    framed("81 01 61 c1 00 81 01 62"),
    "The server broke the protocol: Cannot read frame: reserved bits are 4 (1002)",
    [[8, `03ea${bytesOf("Cannot read frame: reserved bits are 4").toHex()}`]],
  ],
  ["an end", framed("81 01 61"), "The connection ended without a close frame (1006)", []],
  ["half a frame", framed("81 02 61"), "The connection ended in the middle of a frame (1006)", []],
  [
    "another accept value",
    encodeHandshakeResponse("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    "The handshake failed: The Sec-WebSocket-Accept header does not answer the key.",
    [],
  ],
  [
    "a secret that nobody offered",
    encodeHandshakeResponse(ACCEPT, "natter.auth.abcdefgh"),
    "The handshake failed: The subprotocol natter.auth.abcd… (8 characters, hidden here) was not offered.",
    [],
  ],
  [
    "a refusal",
    bytesOf("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n\x1b[2Jnone\n"),
    "The handshake failed: The status is 404, not 101.",
    [],
  ],
  ["nothing", bytesOf(""), "The handshake failed: the server ended the connection", []],
  [
    "no HTTP",
    bytesOf("SSH-2.0-\x1b[2J\r\n\r\n"),
    'The handshake failed: Cannot read response: status line is "SSH-2.0-\\u001b[2J"',
    [],
  ],
];

for (const [what, answer, failure, sent] of ANSWERS) {
  Deno.test(`a server answers with ${what}`, async () => {
    await using server = serveOnce(answer, true);
    const { inspector, lines } = await watch(server);
    const run = inspector.run(() => {});
    if (failure === undefined) await run;
    else assertEquals((await assertRejects(() => run, WireError)).message, failure);
    assertEquals(await framesOf(server), sent);
    assertEquals(lines.filter((line) => line.startsWith("→ Frame")).length, sent.length);
    // deno-lint-ignore no-control-regex
    assertEquals(lines.join("").match(/[\x00-\x1f\x7f-\x9f]/g), null);
  });
}

Deno.test("a refusal is shown with its body", async () => {
  const body = "HTTP/1.1 404 Not Found\r\n\r\none\n\x1b[2Jtwo";
  await using server = serveOnce(bytesOf(body), true);
  const { inspector, lines } = await watch(server);
  await assertRejects(() => inspector.run(() => {}), WireError);
  assertEquals(lines.slice(-3), ["  one", "  ␛[2Jtwo", ""]);
});

Deno.test("after the own close nothing more is sent, and what still comes is shown", async () => {
  await using server = serveOnce(framed("81 01 61 89 00 88 02 1195"), true);
  const { inspector, lines } = await watch(server);
  await inspector.run(() => {
    inspector.close(1000, "bye");
    inspector.close(1000, "again");
    inspector.sendText("late");
  });
  assertEquals(await framesOf(server), [[8, "03e8627965"]]);
  assertEquals(
    lines.filter((line) => /^[→←] Frame/.test(line)),
    [
      "→ Frame 1 sent: close, 11 bytes",
      "← Frame 1 received: text, 3 bytes",
      "← Frame 2 received: ping, 2 bytes",
      "← Frame 3 received: close, 4 bytes",
    ],
  );
});

const SILENCES = [
  ["the handshake", bytesOf(""), "The handshake failed: the server does not answer"],
  ["a close", HEAD, "The server did not answer the close"],
] as const;

for (const [what, answer, failure] of SILENCES) {
  Deno.test(`a server that does not answer ${what} is given up`, async () => {
    await using server = serveOnce(answer, false);
    const { inspector } = await watch(server, { answerMsMax: 500 });
    const run = inspector.run(() => void inspector.close(1000));
    assertEquals((await assertRejects(() => run, WireError)).message, failure);
  });
}

Deno.test("a server that keeps TCP open after both closes is told of, and given up", async () => {
  await using server = serveOnce(framed("88 02 03e8"), false);
  const { inspector, lines } = await watch(server, { answerMsMax: 500 });
  await inspector.run(() => {});
  assertEquals(lines.at(-1), "✗ The server does not end the TCP connection.");
});

Deno.test("where nobody listens, one line says so", async () => {
  using closed = await ClosedPort.open();
  const { port } = closed;
  for (const scheme of ["ws", "wss"]) {
    const url = new URL(`${scheme}://127.0.0.1:${port}/ws`);
    const { message } = await assertRejects(() =>
      Inspector.connect({
        target: { url, subprotocols: [], secret: undefined },
        key: KEY,
        ink: createInk(false),
        print: () => {},
      }), WireError);
    assertStringIncludes(message, `Cannot connect to 127.0.0.1:${port}: `);
  }
});

Deno.test("TLS to a server without it fails in one line", async () => {
  await using server = serveOnce(bytesOf("HTTP/1.1 400 Bad Request\r\n\r\n"), true);
  const url = new URL(server.url.href.replace("ws:", "wss:"));
  const target = { url, subprotocols: [], secret: undefined };
  const { message } = await assertRejects(() => watch(server, { target }), WireError);
  assertEquals(message.split("\n").length, 1);
  assertStringIncludes(message, "Cannot connect to 127.0.0.1:");
});
