import { assert, assertEquals } from "@std/assert";
import { Client } from "./support/client.ts";
import { until, within } from "./support/deadline.ts";
import { ask } from "./support/raw_http.ts";
import { RichClient } from "./support/rich_client.ts";
import { startServer, type TestServer } from "./support/server.ts";
import { TemporaryDatabase } from "./support/temporary_database.ts";

const API_KEY = "a-key-of-programs-alone";
const MALLORY = "key-of-mallory-and-nobody-else";
const ALICE = "key-of-alice-and-of-nobody-else";
const STRANGER = "key-of-a-stranger-and-nobody-else";

/** How a process may end: at once, or in order. */
const ENDS = ["SIGKILL", "SIGTERM"] as const;

async function end(server: TestServer, signal: typeof ENDS[number]): Promise<void> {
  server.process.kill(signal);
  await within(server.process.status, "the process ends");
}

// deno-lint-ignore no-explicit-any
async function program(server: TestServer, line: string): Promise<any> {
  const { status, body } = await ask(server.port, line, [`Authorization: Bearer ${API_KEY}`]);
  assertEquals(status, 200, `${line}: ${body}`);
  return JSON.parse(body);
}

/** Asks for a name; 0: it is theirs, else the code of the close. */
async function enter(server: TestServer, name: string, key: string): Promise<number> {
  const client = await RichClient.open(server.url, `/ws/${name}`, key);
  const isIn = await client.next("welcome").then(() => true, () => false);
  if (!isIn) return (await within(client.closed, "the end")).code;
  await client[Symbol.asyncDispose]();
  return 0;
}

for (const signal of ENDS) {
  Deno.test(`${signal}: bans of a name and of its key hold, and lifted ones stay lifted`, async () => {
    using database = new TemporaryDatabase();
    const env = { DATABASE: database.name, API_KEY, NAME_HOLD_SECONDS: "0" };
    {
      await using server = await startServer(env);
      for (const [name, key] of [["mallory", MALLORY], ["alice", ALICE]] as const) {
        assertEquals(await enter(server, name, key), 0);
        await program(server, `DELETE /api/users/${name}?ban=3600`);
        assertEquals(await enter(server, name, key), 4504);
      }
      await program(server, "DELETE /api/users/alice?ban=0");
      assertEquals(await enter(server, "alice", ALICE), 0);
      await end(server, signal);
    }
    await using server = await startServer(env);
    assertEquals(await enter(server, "mallory", MALLORY), 4504);
    assertEquals(await enter(server, "MALLORY", STRANGER), 4504, "the name");
    assertEquals(await enter(server, "innocent", MALLORY), 4504, "the key");
    assertEquals(await enter(server, "alice", ALICE), 0);
    await program(server, "DELETE /api/users/mallory?ban=0");
    assertEquals(await enter(server, "mallory", MALLORY), 0);
  });

  Deno.test(`${signal}: a held name is open to its key at once, and to others when the time is over`, async () => {
    using database = new TemporaryDatabase();
    const env = { DATABASE: database.name, NAME_HOLD_SECONDS: "10" };
    {
      await using server = await startServer(env);
      const alice = await RichClient.open(server.url, "/ws/Alice", ALICE);
      await alice.next("welcome");
      await end(server, signal);
      await within(alice.closed, "the end");
    }
    {
      await using server = await startServer(env);
      assertEquals(await enter(server, "alice", STRANGER), 4501);
      const unclaimed = await Client.open(server.url, "/ws/alice");
      assertEquals((await within(unclaimed.closed, "the end")).code, 4501, "without a key");
      const alice = await RichClient.open(server.url, "/ws/alice", ALICE);
      assertEquals((await alice.next("welcome")).username, "Alice");
      await end(server, signal);
      await within(alice.closed, "the end");
    }
    await using server = await startServer(env);
    assertEquals(await enter(server, "alice", STRANGER), 4501);
    await until(
      async () => await enter(server, "alice", STRANGER) === 0,
      "the name is free when its time is over",
    );
    assertEquals(await enter(server, "alice", ALICE), 4501);
  });
}

Deno.test("what is deleted or erased is not in the database's files within seconds, while it runs or after kill -9", async () => {
  using database = new TemporaryDatabase();
  const env = { DATABASE: database.name, API_KEY, MESSAGES_PER_SECOND: "0" };
  const text = (what: string) => `${what} ${crypto.randomUUID()}`;
  const [kept, taken, moderated, erased, direct] = [
    text("kept"),
    text("taken back"),
    text("moderated"),
    text("erased"),
    text("direct"),
  ] as const;
  {
    await using server = await startServer(env);
    await using alice = await RichClient.open(server.url, "/ws/alice", ALICE);
    await using bob = await RichClient.open(server.url, "/ws/bob", STRANGER);
    await bob.joined("lobby");
    await alice.joined("lobby");
    await bob.say("lobby", kept);
    const { offset } = await alice.say("lobby", taken);
    const { offset: second } = await bob.say("lobby", moderated);
    await alice.say("lobby", erased);
    alice.send({ type: "message", to: "bob", body: direct, ref: "direct" });
    while ((await alice.next("ack")).ref !== "direct");
    for (const body of [kept, taken, moderated, erased, direct]) {
      assert(database.contains(body), body);
    }
    for (const key of [ALICE, STRANGER, API_KEY]) assert(!database.contains(key), "only a hash");
    alice.send({ type: "delete", room: "lobby", offset, ref: "delete" });
    while ((await alice.next("ack")).ref !== "delete");
    await program(server, `DELETE /api/rooms/lobby/messages/${second}`);
    assertEquals((await program(server, "DELETE /api/users/alice/messages")).erased > 0, true);
    await until(
      () => [taken, moderated, erased, direct].every((body) => !database.contains(body)),
      "the texts are gone from the files",
    );
    assert(database.contains(kept));
    const last = await bob.say("lobby", text("last"));
    await program(server, `DELETE /api/rooms/lobby/messages/${last.offset}`);
    await end(server, "SIGKILL");
    await within(bob.closed, "the end");
    await within(alice.closed, "the end");
  }
  await using server = await startServer(env);
  await until(() => !database.contains("last "), "what was deleted just before is gone too");
  const { entries } = JSON.parse((await ask(server.port, "GET /api/rooms/lobby/messages")).body);
  assertEquals(
    entries.filter(({ type, body }: { type: string; body: string }) =>
      type === "message" && body !== ""
    ).map(({ body }: { body: string }) => body),
    [kept],
  );
});
