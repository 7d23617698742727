import { assert, assertEquals } from "@std/assert";
import { createTestApp } from "../support/app.ts";
import { ask, asProgram, ENV } from "./rooms_support.ts";
import { API_KEY, KEY, OTHER_KEY } from "./support.ts";

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
