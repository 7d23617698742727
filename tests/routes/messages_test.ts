import { assert, assertEquals, assertMatch } from "@std/assert";
import { REQUEST_BODY_MS_MAX } from "../../lib/limits.ts";
import { createTestApp, type TestApp } from "../support/app.ts";

const KEY = "a".repeat(22), OTHER_KEY = "b".repeat(22);
const API_KEY = "the-api-key-of-the-programs";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

interface Post {
  readonly body?: BodyInit;
  readonly type?: string | undefined;
  readonly key?: string;
  readonly address?: string;
  readonly headers?: Record<string, string>;
}

/** Posts, and checks what every answer has. */
async function post(testApp: TestApp, path: string, given: Post = {}): Promise<Answer> {
  const { body = "hi", type = "text/plain", key, address = "192.0.2.1" } = given;
  const response = await testApp.request(path, {
    method: "POST",
    headers: {
      ...type === "" ? {} : { "Content-Type": type },
      ...key !== undefined && { "Authorization": `Bearer ${key}` },
      ...given.headers,
    },
    body,
  }, { remoteAddress: address });
  const { status, headers } = response;
  const json = await response.json();
  assertEquals(headers.get("Cache-Control"), "no-store", path);
  assertEquals(headers.get("X-Content-Type-Options"), "nosniff", path);
  if (status >= 400) {
    assertEquals(headers.get("Content-Type"), "application/problem+json", path);
    assertEquals(Object.keys(json), ["type", "title", "status", "detail", "code"]);
    assertEquals(json.status, status);
  }
  assertEquals(headers.get("WWW-Authenticate"), status === 401 ? "Bearer" : null);
  assertEquals(headers.has("Retry-After"), status === 429 || status === 503);
  return { status, headers, json };
}

const postJson = (testApp: TestApp, path: string, value: unknown, given: Post = {}) =>
  post(testApp, path, { body: JSON.stringify(value), type: "application/json", ...given });

async function bodies(testApp: TestApp, room = "lobby"): Promise<string[]> {
  const response = await testApp.request(`/api/rooms/${room}/messages`);
  const { entries } = await response.json();
  return entries.map(({ sender, body }: { sender: string; body: string }) => `${sender}: ${body}`);
}

const UNLIMITED = { CLAIMS_PER_MINUTE: "0", MESSAGES_PER_SECOND: "0" };

Deno.test("a text or a JSON object is published, and comes to those in the room", async () => {
  const testApp = await createTestApp(UNLIMITED);
  const { testChat: { rich, plain, clock } } = testApp;
  const [bob, carol] = [await rich("bob"), await plain("carol")];
  bob.events();
  const first = await post(testApp, "/messages/Al%20Ice");
  const { id, at } = first.json;
  assertEquals([first.status, first.json], [201, {
    room: "lobby",
    offset: 1,
    id,
    at,
    duplicate: false,
  }]);
  assertEquals([typeof id, at], ["string", clock.wallNow()]);
  const second = await postJson(testApp, "/messages/alice?room=Kitchen", { body: "ho", more: 1 });
  assertEquals([second.status, second.json.room, second.json.offset], [201, "kitchen", 1]);
  await clock.settle();
  assertEquals(bob.eventsOf("message"), [
    { type: "message", room: "lobby", offset: 1, id, sender: "Al Ice", body: "hi", at },
  ]);
  assertEquals(carol.messages(), ["Al Ice: hi"]);
  assertEquals(await bodies(testApp, "kitchen"), ["alice: ho"]);
});

Deno.test("what is published comes back as it was", async () => {
  const testApp = await createTestApp(UNLIMITED);
  const texts = ["a\0b", "\ufeffa", "\u{1f600}", " ", "\r\n", '{"body":"a"}', "é", "e\u0301"];
  for (const [index, body] of texts.entries()) {
    const isPlain = index % 2 === 0;
    const path = "/messages/alice";
    const { status } = isPlain
      ? await post(testApp, path, { body, type: "Text/Plain; charset=utf-8" })
      : await postJson(testApp, path, { body }, { type: "application/json;charset=UTF-8" });
    assertEquals(status, 201, JSON.stringify(body));
  }
  assertEquals(await bodies(testApp), texts.map((text) => `alice: ${text}`));
  const half = await post(testApp, "/messages/alice?room=half", {
    body: '{"body":"\\ud800"}',
    type: "application/json",
  });
  assertEquals([half.status, await bodies(testApp, "half")], [201, ["alice: \ufffd"]]);
});

