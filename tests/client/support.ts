/**
 * What the client's tests share: a server that can be killed, clients that end without a trace, and what
 * a client saw beside what is stored.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Natter, NatterError } from "../../static/natter.js";
import { until, within } from "../support/deadline.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { TemporaryDatabase } from "../support/temporary_database.ts";

/** What a client is made with. */
export type Options = ConstructorParameters<typeof Natter>[0];

/** Every wait shorter than a person would like, so that many faults fit into a second. */
const HURRIED: Partial<Options> = {
  backoffBaseMs: 20,
  backoffCapMs: 200,
  pongTimeoutMs: 250,
  connectTimeoutMs: 500,
  firstByteMs: 500,
  pollSeconds: 1,
};

/** An entry, as far as it is compared. */
export interface Seen {
  readonly offset: number;
  readonly what: string;
}

type Entry = { type: "message"; offset: number; body: string; sender: string } | {
  type: "deletion";
  offset: number;
  target: number;
};

function seen(entry: Entry): Seen {
  const { offset } = entry;
  return entry.type === "message"
    ? { offset, what: `${entry.sender}: ${entry.body}` }
    : { offset, what: `deletes ${entry.target}` };
}

/** A client that remembers what it was told, and leaves no socket behind. */
export class TestClient implements AsyncDisposable {
  readonly natter: Natter;
  /** What it saw of each room, in order. */
  readonly log = new Map<string, Seen[]>();
  /** Each `joined` that broke the thread. */
  readonly breaks: string[] = [];
  /** The states it went through. */
  readonly states: string[] = [];
  /** How it was closed, each time. */
  readonly closed: number[] = [];
  /** Its sockets, the last one at the end. */
  readonly sockets: WebSocket[] = [];

  /** @param options As of the client itself, which are hurried unless they say otherwise. */
  constructor(options: Options) {
    const { sockets } = this;
    class Socket extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols);
        sockets.push(this);
      }
    }
    this.natter = new Natter({ ...HURRIED, WebSocket: Socket, ...options });
    const { natter } = this;
    const take = ({ detail }: CustomEvent<{ room: string } & Entry>) => {
      this.log.set(detail.room, [...this.log.get(detail.room) ?? [], seen(detail)]);
    };
    natter.addEventListener("message", take);
    natter.addEventListener("deletion", take);
    natter.addEventListener("joined", ({ detail }) => {
      if (!detail.recovered) this.breaks.push(detail.room);
    });
    natter.addEventListener("state", ({ detail }) => this.states.push(detail.state));
    natter.addEventListener("closed", ({ detail }) => this.closed.push(detail.code));
  }

  /** What it saw of a room. */
  of(room: string): Seen[] {
    return this.log.get(room) ?? [];
  }

  /** Waits until it is connected. */
  async opened(): Promise<this> {
    await until(() => this.natter.state === "open", `${this.natter.username} is open`);
    return this;
  }

  /** Closes, and waits until its sockets are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.natter.close();
    const open = () => this.sockets.some(({ readyState }) => readyState !== WebSocket.CLOSED);
    await until(() => !open(), "the client's sockets are closed");
  }
}

/** A server that may be killed and come back on another port, with proxies that follow it. */
export class World implements AsyncDisposable {
  readonly #env: Record<string, string>;
  readonly #database = new TemporaryDatabase();
  readonly #proxies = new Set<FaultProxy>();
  #server: TestServer;
  #restart: Promise<void> | undefined;

  private constructor(env: Record<string, string>, server: TestServer) {
    this.#env = env;
    this.#server = server;
  }

  /**
   * Starts the server.
   *
   * @param env Its settings beside those that every world has.
   */
  static async start(env: Record<string, string> = {}): Promise<World> {
    const world = new World({
      MESSAGES_PER_SECOND: "0",
      CLAIMS_PER_MINUTE: "0",
      PING_SECONDS: "1",
      ...env,
    }, null!);
    world.#server = await world.#start();
    return world;
  }

  /** Where the server is now. */
  get url(): string {
    return this.#server.url;
  }

  /** The server's process. */
  get process(): Deno.ChildProcess {
    return this.#server.process;
  }

  /** A proxy in front of the server, which follows it over restarts. */
  async proxy(): Promise<FaultProxy> {
    const proxy = await FaultProxy.listen(this.#server.port);
    this.#proxies.add(proxy);
    return proxy;
  }

  /** Ends the server without a word, or in order, and starts it anew. */
  restart(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    return this.#restart ??= (async () => {
      this.#server.process.kill(signal);
      await this.#server[Symbol.asyncDispose]();
      this.#server = await this.#start();
      for (const proxy of this.#proxies) proxy.target = this.#server.port;
      this.#restart = undefined;
    })();
  }

  /** A room as it is stored, read by a client of its own. */
  async stored(room: string): Promise<Seen[]> {
    // Over a proxy too: the server may be killed meanwhile.
    const { url } = await this.proxy();
    await using reader = new TestClient({ url, username: `r-${crypto.randomUUID().slice(0, 13)}` });
    const entries: Seen[] = [];
    for (let after = 0;;) {
      const page = await within(reader.natter.history({ room, after, limit: 200 }), "a page");
      entries.push(...page.entries.map((entry) => seen(entry as Entry)));
      if (!page.more) return entries;
      after = page.to;
    }
  }

  /** Ends the server and the proxies, and takes the database away. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#restart;
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    this.#database[Symbol.dispose]();
  }

  #start(): Promise<TestServer> {
    return startServer({ DATABASE: this.#database.name, ...this.#env });
  }
}

/**
 * Waits until a client has seen all of a room, and compares: no hole, nothing twice, nothing else.
 *
 * @param client Who saw.
 * @param room The room.
 * @param stored What is stored.
 */
export async function assertSawAll(
  client: TestClient,
  room: string,
  stored: readonly Seen[],
): Promise<void> {
  const head = stored.at(-1)?.offset ?? 0;
  await until(
    () => (client.of(room).at(-1)?.offset ?? 0) >= head || client.closed.length > 0,
    `${client.natter.username} has seen all ${head} of ${room}`,
  );
  assertEquals(client.of(room), stored);
  assert(stored.every(({ offset }, index) => offset === index + 1));
}

/** The code with which a promise rejects. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => within(promise, "a refusal"), NatterError);
  return error.code;
}
