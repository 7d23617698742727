import { assert, assertEquals } from "@std/assert";
import { createTestApp } from "../support/app.ts";
import { ask, asProgram, ENV, say } from "./rooms_support.ts";
import { API_KEY, KEY, OTHER_KEY } from "./support.ts";

Deno.test("a room's past comes in pages, backwards and forwards", async () => {
  const testApp = await createTestApp(ENV);
  for (let i = 1; i <= 7; i++) await say(testApp, "lobby", `${i}`);
  const { epoch } = (await ask(testApp, "/api/rooms/lobby/messages")).json;
  const cases: readonly (readonly [query: string, offsets: number[], more: boolean])[] = [
    ["", [1, 2, 3, 4, 5, 6, 7], false],
    ["?limit=3", [5, 6, 7], true],
    ["?limit=3&before=5", [2, 3, 4], true],
    ["?limit=3&before=2", [1], false],
    ["?before=1", [], false],
    ["?before=0", [], false],
    ["?before=900719925474099", [1, 2, 3, 4, 5, 6, 7], false],
    ["?after=0&limit=3", [1, 2, 3], true],
    ["?after=3&limit=3", [4, 5, 6], true],
    ["?after=6&limit=1", [7], false],
    ["?after=7", [], false],
    ["?after=900", [], false],
    ["?limit=200", [1, 2, 3, 4, 5, 6, 7], false],
  ];
  for (const [query, offsets, more] of cases) {
    const { status, json } = await ask(testApp, `/api/rooms/Lobby/messages${query}`);
    const { entries, from, to, ...rest } = json;
    assertEquals([status, rest], [200, { room: "lobby", epoch, more }], query);
    assertEquals(entries.map(({ offset }: { offset: number }) => offset), offsets, query);
    assert(Number.isSafeInteger(from) && from >= 0, `${query}: from ${from}`);
    assert(Number.isSafeInteger(to) && to >= 0, `${query}: to ${to}`);
    if (offsets.length > 0) assertEquals([from, to], [offsets[0], offsets.at(-1)], query);
  }
  const page = await ask(testApp, "/api/rooms/lobby/messages?after=6");
  const { id, at } = page.json.entries[0];
  assertEquals(page.json.entries, [
    { type: "message", room: "lobby", offset: 7, id, sender: "Bot", body: "7", at },
  ]);
});

Deno.test("pages by `before` and by `after` are the whole past, each entry once", async () => {
  const testApp = await createTestApp(ENV);
  for (let i = 1; i <= 23; i++) await say(testApp, "lobby", `${i}`);
  const all = Array.from({ length: 23 }, (_, i) => i + 1);
  const offsetsOf = ({ entries }: { entries: { offset: number }[] }) =>
    entries.map(({ offset }) => offset);
  for (const limit of [1, 4, 22, 23, 24]) {
    const back: number[] = [], forth: number[] = [];
    for (let before = "";;) {
      const { json } = await ask(testApp, `/api/rooms/lobby/messages?limit=${limit}${before}`);
      back.unshift(...offsetsOf(json));
      if (!json.more) break;
      before = `&before=${json.from}`;
    }
    for (let after = 0;;) {
      const path = `/api/rooms/lobby/messages?limit=${limit}&after=${after}`;
      const { json } = await ask(testApp, path);
      forth.push(...offsetsOf(json));
      after = json.to;
      if (!json.more) break;
    }
    assertEquals([back, forth], [all, all], `${limit}`);
  }
});

Deno.test("a page without a limit has 50 entries, and at most 200", async () => {
  const testApp = await createTestApp(ENV);
  await Promise.all(Array.from({ length: 201 }, (_, i) => say(testApp, "lobby", `${i}`)));
  for (const [query, count] of [["", 50], ["?limit=199", 199], ["?limit=200", 200]] as const) {
    const { json } = await ask(testApp, `/api/rooms/lobby/messages${query}`);
    assertEquals([json.entries.length, json.more], [count, true], query);
  }
});

