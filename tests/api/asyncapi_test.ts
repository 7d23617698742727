/** A walk through `/asyncapi.json`: every message and close that it documents, over real sockets. */

import { assert, assertEquals } from "@std/assert";
import { createHmac, issue } from "../auth/support.ts";
import { Client } from "../support/client.ts";
import { within } from "../support/deadline.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type Check, checksOf, type Part } from "./judge.ts";

const SECRET = "a-secret-of-at-least-32-bytes-for-tests";
const KEY = "k".repeat(22), OTHER_KEY = "o".repeat(22);
const API_KEY = "the-api-key-of-the-programs";

/** What no client can bring about in a test's time, and what shows it instead. */
const UNSEEN_EVENTS = ["gap"]; // retention in the midst of a stream: tests/chat/rich_positions_test.ts

/** What no client can bring about here: proxies, runtimes, broken peers, faults of ours, and stalls. */
const UNSEEN_CLOSES = [
  1001,
  1002,
  1005,
  1006,
  1007,
  1008,
  1010,
  1011,
  1012,
  1013,
  1014,
  4001,
  4003,
];

let document: Part;
const seen = { commands: new Set<string>(), events: new Set<string>(), closes: new Set<number>() };
let checkOf: (schema: Part) => Check;

/** The payload of a message of a channel. */
function payload(channel: string, message: string): Part {
  return document.channels[channel].messages[message].payload;
}

function hold(schema: Part, value: unknown): void {
  assertEquals(checkOf(schema)(value), [], JSON.stringify(value));
}

/** A client of the rich protocol that holds both directions to the document. */
class Rich implements AsyncDisposable {
  #events: Part[] = [];
  private constructor(readonly client: Client) {}

  static async open(server: TestServer, path: string, credential?: string): Promise<Rich> {
    const [name = "", query = ""] = path.split("?");
    holdQuery("rich", query);
    const address = document.channels.rich.address.replace("{username}", name);
    const auth = credential === undefined ? [] : [`natter.auth.${credential}`];
    const rich = new Rich(
      await Client.open(server.url, `${address.slice(1)}?${query}`, ["natter.v1", ...auth]),
    );
    return rich;
  }

  send(command: { readonly type: string; readonly [key: string]: unknown }): void {
    hold(payload("rich", `${command.type}Command`), command);
    seen.commands.add(command.type);
    this.client.send(JSON.stringify(command));
  }

  async next(type: string): Promise<Part> {
    while (true) {
      const event = this.#events.shift();
      if (event?.type === type) return event;
      if (event === undefined) this.#events.push(...await this.#frame());
    }
  }

  async #frame(): Promise<Part[]> {
    const frame = JSON.parse(await this.client.next() as string);
    hold(payload("rich", "events"), frame);
    for (const { type } of frame) seen.events.add(type);
    return frame;
  }

  async closed(): Promise<number> {
    return await closeOf(this.client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }
}

function holdQuery(channel: string, query: string): void {
  const { properties } = document.channels[channel].bindings.ws.query;
  for (const name of new URLSearchParams(query).keys()) assert(name in properties, name);
}

/** How a socket ends; the document must know the code. */
async function closeOf(client: Client): Promise<number> {
  const { code } = await within(client.closed, "a socket is closed");
  const codes: { code: number }[] = document["x-close-codes"];
  assert(codes.some((known) => known.code === code), `${code} is not documented`);
  seen.closes.add(code);
  return code;
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const server = await startServer({ API_KEY, MESSAGES_PER_SECOND: "0", ...env });
  document = await (await fetch(new URL("asyncapi.json", server.url))).json();
  checkOf = checksOf(document, "draft-7");
  return server;
}

async function asProgram(server: TestServer, method: string, path: string): Promise<void> {
  const headers = { "Authorization": `Bearer ${API_KEY}` };
  const response = await fetch(new URL(path, server.url), { method, headers });
  await response.text();
  assertEquals(response.status, 200, path);
}

Deno.test("the echo gives back what it is documented to take", async () => {
  await using server = await start({ ECHO_BYTES_MAX: "10" });
  await using client = await Client.open(server.url, document.channels.echo.address.slice(1));
  client.send("hi");
  const echoed = await client.next();
  hold(payload("echo", "echoed"), echoed);
  assertEquals(echoed, "hi");
  client.send(new Uint8Array([1, 2]));
  assertEquals(new Uint8Array(await client.next() as ArrayBuffer), new Uint8Array([1, 2]));
  client.send("x".repeat(11));
  assertEquals(await closeOf(client), 1009);
  assert(document.channels.echo.description.includes("10 bytes"));
});

Deno.test("the plain protocol tells the messages that are documented", async () => {
  await using server = await start({ BODY_BYTES_MAX: "16" });
  await using alice = await Client.open(server.url, "ws/alice?room=den", ["natter.plain"]);
  await using bob = await Client.open(server.url, "ws/bob?room=den");
  holdQuery("plain", "room=den");
  hold(payload("plain", "text"), "hi");
  const hears = alice.next();
  bob.send("hi");
  const message = JSON.parse(await hears as string);
  hold(payload("plain", "message"), message);
  assertEquals(message, { sender: "bob", msg: "hi" });
  assert(checkOf(payload("plain", "text"))("x".repeat(17)).length > 0);
  alice.send("x".repeat(17));
  assertEquals(await closeOf(alice), 1009);
  bob.send(new Uint8Array(1));
  assertEquals(await closeOf(bob), 1003);
});