Deno.test("a repeat by ref is the first one again; another text under it is a conflict", async () => {
  const testApp = await createTestApp(UNLIMITED);
  const say = (body: string, path = "/messages/alice", key = KEY) =>
    postJson(testApp, path, { body, ref: "r" }, { key });
  const first = await say("hi");
  await testApp.testChat.clock.advance(1000);
  const again = await say("hi");
  assertEquals([first.status, again.status], [201, 200]);
  assertEquals(again.json, { ...first.json, duplicate: true });
  const conflict = await say("ho");
  assertEquals([conflict.status, conflict.json.code], [409, "ref_conflict"]);
  assertEquals((await say("ho", "/messages/alice?room=kitchen")).status, 201, "another channel");
  assertEquals((await say("ho", "/messages/bob", OTHER_KEY)).status, 201, "another author");
  assertEquals(await bodies(testApp), ["alice: hi", "bob: ho"]);
  // Without a key each is somebody of its own.
  for (let i = 0; i < 2; i++) {
    assertEquals((await postJson(testApp, "/messages/x", { body: "a", ref: "s" })).status, 201);
  }
});

Deno.test("a repeat of a direct message by ref completes nothing twice", async () => {
  const testApp = await createTestApp(UNLIMITED);
  const { rich, clock } = testApp.testChat;
  const key = "c".repeat(22);
  await post(testApp, "/messages/bob", { key });
  const statuses = [];
  for (const body of ["hi", "hi", "ho"]) {
    const { status } = await postJson(testApp, "/messages/alice", { to: "bob", body, ref: "r" }, {
      key: KEY,
    });
    statuses.push(status);
  }
  assertEquals(statuses, [201, 200, 409]);
  const authorization = { headers: { "Authorization": `Bearer ${key}` } };
  const page = await testApp.request("/api/rooms/@BOB/messages", authorization);
  const { room, entries } = await page.json();
  assertEquals([room, entries.length, entries[0].body, entries[0].with, entries[0].to], [
    "@bob",
    1,
    "hi",
    "alice",
    "bob",
  ]);
  const bob = await rich("carol");
  await clock.settle();
  assertEquals(bob.eventsOf("message").map(({ body }) => body), ["hi"], "the room's alone");
});

/** Limits at the bound − 1, the bound, and the bound + 1. */
Deno.test("a body has as many bytes as the setting says, as a text and in JSON", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, BODY_BYTES_MAX: "100" });
  const escaped = (text: string) => `{"body":"${[...text].map(() => "\\u0061").join("")}"}`; // six bytes a character
  for (
    const [text, status] of [
      ["a".repeat(99), 201],
      ["a".repeat(100), 201],
      ["a".repeat(101), 413],
      ["é".repeat(50), 201],
      [`${"é".repeat(50)}a`, 413],
    ] as const
  ) {
    for (const type of ["text/plain", "application/json"]) {
      const body = type === "text/plain" ? text : JSON.stringify({ body: text });
      const answer = await post(testApp, "/messages/alice", { body, type });
      assertEquals(answer.status, status, `${type} ${text.length}`);
      if (status === 413) assertEquals(answer.json.code, "body_too_large");
    }
    const answer = await post(testApp, "/messages/alice", {
      body: escaped("a".repeat(text.length)),
      type: "application/json",
    });
    assertEquals(answer.status, text.length > 100 ? 413 : 201, "escaped");
  }
});

/** A body in chunks, of which no header tells the length. */
function chunked(bytes: number, chunkBytes = 64, onPull = () => {}): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      onPull();
      if (sent >= bytes) return controller.close();
      const length = Math.min(chunkBytes, bytes - sent);
      sent += length;
      controller.enqueue(new Uint8Array(length).fill(0x20)); // spaces: JSON may have any number
    },
  });
}

Deno.test("a request has as many bytes as it may have, with a length or in chunks", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, BODY_BYTES_MAX: "100" });
  const jsonMax = 6 * 100 + 1024;
  for (const [type, max] of [["text/plain", 100], ["application/json", jsonMax]] as const) {
    for (const bytes of [max - 1, max, max + 1]) {
      const padded = type === "text/plain"
        ? "a".repeat(bytes)
        : `${JSON.stringify({ body: "a" })}`.padEnd(bytes);
      const whole = await post(testApp, "/messages/alice", { body: padded, type });
      assertEquals(whole.status, bytes > max ? 413 : 201, `${type} ${bytes}`);
      const inChunks = await post(testApp, "/messages/alice", { body: chunked(bytes), type });
      // Spaces alone are a text, and no JSON.
      const taken = type === "text/plain" ? 201 : 400;
      assertEquals(inChunks.status, bytes > max ? 413 : taken, `${type} ${bytes} in chunks`);
    }
  }
  const declared = await post(testApp, "/messages/alice", {
    body: "a",
    headers: { "Content-Length": "1000000000000" },
  });
  assertEquals(declared.status, 413, "a length that is only said");
});

