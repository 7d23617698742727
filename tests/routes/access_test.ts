import { assert, assertEquals } from "@std/assert";
import { createHmac, issue } from "../auth/support.ts";
import { createTestApp, type TestApp } from "../support/app.ts";
import type { TestClient } from "../support/test_chat.ts";

// Who may read what, said once more and independently of the code: a table of identities, a table of
// channels in all their spellings, and one function that says what is to happen.

const API_KEY = "the-api-key-of-the-programs";
const SECRET = "a secret of more than thirty-two bytes";
const KEYS = {
  alice: "alice".padEnd(22, "-"),
  bob: "bob".padEnd(22, "-"),
  earlier: "earlier".padEnd(22, "-"),
  mallory: "mallory".padEnd(22, "-"),
  other: "other".padEnd(22, "-"),
};

interface Who {
  readonly who: string;
  /** The name under which it publishes and connects. */
  readonly name: string;
  readonly credential?: string;
  /** Whose inbox it has. */
  readonly inbox?: string;
  readonly isBanned?: boolean;
  readonly isProgram?: boolean;
  /** Nobody believes its credential. */
  readonly isRefused?: boolean;
  /** The only rooms of a token; `undefined`: all. */
  readonly rooms?: readonly string[];
}

const OPEN: readonly Who[] = [
  { who: "nobody", name: "guest" },
  { who: "the key of the name", name: "alice", credential: KEYS.alice, inbox: "alice" },
  { who: "another key", name: "bob", credential: KEYS.bob, inbox: "bob" },
  { who: "the key that had the name", name: "olga", credential: KEYS.earlier, inbox: "olga" },
  { who: "a banned key", name: "mo", credential: KEYS.mallory, isBanned: true },
  { who: "a wrong API_KEY", name: "otto", credential: KEYS.other, inbox: "otto" },
  { who: "an API_KEY that is too short", name: "otto", credential: "short", isRefused: true },
  { who: "a program", name: "bot", credential: API_KEY, isProgram: true },
];

interface Place {
  /** As it stands in a path: percent-encoded. */
  readonly path: string;
  readonly room?: string;
  /** Whose inbox it is; empty: nobody's who could read it. */
  readonly inbox?: string;
}

const PLACES: readonly Place[] = [
  ...["lobby", "LOBBY", "%6Cobby", "%EF%BD%8Cobby"].map((path) => ({ path, room: "lobby" })),
  { path: "vault", room: "vault" },
  { path: "lobby.", room: "lobby." },
  ...["@alice", "@ALICE", "%40alice", "%40%61lice", "@%EF%BD%81lice"].map(
    (path) => ({ path, inbox: "alice" }),
  ),
  { path: "@bob", inbox: "bob" },
  { path: "@olga", inbox: "olga" },
  ...["@nobody", "@alice.", "@alice%20", "@%20alice", "@alice%00", "@", "@@alice", "@alice%2F"].map(
    (path) => ({ path, inbox: "" }),
  ),
  { path: `@alice%2Fk:${"A".repeat(43)}`, inbox: "" },
  { path: "@program", inbox: "" },
  ...["lobby%20", "lobby%00", "%20lobby", "%2540alice", "%EF%BC%A0alice", "lobby%2Fa", "%ff"].map(
    (path) => ({ path }),
  ),
  ...["~alice", "%7Ealice", "!name%2Falice", "!author%2Fk:", "!"].map((path) => ({ path })),
];

type Act =
  | "read"
  | "poll"
  | "publish"
  | "program says"
  | "program deletes"
  | "join"
  | "say"
  | "delete";

