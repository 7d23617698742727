import { assert, assertEquals } from "@std/assert";
import type { TransportBindings } from "../../lib/transport/connection.ts";
import { FramesTransport } from "../../lib/transport/frames.ts";
import { until, within } from "../support/deadline.ts";
import { descriptorCount } from "../support/process.ts";
import { ask, head, RawHttp } from "../support/raw_http.ts";
import { startServer } from "../support/server.ts";

const HANDSHAKE = [
  "Host: a",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/** What answers a request. */
type Answer = (request: Request, bindings: TransportBindings) => Response | Promise<Response>;

/** A server of which a test sees what was asked, and what went wrong. */
async function serve(answer: Answer) {
  const asked: string[] = [], errors: unknown[] = [];
  const transport = new FramesTransport({
    fetch(request, bindings) {
      asked.push(new URL(request.url).pathname);
      return answer(request, bindings);
    },
    pingSeconds: 60,
    onError: (error) => errors.push(error),
  });
  const port = await transport.listen({ hostname: "127.0.0.1", port: 0 });
  return {
    port,
    asked,
    errors,
    [Symbol.asyncDispose]: () => within(transport.shutdown(), "the server ends"),
  };
}

/** Answers once the client has gone. */
async function whenGone({ signal }: Request): Promise<Response> {
  const gone = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => gone.resolve());
  await within(gone.promise, "the client goes");
  return new Response();
}

Deno.test("frames: a request behind one whose client has gone is not asked", async () => {
  let completed = 0;
  await using server = await serve((request, { whenCompleted }) => {
    whenCompleted(() => void completed++);
    return request.url.endsWith("/held") ? whenGone(request) : new Response();
  });
  {
    using http = await RawHttp.connect(server.port);
    await http.write(head("GET /held", ["Host: a"]) + head("GET /behind", ["Host: a"]));
    await until(() => server.asked.length === 1, "the first is asked");
  }
  await until(() => completed === 1, "the first is completed");
  assertEquals((await ask(server.port, "GET /other")).status, 200);
  assertEquals([server.asked, server.errors], [["/held", "/other"], []]);
});

Deno.test("frames: who asks to be told of an answer's end after it has gone is told", async () => {
  let completed = 0;
  await using server = await serve(async (request, { whenCompleted }) => {
    const response = await whenGone(request);
    whenCompleted(() => void completed++);
    return response;
  });
  {
    using http = await RawHttp.connect(server.port);
    await http.write(head("GET /", ["Host: a"]));
    await until(() => server.asked.length === 1, "it is asked");
  }
  await until(() => completed === 1, "it is completed");
  assertEquals(server.errors, []);
});

Deno.test("frames: who was refused before the upgrade, and neither ends nor is silent, is ended", async () => {
  await using server = await startServer({ TRANSPORT: "frames" });
  const refused = [
    ["GET /ws/a", [...HANDSHAKE, "Origin: http://evil.example"], 403],
    ["GET /healthz", HANDSHAKE, 200],
    ["CONNECT a:1", ["Host: a"], 405],
  ] as const;
  const { pid } = server.process;
  const before = await descriptorCount(pid);
  const peers: RawHttp[] = [];
  for (const [line, headers, status] of refused) {
    for (let i = 0; i < 4; i++) {
      const peer = await RawHttp.connect(server.port);
      await peer.write(head(line, headers));
      assertEquals(await peer.status(), status, line);
      peers.push(peer);
    }
  }
  assert(await descriptorCount(pid) >= before + peers.length);
  await until(async () => {
    // Every other one talks on.
    await Promise.all(peers.map((peer, i) => i % 2 === 0 || peer.write("x")));
    return await descriptorCount(pid) <= before;
  }, "their descriptors are given back");
  for (const peer of peers) peer[Symbol.dispose]();
});

Deno.test("frames: a large answer to a handshake comes whole", async () => {
  const large = "x".repeat(1_000_000);
  await using server = await serve(() => new Response(large));
  const { body } = await ask(server.port, "GET /", HANDSHAKE.slice(1));
  assertEquals(body.length, large.length);
});

Deno.test("frames: a handshake that is answered as a request tells when its client goes", async () => {
  let completed = 0;
  await using server = await serve((request, { whenCompleted }) => {
    whenCompleted(() => void completed++);
    return whenGone(request);
  });
  {
    using http = await RawHttp.connect(server.port);
    await http.write(head("GET /held", HANDSHAKE));
    await until(() => server.asked.length === 1, "it is asked");
  }
  await until(() => completed === 1, "it is completed");
  assertEquals(server.errors, []);
});
