import { assertEquals } from "@std/assert";
import type { TestApp } from "../support/app.ts";
import type { TestClient } from "../support/test_clients.ts";
import { assertNoLeak, expected, OPEN, PLACES, type Who } from "./access_rule.ts";
import { createOpenWorld, createTokenWorld } from "./access_worlds.ts";

/** The answer to a command: `ok`, or the error's code; `nothing` where there is none. */
async function answer(
  world: TestApp,
  client: TestClient,
  command: Record<string, unknown>,
  who: Who,
): Promise<string> {
  const where = `${who.who}: ${JSON.stringify(command)}`;
  // Typing too often is passed over in silence.
  await world.testChat.clock.advance(1000);
  client.events();
  client.command({ ref: "r", ...command });
  await world.testChat.clock.settle();
  const events = client.events();
  assertNoLeak(JSON.stringify(events), who, where);
  assertEquals(client.closed, undefined, where);
  const error = events.find(({ type }) => type === "error");
  if (error !== undefined) return error.code;
  return events.some(({ ref }) => ref === "r") ? "ok" : "nothing";
}

async function checkCommands(world: TestApp, whos: readonly Who[]): Promise<void> {
  for (const who of whos) {
    const [first] = ["lobby", "vault"].filter((room) => who.rooms?.includes(room) !== false);
    const path = `/ws/${who.name}?room=${first ?? "lobby"}`;
    const client = await world.connect(path, who.credential);
    if (who.isRefused === true || who.isBanned === true) {
      assertEquals(client.closed?.code, who.isBanned === true ? 4504 : 4502, who.who);
      assertEquals(client.sent, [], who.who);
      continue;
    }
    if (first === undefined) {
      assertEquals(client.closed?.code, 4503, who.who);
      continue;
    }
    assertEquals(client.closed, undefined, who.who);
    assertNoLeak(JSON.stringify(client.sent), who, `${who.who} connects`);
    for (const place of PLACES) {
      const room = decode(place.path);
      if (room === undefined) continue;
      const where = `${who.who}: ${place.path}`;
      const ask = (command: Record<string, unknown>) =>
        answer(world, client, { room, ...command }, who);
      const read = expected(who, place, "join");
      assertEquals(await ask({ type: "history" }), read, `${where}: history`);
      assertEquals(await ask({ type: "join" }), read, `${where}: join`);
      const said = await ask({ type: "message", body: "hi", ref: crypto.randomUUID() });
      const say = expected(who, place, "say");
      assertEquals(said === "nothing" ? "ok" : said, say, `${where}: message`);
      const gone = await ask({ type: "delete", offset: 9999 });
      assertEquals(gone, read === "ok" ? "not_found" : read, `${where}: delete`);
      const typed = await ask({ type: "typing", ref: undefined });
      assertEquals(typed, read === "ok" ? "nothing" : read, `${where}: typing`);
      if (read !== "ok" || place.inbox !== undefined || place.room === first) continue;
      assertEquals(await ask({ type: "leave" }), "ok", `${where}: leave`);
      for (const type of ["message", "delete", "leave", "typing"]) {
        const left = await ask({ type, body: "hi", offset: 1 });
        assertEquals(left, "not_joined", `${where}: ${type} after leave`);
      }
    }
    client.leave();
    await world.testChat.clock.advance(301_000);
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Rooms and cursors that a socket names while it connects. */
async function checkConnecting(world: TestApp, whos: readonly Who[]): Promise<void> {
  const { epoch } = await world.testChat.log.watch("lobby", () => {});
  for (const who of whos) {
    if (who.isRefused === true || who.isBanned === true) continue;
    for (const place of PLACES) {
      const cursor = ["@alice", "@bob", "@olga", "vault", "~alice", place.path]
        .map((name) => `${name}=${epoch}:0`).join(",");
      const path = `/ws/${who.name}?room=${place.path}&cursor=${encodeURIComponent(cursor)}`;
      const client = await world.connect(path, who.credential);
      const where = `${who.who}: ${path}`;
      assertNoLeak(JSON.stringify(client.sent), who, where);
      const isRoom = place.room !== undefined && expected(who, place, "join") === "ok";
      assertEquals(client.closed?.code, isRoom ? undefined : 4503, where);
      const joined = client.events().filter(({ type }) => type === "joined");
      const own = who.inbox === undefined || !isRoom ? [] : [`@${who.name}`];
      assertEquals(joined.map(({ room }) => room), [...own, ...isRoom ? [place.room] : []], where);
      client.leave();
    }
    await world.testChat.clock.advance(301_000);
  }
}

// Over a socket the API_KEY is no program's.
const isSocketUser = ({ isProgram }: Who) => isProgram !== true;

Deno.test("open mode: the same rule for every command", async () => {
  await checkCommands(await createOpenWorld(), OPEN.filter(isSocketUser));
});

Deno.test("token mode: the same rule for every command", async () => {
  const { world, whos } = await createTokenWorld();
  await checkCommands(world, whos.filter(isSocketUser));
});

Deno.test("open mode: the same rule for what a socket names while it connects", async () => {
  await checkConnecting(await createOpenWorld(), OPEN.filter(isSocketUser));
});

Deno.test("token mode: the same rule for what a socket names while it connects", async () => {
  const { world, whos } = await createTokenWorld();
  await checkConnecting(world, whos.filter(isSocketUser));
});
