/**
 * What a typed line asks for.
 *
 * @module
 */

import { nameKey } from "../../static/natter.js";
import { harmless } from "./format.ts";

/** A line, read. */
export type Typed =
  | { readonly type: "nothing" }
  | { readonly type: "say"; readonly body: string }
  | { readonly type: "message"; readonly to: string; readonly body: string }
  | { readonly type: "join"; readonly room: string }
  | { readonly type: "leave"; readonly room: string | undefined }
  | { readonly type: "who" | "history" | "help" | "quit" }
  | { readonly type: "mistake"; readonly message: string };

const COMMANDS: readonly (readonly [command: string, meaning: string])[] = [
  ["/msg NAME text", 'a direct message; "NAME" in quotes where it has spaces'],
  ["/who", "who is here"],
  ["/join ROOM", "read and write another room too"],
  ["/leave [ROOM]", "read it no more"],
  ["/history", "older messages"],
  ["/help", "this"],
  ["/quit", "end; Ctrl-C and Ctrl-D do the same"],
  ["//text", "say /text"],
];

/**
 * Reads a line that was typed.
 *
 * @param line The line.
 */
export function parseTyped(line: string): Typed {
  if (line.trim() === "") return { type: "nothing" };
  if (line.startsWith("//")) return { type: "say", body: line.slice(1) };
  if (!line.startsWith("/")) return { type: "say", body: line };
  const [, name = "", rest = ""] = /^\/(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
  switch (name.toLowerCase()) {
    case "msg":
      return parseDirectMessage(rest);
    case "join":
      if (rest !== "") return { type: "join", room: rest.replace(/^#/, "") };
      return { type: "mistake", message: "Which room? /join ROOM" };
    case "leave":
      return { type: "leave", room: rest.replace(/^#/, "") || undefined };
    case "who":
    case "history":
    case "help":
    case "quit":
      return { type: name.toLowerCase() as "who" | "history" | "help" | "quit" };
    default:
      return { type: "mistake", message: `There is no /${name}: /help tells what there is` };
  }
}

/** What can be typed, as `/help` shows it: a row each. */
export function formatCommands(): string[] {
  const width = Math.max(...COMMANDS.map(([command]) => command.length));
  return COMMANDS.map(([command, meaning]) => `  ${command.padEnd(width)}  ${meaning}`);
}

/**
 * Finishes a command, or a name.
 *
 * @param line What has been typed.
 * @param users Who is here.
 * @returns What its last word may become, and that word.
 */
export function completeTyped(line: string, users: readonly string[]): [string[], string] {
  const word = /\S*$/.exec(line)![0];
  const isFirst = word.length === line.length;
  const commands = COMMANDS.map(([command]) => /^\/\w+/.exec(command)?.[0] ?? "");
  const names = users.filter((name) => !name.includes(" ")).map(harmless);
  const candidates = isFirst && word.startsWith("/") ? commands : names;
  const key = nameKey(word);
  if (word === "") return [[], word];
  return [
    candidates.filter((text) => nameKey(text).startsWith(key) && text !== "")
      .map((text) => `${text} `),
    word,
  ];
}

function parseDirectMessage(text: string): Typed {
  const [, quoted, bare, body] = /^(?:"([^"]+)"|([^\s"]+))\s+(.+)$/s.exec(text) ?? [];
  const to = quoted ?? bare;
  if (to !== undefined && body !== undefined) return { type: "message", to, body };
  return { type: "mistake", message: "To whom, and what? /msg NAME text" };
}