Deno.test("of a body that is far too long no more is read than it may have", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, BODY_BYTES_MAX: "100" });
  let pulls = 0;
  const body = chunked(1_000_000, 50, () => pulls++);
  assertEquals((await post(testApp, "/messages/alice", { body })).status, 413);
  assert(pulls <= 5, `${pulls} chunks were asked for`);
});

const REFUSED: readonly (readonly [why: string, given: Post, status: number, code: string])[] = [
  ["no type", { type: "", body: new Blob(["hi"]) }, 415, "unsupported_media_type"],
  ["a form", { type: "application/x-www-form-urlencoded" }, 415, "unsupported_media_type"],
  ["another text", { type: "text/plainer" }, 415, "unsupported_media_type"],
  ["another JSON", { type: "application/json5" }, 415, "unsupported_media_type"],
  ["bytes", { type: "application/octet-stream" }, 415, "unsupported_media_type"],
  ["an empty text", { body: "" }, 400, "body_empty"],
  ["no UTF-8", { body: new Uint8Array([0x61, 0xff]) }, 400, "bad_request"],
  ["half a character at the end", { body: new Uint8Array([0x61, 0xc3]) }, 400, "bad_request"],
  ["a surrogate in UTF-8", { body: new Uint8Array([0xed, 0xa0, 0x80]) }, 400, "bad_request"],
  ["an overlong slash", { body: new Uint8Array([0xc0, 0xaf]) }, 400, "bad_request"],
];

const REFUSED_JSON: readonly (readonly [body: string, code: string])[] = [
  ["", "bad_request"],
  ["hi", "bad_request"],
  ["{", "bad_request"],
  ["null", "bad_request"],
  ["[]", "bad_request"],
  ['"hi"', "bad_request"],
  ["{}", "bad_request"],
  ['{"body":1}', "bad_request"],
  ['{"body":null}', "bad_request"],
  ['{"body":"a","ref":""}', "bad_request"],
  [`{"body":"a","ref":"${"r".repeat(65)}"}`, "bad_request"],
  ['{"body":"a","ref":1}', "bad_request"],
  ['{"body":"a","to":1}', "bad_request"],
  ['{"body":""}', "body_empty"],
  ['{"body":"a","to":"alice"}', "forbidden"],
  ['\ufeff{"body":"a"}', "bad_request"],
];

Deno.test("what cannot be published is refused in words and in code, and nothing is said", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, LOG_LEVEL: "warn" });
  for (const [why, given, status, code] of REFUSED) {
    const answer = await post(testApp, "/messages/alice", given);
    assertEquals([answer.status, answer.json.code], [status, code], why);
  }
  for (const [body, code] of REFUSED_JSON) {
    const answer = await post(testApp, "/messages/alice", { body, type: "application/json" });
    assertEquals(answer.json.code, code, body);
  }
  const both = await postJson(testApp, "/messages/alice?room=lobby", { body: "a", to: "b" }, {
    key: KEY,
  });
  assertEquals([both.status, both.json.code], [400, "bad_request"]);
  const nobody = await postJson(testApp, "/messages/alice", { body: "a", to: "nobody" }, {
    key: KEY,
  });
  assertEquals([nobody.status, nobody.json.code], [404, "user_not_found"]);
  assertEquals(await bodies(testApp), []);
  assertEquals(testApp.log, []);
});

Deno.test("names that cannot be one are refused in the path", async () => {
  const testApp = await createTestApp(UNLIMITED);
  for (
    const name of ["", "%20alice", "%ff", "%00", "alice%00", "a%2Fb", "%2540alice", "-", "@program"]
  ) {
    const { status, json } = await post(testApp, `/messages/${name}`);
    assertEquals([status, json.code], [400, "username_invalid"], name);
  }
  assertEquals((await post(testApp, "/messages/a/b")).status, 404);
});