/** The rule. */
function expected(who: Who, { room, inbox }: Place, act: Act): string {
  if (act.startsWith("program")) {
    if (who.isProgram !== true) return "unauthorized";
    if (act === "program says") return room === undefined ? "room_name_invalid" : "ok";
    // Nothing stands at the offset that is asked for.
    return room === undefined && inbox === undefined ? "room_name_invalid" : "not_found";
  }
  if (who.isRefused === true) return "unauthorized";
  // To publish, the room is looked at before the name is claimed, and with it whether that is banned.
  if (who.isBanned === true && act !== "publish" && act !== "poll") return "banned";
  if (who.isProgram === true && (act === "publish" || act === "poll")) return "forbidden";
  // The own inbox is polled by itself; no other has a name there.
  if (act === "poll" && room === undefined) return "room_name_invalid";
  if (room === undefined && inbox === undefined) return "room_name_invalid";
  if (room !== undefined && who.rooms?.includes(room) === false) return "forbidden";
  if (room !== undefined) return who.isBanned === true ? "banned" : "ok";
  if (act === "publish" || act === "say") return "forbidden";
  return who.inbox !== undefined && who.inbox === inbox ? "ok" : "forbidden";
}

/** The texts that somebody may see. */
function visible(who: Who): string[] {
  if (who.isRefused === true || who.isBanned === true) return [];
  const rooms = ["lobby", "vault"].filter((room) => who.rooms?.includes(room) !== false);
  return [...rooms, ...who.inbox === undefined ? [] : [`inbox of ${who.inbox}`]].map(secretOf);
}

const secretOf = (place: string) => `<secret of ${place}>`;
const SECRETS = ["lobby", "vault", "inbox of alice", "inbox of bob", "inbox of earlier"].map(
  secretOf,
);

function assertNoLeak(text: string, who: Who, where: string): void {
  const seen = SECRETS.filter((secret) => text.includes(secret));
  assertEquals(seen.filter((secret) => !visible(who).includes(secret)), [], `${where} leaks`);
}

const bearer = (credential: string | undefined): Record<string, string> =>
  credential === undefined ? {} : { "Authorization": `Bearer ${credential}` };

/** What became of a request: `ok`, or the problem's code. */
async function outcome(response: Response, who: Who, where: string): Promise<string> {
  const text = await response.text();
  assertNoLeak(text, who, where);
  return response.ok ? "ok" : JSON.parse(text).code;
}

