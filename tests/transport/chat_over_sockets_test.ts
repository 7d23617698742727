import { assert, assertEquals } from "@std/assert";
import { createMask, encodeFrame, OPCODE } from "../../lib/websocket/frame.ts";
import { Client } from "../support/client.ts";
import { until, within } from "../support/deadline.ts";
import { RawClient } from "../support/raw_client.ts";
import { startServer, TRANSPORT } from "../support/server.ts";

Deno.test("a foreign client speaks the article's protocol", async () => {
  await using server = await startServer();
  await using alice = await Client.open(server.url, "/ws/alice");
  await using bob = await Client.open(server.url, "/ws/bob", ["natter.plain"]);
  await using carol = await Client.open(server.url, "/ws/%E7%8E%8B%20%C3%A9?room=lobby");
  assertEquals([alice.socket.protocol, bob.socket.protocol], ["", "natter.plain"]);

  alice.send("hi <b>you</b>");
  assertEquals(await bob.next(), '{"sender":"alice","msg":"hi <b>you</b>"}');
  assertEquals(await carol.next(), '{"sender":"alice","msg":"hi <b>you</b>"}');
  carol.send("\ufeff王 🙂");
  // The first that alice receives is carol's message: nothing of her own came before it.
  assertEquals(await alice.next(), '{"sender":"王 é","msg":"\ufeff王 🙂"}');
});

Deno.test("the echo endpoint gives back text and bytes of every length class", async () => {
  await using server = await startServer();
  await using echo = await Client.open(server.url, "/ws");
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const bytes = new Uint8Array(length).fill(97);
    echo.send("a".repeat(length));
    assertEquals(await echo.next(), "a".repeat(length));
    echo.send(bytes);
    assertEquals(new Uint8Array(await echo.next() as ArrayBuffer), bytes);
  }
  echo.send("a".repeat(65_537));
  assertEquals((await within(echo.closed, "the end")).code, 1009);
});

Deno.test("what a person can get wrong is refused on the socket, with a code that a page can read", async () => {
  await using server = await startServer();
  await using _alice = await Client.open(server.url, "/ws/Alice");
  const refusals: readonly (readonly [path: string, code: number])[] = [
    ["/ws/alice", 4501],
    ["/ws/", 4500],
    ["/ws/%ff", 4500],
    ["/ws/%E2%80%AEevil", 4500],
    ["/ws/a%2fb", 4500],
    ["/ws/..%2f..", 4500],
    ["/ws/" + "a".repeat(5_000), 4500],
    ["/ws/bob?room=", 4503],
    ["/ws/bob?room=a%20room", 4503],
    ["/ws/bob?room=a&room=b", 4503],
  ];
  for (const [path, code] of refusals) {
    const client = await Client.open(server.url, path);
    assertEquals((await within(client.closed, path)).code, code, path);
  }
});

Deno.test("a refusal arrives although the refused talks on and on", async () => {
  await using server = await startServer({ MESSAGES_BURST: "3" });
  await using _alice = await Client.open(server.url, "/ws/alice");
  for (const [path, code] of [["/ws/alice", 4501], ["/ws/bob", 4505]] as const) {
    using client = await RawClient.open(server.port, path);
    // In one write: on a machine that is busy the gaps between many would be long enough for silence.
    const frame = { opcode: OPCODE.Text, payload: "and another thing", mask: createMask() };
    const frames = Array.from({ length: 60 }, () => [...encodeFrame(frame)]).flat();
    await client.write(new Uint8Array(frames));
    const event = await client.untilClosed();
    assertEquals(event.type === "close" && event.code, code, path);
  }
});

Deno.test("of twenty that ask for one name at once, one has it", async () => {
  await using server = await startServer();
  const paths = Array.from({ length: 20 }, (_, i) => i % 2 === 0 ? "/ws/Nora" : "/ws/nORA");
  const clients = await Promise.all(paths.map((path) => Client.open(server.url, path)));
  const codes: number[] = [];
  for (const client of clients) client.closed.then(({ code }) => codes.push(code));
  await until(() => codes.length === 19, "nineteen are refused");
  assertEquals(new Set(codes), new Set([4501]));
  const [winner] = clients.filter((client) => client.socket.readyState === WebSocket.OPEN);
  await using bob = await Client.open(server.url, "/ws/bob");
  winner!.send("mine");
  assertEquals((await bob.nextMessage()).msg, "mine");
  await winner![Symbol.asyncDispose]();
});

