import { assert, assertEquals } from "@std/assert";
import { createOpenAuthenticator } from "../../lib/auth/open.ts";
import { createTokenAuthenticator } from "../../lib/auth/token.ts";
import { TOKEN_CHARS_MAX } from "../../lib/limits.ts";
import { createHmac, issue } from "../auth/support.ts";
import { until } from "../support/deadline.ts";
import { createTestChat, type TestChat } from "../support/test_chat.ts";
import type { TestClient } from "../support/test_clients.ts";

const secret = "a secret of more than thirty-two bytes";
const signer = await createHmac(secret);

function createTokenChat(options: Parameters<typeof createTestChat>[0] = {}) {
  const authenticator = createTokenAuthenticator({ secret, now: () => testChat.clock.wallNow() });
  const testChat: TestChat = createTestChat({ authenticator, ...options });
  const { clock } = testChat;
  /** A token that expires after some seconds. */
  const token = (sub: string, seconds?: number, claims: object = {}) =>
    issue(signer, {
      sub,
      ...seconds !== undefined && { exp: clock.wallNow() / 1000 + seconds },
      ...claims,
    });
  const connect = async (jwt: string, asked: { rooms?: string[]; isPlain?: boolean } = {}) => {
    const principal = await authenticator.authenticate(jwt);
    if ("unauthorized" in principal) throw new Error(principal.unauthorized);
    const { rooms = ["lobby"], isPlain = false } = asked;
    const join = isPlain ? testChat.plain : testChat.rich;
    return await join(principal.user?.text, { principal, rooms });
  };
  /** Gives a command, and waits for its answer: signatures are checked outside of the clock's turns. */
  const ask = async (client: TestClient, command: Record<string, unknown>) => {
    client.events();
    client.command({ ref: "r", ...command });
    // deno-lint-ignore no-explicit-any
    const events: any[] = [];
    await until(async () => {
      await clock.settle();
      events.push(...client.events());
      return events.some(({ ref }) => ref === "r");
    }, JSON.stringify(command));
    return events;
  };
  return { ...testChat, token, connect, ask };
}

Deno.test("a session ends with 4502 when its token expires, and not before", async () => {
  const { clock, connect, token } = createTokenChat();
  const alice = await connect(await token("alice", 60));
  const plain = await connect(await token("bob", 60), { isPlain: true });
  const forever = await connect(await token("carol"));
  await clock.advance(59_000);
  assertEquals([alice.closed, plain.closed], [undefined, undefined]);
  await clock.advance(2000);
  for (const client of [alice, plain]) {
    assertEquals(client.closed, { code: 4502, reason: "token expired" });
  }
  await clock.advance(10_000_000);
  assertEquals(forever.closed, undefined);
});

Deno.test("a new token takes the place of the old one, and the session goes on until it expires", async () => {
  const { clock, connect, token, ask } = createTokenChat();
  const alice = await connect(await token("alice", 60));
  await clock.advance(30_000);
  const renewed = await token("alice", 60);
  const expiresAt = clock.wallNow() + 60_000;
  assertEquals(await ask(alice, { type: "token", token: renewed }), [
    { type: "token", expiresAt, ref: "r" },
  ]);
  await clock.advance(59_000);
  assertEquals(alice.closed, undefined);
  await clock.advance(2000);
  assertEquals(alice.closed?.code, 4502);

  const bob = await connect(await token("bob", 60));
  assertEquals(await ask(bob, { type: "token", token: await token("bob") }), [
    { type: "token", ref: "r" },
  ]);
  await clock.advance(1_000_000);
  assertEquals(bob.closed, undefined, "one without exp never expires");
});

Deno.test("a token that is none, or another user's, changes nothing", async () => {
  const { clock, connect, token, ask } = createTokenChat({ bodyBytesMax: 2000 });
  const alice = await connect(await token("alice", 60));
  const cases: readonly (readonly [why: string, token: string])[] = [
    ["malformed", "x"],
    ["empty", ""],
    ["expired", await token("alice", -1)],
    ["another user's", await token("bob", 1000)],
    ["another spelling of sub, which is another user", await token("Alice", 1000)],
    ["of another secret", await issue(await createHmac(`${secret}!`), { sub: "alice" })],
    ["too long", "x".repeat(8193)],
  ];
  for (const [why, jwt] of cases) {
    const [{ type, code }] = await ask(alice, { type: "token", token: jwt });
    assertEquals([type, code], ["error", "unauthorized"], why);
  }
  await clock.advance(58_000);
  assertEquals(alice.closed, undefined);
  await clock.advance(3000);
  assertEquals(alice.closed?.code, 4502, "the old one still counts");
});

