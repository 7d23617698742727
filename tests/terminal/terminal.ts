/**
 * The chat in a terminal of its own, and what stands on its screen.
 *
 * @module
 */

import { until, within } from "../support/deadline.ts";
import { taskWords } from "../support/task.ts";

const ROOT = new URL("../../", import.meta.url);

/** The words of `deno task chat`. */
const CHAT = taskWords("chat");

/** What a chat is run with. */
export interface ChatOptions {
  /** Where Deno keeps the keys. */
  readonly home: string;
  /** More environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs the chat on pipes.
 *
 * @param args What stands after `deno task chat`.
 * @param input Its standard input.
 */
export async function runChat(
  args: readonly string[],
  input: string | Uint8Array,
  { home, env }: ChatOptions,
): Promise<{ code: number; out: string; errors: string }> {
  await using chat = spawn(Deno.execPath(), [...CHAT, ...args], { home, ...(env && { env }) });
  const done = chat.process.output();
  const writer = chat.process.stdin.getWriter();
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  // Who ends early reads no more.
  await writer.write(new Uint8Array(bytes)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await within(done, "the chat ends");
  const [out, errors] = [stdout, stderr].map((text) => new TextDecoder().decode(text));
  return { code, out: out!, errors: errors! };
}

/** Whether there is a program that gives a program a terminal. */
export const hasTerminal: boolean = await new Deno.Command("script", {
  args: ["--version"],
  stdout: "null",
}).output().then(({ success }) => success, () => false);

/** A chat in a terminal. */
export interface ChatTerminal extends AsyncDisposable {
  /** Types, as keys would. */
  type(keys: string): Promise<void>;
  /** The rows of the screen, those that scrolled away included. */
  rows(): string[];
  /** All bytes that came, as text. */
  bytes(): string;
  /** Waits until a row is on the screen. */
  sees(row: string | RegExp): Promise<void>;
  /** How the chat ended. */
  readonly code: Promise<number>;
}

/** Opens a terminal of 80 columns in which the chat runs. */
export function openChat(args: readonly string[], { home, env }: ChatOptions): ChatTerminal {
  const words = [Deno.execPath(), ...CHAT, ...args].map((word) => `'${word}'`).join(" ");
  const command = `stty cols 80 rows 24; exec ${words}`;
  const chat = spawn("script", ["-qefc", command, "/dev/null"], { home, ...(env && { env }) });
  const writer = chat.process.stdin.getWriter();
  let text = "";
  const read = (async () => {
    for await (const part of chat.process.stdout.pipeThrough(new TextDecoderStream())) text += part;
  })();
  const ignored = chat.process.stderr.cancel();
  return {
    type: (keys) => writer.write(new TextEncoder().encode(keys)),
    rows: () => screenOf(text, 80),
    bytes: () => text,
    sees: (row) =>
      until(
        () => screenOf(text, 80).some((it) => typeof row === "string" ? it === row : row.test(it)),
        `the terminal shows ${row}`,
      ).catch((error) => {
        throw new Error(`${error.message}; it shows:\n${screenOf(text, 80).join("\n")}`);
      }),
    code: chat.process.status.then(({ code }) => code),
    async [Symbol.asyncDispose]() {
      await chat[Symbol.asyncDispose]();
      await within(read, "the terminal ends");
      await ignored;
      await writer.close().catch(() => {});
    },
  };
}

function spawn(program: string, args: readonly string[], { home, env = {} }: ChatOptions) {
  const process = new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    env: { DENO_DIR: home, NO_COLOR: "1", NATTER_TOKEN: "", SHELL: "/bin/sh", TZ: "UTC", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let ended = false;
  const status = process.status.then(() => ended = true);
  return {
    process,
    async [Symbol.asyncDispose]() {
      if (!ended) process.kill("SIGTERM");
      await within(status, `${program} ends`);
    },
  };
}

/**
 * What a terminal shows that never scrolls: as much of one as an honest chat may use. Whatever else
 * comes fails the test.
 *
 * @param text All that was written to it.
 * @param columns Its width.
 */
export function screenOf(text: string, columns: number): string[] {
  const rows: string[][] = [[]];
  let x = 0, y = 0;
  // The end may be the first part of a sequence.
  // deno-lint-ignore no-control-regex
  const tokens = text.replace(/\x1b(\[[\d;?]*)?$/, "").matchAll(/\x1b\[([\d;?]*)([A-Za-z])|[^]/gu);
  for (const [token, parameters = "", final] of tokens) {
    const count = Number(parameters) || 1;
    if (final === "m" || (final === "h" || final === "l") && parameters.startsWith("?")) continue;
    else if (final === "G") x = count - 1;
    else if (final === "A") y = Math.max(0, y - count);
    else if (final === "B") y += count;
    else if (final === "C") x += count;
    else if (final === "D") x = Math.max(0, x - count);
    else if (final === "J" && Number(parameters) === 0) {
      rows.splice(y + 1);
      rows[y]?.splice(x);
    } else if (final === "K" && parameters === "2") rows[y]?.splice(0);
    else if (final === "K" && Number(parameters) === 0) rows[y]?.splice(x);
    else if (token === "\r") x = 0;
    else if (token === "\n") y++;
    // deno-lint-ignore no-control-regex
    else if (/^[\x00-\x1f\x7f-\x9f]/.test(token)) {
      throw new Error(`A chat must not write ${JSON.stringify(token)}`);
    } else {
      if (x >= columns) [x, y] = [0, y + 1];
      for (let row = rows.length; row <= y; row++) rows[row] = [];
      const row = rows[y]!;
      while (row.length < x) row.push(" ");
      row[x++] = token;
    }
    for (let row = rows.length; row <= y; row++) rows[row] = [];
  }
  return rows.map((row) => row.join("").trimEnd());
}