Deno.test("a name is free as soon as its socket has gone, whether it said goodbye or not", async () => {
  await using server = await startServer();
  await using bob = await Client.open(server.url, "/ws/bob");
  for (const [name, goodbye] of [["alice", true], ["carol", false]] as const) {
    const first = await RawClient.open(server.port, `/ws/${name}`);
    await first.sendText("one");
    assertEquals((await bob.nextMessage()).msg, "one");
    if (goodbye) await first.sendClose(1000);
    first[Symbol.dispose]();
    await until(async () => {
      using again = await RawClient.open(server.port, `/ws/${name}`);
      bob.send("who is there?");
      return (await again.next()).type === "text";
    }, "the name is free");
  }
});

Deno.test("limits on sockets are told by 4002, and a socket that ends makes room", async () => {
  await using server = await startServer({ CONNECTIONS_PER_IP_MAX: "2" });
  const first = await Client.open(server.url, "/ws/alice");
  await using _second = await Client.open(server.url, "/ws");
  const third = await Client.open(server.url, "/ws/carol");
  assertEquals((await within(third.closed, "the end")).code, 4002);
  await first[Symbol.asyncDispose]();
  await until(async () => {
    const client = await Client.open(server.url, "/ws");
    client.send("hi");
    const got = await Promise.race([client.next(), client.closed.then(() => "closed")]);
    await client[Symbol.asyncDispose]();
    return got === "hi";
  }, "there is room");
});

Deno.test("behind a proxy, addresses are those that it names", async () => {
  await using server = await startServer({ CONNECTIONS_PER_IP_MAX: "1", TRUST_PROXY: "1" });
  const from = (address: string) => ({ headers: { "X-Forwarded-For": `6.6.6.6, ${address}` } });
  using _first = await RawClient.open(server.port, "/ws/a", from("203.0.113.1"));
  using second = await RawClient.open(server.port, "/ws/b", from("203.0.113.2"));
  using third = await RawClient.open(server.port, "/ws/c", from("203.0.113.2"));
  const event = await third.untilClosed();
  assertEquals(event.type === "close" && event.code, 4002);
  using echo = await RawClient.open(server.port, "/ws", from("203.0.113.3"));
  await echo.sendText("hi");
  assertEquals(await echo.next(), { type: "text", text: "hi" });
  await second.sendClose();
});

Deno.test("a silent peer is pinged, and closed (by the runtime with 1001); one that answers stays", async () => {
  await using server = await startServer({ PING_SECONDS: "1" });
  using silent = await RawClient.open(server.port, "/ws/silent");
  await using lively = await Client.open(server.url, "/ws/lively"); // answers pings by itself
  assertEquals((await silent.next()).type, "ping");
  const event = await silent.untilClosed();
  assertEquals(event.type === "close" && event.code, TRANSPORT === "serve" ? 1001 : 4003);
  await using other = await Client.open(server.url, "/ws/other");
  other.send("still there?");
  assertEquals((await lively.nextMessage()).msg, "still there?");
});

Deno.test("a peer that reads nothing stops nobody, and is told to go when it has missed too much", async () => {
  await using server = await startServer({
    MESSAGES_PER_SECOND: "0",
    STALL_SECONDS: "1",
    SEND_BUFFER_BYTES_MAX: "65536",
  });
  using stalled = await RawClient.open(server.port, "/ws/stalled");
  await using alice = await Client.open(server.url, "/ws/alice");
  await using bob = await Client.open(server.url, "/ws/bob");
  const body = "x".repeat(8000);
  let sent = 0;
  // The name is free again at the moment when the server gives its holder up.
  await until(async () => {
    for (let i = 0; i < 200; i++) alice.send(`${sent++} ${body}`);
    for (let i = 200; i > 0; i--) {
      assertEquals((await bob.nextMessage()).msg, `${sent - i} ${body}`);
    }
    await using again = await Client.open(server.url, "/ws/stalled");
    alice.send(`${sent++} who is there?`);
    await bob.next();
    return await again.next().then(() => true, () => false);
  }, "the stalled peer is given up");

  const event = await stalled.untilClosed();
  assert(event.type === "close", "its close frame comes after what it had been sent");
  assertEquals(event.code, 4001);
});
