/**
 * Who is measured: Natter and its peers, as data.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { CONFIG_VARIABLES } from "../../lib/config.ts";
import { START_FLAGS } from "../support/server.ts";
import type { DialectName } from "./dialects.ts";
import type { ReadingTransport } from "./scenarios.ts";

/** Where the peers and their packages are. */
export const PEERS_DIRECTORY = fileURLToPath(new URL("./peers/", import.meta.url));
/** The project's root. */
export const ROOT_DIRECTORY = fileURLToPath(new URL("../../", import.meta.url));

/** A server that can be measured. */
export interface Server {
  /** What the report calls it. */
  readonly title: string;
  /** What it is called where there is little room; the title by default. */
  readonly short?: string;
  /** The program to run. `bun` is the one among the peers' packages. */
  readonly program: "deno" | "node" | "bun";
  /** Its arguments. */
  readonly args: readonly string[];
  /** Where it runs. */
  readonly directory: string;
  /** Its environment, added to that of the benchmark. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it keeps what is said: the value of `DATABASE`, or a fresh file each time. */
  readonly database?: ":memory:" | "a file";
  /** How it gets its port: as its last argument, or any free one that it announces on stdout. */
  readonly port: "argument" | "announced";
  readonly dialect: DialectName | ReadingTransport;
  /** Whether a sender gets its own messages too. */
  readonly toSender?: boolean;
  /** Its `METRICS_KEY`, where its metrics are read every second meanwhile. */
  readonly scrapedWith?: string;
  /** What a reader of the table must know. */
  readonly note?: string;
}

const peer = { directory: PEERS_DIRECTORY, port: "argument", dialect: "plain" } as const;

const natter = {
  program: "deno",
  args: ["run", ...START_FLAGS, "main.ts"],
  directory: ROOT_DIRECTORY,
  env: {
    // What is set on this machine is not what is measured; an empty value is an unset one.
    ...Object.fromEntries(CONFIG_VARIABLES.map((name) => [name, ""])),
    HOST: "127.0.0.1",
    PORT: "0",
    MESSAGES_PER_SECOND: "0",
    CLAIMS_PER_MINUTE: "0",
    CONNECTIONS_MAX: "0",
    CONNECTIONS_PER_IP_MAX: "0",
    LOG: "json",
  },
  database: ":memory:",
  port: "announced",
  dialect: "plain",
} as const;

const natterRich = {
  ...natter,
  dialect: "rich",
  toSender: true,
  note: "arrays of entries, about three times the bytes each; to the sender too, and acks",
} as const;

const METRICS_KEY = "the-metrics-of-the-benchmark";

/** The same server, while Prometheus reads its metrics. */
function scraped(server: Server): Server {
  return {
    ...server,
    title: `${server.title}, scraped every second`,
    short: `${server.short}, scraped`,
    env: { ...server.env, METRICS_KEY },
    scrapedWith: METRICS_KEY,
  };
}

const natterFramesRich = {
  ...natterRich,
  title: "Natter, rich, on its own frames",
  short: "Natter frames, rich",
  env: { ...natter.env, TRANSPORT: "frames" },
} as const;

const natterServeRich = {
  ...natterRich,
  title: "Natter, rich, on Deno.serve",
  short: "Natter, rich",
} as const;

/** The servers by name, in the order of the report. */
export const SERVERS: Readonly<Record<string, Server>> = {
  "natter": { ...natter, title: "Natter, plain, on Deno.serve", short: "Natter, plain" },
  "natter-rich": natterServeRich,
  "natter-rich-scraped": scraped(natterServeRich),
  "natter-rich-file": {
    ...natterRich,
    title: "Natter, rich, on Deno.serve, with a SQLite file",
    short: "Natter, rich, with a file",
    database: "a file",
  },
  "natter-frames-plain": {
    ...natter,
    title: "Natter, plain, on its own frames",
    short: "Natter frames, plain",
    env: { ...natter.env, TRANSPORT: "frames" },
  },
  "natter-frames-rich": natterFramesRich,
  "natter-frames-rich-scraped": scraped(natterFramesRich),
  "natter-frames-echo": {
    ...natter,
    title: "Natter, echo, on its own frames",
    short: "Natter frames, echo",
    env: { ...natter.env, TRANSPORT: "frames" },
    dialect: "echo",
    note: "no name, no room",
  },
  "natter-poll": {
    ...natter,
    title: "Natter, held polls, on Deno.serve",
    short: "Natter, polls",
    dialect: "poll",
    note: "a request for every answer",
  },
  "natter-events": {
    ...natter,
    title: "Natter, server-sent events, on Deno.serve",
    short: "Natter, events",
    dialect: "events",
    note: "each entry with its cursor",
  },
  "deno-raw": {
    ...peer,
    title: "bare Deno loop",
    short: "bare loop",
    program: "deno",
    args: ["run", "--no-config", "--allow-net", "deno-raw.ts"],
  },
  "deno-net": {
    ...peer,
    title: "bare `node:net` loop in Deno",
    short: "bare node:net loop",
    program: "deno",
    args: ["run", "--no-config", "--allow-net", "deno-net.ts"],
    note: "a write a turn and reader; no store, no checks, no limits",
  },
  "ws-node": { ...peer, title: "`ws` on Node", program: "node", args: ["ws-node.mjs"] },
  "socketio": {
    ...peer,
    title: "Socket.IO on Node",
    program: "node",
    args: ["socketio.mjs"],
    dialect: "socketio",
    note: "its own framing, in longer texts",
  },
  "bun-pub": {
    ...peer,
    title: "Bun, publish",
    short: "Bun publish",
    program: "bun",
    args: ["bun-pub.mjs"],
  },
  "bun-batch": {
    ...peer,
    title: "Bun, batching",
    short: "Bun batching",
    program: "bun",
    args: ["bun-batch.mjs"],
    dialect: "batch",
    toSender: true,
    note: "an array a turn; to the sender too",
  },
};

/**
 * Names a server where there is little room.
 *
 * @param name Its name on the command line.
 */
export function shortTitleOf(name: string): string {
  const { short, title } = SERVERS[name]!;
  return short ?? title;
}
