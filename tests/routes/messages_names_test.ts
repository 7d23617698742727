import { assert, assertEquals } from "@std/assert";
import { createTestApp } from "../support/app.ts";
import { bodies, post, UNLIMITED } from "./messages_support.ts";
import { KEY, OTHER_KEY } from "./support.ts";

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