Deno.test("parameters that are no numbers, or out of their bounds, are refused", async () => {
  const testApp = await createTestApp(ENV);
  for (
    const query of [
      "limit=0",
      "limit=201",
      "limit=",
      "limit=-1",
      "limit=1.5",
      "limit=1e2",
      "limit=0x10",
      "limit=%2B1",
      "limit=%201",
      "limit=abc",
      "before=-1",
      "before=",
      "before=9999999999999999",
      "after=-1",
      "after=NaN",
      "after=1&before=5",
    ]
  ) {
    const { status, json } = await ask(testApp, `/api/rooms/lobby/messages?${query}`);
    assertEquals([status, json.code], [400, "bad_request"], query);
  }
  for (const query of ["limit=0", "limit=1001", "limit=x"]) {
    const { status, json } = await asProgram(testApp, `/api/rooms?${query}`);
    assertEquals([status, json.code], [400, "bad_request"], query);
  }
  assertEquals((await asProgram(testApp, "/api/rooms?limit=1000")).status, 200);
});

Deno.test("a GET claims nothing, and makes no room", async () => {
  const testApp = await createTestApp(ENV);
  for (const key of [undefined, KEY, API_KEY]) {
    for (const path of ["/api/rooms/nowhere/messages", "/api/rooms/nowhere/users"]) {
      const { status } = await ask(testApp, path, key === undefined ? {} : { key });
      assertEquals(status, 200);
    }
  }
  assertEquals([testApp.testChat.directory.size, testApp.testChat.chat.roomCount], [0, 0]);
  assertEquals((await asProgram(testApp, "/api/rooms")).json, []);
});

Deno.test("who is in a room is told, by the name that is shown", async () => {
  const testApp = await createTestApp(ENV);
  const { rich, plain, clock } = testApp.testChat;
  assertEquals((await ask(testApp, "/api/rooms/Kitchen/users")).json, {
    room: "kitchen",
    users: [],
    userCount: 0,
  });
  await rich("Bob", { rooms: ["kitchen"], key: "b" });
  const alice = await plain("alice", { rooms: ["kitchen"] });
  await rich("carol");
  await clock.advance(250);
  const users = async (room: string) => (await ask(testApp, `/api/rooms/${room}/users`)).json;
  assertEquals(await users("Kitchen"), {
    room: "kitchen",
    users: ["Bob", "alice"],
    userCount: 2,
  });
  alice.leave();
  await clock.advance(6000);
  assertEquals((await users("kitchen")).users, ["Bob"]);
});

Deno.test("pages of history and lists of users are counted by address, with joins", async () => {
  const testApp = await createTestApp({ ...ENV, CLAIMS_PER_MINUTE: "1" });
  const path = "/api/rooms/lobby/messages";
  for (let i = 0; i < 31; i++) assertEquals((await ask(testApp, path)).status, 200);
  assertEquals((await ask(testApp, "/api/rooms/lobby/users")).status, 200, "at the bound");
  for (const refused of [path, "/api/rooms/lobby/users"]) {
    const { status, json, headers } = await ask(testApp, refused);
    assertEquals([status, json.code, headers.get("Retry-After")], [429, "rate_limited", "2"]);
  }
  const client = await testApp.connect("/ws/alice");
  assertEquals(client.closed?.code, 4002, "a join counts too");
  const other = await testApp.request(path, {}, { remoteAddress: "127.0.0.2" });
  assertEquals(other.status, 200, await other.text());
  await testApp.testChat.clock.advance(1875);
  assertEquals((await ask(testApp, path)).status, 200);
  assertEquals((await ask(testApp, path)).status, 429);
});

