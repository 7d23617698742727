/**
 * Two chats in which everybody has something to hide: one of keys, one of tokens.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { createHmac, issue } from "../auth/support.ts";
import { createTestApp, type TestApp } from "../support/app.ts";
import { assertNoLeak, KEYS, secretOf, type Who } from "./access_rule.ts";
import { API_KEY } from "./support.ts";

const SECRET = "a secret of more than thirty-two bytes";

/** The header of a credential. */
export const bearer = (credential: string | undefined): Record<string, string> =>
  credential === undefined ? {} : { "Authorization": `Bearer ${credential}` };

/** What became of a request: `ok`, or the problem's code. */
export async function outcome(response: Response, who: Who, where: string): Promise<string> {
  const text = await response.text();
  assertNoLeak(text, who, where);
  return response.ok ? "ok" : JSON.parse(text).code;
}

/** A request that posts a value. */
export const json = (value: unknown, headers: Record<string, string>) => ({
  method: "POST",
  headers: { ...headers, "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

async function publish(testApp: TestApp, path: string, value: unknown, credential?: string) {
  const response = await testApp.request(path, json(value, bearer(credential)));
  assertEquals(response.status, 201, await response.text());
}

/** Alice's name was another's before; everybody has something to hide. */
export async function createOpenWorld(): Promise<TestApp> {
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
export async function createTokenWorld(): Promise<{ world: TestApp; whos: readonly Who[] }> {
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
