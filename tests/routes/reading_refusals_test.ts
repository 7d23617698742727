import { assertEquals } from "@std/assert";
import { createTestApp } from "../support/app.ts";
import { ask, KEY, OTHER_KEY, StreamReader } from "./reading_support.ts";

/** Refusals of both, before anything begins. */
const REFUSED: readonly (readonly [what: string, query: string, headers: HeadersInit, number])[] = [
  ["a key that is none", "bob", { Authorization: "Bearer short" }, 401],
  ["a page of another site", "bob", { Origin: "https://evil.example", Host: "here" }, 403],
  ["an image of another site", "bob", { "Sec-Fetch-Site": "cross-site" }, 403],
  ["a name that is another's", "alice", {}, 409],
  ["a name that is another's, with a key", "alice", OTHER_KEY, 409],
  ["a name that is none", "%E2%80%AE", {}, 400],
  ["a name that is no UTF-8", "%ff", {}, 400],
  ["no name", "", {}, 400],
  ["a cursor that is none", "bob?cursor=lobby", {}, 400],
  ["a cursor with a channel twice", "bob?cursor=lobby%3De:1%2Clobby%3De:2", {}, 400],
  ["a room that cannot be", "bob?room=a%20room", {}, 400],
  ["somebody's inbox as a room", "bob?room=@alice", {}, 400],
  ["too many rooms", `bob?${"room=a&".repeat(33)}`, {}, 400],
];

for (const [what, query, headers, status] of REFUSED) {
  Deno.test(`${what} is refused with ${status} before a stream or a poll begins`, async () => {
    const app = await createTestApp();
    await app.testChat.rich("alice", { key: "a" });
    for (const path of ["/events/", "/poll/"]) {
      const response = await ask(app, path + query, { headers });
      assertEquals(response.status, status, path);
      assertEquals(response.headers.get("Content-Type"), "application/problem+json");
      assertEquals(response.headers.get("Cache-Control"), "no-store");
      assertEquals((await response.json()).status, status);
    }
    app.complete();
    const { userCount } = app.testChat.chat;
    assertEquals([userCount, app.eventStreams.size, app.connectionCounter.total], [1, 0, 0]);
  });
}

Deno.test("a wait that is no whole number up to 55 is refused", async () => {
  const app = await createTestApp();
  for (const wait of ["", "x", "-1", "1.5", "56", "1e1"]) {
    const response = await ask(app, `/poll/bob?wait=${wait}`);
    assertEquals([response.status, (await response.json()).code], [400, "bad_request"], wait);
  }
});

Deno.test("who is banned is refused with 403", async () => {
  const app = await createTestApp();
  const banned = app.testChat.chat.moderation.ban("bob", 60);
  await app.testChat.clock.settle();
  await banned;
  for (const path of ["/events/bob", "/poll/bob"]) {
    const response = await ask(app, path, { headers: KEY });
    assertEquals([response.status, (await response.json()).code], [403, "banned"]);
  }
});

Deno.test("above the limits streams and polls get 503, up to the last byte of those before", async () => {
  const app = await createTestApp({ CONNECTIONS_MAX: "1" });
  const stream = new StreamReader(await ask(app, "/events/bob"));
  for (const path of ["/events/carol", "/poll/carol"]) {
    const response = await ask(app, path);
    assertEquals([response.status, response.headers.get("Retry-After")], [503, "5"]);
    assertEquals((await response.json()).code, "busy");
  }
  // The stream has ended, but what it was sent is still on its way.
  await stream.cancel();
  assertEquals((await ask(app, "/poll/carol?wait=0")).status, 503);
  app.complete();
  assertEquals(app.connectionCounter.total, 0);
  assertEquals((await ask(app, "/poll/carol?wait=0")).status, 200);
});
