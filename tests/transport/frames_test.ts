import { assert, assertEquals } from "@std/assert";
import { CLOSE_SECONDS_MAX, PONG_UNSENT_BYTES_MAX } from "../../lib/limits.ts";
import type { Connection } from "../../lib/transport/connection.ts";
import { encodeFrame, OPCODE } from "../../lib/websocket/frame.ts";
import { createKey, encodeHandshakeRequest } from "../../lib/websocket/handshake.ts";
import { until } from "../support/deadline.ts";
import { HANDSHAKE_LINES } from "../support/handshake.ts";
import { RawClient } from "../support/raw_client.ts";
import { ask, head, RawHttp } from "../support/raw_http.ts";
import { startServer } from "../support/server.ts";
import { MESSAGE_BYTES_MAX, serveFrames } from "../support/transports.ts";

const SILENT = () => ({ message() {}, closed() {} });
const echo = (connection: Connection) => ({
  message: (message: string | Uint8Array<ArrayBuffer>) => connection.send(message),
  closed() {},
});

Deno.test("frames: a close that is not answered ends by force, one that is by itself", async () => {
  const connections: Connection[] = [];
  await using server = await serveFrames((connection) => {
    connections.push(connection);
    return SILENT();
  });
  using silent = await RawClient.open(server.port, "/");
  using polite = await RawClient.open(server.port, "/");
  for (const connection of connections) connection.close(4000, "drain");
  await polite.sendClose(4000);
  assertEquals((await polite.next()).type, "close");
  assertEquals(await polite.next(), { type: "end" });
  polite[Symbol.dispose]();
  await until(() => server.counts.ended === 1, "the polite one has gone");
  assertEquals(server.counts, { opened: 2, closed: 2, ended: 1 });
  for (let i = 0; i < CLOSE_SECONDS_MAX; i++) server.transport.sweep();
  await until(() => server.counts.ended === 2, "the silent one has gone");
  assertEquals(await silent.next(), { type: "close", code: 4000, reason: "drain" });
});

Deno.test("frames: who gives no sign of life is pinged, told to go, and ended", async () => {
  await using server = await serveFrames(echo, undefined, 2);
  using silent = await RawClient.open(server.port, "/");
  using lively = await RawClient.open(server.port, "/");
  server.transport.sweep();
  server.transport.sweep();
  for (const client of [silent, lively]) assertEquals((await client.next()).type, "ping");
  await lively.send({ opcode: OPCODE.Pong });
  await lively.sendText("heard");
  assertEquals(await lively.next(), { type: "text", text: "heard" });
  server.transport.sweep();
  server.transport.sweep();
  assertEquals(await silent.next(), { type: "close", code: 4003, reason: "no sign of life" });
  assertEquals(server.counts.closed, 1);
  for (let i = 0; i < CLOSE_SECONDS_MAX; i++) server.transport.sweep();
  await until(() => server.counts.ended === 1, "it has gone");
});

Deno.test("frames: a violation ends the stream although its peer talks on", async () => {
  await using server = await serveFrames(echo);
  using client = await RawClient.open(server.port, "/");
  await client.write(Uint8Array.fromHex("c18000000000"));
  for (let i = 0; i < 100; i++) await client.sendText("x".repeat(1000));
  const event = await client.next();
  assertEquals(event.type === "close" && event.code, 1002);
  assertEquals(await client.next(), { type: "end" });
  assertEquals(server.counts.closed, 1);
  client[Symbol.dispose]();
  await until(() => server.counts.ended === 1, "it has gone");
});

Deno.test("frames: a message may have as many bytes as its route says, and no declared byte more", async () => {
  await using server = await serveFrames(echo);
  const largest = "x".repeat(MESSAGE_BYTES_MAX);
  using client = await RawClient.open(server.port, "/");
  await client.sendText(largest);
  assertEquals(await client.next(), { type: "text", text: largest });
  const frame = encodeFrame({ opcode: OPCODE.Text, payload: `${largest}x`, mask: 1 });
  await client.write(frame.subarray(0, 14));
  const event = await client.next();
  assertEquals(event.type === "close" && event.code, 1009);
});

