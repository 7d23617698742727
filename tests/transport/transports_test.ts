import { assert, assertEquals } from "@std/assert";
import type { Connection } from "../../lib/transport/connection.ts";
import { Client } from "../support/client.ts";
import { until, within } from "../support/deadline.ts";
import { RawClient } from "../support/raw_client.ts";
import { startServer } from "../support/server.ts";
import { serveFrames, serveRuntime } from "../support/transports.ts";

for (const [name, serve] of [["serve", serveRuntime], ["frames", serveFrames]] as const) {
  Deno.test(`${name}: whatever a handler throws closes that one socket with 1011, and no other`, async () => {
    await using server = await serve((connection) => ({
      message(message) {
        if (message === "throw") throw new Error("a fault");
        connection.send(message);
      },
      closed() {},
    }));
    await using bystander = await Client.open(server.url, "/");
    const victim = await Client.open(server.url, "/");
    victim.send("throw");
    assertEquals((await within(victim.closed, "the end")).code, 1011);
    bystander.send("still there?");
    assertEquals(await bystander.next(), "still there?");
    assertEquals(server.errors.map(String), ["Error: a fault"]);
  });

  Deno.test(`${name}: a throw while a socket opens or closes is caught too`, async () => {
    let fault = "open";
    await using server = await serve(() => {
      if (fault === "open") throw new Error("open");
      return {
        message() {},
        closed() {
          throw new Error("closed");
        },
      };
    });
    const first = await Client.open(server.url, "/");
    assertEquals((await within(first.closed, "the end")).code, 1011);
    fault = "closed";
    await (await Client.open(server.url, "/"))[Symbol.asyncDispose]();
    await until(() => server.counts.ended === 2, "both sockets are gone");
    assertEquals(server.errors.map(String), ["Error: open", "Error: closed"]);
  });

  Deno.test(`${name}: a handler is told once that its peer has gone, and so is the count`, async () => {
    await using server = await serve((connection) => ({
      message: () => connection.close(4000, "first"),
      closed: () => connection.close(4001, "second"),
    }));
    const closedByServer = await Client.open(server.url, "/");
    closedByServer.send("close");
    assertEquals(await within(closedByServer.closed, "the end"), { code: 4000, reason: "first" });
    await (await Client.open(server.url, "/"))[Symbol.asyncDispose]();
    using lost = await RawClient.open(server.port, "/");
    lost[Symbol.dispose]();
    await until(() => server.counts.ended === 3, "all are gone");
    assertEquals(server.counts, { opened: 3, closed: 3, ended: 3 });
    assertEquals(server.errors, []);
  });

  Deno.test(`${name}: after a close nothing is sent, and nothing is received`, async () => {
    const received: unknown[] = [];
    await using server = await serve((connection) => ({
      message(message) {
        received.push(message);
        connection.close(4000, "enough");
        connection.send("too late");
      },
      closed() {},
    }));
    using client = await RawClient.open(server.port, "/");
    for (let i = 0; i < 10; i++) await client.sendText(`${i}`);
    assertEquals(await client.untilClosed(), { type: "close", code: 4000, reason: "enough" });
    assertEquals(received, ["0"]);
    await client.sendClose(4000);
  });

  Deno.test(`${name}: a long reason is cut to what a close frame holds`, async () => {
    await using server = await serve((connection) => {
      connection.close(4500, "王".repeat(100));
      return { message() {}, closed() {} };
    });
    const client = await Client.open(server.url, "/");
    assertEquals(await within(client.closed, "the end"), { code: 4500, reason: "王".repeat(41) });
  });

  Deno.test(`${name}: a subprotocol is named though the client's list has no spaces`, async () => {
    await using server = await serve(() => ({ message() {}, closed() {} }), "natter.plain");
    using client = await RawClient.connect(server.port);
    const head = await client.request({
      path: "/",
      host: "127.0.0.1",
      key: "dGhlIHNhbXBsZSBub25jZQ==",
      headers: { "Sec-WebSocket-Protocol": "chat,natter.plain" },
    });
    assertEquals([head.status, head.headers.get("Sec-WebSocket-Protocol")], [101, "natter.plain"]);
    await client.sendClose();
    await client.untilClosed();
  });

  Deno.test(`${name}: closeAll closes those that are there, and those that come later`, async () => {
    await using server = await serve(() => ({ message() {}, closed() {} }));
    const clients = [await Client.open(server.url, "/"), await Client.open(server.url, "/")];
    const all = server.transport.closeAll(4000, "drain");
    for (const client of clients) assertEquals((await within(client.closed, "the end")).code, 4000);
    await within(all, "all have ended");
    const late = await Client.open(server.url, "/");
    assertEquals((await within(late.closed, "the end")).code, 4000);
    assertEquals(server.counts.opened, 2);
  });
}

Deno.test("a peer that takes no byte between two looks is given up; one that reads is not", async () => {
  const connections: Connection[] = [];
  await using server = serveRuntime((connection) => {
    connections.push(connection);
    return { message() {}, closed() {} };
  });
  using stuck = await RawClient.open(server.port, "/");
  await using lively = await Client.open(server.url, "/");
  // More than the kernel's buffers on both sides take.
  connections[0]!.send("x".repeat(16 * 1024 * 1024));
  connections[1]!.send("hello");
  await lively.next();
  server.transport.closeStuck();
  assertEquals(server.counts.closed, 0);
  let before = -1;
  await until(
    () => before === (before = connections[0]!.unsentBytes),
    "the kernel's buffers are full",
  );
  server.transport.closeStuck();
  server.transport.closeStuck();
  assertEquals(server.counts.closed, 1);
  // It gets what was sent before, and then why it was given up.
  const event = await stuck.untilClosed();
  assert(event.type === "close" && event.code === 4003);
  await stuck.sendClose();
  await until(() => server.counts.ended === 1, "it is gone");
});

Deno.test("HEAD says what GET would send, over the wire too", async () => {
  await using server = await startServer();
  for (const [encoding, name] of [["gzip", "gzip"], ["identity", null]] as const) {
    const headers = { "Accept-Encoding": encoding };
    const get = await fetch(server.url, { headers });
    const head = await fetch(server.url, { headers, method: "HEAD" });
    assertEquals(get.headers.get("Content-Encoding"), name);
    for (const field of ["Content-Encoding", "Content-Type", "Content-Length", "ETag", "Vary"]) {
      assertEquals(head.headers.get(field), get.headers.get(field), field);
    }
    assert((await get.bytes()).length >= Number(get.headers.get("Content-Length")));
    assertEquals(await head.text(), "");
  }
});
