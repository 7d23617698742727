/**
 * A Redis of a test's own: a process on a free port of the loopback address, with a directory of its own.
 *
 * @module
 */

import { until, within } from "./deadline.ts";

/** How much of what it has acknowledged a Redis holds after it was killed. */
export type Keeping = "nothing" | "a second's worth less" | "everything";

const KEEPING: Readonly<Record<Keeping, readonly string[]>> = {
  "nothing": ["--appendonly", "no"],
  "a second's worth less": ["--appendonly", "yes", "--appendfsync", "everysec"],
  "everything": ["--appendonly", "yes", "--appendfsync", "always"],
};

/** Whether there is a `redis-server` here; without one CI fails, and others are told. */
export const HAS_REDIS = hasRedis();

function hasRedis(): boolean {
  try {
    return new Deno.Command("redis-server", { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (Deno.env.get("CI") === "true") {
      throw new Error("CI has to have a redis-server", { cause: error });
    }
    console.error("\n*** There is no redis-server here: the tests with Redis are IGNORED. ***\n");
    return false;
  }
}

/**
 * Defines a test that needs Redis; it is ignored where there is none.
 *
 * @param name The test's name.
 * @param run The test.
 */
export function testWithRedis(name: string, run: () => Promise<void>): void {
  Deno.test({ name, ignore: !HAS_REDIS, fn: run });
}

/** A Redis process, and those that come after it on the same port and directory. */
export class TestRedis implements AsyncDisposable {
  /** Its port, over restarts too. */
  readonly port: number;
  readonly #directory: string;
  readonly #keeping: Keeping;
  #process: Deno.ChildProcess | undefined;

  private constructor(port: number, directory: string, keeping: Keeping) {
    this.port = port;
    this.#directory = directory;
    this.#keeping = keeping;
  }

  /**
   * Starts one.
   *
   * @param keeping What it keeps when it is killed.
   */
  static async start(keeping: Keeping = "nothing"): Promise<TestRedis> {
    const directory = await Deno.makeTempDir({ prefix: "natter-redis-" });
    for (let attempt = 0;; attempt++) {
      const redis = new TestRedis(freePort(), directory, keeping);
      try {
        await redis.restart();
        return redis;
      } catch (error) {
        // Somebody else may have taken the port.
        if (attempt === 4) throw error;
      }
    }
  }

  /** The value of `REDIS_URL`. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** The process that runs. */
  get pid(): number {
    return this.#process!.pid;
  }

  /** Starts it, with what is in its directory. */
  async restart(): Promise<void> {
    const args = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--dir", this.#directory];
    const process = new Deno.Command("redis-server", {
      args: [...args, "--save", "", "--daemonize", "no", ...KEEPING[this.#keeping]],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#process = process;
    let ended = false;
    process.status.then(() => ended = true);
    await until(async () => ended || await this.#answers(), "redis-server answers");
    if (ended) throw new Error("redis-server did not start");
  }

  /** Kills it. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await within(this.#process!.status, "redis-server ends");
    this.#process = undefined;
  }

  /** Whether it is stopped, and takes connections without a word, or goes on. */
  pause(isPaused: boolean): void {
    this.#process?.kill(isPaused ? "SIGSTOP" : "SIGCONT");
  }

  /** Copies its files as they stand; only while it does not run. */
  async keep(): Promise<void> {
    await copyAll(this.#files, this.#copies);
  }

  /** Puts the copy in the place of its files; only while it does not run. */
  async rollBack(): Promise<void> {
    await copyAll(this.#copies, this.#files);
  }

  /** Takes its files away; only while it does not run. */
  async empty(): Promise<void> {
    await Deno.remove(this.#files, { recursive: true }).catch(() => {});
  }

  /**
   * Asks it something.
   *
   * @param command A command of plain words.
   * @returns The answer as it came.
   */
  async ask(command: string): Promise<string> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    try {
      await connection.write(new TextEncoder().encode(`${command}\r\n`));
      const decoder = new TextDecoder();
      const bytes = new Uint8Array(65_536);
      let text = "";
      while (true) {
        const count = await connection.read(bytes);
        if (count === null) return text;
        text += decoder.decode(bytes.subarray(0, count), { stream: true });
        const bulk = /^\$(\d+)\r\n/.exec(text);
        const end = bulk === null ? 0 : bulk[0].length + Number(bulk[1]) + 2;
        if (text.endsWith("\r\n") && text.length >= end) return text;
      }
    } finally {
      connection.close();
    }
  }

  /** Kills it, and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process !== undefined) await this.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }

  get #files(): string {
    return `${this.#directory}/appendonlydir`;
  }

  get #copies(): string {
    return `${this.#directory}/copies`;
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.ask("PING")).startsWith("+PONG");
    } catch {
      return false;
    }
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

async function copyAll(from: string, to: string): Promise<void> {
  await Deno.remove(to, { recursive: true }).catch(() => {});
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
