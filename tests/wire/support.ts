/**
 * The inspector as a process, and a server that says what a test tells it to.
 *
 * @module
 */

import { until, within } from "../support/deadline.ts";
import { taskWords } from "../support/task.ts";

const ROOT = new URL("../../", import.meta.url);

/** The words of `deno task wire`. */
export const WIRE: readonly string[] = taskWords("wire");

/** How the inspector ended, and what it said. */
export interface WireResult {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** The inspector on pipes, while it runs. */
export interface RunningWire extends AsyncDisposable {
  /** What it has said so far. */
  out(): string;
  /** Writes to its standard input. */
  type(text: string): Promise<void>;
  /** Waits until it has said something. */
  says(text: string): Promise<void>;
  /** Ends its standard input. */
  endInput(): Promise<void>;
  /** Sends it a signal. */
  kill(signal: Deno.Signal): void;
  /** How it ends. */
  readonly result: Promise<WireResult>;
}

/**
 * Starts the inspector on pipes.
 *
 * @param args What stands after `deno task wire`.
 */
export function startWire(args: readonly string[]): RunningWire {
  const process = new Deno.Command(Deno.execPath(), {
    args: [...WIRE, ...args],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  let out = "", errors = "", hasEnded = false;
  const read = async (
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    add: (_: string) => void,
  ) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) add(part);
  };
  const complaints = read(process.stderr, (part) => errors += part);
  const done = (async () => {
    await read(process.stdout, (part) => out += part);
    const { code } = await process.status;
    await complaints;
    hasEnded = true;
    return { code, out, errors };
  })();
  // Who ends early reads no more.
  const endInput = () => writer.close().catch(() => {});
  return {
    out: () => out,
    type: (text) => writer.write(new TextEncoder().encode(text)).catch(() => {}),
    says: (text) => until(() => out.includes(text), `the inspector says ${text}`),
    endInput,
    kill: (signal) => process.kill(signal),
    result: within(done, "the inspector ends"),
    async [Symbol.asyncDispose]() {
      if (!hasEnded) process.kill("SIGKILL");
      await done;
      await endInput();
    },
  };
}

/**
 * Runs the inspector on pipes.
 *
 * @param args What stands after `deno task wire`.
 * @param input Its standard input; without one, that stays open until it ends.
 */
export async function runWire(args: readonly string[], input?: string): Promise<WireResult> {
  await using wire = startWire(args);
  if (input !== undefined) {
    await wire.type(input);
    await wire.endInput();
  }
  return await wire.result;
}

/** A server for one connection. */
export interface FakeServer extends AsyncDisposable {
  /** Its address. */
  readonly url: URL;
  /** All bytes that came until the client ended the connection. */
  readonly heard: Promise<Uint8Array>;
}

/**
 * Serves one connection: answers its first bytes, and then only listens.
 *
 * @param answer What to say.
 * @param isEnding Whether to end its own half after that.
 */
export function serveOnce(answer: Uint8Array, isEnding: boolean): FakeServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    const conn = await listener.accept();
    const heard: number[] = [];
    const buffer = new Uint8Array(65_536);
    let isAnswered = false;
    while (true) {
      const read = await conn.read(buffer).catch(() => null);
      if (read === null) break;
      heard.push(...buffer.subarray(0, read));
      if (isAnswered) continue;
      isAnswered = true;
      for (let at = 0; at < answer.length;) at += await conn.write(answer.subarray(at));
      if (isEnding) await conn.closeWrite();
    }
    conn.close();
    return new Uint8Array(heard);
  };
  const heard = serve();
  return {
    url: new URL(`ws://127.0.0.1:${listener.addr.port}/ws`),
    heard,
    async [Symbol.asyncDispose]() {
      await within(heard, "the client ends the connection");
      listener.close();
    },
  };
}
