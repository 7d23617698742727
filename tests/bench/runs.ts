/**
 * Several runs, in each of which everyone is measured.
 *
 * @module
 */

import type { Outcome } from "./job.ts";
import type { Outcomes } from "./tables.ts";

/** The outcomes of the scenarios by name. */
export type Results = ReadonlyMap<string, Outcomes>;

/** What is run. */
export interface Plan {
  readonly runs: number;
  /** The names of the scenarios, and of the servers of each; one without servers is left out. */
  readonly scenarios: ReadonlyMap<string, readonly string[]>;
  /** Measures a server once. */
  readonly measure: (server: string, scenario: string) => Promise<Outcome>;
  /** Told of each measurement, in a line for whoever watches; the report has the figures properly. */
  readonly tell: (line: string) => void;
}

/**
 * Measures everyone as often as there are runs.
 *
 * @param plan What is run.
 * @returns What came of it.
 */
export async function measureAll({ runs, scenarios, measure, tell }: Plan): Promise<Results> {
  const results = new Map<string, Map<string, Outcome[]>>();
  for (const [name, servers] of scenarios) {
    if (servers.length > 0) results.set(name, new Map(servers.map((server) => [server, []])));
  }
  for (let index = 0; index < runs; index++) {
    for (const [name, outcomes] of results) {
      for (const server of turned([...outcomes.keys()], index)) {
        const outcome = await measure(server, name);
        outcomes.get(server)!.push(outcome);
        tell(`run ${index + 1}/${runs} ${name} ${server} ${brief(outcome)}`);
      }
    }
  }
  return results;
}

/**
 * Puts names into another order in each run, so that no server always comes after the same one.
 *
 * @param names The names.
 * @param run Which run, from 0.
 */
export function turned(names: readonly string[], run: number): string[] {
  const first = Math.floor(run / 2) % names.length;
  const order = [...names.slice(first), ...names.slice(0, first)];
  return run % 2 === 0 ? order : order.reverse();
}

function brief(outcome: Outcome): string {
  return JSON.stringify(
    outcome,
    (_key, value) => typeof value === "number" ? Number(value.toPrecision(4)) : value,
  );
}
