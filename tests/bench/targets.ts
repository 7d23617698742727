/**
 * What Natter is to reach, and whether it does.
 *
 * @module
 */

import type { Figure, Outcome } from "./job.ts";
import { SCENARIOS } from "./scenarios.ts";
import { shortTitleOf } from "./servers.ts";
import { formatSpread, ratioOf, type Spread } from "./stats.ts";
import { figuresOf, limitNote, type Outcomes, table } from "./tables.ts";

/** A bound of the ratio of two figures of the same run, or of a figure by itself. */
export interface Target {
  /** What the figure is called. */
  readonly title: string;
  readonly scenario: string;
  readonly server: string;
  readonly figure: Figure;
  /** What it is divided by: a server, in the same scenario unless another is named; or that many units. */
  readonly against:
    | { readonly server: string; readonly scenario?: string }
    | { readonly units: number; readonly title: string };
  /** The least or the greatest quotient. */
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
}

const PLAIN = { server: "natter", against: { server: "deno-raw" } };
const RICH = { server: "natter-rich" };
const FRAMES = { server: "natter-frames-plain" };
const DELIVERIES = { title: "deliveries a second", figure: "deliveriesPerSecond" } as const;
const MEMORY = { title: "memory a connection", figure: "bytesPerConnection" } as const;

/** The targets, in the order of the report. */
export const TARGETS: readonly Target[] = [
  { ...PLAIN, ...DELIVERIES, scenario: "closed-100", bound: { atLeast: 0.95 } },
  { ...PLAIN, ...DELIVERIES, scenario: "closed-1000", bound: { atLeast: 0.95 } },
  { ...PLAIN, ...MEMORY, scenario: "idle-2000", bound: { atMost: 1.2 } },
  {
    ...RICH,
    ...DELIVERIES,
    scenario: "closed-1000",
    against: { server: "bun-pub" },
    bound: { atLeast: 1.2 },
  },
  {
    ...RICH,
    ...DELIVERIES,
    scenario: "closed-1000",
    against: { server: "bun-batch" },
    bound: { atLeast: 0.9 },
  },
  {
    ...DELIVERIES,
    server: "natter-rich-file",
    scenario: "closed-1000",
    against: { server: "natter-rich" },
    bound: { atLeast: 0.8 },
  },
  {
    ...RICH,
    title: "p50",
    figure: "p50Ms",
    scenario: "open-200",
    against: { server: "bun-pub" },
    bound: { atMost: 2 },
  },
  {
    ...RICH,
    title: "p99",
    figure: "p99Ms",
    scenario: "rooms-10000",
    against: { server: "natter-rich", scenario: "open-200" },
    bound: { atMost: 1.2 },
  },
  {
    ...RICH,
    ...MEMORY,
    scenario: "idle-10000",
    against: { server: "deno-raw" },
    bound: { atMost: 1.25 },
  },
  {
    ...RICH,
    title: "memory with all connected",
    figure: "afterBytes",
    scenario: "idle-10000",
    against: { server: "deno-raw" },
    bound: { atMost: 1.25 },
  },
  {
    ...FRAMES,
    ...DELIVERIES,
    scenario: "closed-1000",
    against: { server: "bun-pub" },
    bound: { atLeast: 1.5 },
  },
  {
    ...FRAMES,
    ...DELIVERIES,
    scenario: "closed-1000",
    against: { server: "deno-raw" },
    bound: { atLeast: 25 },
  },
  {
    ...FRAMES,
    ...DELIVERIES,
    scenario: "closed-100",
    against: { server: "bun-pub" },
    bound: { atLeast: 1 },
  },
  {
    ...FRAMES,
    ...DELIVERIES,
    scenario: "closed-100-20",
    against: { server: "bun-pub" },
    bound: { atLeast: 0.7 },
  },
  {
    ...FRAMES,
    title: "p50",
    figure: "p50Ms",
    scenario: "open-200",
    against: { server: "bun-pub" },
    bound: { atMost: 1.5 },
  },
  {
    ...FRAMES,
    ...MEMORY,
    scenario: "idle-8000",
    against: { units: 1000, title: "KB" },
    bound: { atMost: 8 },
  },
  {
    server: "natter-frames-echo",
    title: "handshakes a second",
    figure: "joinsPerSecond",
    scenario: "connect-4000",
    against: { server: "deno-raw" },
    bound: { atLeast: 1 },
  },
  {
    ...FRAMES,
    title: "the same with a name and a room",
    figure: "joinsPerSecond",
    scenario: "connect-4000",
    against: { server: "deno-raw" },
    bound: { atLeast: 1 },
  },
];

/**
 * Writes the table of what is to be reached. The median of the ratios counts; a server that failed or
 * lost something in any run has reached nothing, and a verdict from runs in which something else may
 * have set the figures says so.
 *
 * @param targets The targets.
 * @param results The outcomes of the scenarios that were run, by name.
 * @returns Markdown; a target that was not measured is said to be so.
 */
export function targetTable(
  targets: readonly Target[],
  results: ReadonlyMap<string, Outcomes>,
): string {
  const rows = targets.map((target) => {
    const { title, scenario, server, figure, bound } = target;
    const own = results.get(scenario);
    const figures = figuresOf(own, server, figure);
    const runs = own?.get(server) ?? [];
    const base = baseOf(target, results, runs.length);
    const ratio = ratioOf(figures, base.figures);
    const limited = limitedRuns(scenario, runs) + base.limited;
    return [
      `${shortTitleOf(server)}: ${title}, ${scenario}`,
      base.title,
      "atLeast" in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`,
      formatSpread(ratio, 2),
      verdictOf(bound, ratio, runs) + (limited > 0 ? `; ${limited} runs have a note` : ""),
    ];
  });
  return table(["what", "divided by that of", "to reach", "measured", "reached"], rows);
}

/** What the figures of a target are divided by, and how many of its runs have a note. */
function baseOf(
  { scenario, figure, against }: Target,
  results: ReadonlyMap<string, Outcomes>,
  runs: number,
) {
  if ("units" in against) {
    return { title: against.title, figures: Array(runs).fill(against.units), limited: 0 };
  }
  const { server, scenario: other } = against;
  const outcomes = results.get(other ?? scenario);
  return {
    title: shortTitleOf(server) + (other === undefined ? "" : `, ${other}`),
    figures: figuresOf(outcomes, server, figure),
    limited: limitedRuns(other ?? scenario, outcomes?.get(server) ?? []),
  };
}

function limitedRuns(scenario: string, outcomes: readonly Outcome[]): number {
  const { kind } = SCENARIOS[scenario]!;
  return outcomes.filter((outcome) => limitNote(kind, outcome) !== undefined).length;
}

function verdictOf(
  bound: Target["bound"],
  ratio: Spread | undefined,
  outcomes: readonly Outcome[],
): string {
  if (outcomes.some((outcome) => "failed" in outcome || outcome.faults.length > 0)) {
    return "**no**: a run was faulty";
  }
  if (ratio === undefined) return "not measured";
  const isReached = "atLeast" in bound
    ? ratio.median >= bound.atLeast
    : ratio.median <= bound.atMost;
  return isReached ? "yes" : "**no**";
}
