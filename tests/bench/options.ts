/**
 * The command line of the benchmark.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { SCENARIOS } from "./scenarios.ts";
import { SERVERS } from "./servers.ts";

/** How to use it. */
export const USAGE = `deno task bench [options]
  --runs N            paired runs (5)
  --only NAMES        servers, comma-separated: ${Object.keys(SERVERS).join(", ")}
  --scenario NAMES    scenarios, comma-separated: ${Object.keys(SCENARIOS).join(", ")}
  --seconds N         length of the measured interval (2)
  --out FILE          where to write the report as well; a run without any option writes
                      docs/benchmarks.md`;

/** What to do. */
export interface Options {
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
 * @param fullOut Where a run without any option writes its report.
 * @returns What to do.
 * @throws {TypeError} If an option is unknown or has no value.
 * @throws {RangeError} If a value cannot be used.
 */
export function parseOptions(args: readonly string[], fullOut: string): Options {
  const { values } = parseArgs({
    args: [...args],
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
    runs,
    servers: namesOf("only", values.only, Object.keys(SERVERS)),
    scenarios: namesOf("scenario", values.scenario, Object.keys(SCENARIOS)),
    seconds: numberOf("seconds", values.seconds),
    out: values.out ?? (args.length === 0 ? fullOut : undefined),
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