const json = (value: unknown, headers: Record<string, string>) => ({
  method: "POST",
  headers: { ...headers, "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

interface HttpRoute {
  readonly act: Act;
  readonly ask: (who: Who, place: string) => readonly [path: string, init: RequestInit];
}

const ROUTES: readonly HttpRoute[] = [
  {
    act: "read",
    ask: (who, place) => [`/api/rooms/${place}/messages`, { headers: bearer(who.credential) }],
  },
  {
    act: "read",
    ask: (who, place) => [
      `/api/rooms/${place}/messages?after=0&limit=200`,
      { headers: bearer(who.credential) },
    ],
  },
  {
    act: "read",
    ask: (who, place) => [`/api/rooms/${place}/users`, { headers: bearer(who.credential) }],
  },
  {
    act: "poll",
    ask: (who, place) => [
      `/poll/${who.name}?wait=0&room=${place}&cursor=%40alice%3Did1%3A0,%40bob%3Did1%3A0,%40olga%3Did1%3A0`,
      { headers: bearer(who.credential) },
    ],
  },
  {
    act: "publish",
    ask: (who, place) => [
      `/messages/${who.name}?room=${place}`,
      json({ body: "hi" }, bearer(who.credential)),
    ],
  },
  {
    act: "program says",
    ask: (who, place) => [
      `/api/rooms/${place}/messages`,
      json({ sender: "Bot", body: "hi" }, bearer(who.credential)),
    ],
  },
  {
    act: "program deletes",
    ask: (who, place) => [
      `/api/rooms/${place}/messages/9999`,
      { method: "DELETE", headers: bearer(who.credential) },
    ],
  },
];

async function publish(testApp: TestApp, path: string, value: unknown, credential?: string) {
  const response = await testApp.request(path, json(value, bearer(credential)));
  assertEquals(response.status, 201, await response.text());
}

/** Alice's name was another's before; everybody has something to hide. */
async function createOpenWorld(): Promise<TestApp> {
  const world = await createTestApp({ API_KEY, CLAIMS_PER_MINUTE: "0", MESSAGES_PER_SECOND: "0" });
  const { testChat: { clock }, request } = world;
  await publish(world, "/messages/alice", {
    to: "alice",
    body: secretOf("inbox of earlier"),
  }, KEYS.earlier);
  await clock.advance(301_000);
  for (const name of ["alice", "bob"] as const) {
    await publish(
      world,
      `/messages/${name}`,
      { to: name, body: secretOf(`inbox of ${name}`) },
      KEYS[name],
    );
  }
  await publish(world, "/messages/olga", { body: "hello" }, KEYS.earlier);
  await publish(world, "/messages/otto", { body: "hello" }, KEYS.other);
  await publish(world, "/messages/mallory", { body: "hello" }, KEYS.mallory);
  await publish(world, "/messages/someone?room=lobby", { body: secretOf("lobby") });
  await publish(world, "/messages/someone?room=vault", { body: secretOf("vault") });
  const ban = await request("/api/users/mallory?ban=1000000", {
    method: "DELETE",
    headers: bearer(API_KEY),
  });
  assertEquals(ban.status, 200, await ban.text());
  return world;
}

/** The same where tokens say who somebody is. */
async function createTokenWorld(): Promise<{ world: TestApp; whos: readonly Who[] }> {
  const world = await createTestApp({
    API_KEY,
    AUTH: "token",
    AUTH_SECRET: SECRET,
    CLAIMS_PER_MINUTE: "0",
    MESSAGES_PER_SECOND: "0",
  });
  const signer = await createHmac(SECRET);
  const stranger = await createHmac(`${SECRET}, but another one`);
  const now = world.testChat.clock.wallNow() / 1000;
  const token = (sub: string, claims: object = {}) => issue(signer, { sub, ...claims });
  const whos: readonly Who[] = [
    { who: "nobody", name: "guest", isRefused: true },
    { who: "the user", name: "alice", credential: await token("alice"), inbox: "alice" },
    { who: "another user", name: "bob", credential: await token("bob"), inbox: "bob" },
    {
      who: "a token with rooms",
      name: "rita",
      credential: await token("rita", { rooms: ["lobby"] }),
      inbox: "rita",
      rooms: ["lobby"],
    },
    {
      who: "a token with no rooms",
      name: "rosa",
      credential: await token("rosa", { rooms: [] }),
      inbox: "rosa",
      rooms: [],
    },
    {
      who: "an expired token",
      name: "alice",
      credential: await token("alice", { exp: now - 1 }),
      isRefused: true,
    },
    {
      who: "a token of another secret",
      name: "alice",
      credential: await issue(stranger, { sub: "alice" }),
      isRefused: true,
    },
    { who: "a key", name: "alice", credential: KEYS.alice, isRefused: true },
    { who: "a banned user", name: "mo", credential: await token("mo"), isBanned: true },
    {
      who: "a wrong API_KEY",
      name: "alice",
      credential: `${API_KEY}x`,
      isRefused: true,
    },
    { who: "a program", name: "bot", credential: API_KEY, isProgram: true },
  ];
  for (const name of ["alice", "bob"]) {
    await publish(
      world,
      `/messages/${name}`,
      { to: name, body: secretOf(`inbox of ${name}`) },
      await token(name),
    );
  }
  for (const room of ["lobby", "vault"]) {
    await publish(
      world,
      `/messages/someone?room=${room}`,
      { body: secretOf(room) },
      await token("someone"),
    );
  }
  // Never seen before the ban: it is the name that is known then.
  const ban = await world.request("/api/users/mo?ban=1000000", {
    method: "DELETE",
    headers: bearer(API_KEY),
  });
  assertEquals(ban.status, 200, await ban.text());
  return { world, whos };
}

async function checkRoutes(world: TestApp, whos: readonly Who[]): Promise<void> {
  for (const who of whos) {
    for (const place of PLACES) {
      for (const [index, { act, ask }] of ROUTES.entries()) {
        const [path, init] = ask(who, place.path);
        const where = `${who.who}: ${init.method ?? "GET"} ${path} (${index})`;
        const response = await world.request(path, init);
        assertEquals(await outcome(response, who, where), expected(who, place, act), where);
        world.complete();
      }
    }
  }
}

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

Deno.test("open mode: on every route a channel is read by those whom the rule names", async () => {
  await checkRoutes(await createOpenWorld(), OPEN);
});

Deno.test("token mode: on every route a channel is read by those whom the rule names", async () => {
  const { world, whos } = await createTokenWorld();
  await checkRoutes(world, whos);
});

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

Deno.test("a token is for one name, on a socket and for publishing, in its own spelling", async () => {
  const { world, whos } = await createTokenWorld();
  const alice = whos.find(({ who }) => who === "the user")!;
  for (
    const [name, isOwn] of [
      ["alice", true],
      ["ALICE", true],
      ["%EF%BD%81lice", true],
      [
        "bob",
        false,
      ],
      ["alice.", false],
      ["guest", false],
    ] as const
  ) {
    const client = await world.connect(`/ws/${name}`, alice.credential);
    assertEquals(client.closed?.code, isOwn ? undefined : 4502, name);
    if (isOwn) assertEquals(client.eventsOf("welcome")[0].username, "alice", name);
    client.leave();
    const response = await world.request(
      `/messages/${name}`,
      json({ body: "hi" }, bearer(alice.credential)),
    );
    assertEquals(
      await outcome(response, alice, name),
      isOwn ? "ok" : "unauthorized",
      name,
    );
  }
});

Deno.test("direct messages take an inbox of one's own, and go to whom the name is now", async () => {
  const world = await createOpenWorld();
  for (const who of OPEN) {
    const response = await world.request(
      `/messages/${who.name}`,
      json({ to: "alice", body: `from ${who.who}` }, bearer(who.credential)),
    );
    const wanted = who.isRefused === true
      ? "unauthorized"
      : who.isBanned === true
      ? "banned"
      : who.inbox === undefined
      ? "forbidden"
      : "ok";
    assertEquals(await outcome(response, who, who.who), wanted, who.who);
  }
  const page = await world.request("/api/rooms/@alice/messages", { headers: bearer(KEYS.alice) });
  const { entries } = await page.json();
  assertEquals(entries.map(({ body }: { body: string }) => body), [
    secretOf("inbox of alice"),
    ...OPEN.filter(({ inbox }) => inbox !== undefined).map(({ who }) => `from ${who}`),
  ]);
});

Deno.test("a name that is claimed is refused to every other key, and to none", async () => {
  const world = await createOpenWorld();
  const cases: readonly (readonly [string | undefined, string])[] = [
    [KEYS.alice, "ok"],
    [KEYS.bob, "username_taken"],
    [KEYS.earlier, "username_taken"],
    [KEYS.mallory, "username_taken"],
    [undefined, "username_taken"],
    ["short", "unauthorized"],
  ];
  const who: Who = { who: "somebody", name: "alice" };
  for (const [credential, wanted] of cases) {
    const response = await world.request(
      "/messages/Alice",
      json({ body: "hi" }, bearer(credential)),
    );
    assertEquals(await outcome(response, who, wanted), wanted);
    const client = await world.connect("/ws/alice", credential);
    const code = { ok: undefined, username_taken: 4501, unauthorized: 4502 }[wanted];
    assertEquals(client.closed?.code, code, wanted);
    client.leave();
  }
});

Deno.test("lists of rooms and what concerns users are for programs alone", async () => {
  const { world, whos } = await createTokenWorld();
  for (const who of whos) {
    for (
      const [method, path] of [
        ["GET", "/api/rooms"],
        ["GET", "/api/rooms?after=a&limit=5"],
        ["DELETE", "/api/users/nobody"],
        ["DELETE", "/api/users/nobody?ban=0"],
        ["DELETE", "/api/users/nobody/messages"],
      ] as const
    ) {
      const response = await world.request(path, { method, headers: bearer(who.credential) });
      assertEquals(response.status, who.isProgram === true ? 200 : 401, `${who.who} ${path}`);
      const text = await response.text();
      if (who.isProgram !== true) assertEquals(JSON.parse(text).code, "unauthorized");
      if (path.startsWith("/api/rooms")) assert(!text.includes("@") && !text.includes("~"), text);
    }
  }
});
