/**
 * What the figures were measured on.
 *
 * @module
 */

import { join } from "node:path";
import { pathOf } from "./processes.ts";
import { PEERS_DIRECTORY, ROOT_DIRECTORY, type Server } from "./servers.ts";

/**
 * Installs the peers' packages where what is there is not what is wanted.
 *
 * @throws {Error} If `npm ci` fails.
 */
export async function installPeers(): Promise<void> {
  const wanted = jsonOf(join(PEERS_DIRECTORY, "package.json"))["dependencies"] as object;
  if (Object.entries(wanted).every(([name, version]) => installed(name) === version)) return;
  const { code } = await new Deno.Command("npm", {
    args: ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
    cwd: PEERS_DIRECTORY,
    // Standard output is the report's.
    stdout: "null",
  }).output();
  if (code !== 0) throw new Error(`Cannot install the peers: npm ended with code ${code}`);
}

/**
 * Describes this machine and what runs on it.
 *
 * @param servers The servers that are measured: only their programs are named.
 * @returns A Markdown list.
 */
export async function describeMachine(servers: readonly Server[]): Promise<string> {
  const cpu = /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1];
  const memoryGib = Deno.systemMemoryInfo().total / 1024 ** 3;
  const load = Deno.loadavg()[0]!.toFixed(2);
  const programs = [`Deno ${Deno.version.deno} (V8 ${Deno.version.v8})`];
  if (servers.some(({ program }) => program === "node")) {
    programs.push(`Node ${await versionOf("node")} with ws ${installed("ws")}`);
    programs.push(`Socket.IO ${installed("socket.io")}`);
  }
  if (servers.some(({ program }) => program === "bun")) {
    programs.push(`Bun ${await versionOf("bun")}`);
  }
  return [
    `- ${cpu ?? "unknown processor"}, ${navigator.hardwareConcurrency} cores, ${
      memoryGib.toFixed(1)
    } GiB`,
    `- ${Deno.build.os} ${
      Deno.osRelease().split("-")[0]
    }, ${Deno.build.arch}; load average at the start ${load}`,
    `- Natter ${jsonOf(join(ROOT_DIRECTORY, "deno.json"))["version"]}; ${programs.join(", ")}`,
  ].join("\n");
}

/**
 * Describes the Redis that is measured.
 *
 * @throws {Deno.errors.NotFound} If there is none.
 */
export async function describeRedis(): Promise<string> {
  const { stdout } = await new Deno.Command("redis-server", { args: ["--version"] }).output();
  return `Redis ${/v=(\S+)/.exec(new TextDecoder().decode(stdout))?.[1]}`;
}

function jsonOf(path: string): Record<string, unknown> {
  return JSON.parse(Deno.readTextFileSync(path));
}

function installed(name: string): unknown {
  try {
    return jsonOf(join(PEERS_DIRECTORY, "node_modules", name, "package.json"))["version"];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function versionOf(program: Server["program"]): Promise<string> {
  const { stdout } = await new Deno.Command(pathOf(program), { args: ["--version"] }).output();
  return new TextDecoder().decode(stdout).trim().replace(/^v/, "");
}