Deno.test("a body that breaks off is refused", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, LOG_LEVEL: "warn" });
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array([0x61]));
      controller.error(new TypeError("The peer has gone"));
    },
  });
  const { status, json } = await post(testApp, "/messages/alice", { body });
  assertEquals([status, json.code], [400, "bad_request"]);
  assertEquals([await bodies(testApp), testApp.log], [[], []]);
});

Deno.test("a body that takes too long to come is refused, and not waited for any more", async () => {
  const testApp = await createTestApp(UNLIMITED);
  const { promise: isCancelled, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array([0x61])),
    cancel: () => resolve(),
  });
  const { setTimeout } = globalThis;
  const rung: number[] = [];
  // The time passes at once.
  globalThis.setTimeout = ((call: () => void, ms: number) => {
    if (ms !== REQUEST_BODY_MS_MAX) return setTimeout(call, ms);
    rung.push(ms);
    return setTimeout(call, 0);
  }) as typeof setTimeout;
  try {
    const { status, json } = await post(testApp, "/messages/alice", { body });
    assertEquals([status, json.code, rung], [408, "request_timeout", [10_000]]);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  await isCancelled;
});

Deno.test("without a key a name must be free for that moment", async () => {
  const testApp = await createTestApp(UNLIMITED);
  const { rich, clock } = testApp.testChat;
  assertEquals((await post(testApp, "/messages/alice")).status, 201);
  const alice = await rich("Alice");
  const taken = await post(testApp, "/messages/alice");
  assertEquals([taken.status, taken.json.code], [409, "username_taken"]);
  alice.leave();
  assertEquals((await post(testApp, "/messages/alice")).status, 201);
  const keyed = await rich("alice", { key: KEY });
  assertEquals(keyed.closed, undefined, "no publish holds the name");
  keyed.leave();
  assertEquals((await post(testApp, "/messages/alice")).status, 409);
  await clock.advance(300_000);
  assertEquals((await post(testApp, "/messages/alice")).status, 201);
});

Deno.test("a publish with a key claims the name, and holds it", async () => {
  const testApp = await createTestApp(UNLIMITED);
  const { clock, directory } = testApp.testChat;
  assertEquals((await post(testApp, "/messages/Alice", { key: KEY })).status, 201);
  assertEquals((await post(testApp, "/messages/alice", { key: OTHER_KEY })).status, 409);
  await clock.advance(299_999);
  assertEquals((await post(testApp, "/messages/alice", { key: OTHER_KEY })).status, 409);
  assertEquals((await post(testApp, "/messages/alice", { key: KEY })).status, 201);
  assertEquals(await bodies(testApp), ["Alice: hi", "Alice: hi"], "in the first spelling");
  await clock.advance(300_000);
  assertEquals(directory.size, 0);
  assertEquals((await post(testApp, "/messages/alice", { key: OTHER_KEY })).status, 201);
  assertEquals((await post(testApp, "/messages/alice", { key: KEY })).status, 409);
});

Deno.test("without a key an address has one bucket for all names", async () => {
  const testApp = await createTestApp({
    CLAIMS_PER_MINUTE: "0",
    MESSAGES_PER_SECOND: "1",
    MESSAGES_BURST: "3",
  });
  const { clock } = testApp.testChat;
  const say = (name: string, address: string, key?: string) =>
    post(testApp, `/messages/${name}`, { address, ...key !== undefined && { key } });
  for (let i = 0; i < 3; i++) assertEquals((await say(`n${i}`, "192.0.2.1")).status, 201);
  const refused = await say("n3", "192.0.2.1");
  assertEquals([refused.status, refused.json.code, refused.headers.get("Retry-After")], [
    429,
    "rate_limited",
    "1",
  ]);
  assertEquals((await say("n3", "::ffff:192.0.2.1")).status, 429, "IPv4 in IPv6");
  assertEquals((await say("n3", "192.0.2.2")).status, 201, "another address");
  assertEquals((await say("alice", "192.0.2.1", KEY)).status, 201, "a key has its own bucket");
  for (let i = 0; i < 3; i++) assertEquals((await say("n4", `2001:db8::${i}`)).status, 201);
  assertEquals((await say("n4", "2001:db8::ffff:1:2:3")).status, 429, "the same /64");
  assertEquals((await say("n4", "2001:db8:0:1::1")).status, 201, "another /64");
  await clock.advance(999);
  assertEquals((await say("n3", "192.0.2.1")).status, 429);
  await clock.advance(1);
  assertEquals((await say("n3", "192.0.2.1")).status, 201);
  assertEquals((await say("n3", "192.0.2.1")).status, 429);
});

