/**
 * What `deno task wire` is asked to do.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { TOKEN } from "../websocket/head.ts";
import { parseBytes } from "./bytes.ts";
import type { Side } from "./frame_reader.ts";

/** Where to connect, and what to ask for. */
export interface Target {
  /** A `ws:` or `wss:` address. */
  readonly url: URL;
  /** Subprotocols to offer. */
  readonly subprotocols: readonly string[];
  /** A key or token to bring. */
  readonly secret: string | undefined;
}

/** What to do. */
export type WireArguments =
  | { readonly task: "help" }
  | { readonly task: "connect"; readonly target: Target }
  | { readonly task: "accept"; readonly key: string }
  | {
    readonly task: "explain";
    readonly bytes: Uint8Array;
    readonly sender: Side | undefined;
  };

/** How it is called. */
export const USAGE = `See what is on the wire of a WebSocket, byte by byte.

  deno task wire -- ws://localhost:8000/ws/alice
      connects, and sends every line that you type; Ctrl-C or Ctrl-D closes
  deno task wire -- --hex "81 05 48 65 6c 6c 6f"
      explains bytes without a network: hexadecimal, or as Python prints them
  deno task wire -- --accept dGhlIHNhbXBsZSBub25jZQ==
      shows how a handshake's key becomes the answer to it

  --protocol NAME  a subprotocol to offer, as natter.v1; more than once for several
  --key KEY        your key or token, brought as Authorization: Bearer and never shown in full;
                   arguments are seen by everyone on the machine
  --from SIDE      of --hex: whose bytes they are, client or server; otherwise their mask tells
  --help           this

It ends with 0, with 1 where a connection fails or the protocol is broken, with 2 where it is called
wrongly. NO_COLOR turns colours off.`;

/** RFC 6750 §2.1. */
const SECRET = /^[\w\-.~+/]+=*$/;

/**
 * Reads the arguments of the command line.
 *
 * @param args The arguments; a first `--`, which `deno task` hands on, is skipped.
 * @throws {TypeError} If they cannot be used; the message is one line, without any secret.
 */
export function parseArguments(args: readonly string[]): WireArguments {
  const { values, positionals } = parseArgs({
    args: args[0] === "--" ? args.slice(1) : [...args],
    allowPositionals: true,
    options: {
      hex: { type: "string" },
      accept: { type: "string" },
      from: { type: "string" },
      protocol: { type: "string", multiple: true, default: [] },
      key: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { hex, accept, from, protocol, key, help } = values;
  if (help) return { task: "help" };
  if (hex !== undefined) {
    if (from !== undefined && from !== "client" && from !== "server") {
      throw new TypeError("--from is client or server");
    }
    // Bytes without quotes around them come as many arguments.
    return { task: "explain", bytes: parseBytes([hex, ...positionals].join(" ")), sender: from };
  }
  if (accept !== undefined) {
    if (!/^[\x21-\x7e]+$/.test(accept)) throw new TypeError("--accept takes one key, in ASCII");
    return { task: "accept", key: accept };
  }
  const [address, ...rest] = positionals;
  if (!address || rest.length > 0) {
    throw new TypeError("One address is wanted: deno task wire -- ws://localhost:8000/ws/alice");
  }
  if (key !== undefined && !SECRET.test(key)) {
    throw new TypeError("The key has characters that no key or token has");
  }
  const wrong = protocol.find((name) => !TOKEN.test(name));
  if (wrong !== undefined) throw new TypeError("A --protocol is one name, as natter.v1");
  return {
    task: "connect",
    target: { url: parseUrl(address), subprotocols: protocol, secret: key },
  };
}

function parseUrl(text: string): URL {
  // Without a scheme, "localhost:8000" would be one of its own.
  const url = URL.parse(
    text.includes("://") ? text.replace(/^http(s?):/i, "ws$1:") : `ws://${text}`,
  );
  if (!url || !/^wss?:$/.test(url.protocol)) {
    throw new TypeError("This is no address of a WebSocket: ws://… or wss://…");
  }
  if (url.username || url.password) {
    throw new TypeError("An address with a name or password is not taken: see --key");
  }
  return url;
}
