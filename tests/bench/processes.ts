/**
 * Starts and ends the processes of the benchmark, each on a core of its own.
 *
 * @module
 */

import { join } from "node:path";
import type { Job, Outcome } from "./job.ts";
import { PEERS_DIRECTORY, type Server } from "./servers.ts";

/** The core of the server, that of the generator, and all there are: lists, as `taskset` reads them. */
const SERVER_CORE = "0";
const GENERATOR_CORE = "1";
export const EVERY_CORE: string = `0-${navigator.hardwareConcurrency - 1}`;
/** How long a server may take until it accepts. */
const START_WAIT_MS = 15_000;
/** How often to look whether it does. */
const START_LOOK_MS = 20;
/** How long a measurement may take, besides its measured interval. */
const MEASURE_WAIT_MS = 60_000;
/** How much of the end of a server's error output is kept to tell why it failed. */
const ERROR_TEXT_MAX = 300;
/** How much of a server's output is searched for its address. */
const ANNOUNCEMENT_TEXT_MAX = 65_536;

const running = new Set<Deno.ChildProcess>();
let isEnding = false;

/** A server that accepts connections. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** Ends it, and tells how it had ended if it had done so by itself; else undefined. */
  end(): Promise<string | undefined>;
}

/** Ends every process that was started and still runs, and lets no other start. */
export async function endAll(): Promise<void> {
  isEnding = true;
  for (const child of running) kill(child);
  await Promise.all(Array.from(running, ({ status }) => status));
}

/** Whether processes can be kept on a core of their own: there are two, and there is `taskset`. */
export const isPinned: boolean = navigator.hardwareConcurrency > 1 &&
  await succeeds("taskset", "-V");

/**
 * Finds the program to run.
 *
 * @param program Its name.
 * @returns What to start. Bun is started from the package of its platform, since the `bun` that is
 * on the packages' path needs an install script to find it.
 */
export function pathOf(program: Server["program"]): string {
  if (program === "deno") return Deno.execPath();
  if (program === "node") return "node";
  const scope = join(PEERS_DIRECTORY, "node_modules", "@oven");
  const [platform] = Deno.readDirSync(scope);
  if (platform === undefined) throw new Error("Cannot find Bun for this platform");
  return join(scope, platform.name, "bin", "bun");
}

/**
 * Starts a server and waits until it accepts.
 *
 * @param server Which.
 * @param env What to add to its environment.
 * @param cores Where it may run; on a core of its own by default.
 * @returns The server.
 * @throws {Error} If it ends instead, or takes too long.
 */
export async function startServer(
  server: Server,
  env: Readonly<Record<string, string>> = {},
  cores: string = SERVER_CORE,
): Promise<RunningServer> {
  const args = [...server.args];
  let port = 0;
  if (server.port === "argument") args.push(String(port = freePort()));
  const child = spawn(cores, pathOf(server.program), {
    args,
    cwd: server.directory,
    env: { ...server.env, ...env },
    stdin: "null",
    stdout: server.port === "announced" ? "piped" : "null",
    stderr: "piped",
  });
  let errorText = "";
  const errors = readTexts(child.stderr, (text) => {
    errorText = (errorText + text).slice(-ERROR_TEXT_MAX);
  });
  let ended: string | undefined;
  const end = child.status.then(async ({ code }) => {
    await errors;
    ended = `the server ended with code ${code}. ${errorText}`.trim();
  });

  try {
    if (server.port === "announced") {
      const announced = Promise.withResolvers<number>();
      let output = "";
      // Read to the end, since a full pipe would stop the server.
      readTexts(child.stdout, (text) => {
        if (output.length < ANNOUNCEMENT_TEXT_MAX) output += text;
        const url = /http:\/\/[^\s"]+/.exec(output)?.[0];
        if (url !== undefined) announced.resolve(Number(new URL(url).port));
      });
      port = await within(START_WAIT_MS, Promise.race([announced.promise, end])) ?? 0;
    }
    const deadline = performance.now() + START_WAIT_MS;
    while (!await accepts(port)) {
      if (ended !== undefined) throw new Error(ended);
      if (performance.now() > deadline) throw new Error("The server does not accept connections");
      await new Promise((resolve) => setTimeout(resolve, START_LOOK_MS));
    }
  } catch (error) {
    kill(child);
    throw error;
  }
  return {
    pid: child.pid,
    port,
    async end() {
      const before = ended;
      kill(child);
      await end;
      return before;
    },
  };
}

/**
 * Runs the load generator.
 *
 * @param job What to do.
 * @param cores Where it may run; on a core of its own by default.
 * @returns What came of it.
 */
export async function generate(job: Job, cores: string = GENERATOR_CORE): Promise<Outcome> {
  const child = spawn(cores, Deno.execPath(), {
    args: ["run", "-A", join(import.meta.dirname!, "generator.ts"), JSON.stringify(job)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  });
  try {
    const { code, stdout } = await within(MEASURE_WAIT_MS + job.seconds * 1000, child.output());
    if (code !== 0) return { failed: `the generator ended with code ${code}` };
    return JSON.parse(new TextDecoder().decode(stdout));
  } catch (error) {
    return { failed: String(error) };
  } finally {
    kill(child);
  }
}

function spawn(cores: string, program: string, options: Deno.CommandOptions): Deno.ChildProcess {
  if (isEnding) throw new Error("The benchmark is ending");
  // taskset becomes the program, so that the process id is the program's.
  const command = isPinned
    ? new Deno.Command("taskset", {
      ...options,
      args: ["-c", cores, program, ...options.args ?? []],
    })
    : new Deno.Command(program, options);
  const child = command.spawn();
  running.add(child);
  child.status.finally(() => running.delete(child));
  return child;
}

function kill(child: Deno.ChildProcess): void {
  if (!running.has(child)) return;
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It ended in this moment.
    if (!(error instanceof TypeError)) throw error;
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Nothing came within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function readTexts(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onText: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) onText(text);
}

/** A port that is free now. The kernel does not hand it out again soon, so that it stays free. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, { args }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