Deno.test("with a key a user has one bucket over sockets and requests", async () => {
  const testApp = await createTestApp({ MESSAGES_PER_SECOND: "1", MESSAGES_BURST: "2" });
  const { clock } = testApp.testChat;
  const alice = await testApp.connect("/ws/alice", KEY);
  alice.events();
  alice.command({ type: "message", room: "lobby", body: "hi", ref: "r" });
  await clock.settle();
  assertEquals(alice.eventsOf("ack").length, 1);
  const say = (address: string) => post(testApp, "/messages/alice", { key: KEY, address });
  assertEquals((await say("192.0.2.1")).status, 201);
  assertEquals((await say("192.0.2.2")).status, 429);
  alice.command({ type: "message", room: "lobby", body: "hi", ref: "s" });
  await clock.settle();
  assertEquals(alice.eventsOf("error")[0].code, "rate_limited");
});

Deno.test("who is behind a trusted proxy is counted by what the proxy says, and nobody else", async () => {
  for (const [trusted, status] of [["1", 201], ["0", 429]] as const) {
    const testApp = await createTestApp({
      CLAIMS_PER_MINUTE: "0",
      MESSAGES_BURST: "1",
      TRUST_PROXY: trusted,
    });
    const say = (forwarded: string) =>
      post(testApp, "/messages/n", { headers: { "X-Forwarded-For": forwarded } });
    assertEquals((await say("203.0.113.1")).status, 201);
    assertEquals((await say("203.0.113.2")).status, status);
    assertEquals((await say("203.0.113.1")).status, 429);
    assertEquals((await say("6.6.6.6, 203.0.113.1")).status, 429);
  }
});

Deno.test("new names of one address are counted, and a refused one is not held", async () => {
  const testApp = await createTestApp({ CLAIMS_PER_MINUTE: "2", MESSAGES_PER_SECOND: "0" });
  const say = (name: string, key?: string, address = "192.0.2.1") =>
    post(testApp, `/messages/${name}`, { address, ...key !== undefined && { key } });
  assertEquals((await say("alice", KEY)).status, 201);
  assertEquals((await say("bob", KEY)).status, 201);
  assertEquals((await say("erin")).status, 201, "without a key nobody is new");
  const refused = await say("carol", OTHER_KEY);
  assertEquals([refused.status, refused.json.code], [429, "rate_limited"]);
  assertEquals(refused.headers.get("Retry-After"), "30");
  for (let i = 0; i < 5; i++) assertEquals((await say("alice", KEY)).status, 201, "nothing new");
  assertEquals((await say("carol", KEY, "192.0.2.2")).status, 201, "free for another");
  await testApp.testChat.clock.advance(30_000);
  assertEquals((await say("dave", KEY)).status, 201);
});

Deno.test("a malformed key is refused, and never taken for none", async () => {
  const testApp = await createTestApp(UNLIMITED);
  for (const key of ["a".repeat(21), "a".repeat(513), `${KEY}!`, "é".repeat(22)]) {
    const { status, json } = await post(testApp, "/messages/alice", { key: encode(key) });
    assertEquals([status, json.code], [401, "unauthorized"], key);
    assert(!JSON.stringify(json).includes(key));
  }
  for (const key of ["a".repeat(22), "a".repeat(512)]) {
    assertEquals((await post(testApp, `/messages/k${key.length}`, { key })).status, 201);
  }
});

/** The bytes of a text as a header carries them. */
function encode(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

Deno.test("while the store is down a publish says so, and when to come again", async () => {
  const testApp = await createTestApp(UNLIMITED);
  testApp.testChat.store.isDown = true;
  const { status, json, headers } = await post(testApp, "/messages/alice");
  assertEquals([status, json.code], [503, "unavailable"]);
  assertMatch(headers.get("Retry-After")!, /^[1-9]\d*$/);
  testApp.testChat.store.isDown = false;
  assertEquals((await post(testApp, "/messages/alice")).status, 201, "the name was given back");
});

Deno.test("a program does not publish as a user: it would have a name, and an inbox", async () => {
  const testApp = await createTestApp({ ...UNLIMITED, API_KEY });
  const { status, json } = await post(testApp, "/messages/alice", { key: API_KEY });
  assertEquals([status, json.code], [403, "forbidden"]);
  assertEquals([testApp.testChat.directory.size, await bodies(testApp)], [0, []]);
});
