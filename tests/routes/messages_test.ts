import { assertEquals, assertMatch } from "@std/assert";
import { createTestApp } from "../support/app.ts";
import { bodies, type Post, post, postJson, UNLIMITED } from "./messages_support.ts";
import { API_KEY, KEY, OTHER_KEY } from "./support.ts";

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
