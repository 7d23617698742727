import { assert, assertEquals } from "@std/assert";
import { createTestApp, type TestApp } from "../support/app.ts";

const API_KEY = "the-api-key-of-the-programs";
const KEY = "a".repeat(22), OTHER_KEY = "b".repeat(22);
const ENV = { API_KEY, CLAIMS_PER_MINUTE: "0", MESSAGES_PER_SECOND: "0" };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** Asks, and checks what every answer has. */
async function ask(
  { request }: TestApp,
  path: string,
  { method = "GET", key, body }: { method?: string; key?: string; body?: unknown } = {},
): Promise<Answer> {
  const response = await request(path, {
    method,
    headers: {
      ...key !== undefined && { "Authorization": `Bearer ${key}` },
      ...body !== undefined && { "Content-Type": "application/json" },
    },
    ...body !== undefined && { body: JSON.stringify(body) },
  });
  const { status, headers } = response;
  const json = await response.json();
  assertEquals(headers.get("Cache-Control"), "no-store", path);
  const type = headers.get("Content-Type")!.replace(/;.*/, "");
  assertEquals(type, status < 400 ? "application/json" : "application/problem+json", path);
  assertEquals(headers.get("WWW-Authenticate"), status === 401 ? "Bearer" : null, path);
  return { status, headers, json };
}

const asProgram = (
  testApp: TestApp,
  path: string,
  given: { method?: string; body?: unknown } = {},
) => ask(testApp, path, { key: API_KEY, ...given });

async function say(
  testApp: TestApp,
  room: string,
  body: string,
  sender = "Bot",
): Promise<Answer["json"]> {
  const path = `/api/rooms/${encodeURIComponent(room)}/messages`;
  const { status, json } = await asProgram(testApp, path, {
    method: "POST",
    body: { sender, body },
  });
  assertEquals(status, 201, `${room}: ${JSON.stringify(json)}`);
  return json;
}

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

Deno.test("a program says something under any name, and claims none", async () => {
  const testApp = await createTestApp({ ...ENV, BODY_BYTES_MAX: "100", MESSAGES_PER_SECOND: "1" });
  const { directory } = testApp.testChat;
  const alice = await testApp.testChat.rich("alice", { key: KEY });
  alice.events();
  const path = "/api/rooms/Lobby/messages";
  const post = (body: unknown) => asProgram(testApp, path, { method: "POST", body });
  const first = await post({ sender: "Alice", body: "hi", ref: "r" });
  assertEquals([first.status, first.json.room, first.json.duplicate], [201, "lobby", false]);
  const again = await post({ sender: "Alice", body: "hi", ref: "r" });
  assertEquals([again.status, again.json], [200, { ...first.json, duplicate: true }]);
  assertEquals((await post({ sender: "Alice", body: "ho", ref: "r" })).json.code, "ref_conflict");
  assertEquals((await post({ sender: "Nobody", body: "a".repeat(100) })).status, 201);
  assertEquals((await post({ sender: "Nobody", body: "a".repeat(101) })).status, 413);
  assertEquals(directory.size, 1, "Alice's own claim");
  assertEquals(alice.eventsOf("message").map(({ sender }) => sender), ["Alice", "Nobody"]);
  for (
    const [body, status, code] of [
      [{ body: "a" }, 400, "bad_request"],
      [{ sender: "a" }, 400, "bad_request"],
      [{ sender: 1, body: "a" }, 400, "bad_request"],
      [{ sender: "", body: "a" }, 400, "username_invalid"],
      [{ sender: "@program", body: "a" }, 400, "username_invalid"],
      [{ sender: " a", body: "a" }, 400, "username_invalid"],
      [{ sender: "a", body: "" }, 400, "body_empty"],
      ["hi", 400, "bad_request"],
    ] as const
  ) {
    const answer = await post(body);
    assertEquals([answer.status, answer.json.code], [status, code], JSON.stringify(body));
  }
  const plain = await testApp.request(path, {
    method: "POST",
    headers: { "Authorization": `Bearer ${API_KEY}`, "Content-Type": "text/plain" },
    body: "hi",
  });
  assertEquals([plain.status, (await plain.json()).code], [415, "unsupported_media_type"]);
});

