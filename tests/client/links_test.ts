import { assert, assertEquals } from "@std/assert";
import type { NatterError } from "../../static/natter.js";
import { until, within } from "../support/deadline.ts";
import { FakeServer } from "./fake_server.ts";
import { type Options, TestClient } from "./support.ts";

function client(server: FakeServer, options: Partial<Options> = {}): TestClient {
  const { WebSocket, fetch } = server;
  const random = () => 0;
  const url = "http://fake.test/";
  return new TestClient({
    url,
    username: "ann",
    rooms: ["tea"],
    random,
    WebSocket,
    fetch,
    ...options,
  });
}

/** A token that ends at a time. */
function token(expiresAt: number): string {
  return `h.${btoa(JSON.stringify({ exp: expiresAt / 1000 })).replace(/=/g, "")}.s`;
}

const bodies = (ann: TestClient) => ann.of("tea").map(({ what }) => what);

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

Deno.test("over HTTP a message whose answer is lost is sent again, and stored once", async () => {
  const server = new FakeServer();
  server.post = "deaf";
  await using ann = await client(server, { transport: "events", backoffBaseMs: 1 }).opened();
  const ack = ann.natter.send("once");
  await until(() => server.asked.filter((what) => what === "post").length > 3, "it is tried");
  assertEquals(ann.natter.unsent[0]?.inDoubt, true);
  server.post = "works";
  assert((await within(ack, "the ack")).duplicate);
  assertEquals(server.bodies("tea"), ["once"]);
});

const REFUSALS: readonly [status: number, code: string, becomes: string][] = [
  [413, "body_too_large", "body_too_large"],
  [409, "ref_conflict", "ref_conflict"],
  [404, "user_not_found", "user_not_found"],
  [500, "internal", "perhaps_sent"],
  [429, "rate_limited", "sent"],
  [503, "unavailable", "sent"],
  [502, "", "sent"],
  [302, "", "sent"],
];

for (const [status, code, becomes] of REFUSALS) {
  Deno.test(`over HTTP ${status} ${code || "of somebody else"} for a message: ${becomes}`, async () => {
    const server = new FakeServer();
    await using ann = await client(server, { transport: "events" }).opened();
    server.refusal = { status, code };
    const outcome = await within(
      ann.natter.send("hi").then(() => "sent", (error: NatterError) => error.code),
      "an answer",
    );
    assertEquals([outcome, ann.natter.state], [becomes, "open"]);
  });
}

Deno.test("over HTTP a page of history that breaks off, or is somebody else's, is asked for again", async () => {
  const server = new FakeServer();
  const page = { room: "tea", epoch: "e1", entries: [], more: false, from: 1, to: 0 };
  const broken = new ReadableStream({
    start: (controller) => controller.error(new DOMException("The link has ended", "AbortError")),
  });
  const answers = [new Response(broken), new Response("<html>"), Response.json(page)];
  await using ann = await client(server, {
    transport: "poll",
    fetch: (url, init) =>
      String(url).includes("/api/") ? Promise.resolve(answers.shift()!) : server.fetch(url, init),
  }).opened();
  assertEquals(await within(ann.natter.history({ room: "tea" }), "the page"), page);
});

Deno.test("what only a WebSocket can do is refused over HTTP", async () => {
  const server = new FakeServer();
  await using ann = await client(server, { transport: "poll" }).opened();
  for (const promise of [ann.natter.delete("tea", 1), ann.natter.history({ with: "ben" })]) {
    const code = await within(promise.then(() => "", ({ code }) => code), "a refusal");
    assertEquals(code, "unsupported");
  }
});

const FINAL: readonly [code: string, status: number, closes: number][] = [
  ["username_invalid", 400, 4500],
  ["username_taken", 409, 4501],
  ["unauthorized", 401, 4502],
  ["room_name_invalid", 400, 4503],
  ["forbidden", 403, 4503],
];

for (const [code, status, closes] of FINAL) {
  for (const transport of ["events", "poll"] as const) {
    Deno.test(`${transport}: ${code} is final, as it is on a socket`, async () => {
      const server = new FakeServer();
      server.refusal = { status, code };
      await using ann = client(server, { transport });
      await until(() => ann.closed.length > 0, "it is closed");
      assertEquals([ann.closed, server.asked], [[closes], [transport]]);
    });
  }
}

