import { assert, assertEquals, assertMatch } from "@std/assert";
import { STREAM_COMMENT_MS, WIPE_MS } from "../../lib/limits.ts";
import { CLOSE_CODE } from "../../lib/websocket/close_code.ts";
import { createTestApp } from "../support/app.ts";
import { parseStreamedEvent } from "../support/test_clients.ts";
import { ask, KEY, StreamReader } from "./reading_support.ts";

Deno.test("a stream has the headers that keep caches and proxies from holding it back", async () => {
  const app = await createTestApp();
  const response = await ask(app, "/events/bob", { headers: { Accept: "text/event-stream" } });
  assertEquals(response.status, 200);
  const { headers } = response;
  assertEquals(headers.get("Content-Type"), "text/event-stream");
  assertEquals(headers.get("Cache-Control"), "no-store");
  assertEquals(headers.get("X-Accel-Buffering"), "no");
  assertEquals(headers.get("X-Content-Type-Options"), "nosniff");
  assertMatch(headers.get("Content-Security-Policy")!, /default-src 'none'/);
  const reader = new StreamReader(response);
  const events = await reader.events();
  assertEquals(events.map(({ type }) => type), ["welcome", "joined", "presence"]);
  assertEquals(events[1]!.data.room, "lobby");
  await reader.cancel();
  assertEquals([app.eventStreams.size, app.testChat.chat.userCount], [0, 0]);
});

Deno.test("a poll is JSON that nobody keeps", async () => {
  const app = await createTestApp();
  const response = await ask(app, "/poll/bob?room=Kitchen&wait=0");
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("Content-Type"), "application/json");
  assertEquals(response.headers.get("Cache-Control"), "no-store");
  assertEquals(response.headers.get("X-Content-Type-Options"), "nosniff");
  const { cursor, more, events } = await response.json();
  assertEquals([events.length, events[0].room, more], [1, "kitchen", false]);
  const again = await ask(
    app,
    `/poll/bob?room=kitchen&wait=0&cursor=${encodeURIComponent(cursor)}`,
  );
  assertEquals(await again.json(), { cursor, more: false, events: [] });
});

Deno.test("without a key a stream and a poll claim nothing, with one they claim the name", async () => {
  const app = await createTestApp();
  const { directory } = app.testChat;
  for (const [headers, claims] of [[{}, 0], [KEY, 1]] as const) {
    const stream = await ask(app, "/events/bob", { headers });
    assertEquals([stream.status, directory.size], [200, claims]);
    const poll = await ask(app, "/poll/bob?wait=0", { headers });
    assertEquals([poll.status, directory.size], [200, claims]);
    await stream.body!.cancel();
  }
});

Deno.test("a held poll that is abandoned is forgotten", async () => {
  const app = await createTestApp();
  const { cursor } = await (await ask(app, "/poll/bob?wait=0")).json();
  const abort = new AbortController();
  const held = ask(app, `/poll/bob?cursor=${encodeURIComponent(cursor)}`, { signal: abort.signal });
  await new Promise((resolve) => setTimeout(resolve, 0));
  await app.testChat.clock.settle();
  assertEquals(app.testChat.chat.userCount, 1);
  abort.abort();
  await held.catch(() => {});
  await app.testChat.clock.settle();
  assertEquals(app.testChat.chat.userCount, 0);
});

Deno.test("Last-Event-ID goes before the cursor, and what is none is ignored", async () => {
  const app = await createTestApp();
  const alice = await app.testChat.rich("alice");
  for (const body of ["1", "2", "3"]) alice.command({ type: "message", room: "lobby", body });
  await app.testChat.clock.settle();
  const { epoch } = alice.eventsOf("joined")[0];
  const bodies = async (query: string, id?: string) => {
    const headers: HeadersInit = id === undefined ? {} : { "Last-Event-ID": id };
    const reader = new StreamReader(await ask(app, `/events/bob${query}`, { headers }));
    const events = await reader.events();
    await reader.cancel();
    return events.filter(({ type }) => type === "message").map(({ data }) => data.body).join();
  };
  const query = `?cursor=lobby%3D${epoch}:1`;
  assertEquals(await bodies(query), "2,3");
  assertEquals(await bodies(query, `lobby=${epoch}:2`), "3");
  assertEquals(await bodies("", `lobby=${epoch}:2`), "3");
  for (
    const garbage of ["", "1", "lobby", "lobby=", `lobby=${epoch}`, "%", "\u00e9", "=a:1", ","]
  ) {
    assertEquals(await bodies(query, garbage), "2,3", garbage);
  }
});

