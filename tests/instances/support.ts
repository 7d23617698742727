/**
 * Several real servers over one Redis.
 *
 * @module
 */

import type { Addressed } from "../support/cursor_walker.ts";
import { type Keeping, TestRedis } from "../support/redis.ts";
import { startServer, type TestServer } from "../support/server.ts";

/** The key of programs. */
export const API_KEY = "the-key-of-programs-of-a-test";

/** A key of somebody. */
export const keyOf = (name: string) => `key-of-at-least-128-bits-${name}`;

/** A Redis of its own, and servers over it. */
export class Instances implements Addressed, AsyncDisposable {
  /** The Redis. */
  readonly redis: TestRedis;
  /** The servers that are there. */
  readonly servers: TestServer[] = [];
  readonly #env: Readonly<Record<string, string>>;
  #asked = 0;

  private constructor(redis: TestRedis, env: Readonly<Record<string, string>>) {
    this.redis = redis;
    this.#env = env;
  }

  /**
   * Starts Redis and servers.
   *
   * @param count How many servers.
   * @param env Their settings.
   * @param keeping What Redis keeps when it is killed.
   * @param through The address of Redis as the servers see it; by default its own.
   */
  static async start(
    count: number,
    env: Readonly<Record<string, string>> = {},
    keeping?: Keeping,
    through: (redis: TestRedis) => Promise<string> = ({ url }) => Promise.resolve(url),
  ): Promise<Instances> {
    const redis = await TestRedis.start(keeping);
    const common = { MESSAGES_PER_SECOND: "0", API_KEY, REDIS_URL: await through(redis) };
    const instances = new Instances(redis, { ...common, ...env });
    await Promise.all(Array.from({ length: count }, () => instances.add()));
    return instances;
  }

  /** One of the servers after the other. */
  get url(): string {
    return this.at(this.#asked++).url;
  }

  /** A server by its number, over and over. */
  at(index: number): TestServer {
    const server = this.servers[index % this.servers.length];
    if (server === undefined) throw new Error("There is no server just now");
    return server;
  }

  /** Starts one more server. */
  async add(): Promise<TestServer> {
    const server = await startServer(this.#env);
    this.servers.push(server);
    return server;
  }

  /**
   * Ends a server.
   *
   * @param server Which.
   * @param signal How.
   */
  async end(server: TestServer, signal: Deno.Signal): Promise<void> {
    this.servers.splice(this.servers.indexOf(server), 1);
    server.process.kill(signal);
    await server.process.status;
    await server[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.splice(0).map((server) => server[Symbol.asyncDispose]()));
    await this.redis[Symbol.asyncDispose]();
  }
}

/** Asks a server as a program: the status and the body of its answer. */
// deno-lint-ignore no-explicit-any
export async function program(server: TestServer, request: string): Promise<any> {
  const [method, path] = request.split(" ");
  const headers = { Authorization: `Bearer ${API_KEY}` };
  const response = await fetch(new URL(path!, server.url), { method: method!, headers });
  return { status: response.status, ...await response.json() };
}