Deno.test("the server's own wait is kept to, and being online again does not shorten it", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const waits: number[] = [];
  ann.natter.addEventListener("state", ({ detail }) => waits.push(detail.retryAt ?? 0));
  const before = Date.now();
  server.sockets[0]!.tell([{ type: "reconnect", afterMs: 9000 }]);
  server.sockets[0]!.end(4000, "drain");
  assert(waits[0]! >= before + 9000);
  globalThis.dispatchEvent(new Event("online"));
  assertEquals([ann.natter.state, server.asked], ["waiting", ["ws"]]);
});

Deno.test("a page that is back before the server wants it connects when it does", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const before = Date.now();
  server.sockets.at(-1)!.tell([{ type: "reconnect", afterMs: 300 }]);
  server.sockets.at(-1)!.end(4000, "drain");
  globalThis.dispatchEvent(new Event("pagehide"));
  globalThis.dispatchEvent(new Event("pageshow"));
  assertEquals(ann.natter.state, "waiting");
  await ann.opened();
  assert(Date.now() >= before + 300);
});

Deno.test("a full server's Retry-After is kept to", async () => {
  const server = new FakeServer();
  const waits: number[] = [];
  const before = Date.now();
  server.refusal = { status: 503, code: "busy", retryAfter: "7" };
  await using ann = client(server, { transport: "poll" });
  ann.natter.addEventListener("state", ({ detail }) => waits.push(detail.retryAt ?? 0));
  await until(() => waits.length > 0, "it waits");
  assert(waits[0]! >= before + 7000);
});

Deno.test("a socket that closes again and again is not hurried after", async () => {
  const server = new FakeServer();
  const attempts: number[] = [];
  const random = () => 0.5;
  const options = { random, backoffBaseMs: 1, backoffCapMs: 1e6, transport: "websocket" as const };
  await using ann = await client(server, options).opened();
  ann.natter.addEventListener("state", ({ detail }) => {
    if (detail.retryAt) attempts.push(detail.retryAt - Date.now());
  });
  for (const code of [4001, 4000, 1006, 1012, 4003, 4499, 3000, 1005]) {
    server.sockets.at(-1)!.end(code);
    await ann.opened();
  }
  // 0.5, 1, 2, 4 … ms: each bound is twice the last, whatever the code.
  const bounds = attempts.map((_, attempt) => Math.floor(0.5 * 2 ** attempt));
  assertEquals(attempts.filter((ms, i) => ms > bounds[i]!), []);
  assert(attempts.at(-1)! > attempts[0]!, `${attempts}`);
});

Deno.test("a refused token: one fresh one at once, then with backoff; without getToken it is the end", async () => {
  const server = new FakeServer();
  let asked = 0;
  await using ann = await client(server, {
    getToken: () => `token-${++asked}`,
    random: () => 0.5,
    backoffBaseMs: 1e6,
    backoffCapMs: 1e6,
  }).opened();
  server.sockets[0]!.end(4502, "token expired");
  await ann.opened();
  server.sockets[1]!.end(4502, "token expired");
  await until(() => ann.natter.state === "waiting", "it waits");
  assertEquals(server.secrets, ["token-1", "token-2"]);
  await using ben = await client(server, { token: "only-one" }).opened();
  server.sockets[2]!.end(4502, "token expired");
  assertEquals([ben.natter.state, ben.closed], ["closed", [4502]]);
});

Deno.test("a token is renewed on the socket before it ends", async () => {
  const server = new FakeServer();
  let asked = 0;
  await using ann = await client(server, {
    getToken: () => Promise.resolve(token(Date.now() + (++asked === 1 ? 1100 : 1e8))),
  }).opened();
  await until(() => server.commands.some(({ type }) => type === "token"), "it is renewed");
  assertEquals([asked, server.asked], [2, ["ws"]]);
  server.sockets[0]!.tell([{ type: "token", expiresAt: Date.now() + 1e9, ref: "r" }]);
  server.sockets[0]!.tell([{ type: "left", room: "tea" }]);
  assertEquals(ann.natter.cursor, "", "what the new token does not allow is not asked for again");
});

Deno.test("a token that has come is waited for no longer", async () => {
  const server = new FakeServer();
  const getToken = () => "token";
  await using ann = await client(server, { getToken, connectTimeoutMs: 30_000 }).opened();
  const ask = () =>
    ann.natter.history({ room: "tea" }).then(() => "answered", ({ code }: NatterError) => code);
  const asked = () => server.commands.filter(({ type }) => type === "history").length;
  // As many questions as may be open, and no answers.
  const outcomes = Array.from({ length: 63 }, ask);
  await until(() => asked() === 63, "all but one are asked");
  outcomes.push(ask());
  await until(() => asked() === 64, "the last one is asked");
  assertEquals(await within(ask(), "a refusal"), "queue_full");
  ann.natter.close();
  assertEquals(new Set(await Promise.all(outcomes)), new Set(["closed"]));
});

