/**
 * The real server as a process of its own, for tests.
 *
 * @module
 */

import { CONFIG_VARIABLES } from "../../lib/config.ts";
import { until, within } from "./deadline.ts";
import { taskWords } from "./task.ts";

const ROOT = new URL("../../", import.meta.url);

/** The flags of `deno task start`: its permissions, and settings of the engine. */
export const START_FLAGS: readonly string[] = taskWords("start").filter((word) =>
  word.startsWith("--")
);

/**
 * {@linkcode START_FLAGS}, but an engine that collects its old objects often. Otherwise a heap may grow to
 * more than twice what lives in it, and what a process has grown by says little of what it holds.
 */
export const TIGHT_HEAP_FLAGS: readonly string[] = START_FLAGS.map((flag) =>
  flag.startsWith("--v8-flags=") ? `${flag},--heap-growing-percent=10` : flag
);

/** The transport that a run of the tests is about: `TEST_TRANSPORT`, as `deno task test` sets it. */
export const TRANSPORT: "serve" | "frames" = Deno.env.get("TEST_TRANSPORT") === "frames"
  ? "frames"
  : "serve";

/** A running server. */
export interface TestServer extends AsyncDisposable {
  /** Its address, with a slash at its end. */
  readonly url: string;
  /** Its port. */
  readonly port: number;
  /** Its process. */
  readonly process: Deno.ChildProcess;
  /** The log lines so far. */
  readonly log: readonly string[];
  /** What it wrote to standard error so far. */
  readonly errors: readonly string[];
}

/**
 * Starts `main.ts` with the permissions of `deno task start`, on any free port of the loopback address.
 * Its log is in memory, unless `DATABASE` is set. It is killed at the end of the test, and then must have written nothing to standard error.
 *
 * @param env Settings beside `HOST` and `PORT`.
 * @param flags Its permissions, and settings of the engine.
 */
export async function startServer(
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = START_FLAGS,
): Promise<TestServer> {
  const process = spawnServer({
    HOST: "127.0.0.1",
    PORT: "0",
    TRANSPORT,
    ...env["REDIS_URL"] === undefined && { DATABASE: ":memory:" },
    // All clients of a test come from one address.
    CLAIMS_PER_MINUTE: "0",
    ...env,
  }, flags);
  const log: string[] = [], errors: string[] = [];
  const done = Promise.all([readLines(process.stdout, log), readLines(process.stderr, errors)]);
  let ended = false;
  process.status.then(() => ended = true);
  await until(() => log.length > 0 || ended, "the server announces itself");
  const url = /http:\/\/[^\s"]+/.exec(log[0] ?? "")?.[0];
  if (url === undefined) throw new Error(`The server did not start: ${errors.join("\n")}`);
  return {
    url,
    port: Number(new URL(url).port),
    process,
    log,
    errors,
    async [Symbol.asyncDispose]() {
      if (!ended) process.kill("SIGKILL");
      await within(process.status, "the server ends");
      await done;
      if (errors.length > 0) throw new Error(`The server complained: ${errors.join("\n")}`);
    },
  };
}

/**
 * Starts `main.ts` in an environment without any setting but the given ones.
 *
 * @param env The settings.
 * @param flags Its permissions, and settings of the engine.
 */
export function spawnServer(
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = START_FLAGS,
): Deno.ChildProcess {
  const unset: Record<string, string> = Object.fromEntries(
    CONFIG_VARIABLES.map((name) => [name, ""]),
  );
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "main.ts"],
    cwd: ROOT,
    env: { ...unset, NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Reads lines of a stream into a list until it ends, but for what the runtime downloads on a first start. */
export async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  lines: string[],
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts.filter((line) => !line.startsWith("Download https://")));
  }
  if (rest !== "") lines.push(rest);
}