Deno.test("a program deletes anyone's message, and the readers are told", async () => {
  const testApp = await createTestApp(ENV);
  const { clock } = testApp.testChat;
  const alice = await testApp.connect("/ws/alice", KEY);
  alice.command({ type: "message", room: "lobby", body: "a secret" });
  await clock.settle();
  alice.events();
  const path = "/api/rooms/LOBBY/messages/1";
  const { status, json } = await asProgram(testApp, path, { method: "DELETE" });
  assertEquals([status, json.room, json.offset], [200, "lobby", 2]);
  await clock.settle();
  const [{ at: _, id: __, ...deletion }] = alice.eventsOf("deletion");
  assertEquals(deletion, {
    type: "deletion",
    room: "lobby",
    offset: 2,
    target: 1,
    by: "@program",
  });
  const page = (await ask(testApp, "/api/rooms/lobby/messages")).json;
  assertEquals([page.entries[0].deleted, page.entries[0].body], [true, ""]);
  assertEquals(page.entries[0].sender, "alice");
  for (const offset of ["1", "2", "3", "999999999999999"]) {
    const again = await asProgram(testApp, `/api/rooms/lobby/messages/${offset}`, {
      method: "DELETE",
    });
    assertEquals([again.status, again.json.code], [404, "not_found"], offset);
  }
  for (const offset of ["0", "-1", "1.0", "01", "x", "1e0", "1000000000000000"]) {
    const { status } = await testApp.request(`/api/rooms/lobby/messages/${offset}`, {
      method: "DELETE",
      headers: { "Authorization": `Bearer ${API_KEY}` },
    });
    assertEquals(status, 404, offset);
  }
});

Deno.test("a program deletes both copies of a direct message, by either inbox", async () => {
  for (const [inbox, offset] of [["@alice", 2], ["@bob", 1], ["@BOB", 1]] as const) {
    const testApp = await createTestApp(ENV);
    const { clock } = testApp.testChat;
    const bob = await testApp.connect("/ws/bob", OTHER_KEY);
    const alice = await testApp.connect("/ws/alice", KEY);
    alice.command({ type: "message", to: "alice", body: "a note" });
    alice.command({ type: "message", to: "bob", body: "a secret" });
    alice.command({ type: "message", to: "bob", body: "another" });
    await clock.settle();
    alice.events();
    bob.events();
    const path = `/api/rooms/${inbox}/messages/${offset}`;
    assertEquals((await asProgram(testApp, path, { method: "DELETE" })).status, 200, inbox);
    await clock.settle();
    assertEquals(alice.eventsOf("deletion").map(({ target }) => target), [2], inbox);
    assertEquals(bob.eventsOf("deletion").map(({ target }) => target), [1], inbox);
    for (const [name, key] of [["@alice", KEY], ["@bob", OTHER_KEY]] as const) {
      const { entries } = (await ask(testApp, `/api/rooms/${name}/messages`, { key })).json;
      assert(!JSON.stringify(entries).includes("a secret"), name);
      assert(JSON.stringify(entries).includes("another"), name);
    }
  }
});

Deno.test("without API_KEY the interfaces of programs are not there; with another key they are closed", async () => {
  const paths = [
    ["GET", "/api/rooms"],
    ["POST", "/api/rooms/lobby/messages"],
    ["DELETE", "/api/rooms/lobby/messages/1"],
    ["DELETE", "/api/users/alice"],
    ["DELETE", "/api/users/alice?ban=1"],
    ["DELETE", "/api/users/alice/messages"],
  ] as const;
  const without = await createTestApp();
  const withKey = await createTestApp(ENV);
  for (const [method, path] of paths) {
    const absent = await ask(without, path, { method, key: API_KEY });
    assertEquals([absent.status, absent.json.code], [404, "not_found"], path);
    for (
      const key of [undefined, "", API_KEY.slice(1), `${API_KEY}x`, API_KEY.toUpperCase(), KEY]
    ) {
      const closed = await ask(withKey, path, { method, ...key !== undefined && { key } });
      assertEquals([closed.status, closed.json.code], [401, "unauthorized"], `${path} ${key}`);
    }
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
