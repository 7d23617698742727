import { assertEquals } from "@std/assert";
import { createHmac, issue } from "../auth/support.ts";
import { createTestApp, type TestApp } from "../support/app.ts";
import { API_KEY, KEY, OTHER_KEY } from "./support.ts";

const ENV = { API_KEY, CLAIMS_PER_MINUTE: "0", MESSAGES_PER_SECOND: "0" };

/** Asks as a program: the status, and the answer. */
async function remove({ request }: TestApp, path: string) {
  const response = await request(`/api/users/${path}`, {
    method: "DELETE",
    headers: { "Authorization": `Bearer ${API_KEY}` },
  });
  assertEquals(response.headers.get("Cache-Control"), "no-store", path);
  return [response.status, await response.json()];
}

async function say({ request }: TestApp, path: string, body: unknown, key?: string) {
  const response = await request(`/messages/${path}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...key !== undefined && { "Authorization": `Bearer ${key}` },
    },
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
  return response.status;
}

async function texts({ request }: TestApp, room: string, key?: string): Promise<string[]> {
  const headers = key === undefined ? {} : { "Authorization": `Bearer ${key}` };
  const response = await request(`/api/rooms/${room}/messages?limit=200`, { headers });
  const { entries } = await response.json();
  return entries.flatMap(({ type, body }: { type: string; body: string }) =>
    type === "message" && body !== "" ? [body] : []
  );
}

Deno.test("a kick closes all sockets of a name with 4504, and keeps nobody out", async () => {
  const testApp = await createTestApp(ENV);
  const [tab, phone, bob] = [
    await testApp.connect("/ws/Alice", KEY),
    await testApp.connect("/ws/alice?room=kitchen", KEY),
    await testApp.connect("/ws/bob", OTHER_KEY),
  ];
  assertEquals(await remove(testApp, "ALICE"), [200, { kicked: 2 }]);
  assertEquals([tab, phone, bob].map(({ closed }) => closed?.code), [4504, 4504, undefined]);
  assertEquals(await remove(testApp, "alice"), [200, { kicked: 0 }]);
  assertEquals((await testApp.connect("/ws/alice", KEY)).closed, undefined);
  assertEquals(await remove(testApp, "nobody"), [200, { kicked: 0 }]);
});

Deno.test("a ban takes whole seconds, at most as many as history is retained", async () => {
  const testApp = await createTestApp({ ...ENV, HISTORY_DAYS: "2" });
  const max = 2 * 24 * 60 * 60;
  for (const seconds of ["", "-1", "1.5", "abc", "1e3", `${max + 1}`]) {
    const [status, { code }] = await remove(testApp, `alice?ban=${seconds}`);
    assertEquals([status, code], [400, "bad_request"], seconds);
  }
  for (const seconds of ["0", "1", `${max - 1}`, `${max}`]) {
    assertEquals(await remove(testApp, `alice?ban=${seconds}`), [200, { kicked: 0 }], seconds);
  }
});

Deno.test("names that cannot be one are refused", async () => {
  const testApp = await createTestApp(ENV);
  for (const path of ["%20", "%ff?ban=1", "@alice/messages", "a%2Fb"]) {
    const [status, { code }] = await remove(testApp, path);
    assertEquals([status, code], [400, "username_invalid"], path);
  }
});

Deno.test("a ban closes the sockets, and keeps the name and its key out of every interface", async () => {
  const testApp = await createTestApp(ENV);
  const alice = await testApp.connect("/ws/alice", KEY);
  const asBella = await testApp.connect("/ws/bella", KEY);
  assertEquals(await remove(testApp, "alice?ban=60"), [200, { kicked: 2 }]);
  assertEquals([alice.closed?.code, asBella.closed?.code], [4504, 4504]);
  const check = async (isBanned: boolean) => {
    for (const [name, key] of [["alice", KEY], ["bella", KEY], ["carla", KEY]] as const) {
      const socket = await testApp.connect(`/ws/${name}`, key);
      assertEquals(socket.closed?.code, isBanned ? 4504 : undefined, name);
      socket.leave();
      assertEquals(await say(testApp, name, { body: "hi" }, key), isBanned ? 403 : 201, name);
    }
    const headers = { "Authorization": `Bearer ${KEY}` };
    for (const path of ["lobby/messages", "@alice/messages", "lobby/users"]) {
      const response = await testApp.request(`/api/rooms/${path}`, { headers });
      assertEquals(response.status, isBanned ? 403 : 200, path);
      const json = await response.json();
      if (isBanned) assertEquals(json.code, "banned");
    }
  };
  await check(true);
  assertEquals(await say(testApp, "dora", { body: "hi" }, OTHER_KEY), 201, "others go on");
  await testApp.testChat.clock.advance(59_000);
  await check(true);
  await testApp.testChat.clock.advance(1000);
  await check(false);
  await remove(testApp, "alice?ban=60");
  await check(true);
  assertEquals(await remove(testApp, "alice?ban=0"), [200, { kicked: 0 }]);
  await check(false);
});

Deno.test("a ban closes a free name to everybody", async () => {
  const testApp = await createTestApp(ENV);
  await remove(testApp, "alice?ban=60");
  assertEquals(await say(testApp, "alice", { body: "hi" }), 403);
  assertEquals(await say(testApp, "Alice", { body: "hi" }, KEY), 403);
  assertEquals((await testApp.connect("/ws/alice", OTHER_KEY)).closed?.code, 4504);
  assertEquals(await say(testApp, "bob", { body: "hi" }, KEY), 201, "the key has done nothing");
});

Deno.test("a token's user who was banned before ever coming reads nothing either", async () => {
  const AUTH_SECRET = "a secret of more than thirty-two bytes";
  const testApp = await createTestApp({ ...ENV, AUTH: "token", AUTH_SECRET });
  const token = await issue(await createHmac(AUTH_SECRET), { sub: "Alice" });
  const status = async () => {
    const headers = { "Authorization": `Bearer ${token}` };
    const response = await testApp.request("/api/rooms/lobby/messages", { headers });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status(), 200);
  await remove(testApp, "alice?ban=60");
  assertEquals(await status(), 403);
  await testApp.testChat.clock.advance(60_000);
  assertEquals(await status(), 200);
});

Deno.test("a person is erased: rooms, other names, both copies of direct messages, and the inbox", async () => {
  const testApp = await createTestApp(ENV);
  const { clock } = testApp.testChat;
  // Somebody else under the same name, long ago.
  const earlier = "e".repeat(22);
  await say(testApp, "alice", { body: "earlier, in the lobby" }, earlier);
  await say(testApp, "alice", { body: "earlier, to herself", to: "alice" }, earlier);
  await clock.advance(300_000);
  await say(testApp, "alice", { body: "without a key" });
  await say(testApp, "alice2", { body: "another name without a key" });
  await say(testApp, "bob", { body: "bob's own" }, OTHER_KEY);
  await say(testApp, "alice", { body: "alice's" }, KEY);
  await say(testApp, "alice?room=kitchen", { body: "alice's, in the kitchen" }, KEY);
  await say(testApp, "bella", { body: "alice's, as bella" }, KEY);
  await say(testApp, "alice", { body: "alice to bob", to: "bob" }, KEY);
  await say(testApp, "bob", { body: "bob to alice", to: "alice" }, OTHER_KEY);
  await say(testApp, "bob", { body: "bob to himself", to: "bob" }, OTHER_KEY);
  assertEquals((await texts(testApp, "@alice", KEY)).length, 2);

  // The lobby's three, the kitchen's, two copies to bob, and what bob wrote to her.
  assertEquals(await remove(testApp, "ALICE/messages"), [200, { erased: 7 }]);
  assertEquals(await texts(testApp, "lobby"), [
    "earlier, in the lobby",
    "another name without a key",
    "bob's own",
  ]);
  assertEquals(await texts(testApp, "kitchen"), []);
  assertEquals(await texts(testApp, "@alice", KEY), []);
  assertEquals(await texts(testApp, "@bob", OTHER_KEY), ["bob to alice", "bob to himself"]);
  assertEquals(await remove(testApp, "alice/messages"), [200, { erased: 0 }]);

  // The name is still hers, and her inbox takes messages.
  assertEquals(await say(testApp, "alice", { body: "mine" }, OTHER_KEY), 409);
  assertEquals(await say(testApp, "bob", { body: "anew", to: "alice" }, OTHER_KEY), 201);
  await clock.advance(300_000);
  assertEquals(await say(testApp, "bob", { body: "later", to: "alice" }, OTHER_KEY), 201);
  assertEquals(await texts(testApp, "@alice", KEY), ["anew", "later"]);

  // The earlier one, once she has the name again.
  await clock.advance(300_000);
  await say(testApp, "alice", { body: "back" }, earlier);
  assertEquals(await texts(testApp, "@alice", earlier), ["earlier, to herself"]);
});
