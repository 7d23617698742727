import { assert, assertEquals } from "@std/assert";
import { until, within } from "../support/deadline.ts";
import { FakeServer } from "./fake_server.ts";
import { bodies, client } from "./links_support.ts";

for (const transport of ["websocket", "events", "poll"] as const) {
  Deno.test(`${transport}: sends, hears, and goes on where it was`, async () => {
    const server = new FakeServer();
    server.say("tea", "before");
    await using ann = await client(server, { transport }).opened();
    assertEquals(ann.natter.transport, transport);
    await ann.natter.send("mine");
    server.say("tea", "after");
    await until(() => ann.of("tea").length === 3, "all is heard");
    assertEquals(bodies(ann), ["x: before", "x: mine", "x: after"]);
    const cursor = "tea=e1:3";
    assertEquals(ann.natter.cursor, cursor);
    await using later = await client(server, { transport, cursor }).opened();
    server.say("tea", "later");
    await until(() => later.of("tea").length === 1, "it goes on");
    assertEquals(bodies(later), ["x: later"]);
    await until(() => ann.of("tea").length === 4, "and the first as well");
  });

  Deno.test(`${transport}: another epoch begins anew, and says so`, async () => {
    const server = new FakeServer();
    server.say("tea", "one");
    await using ann = client(server, { transport, cursor: "tea=e0:7" });
    const events = ann.natter[Symbol.asyncIterator]();
    const first = await within(events.next(), "the break");
    assertEquals([first.value?.type, ann.breaks], ["joined", ["tea"]]);
    const second = await within(events.next(), "the entry");
    assertEquals(second.value?.type === "message" && second.value.offset, 1);
    await events.return?.();
  });

  Deno.test(`${transport}: rooms come and go while it is open`, async () => {
    const server = new FakeServer();
    await using ann = await client(server, { transport }).opened();
    if (transport !== "websocket") {
      assertEquals((await within(ann.natter.join("milk"), "joined")).room, "milk");
      server.say("milk", "moo");
      await until(() => ann.of("milk").length === 1, "the new room is read");
      ann.natter.leave("milk");
      await ann.opened();
      server.say("milk", "unheard");
    }
    server.say("tea", "heard");
    await until(() => ann.of("tea").length === 1, "the other goes on");
    assert(ann.of("milk").length <= 1);
  });
}

Deno.test("WebSocket that can't be had: after two attempts events, and WebSocket again later", async () => {
  const server = new FakeServer();
  server.socket = "fails";
  await using ann = await client(server, { webSocketRetryMs: 20 }).opened();
  assertEquals(ann.natter.transport, "events");
  assertEquals(server.asked.slice(0, 3), ["ws", "ws", "events"]);
  await ann.natter.send("one");
  await until(() => server.asked.filter((what) => what === "ws").length > 4, "it is tried again");
  assertEquals(ann.natter.state, "open");
  server.socket = "works";
  await until(() => ann.natter.transport === "websocket", "it is taken when it can be had");
  await ann.opened();
  await ann.natter.send("two");
  server.say("tea", "three");
  await until(() => ann.of("tea").length === 3, "the stream goes on");
  assertEquals(bodies(ann), ["x: one", "x: two", "x: three"]);
  assertEquals(ann.breaks, ["tea"]);
  assertEquals(server.asked.filter((what) => what === "events").length, 1);
});

Deno.test("entries that come while WebSocket takes over are told once", async () => {
  const server = new FakeServer();
  server.socket = "fails";
  await using ann = await client(server, { webSocketRetryMs: 1e6 }).opened();
  assertEquals(ann.natter.transport, "events");
  server.socket = "works";
  globalThis.dispatchEvent(new Event("online"));
  // Asked for with a cursor from before these.
  for (let i = 1; i <= 3; i++) server.say("tea", `${i}`);
  await until(() => ann.natter.transport === "websocket", "it is taken");
  server.say("tea", "4");
  await until(() => ann.of("tea").length === 4, "all is told");
  assertEquals(bodies(ann), ["x: 1", "x: 2", "x: 3", "x: 4"]);
});

