/**
 * Who is measured: Natter and its peers, as data.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { START_FLAGS } from "../support/server.ts";
import type { DialectName } from "./dialects.ts";

/** Where the peers and their packages are. */
export const PEERS_DIRECTORY = fileURLToPath(new URL("./peers/", import.meta.url));
/** The project's root. */
export const ROOT_DIRECTORY = fileURLToPath(new URL("../../", import.meta.url));

/** A server that can be measured. */
export interface Server {
  /** What the report calls it. */
  readonly title: string;
  /** The program to run. `bun` is the one among the peers' packages. */
  readonly program: "deno" | "node" | "bun";
  /** Its arguments. */
  readonly args: readonly string[];
  /** Where it runs. */
  readonly directory: string;
  /** Its environment, added to that of the benchmark. */
  readonly env?: Readonly<Record<string, string>>;
  /** How it gets its port: as its last argument, or any free one that it announces on stdout. */
  readonly port: "argument" | "announced";
  readonly dialect: DialectName;
  /** Whether a sender gets its own messages too. */
  readonly toSender?: boolean;
  /** What a reader of the table must know. */
  readonly note?: string;
}

const peer = { directory: PEERS_DIRECTORY, port: "argument", dialect: "plain" } as const;

/** The servers by name, in the order of the report. */
export const SERVERS: Readonly<Record<string, Server>> = {
  "natter": {
    title: "Natter, plain, on Deno.serve",
    program: "deno",
    args: ["run", ...START_FLAGS, "main.ts"],
    directory: ROOT_DIRECTORY,
    env: {
      HOST: "127.0.0.1",
      PORT: "0",
      MESSAGES_PER_SECOND: "0",
      CONNECTIONS_MAX: "0",
      CONNECTIONS_PER_IP_MAX: "0",
      LOG: "json",
    },
    port: "announced",
    dialect: "plain",
  },
  "deno-raw": {
    ...peer,
    title: "bare Deno loop",
    program: "deno",
    args: ["run", "--no-config", "--allow-net", "deno-raw.ts"],
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
  "bun-pub": { ...peer, title: "Bun, publish", program: "bun", args: ["bun-pub.mjs"] },
  "bun-batch": {
    ...peer,
    title: "Bun, batching",
    program: "bun",
    args: ["bun-batch.mjs"],
    dialect: "batch",
    toSender: true,
    note: "an array a turn; to the sender too",
  },
};

/** The server that ratios are against, and the one that they are about. */
export const BASE_SERVER = "deno-raw";
/** The server that is ours. */
export const OWN_SERVER = "natter";
