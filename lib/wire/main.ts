/**
 * `deno task wire`: what is on the wire of a WebSocket, byte by byte.
 *
 * @module
 */

import process from "node:process";
import readline from "node:readline";
import { harmless } from "../terminal/format.ts";
import { openScreen } from "../terminal/screen.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { createKey } from "../websocket/handshake.ts";
import { parseArguments, type Target, USAGE, type WireArguments } from "./arguments.ts";
import { explainBytes } from "./explain.ts";
import { explainKey } from "./handshake_steps.ts";
import { createInk } from "./ink.ts";
import { Inspector, WireError } from "./inspector.ts";

/** Longer lines are not sent: the inspector's own reader takes 1 MiB. */
const LINE_CHARS_MAX = 262_144;

const ink = createInk(Deno.stdout.isTerminal() && !Deno.noColor);

if (import.meta.main) {
  const code = await main(Deno.args);
  // What still waits for a line would keep the process.
  Deno.exit(code);
}

async function main(args: readonly string[]): Promise<number> {
  let wanted: WireArguments;
  try {
    wanted = parseArguments(args);
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return 2;
  }
  if (wanted.task === "help") print([USAGE]);
  else if (wanted.task === "accept") print(await explainKey(wanted.key, ink));
  else if (wanted.task === "connect") return await inspect(wanted.target);
  else {
    const { lines, fault } = explainBytes(wanted.bytes, ink, wanted.sender);
    print(lines);
    if (fault) {
      complain(`${fault.message} (${fault.closeCode})`);
      return 1;
    }
  }
  return 0;
}

async function inspect(target: Target): Promise<number> {
  let show = print, stop = () => {};
  try {
    const inspector = await Inspector.connect({
      target,
      key: createKey(),
      ink,
      print: (lines) => show(lines),
    });
    await inspector.run(() => {
      const end = createEnd(inspector);
      for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, end);
      if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) {
        ({ show, stop } = openTerminal(inspector, end));
      } else readInput(inspector);
    });
    stop();
    return 0;
  } catch (error) {
    stop();
    if (!(error instanceof WireError)) throw error;
    complain(error.message);
    return 1;
  }
}

/** The first time politely, the second time at once. */
function createEnd(inspector: Inspector): () => void {
  let isEnding = false;
  return () => {
    if (isEnding) inspector.drop();
    else inspector.close(CLOSE_CODE.Normal);
    isEnding = true;
  };
}

/** Lines arrive above the one that is typed. */
function openTerminal(inspector: Inspector, end: () => void) {
  const screen = openScreen({
    line: (line) => void send(inspector, line),
    end,
    complete: (line) => [[], line],
  });
  screen.setFoot([], "send> ");
  return { show: (lines: readonly string[]) => screen.print(lines), stop: () => screen.close() };
}

async function readInput(inspector: Inspector): Promise<void> {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await send(inspector, line);
  }
  await inspector.close(CLOSE_CODE.Normal);
}

async function send(inspector: Inspector, line: string): Promise<void> {
  if (line.length <= LINE_CHARS_MAX) return await inspector.sendText(line);
  complain(`A line of ${line.length} characters was not sent: it is too long`);
}

function print(lines: readonly string[]): void {
  console.log(lines.join("\n"));
}

function complain(line: string): void {
  console.error(harmless(line.split("\n")[0]!));
}
