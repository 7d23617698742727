import { assert, assertEquals } from "@std/assert";
import { formatCursor, parseCursor, type Position } from "../../lib/protocol/position.ts";
import { createHmac, issue } from "../auth/support.ts";
import { Random } from "../simulation/random.ts";
import { Client } from "../support/client.ts";
import { until, within } from "../support/deadline.ts";
import { EventStreamClient } from "../support/event_stream_client.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { TemporaryDatabase } from "../support/temporary_database.ts";

const ROOMS = ["a", "b"];
const CHANNELS = [...ROOMS, "@reader"];
const MESSAGES = 2400;
const WRITERS = 6;

/** A server that is killed, and ended, and started again; clients find the one that there is. */
class Servers {
  readonly #env: Readonly<Record<string, string>>;
  #current: TestServer | undefined;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  get url(): string {
    if (this.#current === undefined) throw new Error("There is no server just now");
    return this.#current.url;
  }

  async start(): Promise<void> {
    this.#current = await startServer(this.#env);
  }

  async end(signal: Deno.Signal): Promise<void> {
    const server = this.#current!;
    server.process.kill(signal);
    const { code } = await within(server.process.status, "the process ends");
    this.#current = undefined;
    await server[Symbol.asyncDispose]();
    if (signal === "SIGTERM") assertEquals(code, 0);
  }
}

/** A reader that goes from one transport to another with its cursor, and remembers what it was told. */
class Walker {
  /** The entries of each channel, as `offset id body`. */
  readonly seen = new Map<string, string[]>(CHANNELS.map((channel) => [channel, []]));
  /** How often each transport was used. */
  readonly hops: Record<string, number> = {};
  readonly #servers: Servers;
  readonly #credential: string;
  readonly #random: Random;
  readonly #leaving: Promise<unknown>[] = [];
  #positions = new Map<string, Position>();
  #left = 0;

  constructor(servers: Servers, credential: string, random: Random) {
    this.#servers = servers;
    this.#credential = credential;
    this.#random = random;
  }

