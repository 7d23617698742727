/**
 * The command line of the benchmark.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { SCENARIOS } from "./scenarios.ts";
import { SERVERS } from "./servers.ts";
import { CLUSTER_SCENARIOS, SETUPS } from "./setups.ts";

/** How to use it. */
export const USAGE = `deno task bench [cluster] [options]
  cluster             Natter as several instances over one Redis, instead of Natter and its peers
  --runs N            paired runs (5)
  --only NAMES        servers, comma-separated: ${Object.keys(SERVERS).join(", ")};
                      of cluster: ${Object.keys(SETUPS).join(", ")}
  --scenario NAMES    scenarios, comma-separated: ${Object.keys(SCENARIOS).join(", ")};
                      of cluster: ${Object.keys(CLUSTER_SCENARIOS).join(", ")}
  --seconds N         length of the measured interval (2)
  --out FILE          where to write the report as well; a run without any option writes
                      docs/benchmarks.md, or docs/benchmarks-cluster.md`;

/** What to do. */
export interface Options {
  /** Whether it is about several instances; names are of setups then. */
  readonly isCluster: boolean;
  readonly runs: number;
  /** Names of servers. */
  readonly servers: readonly string[];
  /** Names of scenarios. */
  readonly scenarios: readonly string[];
  readonly seconds: number;
  /** Where to write the report, besides standard output. */
  readonly out: string | undefined;
}

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @param docs The directory into which a run without any option writes its report.
 * @returns What to do.
 * @throws {TypeError} If an option is unknown or has no value.
 * @throws {RangeError} If a value cannot be used.
 */
export function parseOptions(args: readonly string[], docs: string): Options {
  const isCluster = args[0] === "cluster";
  const options = isCluster ? args.slice(1) : args;
  const servers = isCluster ? SETUPS : SERVERS;
  const scenarios = isCluster ? CLUSTER_SCENARIOS : SCENARIOS;
  const fullOut = join(docs, isCluster ? "benchmarks-cluster.md" : "benchmarks.md");
  const { values } = parseArgs({
    args: [...options],
    options: {
      runs: { type: "string", default: "5" },
      only: { type: "string" },
      scenario: { type: "string" },
      seconds: { type: "string", default: "2" },
      out: { type: "string" },
    },
  });
  const runs = numberOf("runs", values.runs);
  if (!Number.isInteger(runs)) throw new RangeError(`Cannot make ${runs} runs`);
  return {
    isCluster,
    runs,
    servers: namesOf("only", values.only, Object.keys(servers)),
    scenarios: namesOf("scenario", values.scenario, Object.keys(scenarios)),
    seconds: numberOf("seconds", values.seconds),
    out: values.out ?? (options.length === 0 ? fullOut : undefined),
  };
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1000) return value;
  throw new RangeError(`Cannot use --${option} ${text}: it takes a number above 0, up to 1000`);
}

function namesOf(option: string, text: string | undefined, known: readonly string[]): string[] {
  if (text === undefined) return [...known];
  const names = text.split(",");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return known.filter((name) => names.includes(name));
  throw new RangeError(`Cannot use --${option} ${unknown}: it takes ${known.join(", ")}`);
}