Deno.test("in open mode there are no tokens to renew", async () => {
  const { rich, clock } = createTestChat();
  const key = "k".repeat(22);
  const principal = await createOpenAuthenticator().authenticate(key);
  assert(!("unauthorized" in principal));
  const alice = await rich("alice", { principal });
  alice.events();
  for (const token of [key, "o".repeat(22), "short"]) {
    alice.command({ type: "token", token, ref: "r" });
    await until(async () => {
      await clock.settle();
      return alice.eventsOf("error").some(({ code }) => code === "unauthorized");
    }, "the refusal");
  }
  assertEquals(alice.closed, undefined);
});

Deno.test("rooms that a new token does not allow are left; the inbox and the others stay", async () => {
  const { clock, connect, token, ask } = createTokenChat();
  const alice = await connect(await token("alice"), { rooms: ["lobby", "kitchen", "garden"] });
  const bob = await connect(await token("bob"), { rooms: ["lobby", "kitchen"] });
  const events = await ask(alice, {
    type: "token",
    token: await token("alice", 60, { rooms: ["kitchen", "cellar*"] }),
  });
  assertEquals(events.map(({ type, room }) => room === undefined ? type : `${type} ${room}`), [
    "left lobby",
    "left garden",
    "token",
  ]);
  alice.events();
  for (const room of ["lobby", "kitchen"]) bob.command({ type: "message", room, body: room });
  bob.command({ type: "message", to: "alice", body: "a note" });
  await clock.settle();
  assertEquals(alice.eventsOf("message").map(({ body }) => body).sort(), ["a note", "kitchen"]);
  for (const type of ["join", "message", "history", "delete", "leave"]) {
    const [{ code }] = await ask(alice, { type, room: "lobby", body: "hi", offset: 1 });
    assertEquals(code, "forbidden", type);
  }
  assertEquals((await ask(alice, { type: "join", room: "cellar2" }))[0].type, "joined");
  // A wider one opens it again.
  await ask(alice, { type: "token", token: await token("alice") });
  assertEquals((await ask(alice, { type: "join", room: "lobby" }))[0].type, "joined");
});

Deno.test("a join under way when the token is narrowed leads into no room", async () => {
  const { clock, store, chat, connect, token, ask } = createTokenChat();
  const alice = await connect(await token("alice"));
  const { promise, resolve } = Promise.withResolvers<void>();
  store.gate = promise;
  alice.command({ type: "join", room: "vault", ref: "j" });
  await clock.settle();
  const narrow = await token("alice", 60, { rooms: ["lobby"] });
  const told = await ask(alice, { type: "token", token: narrow });
  assertEquals(told.map(({ type }) => type), ["token"]);
  resolve();
  await clock.settle();
  const events = alice.events();
  assertEquals(events.map(({ type, code, ref }) => [type, code, ref]), [[
    "error",
    "forbidden",
    "j",
  ]]);
  assertEquals(chat.roomCount, 2, "the lobby and the inbox");
});

Deno.test("over the plain protocol a token is no command, but a text", async () => {
  const { clock, connect, token } = createTokenChat({ bodyBytesMax: 1000 });
  const alice = await connect(await token("alice", 60), { isPlain: true });
  const bob = await connect(await token("bob"), { isPlain: true });
  const text = JSON.stringify({ type: "token", token: await token("alice", 1000) });
  alice.receive(text);
  await clock.settle();
  assertEquals(bob.messages(), [`alice: ${text}`]);
  await clock.advance(61_000);
  assertEquals(alice.closed?.code, 4502);
});

Deno.test("a token that expires while the name is being looked up opens no lasting session", async () => {
  const { clock, store, connect, token } = createTokenChat();
  const { promise, resolve } = Promise.withResolvers<void>();
  store.gate = promise;
  const alice = await connect(await token("alice", 1));
  await clock.advance(2000);
  assertEquals(alice.closed?.code, 4502);
  resolve();
  await clock.settle();
  assertEquals(alice.eventsOf("joined"), []);
});

Deno.test("however short bodies must be, a new token may be as long as any", async () => {
  const { connect, token, ask } = createTokenChat({ bodyBytesMax: 1 });
  const alice = await connect(await token("alice", 60));
  // Three bytes of claims are four characters.
  const { length } = await token("alice", 60, { pad: "" });
  const pad = "x".repeat(Math.floor((TOKEN_CHARS_MAX - length) * 3 / 4));
  const longest = await token("alice", 60, { pad });
  assert(longest.length > TOKEN_CHARS_MAX - 4 && longest.length <= TOKEN_CHARS_MAX);
  const [event] = await ask(alice, { type: "token", token: longest });
  assertEquals([event.type, alice.closed], ["token", undefined]);
});