Deno.test("HEAD has the headers of a stream and of a poll, and leaves nobody behind", async () => {
  const app = await createTestApp();
  const { cursor } = await (await ask(app, "/poll/bob?wait=0")).json();
  for (const path of ["/events/bob", `/poll/bob?wait=55&cursor=${encodeURIComponent(cursor)}`]) {
    const response = await ask(app, path, { method: "HEAD" });
    assertEquals([response.status, (await response.bytes()).length], [200, 0]);
    assertEquals(response.headers.get("Cache-Control"), "no-store");
    assertEquals([app.eventStreams.size, app.testChat.chat.userCount], [0, 0], path);
  }
});

Deno.test("other methods are not here", async () => {
  const app = await createTestApp();
  for (const path of ["/events/bob", "/poll/bob"]) {
    assertEquals((await ask(app, path, { method: "POST" })).status, 404);
  }
});

Deno.test("pages of allowed origins may read, and may send their key and Last-Event-ID", async () => {
  const app = await createTestApp({ ALLOWED_ORIGINS: "https://shop.example" });
  const headers = { Origin: "https://shop.example" };
  for (const path of ["/events/bob", "/poll/bob?wait=0"]) {
    const response = await ask(app, path, { headers });
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("Access-Control-Allow-Origin"), headers.Origin);
    assertEquals(response.headers.get("Access-Control-Allow-Credentials"), null);
    assertMatch(response.headers.get("Vary") ?? "", /Origin/);
    await response.body?.cancel();
    const preflight = await ask(app, path, {
      method: "OPTIONS",
      headers: { ...headers, "Access-Control-Request-Method": "GET" },
    });
    assertEquals(preflight.status, 204);
    assertMatch(preflight.headers.get("Access-Control-Allow-Headers")!, /Last-Event-ID/);
  }
  assertEquals(app.eventStreams.size, 0);
});

Deno.test("a silent stream gets a comment every 15 s, and no timer is left after the last one", async () => {
  const app = await createTestApp();
  const { clock } = app.testChat;
  await clock.advance(WIPE_MS);
  const alarms = clock.alarmCount;
  const reader = new StreamReader(await ask(app, "/events/bob"));
  await reader.text();
  await clock.advance(1000);
  await reader.text();
  await clock.advance(STREAM_COMMENT_MS - 1001);
  assertEquals(await reader.text(), "");
  for (let times = 0; times < 3; times++) {
    await clock.advance(1);
    assertEquals(await reader.text(), ":\n\n");
    await clock.advance(STREAM_COMMENT_MS - 1);
  }
  await reader.cancel();
  await clock.advance(2 * STREAM_COMMENT_MS);
  assertEquals(clock.alarmCount, alarms);
});

Deno.test("a stream that takes nothing for two comments' time ends, and keeps nothing for its reader", async () => {
  const app = await createTestApp();
  const response = await ask(app, "/events/bob");
  await app.testChat.clock.advance(STREAM_COMMENT_MS);
  assertEquals(app.eventStreams.size, 1);
  await app.testChat.clock.advance(STREAM_COMMENT_MS);
  assertEquals([app.eventStreams.size, app.testChat.chat.userCount], [0, 0]);
  const [last, ...more] = (await response.text()).split("\n\n").filter((block) => block !== "");
  const { type, id, data } = parseStreamedEvent(last!);
  assertEquals([type, id, data.code, more], ["close", "", CLOSE_CODE.Idle, []]);
});

Deno.test("who is kicked is told all that came before, and then why the stream ends", async () => {
  const app = await createTestApp();
  const response = await ask(app, "/events/bob", { headers: KEY });
  assertEquals(await app.testChat.chat.moderation.kick("bob"), 1);
  const events = (await response.text()).split("\n\n").filter((block) => block !== "")
    .map(parseStreamedEvent);
  assertEquals(events.map(({ type }) => type), [
    "welcome",
    "joined",
    "joined",
    "presence",
    "close",
  ]);
  const { data, id } = events.at(-1)!;
  assertEquals([data.code, data.reason, id], [CLOSE_CODE.Kicked, "kicked", ""]);
});

Deno.test("when the server ends every stream is told so, and those that come later as well", async () => {
  const app = await createTestApp();
  const before = new StreamReader(await ask(app, "/events/bob"));
  await before.events();
  app.eventStreams.closeAll(CLOSE_CODE.Drain, "drain");
  const late = new StreamReader(await ask(app, "/events/carol"));
  for (const reader of [before, late]) {
    assertEquals((await reader.events()).map(({ data }) => data.code), [CLOSE_CODE.Drain]);
    assert(reader.isEnded);
  }
  assertEquals([app.eventStreams.size, app.testChat.chat.userCount], [0, 0]);
});
