import { assert, assertEquals } from "@std/assert";
import type { TestApp } from "../support/app.ts";
import { type Act, expected, KEYS, OPEN, PLACES, secretOf, type Who } from "./access_rule.ts";
import { bearer, createOpenWorld, createTokenWorld, json, outcome } from "./access_worlds.ts";

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

Deno.test("open mode: on every route a channel is read by those whom the rule names", async () => {
  await checkRoutes(await createOpenWorld(), OPEN);
});

Deno.test("token mode: on every route a channel is read by those whom the rule names", async () => {
  const { world, whos } = await createTokenWorld();
  await checkRoutes(world, whos);
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