  /** How many entries it has. */
  get count(): number {
    return [...this.seen.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Reads some dozen entries over a transport, and leaves it wherever that is. */
  async hop(transport: "short poll" | "long poll" | "events" | "socket"): Promise<void> {
    this.#left = Math.min(20 + this.#random.below(40), MESSAGES - this.count);
    this.hops[transport] = (this.hops[transport] ?? 0) + 1;
    switch (transport) {
      case "short poll":
        return await this.#poll(0);
      case "long poll":
        return await this.#poll(1);
      case "events":
        return await this.#readEvents();
      case "socket":
        return await this.#readSocket();
    }
  }

  /** Waits until everything that it has left has gone. */
  async gone(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  /** Polls once; returns whether there was nothing. */
  async pollOnce(wait: number): Promise<boolean> {
    const url = new URL(`poll/reader?${this.#query}&wait=${wait}`, this.#servers.url);
    const response = await within(fetch(url, { headers: this.#headers }), "a poll's answer");
    const { cursor, more, events } = await response.json();
    assertReady(response);
    // All or nothing: the cursor is that after the last one.
    for (const event of events) this.#take(event);
    this.#goOn(cursor);
    return events.length === 0 && !more;
  }

  async #poll(wait: number): Promise<void> {
    for (let polls = 0; polls < 10 && this.#left > 0; polls++) await this.pollOnce(wait);
  }

  async #readEvents(): Promise<void> {
    // By the header or by the query, as EventSource does it when it comes back or when it is new.
    const isBack = this.#positions.size > 0 && this.#random.chance(0.5);
    const headers = isBack
      ? { ...this.#headers, "Last-Event-ID": formatCursor(this.#positions) }
      : this.#headers;
    const query = isBack ? "room=a&room=b&cursor=a%3Dnone:1" : this.#query;
    using stream = await EventStreamClient.open(
      this.#servers.url,
      `/events/reader?${query}`,
      headers,
    );
    assertReady(stream.response);
    while (this.#left > 0) {
      const event = await stream.next();
      if (event === undefined) throw new Error("The stream ended");
      this.#take(event.data);
      if (event.id !== "") this.#goOn(event.id);
    }
  }

  async #readSocket(): Promise<void> {
    const subprotocols = ["natter.v1", `natter.auth.${this.#credential}`];
    const path = `/ws/reader?${this.#query}`;
    const client = await Client.open(this.#servers.url, path, subprotocols);
    try {
      while (this.#left > 0) {
        for (const event of JSON.parse(await client.next() as string)) {
          this.#take(event);
          if (event.type === "joined") this.#positions.set(event.room, event);
          if (event.offset !== undefined && event.type !== "joined") {
            const { epoch } = this.#positions.get(event.room)!;
            this.#positions.set(event.room, { epoch, offset: event.offset });
          }
          // Also in the midst of a frame: what is left of it was never read.
          if (this.#left <= 0) break;
        }
      }
    } finally {
      client.socket.close();
      this.#leaving.push(within(client.closed, "a socket closes"));
    }
  }

  // deno-lint-ignore no-explicit-any
  #take(event: any): void {
    assert(event.type !== "gap", "a gap");
    if (event.type === "joined") {
      const isNew = !this.#positions.has(event.room);
      assertEquals(event.recovered, !isNew, `${event.room} after ${this.count} entries`);
    }
    if (event.type !== "message") return;
    this.seen.get(event.room)!.push(`${event.offset} ${event.id} ${event.body}`);
    this.#left--;
  }

  #goOn(cursor: string): void {
    this.#positions = new Map(parseCursor(cursor)!);
  }

  get #headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.#credential}` };
  }

  get #query(): string {
    const query = new URLSearchParams(ROOMS.map((room) => ["room", room]));
    query.set("cursor", formatCursor(this.#positions));
    return query.toString();
  }
}

/** Throws for a server that is about to end, as for one that has: its store is closed before its listener. */
function assertReady({ status }: Response): void {
  if (status === 503) throw new Error("The server is ending");
  assertEquals(status, 200);
}

/** Says one thing after another, each until it is acknowledged; returns the ids. */
async function write(
  servers: Servers,
  credential: string,
  random: Random,
  refs: readonly string[],
  onAck: () => void,
): Promise<string[]> {
  const ids: string[] = [];
  for (const ref of refs) {
    const channel = random.pick(CHANNELS);
    const [query, to] = channel.startsWith("@") ? ["", "reader"] : [`?room=${channel}`, undefined];
    await until(async () => {
      try {
        const response = await fetch(new URL(`messages/writer${query}`, servers.url), {
          method: "POST",
          headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
          body: JSON.stringify({ body: `${ref} ${"x".repeat(random.below(200))}`, to, ref }),
        });
        const { id } = await response.json();
        if (!response.ok) return false;
        ids.push(id);
        onAck();
        return true;
      } catch {
        return false; // The server has gone; the outcome is unknown, and the same ref asks again.
      }
    }, `${ref} is stored`);
  }
  return ids;
}

/** What is stored of a channel, as `offset id body`. */
async function stored(servers: Servers, credential: string, channel: string): Promise<string[]> {
  const entries: string[] = [];
  for (let after = 0, more = true; more;) {
    const path = `api/rooms/${encodeURIComponent(channel)}/messages?limit=200&after=${after}`;
    const headers = { Authorization: `Bearer ${credential}` };
    const page = await (await fetch(new URL(path, servers.url), { headers })).json();
    for (const { offset, id, body } of page.entries) entries.push(`${offset} ${id} ${body}`);
    ({ to: after, more } = page);
  }
  return entries;
}

/** A mode of authentication: its settings, and what each name brings. */
interface Mode {
  readonly env: Readonly<Record<string, string>>;
  readonly credentialOf: (name: string) => Promise<string>;
}

function openMode(): Mode {
  return { env: {}, credentialOf: (name) => Promise.resolve(`key-of-at-least-128-bits-${name}`) };
}

function tokenMode(): Mode {
  const secret = crypto.randomUUID();
  return {
    env: { AUTH: "token", AUTH_SECRET: secret },
    credentialOf: async (name) =>
      await issue(await createHmac(secret), {
        sub: name,
        exp: Math.floor(Date.now() / 1000) + 3600,
        rooms: ROOMS,
      }),
  };
}

for (const [name, mode, seed] of [["open", openMode, 1], ["token", tokenMode, 2]] as const) {
  Deno.test(`a reader walks from transport to transport over a kill and a restart: nothing is lost, nothing comes twice (${name} mode, seed ${seed})`, async () => {
    using database = new TemporaryDatabase();
    const { env, credentialOf } = mode();
    const servers = new Servers({ MESSAGES_PER_SECOND: "0", DATABASE: database.name, ...env });
    await servers.start();
    const random = new Random(seed);
    const walker = new Walker(servers, await credentialOf("reader"), random.fork());
    // Who has a key before it is written to has an inbox, and begins where everything begins.
    await walker.pollOnce(0);

    let acknowledged = 0;
    const writer = await credentialOf("writer");
    const writing = Promise.all(Array.from({ length: WRITERS }, (_, index) => {
      const refs = Array.from({ length: MESSAGES / WRITERS }, (_, i) => `ref ${index} ${i}`);
      return write(servers, writer, random.fork(), refs, () => acknowledged++);
    }));
    const restarting = (async () => {
      for (const [index, signal] of (["SIGKILL", "SIGTERM"] as const).entries()) {
        await until(() => acknowledged > (index + 1) * MESSAGES / 3, "enough is written");
        await servers.end(signal);
        await servers.start();
      }
    })();
    const transports = ["short poll", "events", "socket", "long poll"] as const;
    let breaks = 0;
    for (let hop = 0; walker.count < MESSAGES; hop++) {
      // In turn, so that every one comes after every other, or by chance.
      const transport = hop % 2 === 0 ? transports[hop / 2 % 4]! : random.pick(transports);
      try {
        await walker.hop(transport);
      } catch (error) {
        const { name, message } = error as Error;
        if (name === "AssertionError" || message.startsWith("Nothing came")) throw error;
        breaks++;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    const ids = (await writing).flat();
    await restarting;
    await until(() => walker.pollOnce(0), "everything is read");
    await walker.gone();

    let count = 0;
    for (const channel of CHANNELS) {
      const entries = await stored(servers, await credentialOf("reader"), channel);
      assertEquals(walker.seen.get(channel), entries, channel);
      assertEquals(entries.map((entry) => parseInt(entry)), entries.map((_, index) => index + 1));
      count += entries.length;
    }
    assertEquals(count, MESSAGES);
    const seen = new Set([...walker.seen.values()].flat().map((entry) => entry.split(" ")[1]));
    assertEquals(ids.filter((id) => !seen.has(id)), [], "what was acknowledged");
    for (const transport of transports) assert(walker.hops[transport]! > 3, transport);
    assert(breaks > 0, "the reader has noticed the restarts");
    await servers.end("SIGTERM");
  });
}