Deno.test("rooms are listed with paging: those that hold something, and those with somebody", async () => {
  const testApp = await createTestApp(ENV);
  const { rich, clock } = testApp.testChat;
  // In the order of UTF-8, which is not that of UTF-16: the last one is beyond the plane of the one before.
  const stored = ["a", "b", "d", "f", "ab", "\ufa0e", "\u{20000}"];
  for (const room of stored) await say(testApp, room, "hi");
  await rich("alice", { key: KEY, rooms: ["c", "d", "0"] });
  await rich("bob", { rooms: ["c", "zz"] });
  await clock.advance(250);
  const { json } = await asProgram(testApp, "/api/rooms");
  const rooms: string[] = json.map(({ room }: { room: string }) => room);
  const encoder = new TextEncoder();
  const hex = (text: string) => encoder.encode(text).toHex();
  assertEquals(rooms, rooms.toSorted((a, b) => hex(a) < hex(b) ? -1 : 1));
  assertEquals(rooms.slice(0, 8), ["0", "a", "ab", "b", "c", "d", "f", "zz"]);
  assertEquals(rooms.length, 10);
  const { epoch } = json[0];
  assertEquals(json.slice(3, 6), [
    { room: "b", userCount: 0, head: 1, epoch },
    { room: "c", userCount: 2, head: 0, epoch },
    { room: "d", userCount: 1, head: 1, epoch },
  ]);
  for (const limit of [1, 2, 3, 4, 9, 10, 11]) {
    const paged: unknown[] = [];
    for (let after = "";;) {
      const path = `/api/rooms?limit=${limit}&after=${encodeURIComponent(after)}`;
      const page = (await asProgram(testApp, path)).json;
      assert(page.length <= limit);
      if (page.length === 0) break;
      paged.push(...page);
      after = page.at(-1).room;
    }
    assertEquals(paged, json, `by ${limit}`);
  }
  assertEquals((await asProgram(testApp, "/api/rooms?after=bb")).json[0].room, "c");
  assertEquals((await asProgram(testApp, `/api/rooms?after=${"z".repeat(500)}`)).json.length, 2);
});

Deno.test("inboxes and what the directory remembers are no rooms in the list", async () => {
  const testApp = await createTestApp(ENV);
  const { request } = testApp;
  const body = JSON.stringify({ body: "hi", to: "alice" });
  const headers = { "Authorization": `Bearer ${KEY}`, "Content-Type": "application/json" };
  assertEquals((await request("/messages/alice", { method: "POST", headers, body })).status, 201);
  await asProgram(testApp, "/api/users/alice?ban=60", { method: "DELETE" });
  await testApp.testChat.rich("bob", { key: OTHER_KEY });
  const { json } = await asProgram(testApp, "/api/rooms");
  assertEquals(json.map(({ room }: { room: string }) => room), ["lobby"]);
  for (const after of ["@", "~", "!", "@alice"]) {
    const page = (await asProgram(testApp, `/api/rooms?after=${after}`)).json;
    assert(page.every(({ room }: { room: string }) => room === "lobby"), after);
  }
});

Deno.test("while the store is down reading goes on from memory or says so, and nothing is said", async () => {
  const testApp = await createTestApp(ENV);
  await say(testApp, "lobby", "hi");
  testApp.testChat.store.isDown = true;
  const { status, json, headers } = await asProgram(testApp, "/api/rooms/lobby/messages", {
    method: "POST",
    body: { sender: "a", body: "b" },
  });
  assertEquals([status, json.code, headers.get("Retry-After")], [503, "unavailable", "1"]);
  const history = async () => {
    const { status, json } = await ask(testApp, "/api/rooms/lobby/messages");
    return status === 200 ? json.entries.map(({ body }: { body: string }) => body) : json.code;
  };
  assertEquals(await history(), ["hi"]);
  testApp.testChat.store.isUnreadable = true;
  assertEquals(await history(), "unavailable");
  Object.assign(testApp.testChat.store, { isDown: false, isUnreadable: false });
  assertEquals(await history(), ["hi"], "nothing was stored");
});