for (const behaviour of ["hangs", "missing"] as const) {
  Deno.test(`a stream of events that is ${behaviour} makes room for polling`, async () => {
    const server = new FakeServer();
    server.socket = "hangs";
    server.events = behaviour;
    const options = { connectTimeoutMs: 20, firstByteMs: 20 };
    await using ann = await client(server, options).opened();
    assertEquals(server.asked.slice(0, 4), ["ws", "ws", "events", "poll"]);
    await ann.natter.send("one");
    await until(() => ann.of("tea").length === 1, "it is heard");
  });
}

Deno.test("a WebSocket that can't even be made is one that can't be had", async () => {
  const server = new FakeServer();
  const Forbidden = class {
    constructor() {
      throw new DOMException("Not from this page", "SecurityError");
    }
  } as unknown as typeof WebSocket;
  await using ann = await client(server, { WebSocket: Forbidden }).opened();
  assertEquals([ann.natter.transport, server.asked], ["events", ["events"]]);
});

Deno.test("without any WebSocket the fallbacks are enough", async () => {
  const server = new FakeServer();
  await using ann = await client(server, { WebSocket: null }).opened();
  assertEquals([ann.natter.transport, server.asked], ["events", ["events"]]);
});

Deno.test("a server that is down is no reason to leave WebSocket", async () => {
  const server = new FakeServer();
  server.socket = server.events = server.poll = "fails";
  await using ann = client(server, { backoffBaseMs: 1 });
  await until(() => server.asked.length > 12, "many attempts");
  server.socket = server.events = server.poll = "works";
  await ann.opened();
  assert(server.asked.includes("events") && !server.asked.includes("poll"), `${server.asked}`);
});

Deno.test("an option that is undefined is none", async () => {
  const server = new FakeServer();
  const names = ["transport", "pongTimeoutMs", "connectTimeoutMs", "backoffBaseMs", "queueMax"];
  const options = Object.fromEntries(names.map((name) => [name, undefined]));
  await using ann = await client(server, { ...options, random: () => 0.999 }).opened();
  assertEquals(server.asked, ["ws"]);
  const waits: number[] = [];
  ann.natter.addEventListener("state", ({ detail }) => waits.push(detail.retryAt! - Date.now()));
  server.sockets.at(-1)!.end(1012);
  assert(waits[0]! > 0, `${waits}`);
});

Deno.test("a stream that ends is opened again at its cursor", async () => {
  const server = new FakeServer();
  await using ann = await client(server, { transport: "events" }).opened();
  server.say("tea", "1");
  await until(() => ann.of("tea").length === 1, "the first");
  server.endStreams();
  server.say("tea", "2");
  await until(() => ann.of("tea").length === 2, "the second");
  assertEquals([bodies(ann), server.cursors], [["x: 1", "x: 2"], ["", "tea=e1:1"]]);
});

Deno.test("a poll that failed goes on at its cursor, with all that came meanwhile", async () => {
  const server = new FakeServer();
  await using ann = await client(server, { transport: "poll" }).opened();
  server.say("tea", "1");
  await until(() => ann.of("tea").length === 1, "the first");
  server.poll = "fails";
  server.say("tea", "2");
  await until(() => ann.natter.state === "waiting", "it failed");
  server.say("tea", "3");
  server.poll = "works";
  await until(() => ann.of("tea").length === 3, "all of it");
  assertEquals([bodies(ann), ann.breaks], [["x: 1", "x: 2", "x: 3"], ["tea"]]);
});

Deno.test("a frame that is none of Natter's ends the link, not the client", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  server.sockets[0]!.onmessage!({ data: "<html>" });
  await until(() => server.sockets.length === 2, "it comes back");
  await ann.opened();
  assertEquals(ann.closed, []);
});

Deno.test("after close nothing is left: no request, no timer, no listener", async () => {
  for (const transport of ["websocket", "events", "poll"] as const) {
    const server = new FakeServer();
    const ann = await client(server, { transport }).opened();
    ann.natter.close();
    const asked = server.asked.length;
    for (const type of ["online", "offline", "pageshow"]) globalThis.dispatchEvent(new Event(type));
    server.say("tea", "unheard");
    assertEquals([server.asked.length, ann.of("tea")], [asked, []]);
  }
});
