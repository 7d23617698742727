/**
 * What `deno task chat` is asked to do.
 *
 * @module
 */

import { parseArgs } from "node:util";

/** Whom to be, where. */
export interface ChatArguments {
  /** The name to chat under. */
  readonly username: string;
  /** The room to begin in. */
  readonly room: string;
  /** The server's address, with a slash at its end. */
  readonly url: string;
  /** The token of token mode. */
  readonly token: string | undefined;
}

/** How it is called. */
export const USAGE = `Chat in a terminal, or send the lines of a file or program.

  deno task chat -- NAME [--room ROOM] [--url URL] [--token TOKEN]
  echo hello | deno task chat -- NAME

  --room ROOM    lobby by default
  --url URL      http://localhost:8000 by default
  --token TOKEN  where the server wants tokens; better NATTER_TOKEN in the environment, since
                 arguments are seen by everyone on the machine
  --help         this

Your key to the name is kept: with it the name is yours again next time, unless somebody else has
claimed it, which anybody may some minutes after you have left. NO_COLOR turns colours off.`;

/**
 * Reads the arguments of the command line.
 *
 * @param args The arguments; a first `--`, which `deno task` hands on, is skipped.
 * @param tokenOfEnvironment The token where none is among the arguments.
 * @returns `"help"` where that was asked for.
 * @throws {TypeError} If they cannot be used; the message is one line.
 */
export function parseArguments(
  args: readonly string[],
  tokenOfEnvironment: string | undefined,
): ChatArguments | "help" {
  const { values, positionals } = parseArgs({
    args: args[0] === "--" ? args.slice(1) : [...args],
    allowPositionals: true,
    options: {
      room: { type: "string", default: "lobby" },
      url: { type: "string", default: "http://localhost:8000" },
      token: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const [username, ...rest] = positionals;
  if (!username) throw new TypeError("A name is missing: deno task chat -- NAME");
  if (rest.length > 0) {
    throw new TypeError(`There is one name at most, in quotes where it has spaces: "${username}"`);
  }
  return {
    username,
    room: values.room,
    url: parseUrl(values.url),
    token: values.token || tokenOfEnvironment || undefined,
  };
}

function parseUrl(text: string): string {
  // Without a scheme, "localhost:8000" would be one of its own.
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (!url || !/^(https?|wss?):$/.test(url.protocol)) {
    throw new TypeError(`"${text}" is no address of a server: http://… or https://…`);
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}