Deno.test("frames: what comes in the packet of the handshake is heard", async () => {
  await using server = await serveFrames(echo);
  using client = await RawClient.connect(server.port);
  const handshake = encodeHandshakeRequest({ path: "/", host: "a", key: createKey() });
  const frames = Uint8Array.fromHex("8182000000006869" + "888000000000");
  await client.write(new Uint8Array([...handshake, ...frames]));
  assertEquals((await client.readHead()).status, 101);
  assertEquals(await client.next(), { type: "text", text: "hi" });
  assertEquals((await client.next()).type, "close");
});

Deno.test("frames: an offer of compression is declined, and a compressed frame is a violation", async () => {
  await using server = await serveFrames(echo);
  using client = await RawClient.connect(server.port);
  const headers = { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" };
  const response = await client.request({ path: "/", host: "a", key: createKey(), headers });
  assertEquals(response.headers.get("Sec-WebSocket-Extensions"), null);
  await client.send({ opcode: OPCODE.Text, payload: "hi", rsv: 4 });
  const event = await client.next();
  assertEquals(event.type === "close" && event.code, 1002);
});

Deno.test("frames: messages of one chunk are heard in their order, the last before the close", async () => {
  await using server = await serveFrames(echo);
  using client = await RawClient.open(server.port, "/");
  const texts = Array.from({ length: 1000 }, (_, i) => `${i}`);
  const frames = texts.map((payload) => encodeFrame({ opcode: OPCODE.Text, payload, mask: 1 }));
  await client.write(new Uint8Array(frames.flatMap((frame) => [...frame])));
  await client.sendClose(1000);
  for (const text of texts) assertEquals(await client.next(), { type: "text", text });
  assertEquals(await client.next(), { type: "close", code: 1000, reason: "" });
});

Deno.test("frames: of pings whose pongs nobody takes the last is answered, and nothing grows", async () => {
  let unsent = () => 0, heard = 0;
  await using server = await serveFrames((connection) => {
    unsent = () => connection.unsentBytes;
    const { message, closed } = echo(connection);
    return {
      message(said) {
        heard++;
        message(said);
      },
      closed,
    };
  });
  using client = await RawClient.open(server.port, "/");
  const large = "x".repeat(MESSAGE_BYTES_MAX);
  // More than the kernel's buffers take.
  for (let i = 0; i < 200; i++) await client.sendText(large);
  await until(() => heard === 200 && unsent() > 1_000_000, "it is blocked");
  const before = unsent();
  let most = 0;
  for (let i = 0; i < 10_000; i++) await client.send({ opcode: OPCODE.Ping, payload: `${i}` });
  await client.send({ opcode: OPCODE.Text, payload: "last" });
  await until(() => {
    most = Math.max(most, unsent());
    return heard === 201;
  }, "all of it is heard");
  let pongs = 0, last = "";
  while (true) {
    const event = await client.next();
    most = Math.max(most, unsent());
    if (event.type === "pong") {
      pongs++;
      last = new TextDecoder().decode(event.payload);
    }
    if (event.type === "text") assert(event.text === large || event.text === "last");
    if (last === "9999") break;
  }
  assert(pongs < 10_000, `${pongs}`);
  assert(most <= before + PONG_UNSENT_BYTES_MAX, `${most} after ${before}`);
});

Deno.test("frames: one buffer goes to all, and a sender's own message is left out of it", async () => {
  const connections: Connection[] = [];
  await using server = await serveFrames((connection) => {
    connections.push(connection);
    return SILENT();
  });
  const clients = [];
  for (let i = 0; i < 3; i++) clients.push(await RawClient.open(server.port, "/"));
  const texts = ["one", "two", "x".repeat(200_000), "three", "żółw"];
  for (const [i, connection] of connections.entries()) {
    for (const [k, text] of texts.entries()) if (k !== i) connection.send(text);
    // All of it counts before a byte is written.
    assert(connection.unsentBytes > 200_000 || i === 2);
  }
  for (const [i, client] of clients.entries()) {
    for (const [k, text] of texts.entries()) {
      if (k !== i) assertEquals(await client.next(), { type: "text", text });
    }
    client[Symbol.dispose]();
  }
  await until(() => server.counts.ended === 3, "all have gone");
  assertEquals(connections.map(({ unsentBytes }) => unsentBytes), [0, 0, 0]);
});

Deno.test("frames: what is joined for one peer stays as it is until that has it, whatever the others are sent", async () => {
  const ROUNDS = 400, PEERS = 6;
  const connections: Connection[] = [];
  await using server = await serveFrames((connection) => {
    connections.push(connection);
    return SILENT();
  });
  const clients: RawClient[] = [];
  for (let i = 0; i < PEERS; i++) clients.push(await RawClient.open(server.port, "/"));
  const text = (round: number, index: number) => `${round} ${index} `.padEnd(4000, `${round}`);
  /** All that is not a client's own: of each round the text of its own number. */
  const read = async (own: number) => {
    for (let round = 0; round < ROUNDS; round++) {
      for (let index = 0; index < PEERS; index++) {
        if (index === own) continue;
        assertEquals(await clients[own]!.next(), { type: "text", text: text(round, index) });
      }
    }
  };
  // The first and the last read at once, the others when all has been said.
  const reading = [0, PEERS - 1].map(read);
  for (let round = 0; round < ROUNDS; round++) {
    const texts = Array.from({ length: PEERS }, (_, index) => text(round, index));
    for (const [own, connection] of connections.entries()) {
      if (own > 0) connection.sendAll!(texts, 0, own);
      if (own + 1 < PEERS) connection.sendAll!(texts, own + 1, PEERS);
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert(connections[1]!.unsentBytes > 0, "those that do not read are behind");
  await Promise.all([...reading, ...[1, 2, 3, 4].map(read)]);
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("frames: whatever else has an Upgrade is a request like others", async () => {
  await using server = await startServer({ TRANSPORT: "frames" });
  const upgrade = ["Connection: Upgrade", "Upgrade: h2c"];
  const body = ["Content-Type: text/plain", "Content-Length: 2"];
  const table = [
    ["GET /healthz", upgrade, "", 200],
    ["GET /ws", upgrade, "", 426],
    ["POST /messages/alice", [...upgrade, ...body], "hi", 201],
    ["POST /ws", HANDSHAKE_LINES, "", 405],
    ["GET /healthz", HANDSHAKE_LINES, "", 200],
    ["GET /nothing", HANDSHAKE_LINES, "", 404],
    ["GET /ws/a", [...HANDSHAKE_LINES, "Origin: http://evil.example"], "", 403],
    ["GET /ws/a", ["Connection: Upgrade", "Upgrade: websocket"], "", 426],
    ["CONNECT a:1", [], "", 405],
    ["TRACE /healthz", [], "", 405],
    ["GET /healthz", [`X: ${"a".repeat(16 * 1024)}`], "", 431],
    ["GET /ws/a", [...HANDSHAKE_LINES, `X: ${"a".repeat(16 * 1024)}`], "", 431],
  ] as const;
  for (const [line, headers, text, status] of table) {
    const answer = await ask(server.port, line, headers, text);
    assertEquals(answer.status, status, `${line} ${headers.join().slice(0, 200)}`);
  }
});

Deno.test("frames: a handshake that does not come to its end is ended", async () => {
  await using server = await startServer({ TRANSPORT: "frames" });
  using half = await RawHttp.connect(server.port);
  await half.write(head("GET /ws/a", ["Host: a", ...HANDSHAKE_LINES]).slice(0, -2));
  using nothing = await RawHttp.connect(server.port);
  assertEquals((await half.answer()).status, 408);
  assertEquals(
    await nothing.read().then((text) => text === undefined || /^HTTP.* 408/.test(text)),
    true,
  );
});