Deno.test("every command and what answers it are as documented", async () => {
  await using server = await start();
  await using alice = await Rich.open(server, "alice?room=lobby&room=den", KEY);
  await alice.next("welcome");
  for (let joined = 0; joined < 3; joined++) await alice.next("joined");
  await using bob = await Rich.open(server, "bob", OTHER_KEY);
  for (let joined = 0; joined < 2; joined++) await bob.next("joined");
  await alice.next("presence");

  alice.send({ type: "message", room: "lobby", body: "hi", ref: "1" });
  const { offset } = await alice.next("ack");
  await bob.next("message");
  alice.send({ type: "typing", room: "lobby" });
  assertEquals((await bob.next("typing")).username, "alice");
  alice.send({ type: "typing", to: "bob" });
  assertEquals((await bob.next("typing")).to, "bob");
  alice.send({ type: "message", to: "bob", body: "psst", ref: "2" });
  assertEquals((await bob.next("message")).with, "alice");
  alice.send({ type: "delete", room: "lobby", offset, ref: "3" });
  assertEquals((await bob.next("deletion")).target, offset);
  bob.send({ type: "history", room: "lobby", limit: 10, ref: "4" });
  assertEquals((await bob.next("history")).entries[0].deleted, true);
  bob.send({ type: "history", with: "alice", before: 9, ref: "5" });
  assertEquals((await bob.next("history")).entries.length, 1);
  bob.send({ type: "join", room: "attic", position: "none:1", ref: "6" });
  assertEquals((await bob.next("joined")).recovered, false);
  bob.send({ type: "leave", room: "attic", ref: "7" });
  assertEquals((await bob.next("left")).ref, "7");
  bob.send({ type: "ping", ref: "8" });
  assertEquals((await bob.next("pong")).ref, "8");
  bob.send({ type: "message", room: "nowhere", body: "hi", ref: "9" });
  assertEquals((await bob.next("error")).code, "not_joined");
});

Deno.test("what is no command is refused, and the document says that it is none", async () => {
  await using server = await start();
  await using alice = await Rich.open(server, "alice", KEY);
  await alice.next("joined");
  for (
    const command of [
      { type: "message", body: "nowhere" },
      { type: "message", room: "lobby", to: "bob", body: "both" },
      { type: "history", room: "lobby", before: 1, after: 1 },
      { type: "history", room: "lobby", limit: 201 },
      { type: "delete", room: "lobby", offset: 0 },
      { type: "join" },
      { type: "ping", ref: "x".repeat(65) },
      { type: "token" },
    ]
  ) {
    assert(checkOf(payload("rich", `${command.type}Command`))(command).length > 0, command.type);
    alice.client.send(JSON.stringify(command));
    assertEquals((await alice.next("error")).code, "bad_command");
  }
});

Deno.test("a new token is answered as documented", async () => {
  await using server = await start({ AUTH: "token", AUTH_SECRET: SECRET });
  const signer = await createHmac(SECRET);
  const token = (seconds: number) =>
    issue(signer, { sub: "alice", exp: Math.floor(Date.now() / 1000) + seconds });
  await using alice = await Rich.open(server, "alice", await token(60));
  await alice.next("joined");
  alice.send({ type: "token", token: await token(120), ref: "1" });
  assert((await alice.next("token")).expiresAt > Date.now());
  await using nobody = await Rich.open(server, "alice", "no-token-at-all-but-long-enough");
  assertEquals(await nobody.closed(), 4502);
});

Deno.test("who is refused on the open socket is closed with a code that is documented", async () => {
  // A server of its own: who has been refused keeps a place until the socket has ended there too.
  await using full = await start({ CONNECTIONS_PER_IP_MAX: "1" });
  await using _holder = await Client.open(full.url, "ws/holder");
  await using server = await start({ MESSAGES_PER_SECOND: "1" });
  const refused = async (path: string, credential?: string, by = server) => {
    await using client = await Rich.open(by, path, credential);
    return await client.closed();
  };
  assertEquals(await refused("carol", undefined, full), 4002);
  assertEquals(await refused("%20"), 4500);
  assertEquals(await refused("bob?room=a%20b"), 4503);
  await using alice = await Rich.open(server, "alice", KEY);
  await alice.next("joined");
  assertEquals(await refused("alice", OTHER_KEY), 4501);
  await using plain = await Client.open(server.url, "ws/talker");
  for (let i = 0; i < 100; i++) plain.send("quick");
  assertEquals(await closeOf(plain), 4505);
  await asProgram(server, "DELETE", "api/users/alice");
  assertEquals(await alice.closed(), 4504);
  await using done = await Client.open(server.url, "ws/done");
  done.socket.close(1000);
  assertEquals(await closeOf(done), 1000);
});

Deno.test("the end of the server is told as documented", async () => {
  await using server = await start();
  await using alice = await Rich.open(server, "alice", KEY);
  await alice.next("joined");
  server.process.kill("SIGTERM");
  assert((await alice.next("reconnect")).afterMs >= 0);
  assertEquals(await alice.closed(), 4000);
});

Deno.test("every command, event and close code that is documented has come, but for those that no client can bring about", () => {
  const types = (names: readonly string[]) =>
    names.map((name) => document.components.schemas[name].properties.type.const).sort();
  const names = Object.keys(document.components.schemas);
  const commands = types(names.filter((name) => name.endsWith("Command")));
  assertEquals([...seen.commands].sort(), commands);
  const events = types(names.filter((name) => name.endsWith("Event")));
  assertEquals([...seen.events, ...UNSEEN_EVENTS].sort(), events);
  const codes = document["x-close-codes"].map(({ code }: { code: number }) => code);
  const closes = [...seen.closes, ...UNSEEN_CLOSES].sort();
  assertEquals(closes, codes.sort());
});