Deno.test("no token: told as an error, and tried again", async () => {
  const server = new FakeServer();
  let asked = 0;
  const errors: string[] = [];
  const getToken = () => {
    if (++asked < 3) throw new Error("logged out");
    return "token";
  };
  await using ann = client(server, { getToken });
  ann.natter.addEventListener("error", ({ detail }) => errors.push(detail.message));
  await ann.opened();
  assertEquals([errors, server.secrets], [["logged out", "logged out"], ["token"]]);
});

Deno.test("a room that is refused is told once, by its name; one that was left is not", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const errors: unknown[] = [];
  ann.natter.addEventListener("error", ({ detail }) => errors.push(detail));
  const codes = Promise.all(
    ["milk", "Cream"].map((room) => ann.natter.join(room).catch(({ code }: NatterError) => code)),
  );
  ann.natter.leave("milk");
  server.sockets.at(-1)!.tell([
    { type: "error", ref: server.commands.at(-1)!["ref"], code: "rooms_full", message: "no more" },
  ]);
  assertEquals(await within(codes, "both are answered"), ["left", "rooms_full"]);
  assertEquals(errors, [{ code: "rooms_full", message: "Cream: no more", room: "Cream" }]);
});

Deno.test("who leaves a room and joins it again is not told to have left it", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const left: string[] = [];
  ann.natter.addEventListener("left", ({ detail }) => left.push(detail.room));
  ann.natter.leave("tea");
  const again = ann.natter.join("tea");
  const joined = { type: "joined", room: "tea", epoch: "e1", offset: 0, head: 0, recovered: false };
  server.sockets[0]!.tell([{ type: "left", room: "tea" }, joined]);
  assertEquals([(await within(again, "joined")).room, left], ["tea", []]);
  ann.natter.leave("tea");
  server.sockets[0]!.tell([{ type: "left", room: "tea" }]);
  assertEquals(left, ["tea"]);
});

Deno.test("a hole in the stream is told, and what is unknown takes its place", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const gaps: unknown[] = [];
  ann.natter.addEventListener("gap", ({ detail }) => gaps.push([detail.from, detail.to]));
  const [socket] = server.sockets;
  const entry = { type: "message", room: "tea", id: "i", sender: "x", at: 0 };
  socket!.tell([
    { ...entry, offset: 1, body: "1" },
    { ...entry, offset: 1, body: "1 again" },
    { type: "reaction", room: "tea", offset: 2 },
    { ...entry, offset: 5, body: "5" },
    { type: "gap", room: "tea", from: 6, to: 8 },
    { type: "gap", room: "tea", from: 6, to: 8 },
    { ...entry, offset: 9, body: "9" },
    { ...entry, room: "elsewhere", offset: 1, body: "not mine" },
    { type: "somethingNew" },
  ]);
  assertEquals(bodies(ann), ["x: 1", "x: 5", "x: 9"]);
  assertEquals([gaps, ann.natter.cursor], [[[3, 4], [6, 8]], "tea=e1:9"]);
  assertEquals([...ann.log.keys()], ["tea"]);
});

Deno.test("another epoch on a link that lives is told once, whether or not the history goes on", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const told: string[] = [];
  ann.natter.addEventListener("joined", ({ detail }) => told.push(detail.epoch));
  const joined = { type: "joined", room: "tea", offset: 0, head: 0, recovered: true };
  for (const epoch of ["e1", "e2", "e2", "e3"]) {
    server.sockets.at(-1)!.tell([{ ...joined, epoch }]);
  }
  assertEquals([told, ann.natter.cursor], [["e2", "e3"], "tea=e3:0"]);
});

Deno.test("poll: a room that is gone on with is joined, though the server does not say so", async () => {
  const server = new FakeServer();
  server.say("tea", "1");
  server.say("milk", "moo");
  await using ann = client(server, { transport: "poll", cursor: "tea=e1:1" });
  const told: unknown[] = [];
  ann.natter.addEventListener("joined", ({ detail }) => told.push(detail));
  const { room } = await within(ann.natter.join("milk", "e1:1"), "joined");
  assertEquals(room, "milk");
  const joined = { type: "joined", epoch: "e1", offset: 1, head: 1, recovered: true };
  assertEquals(told, [{ ...joined, room: "tea" }, { ...joined, room: "milk" }]);
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
