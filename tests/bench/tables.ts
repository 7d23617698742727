/**
 * From outcomes to the tables of the report.
 *
 * @module
 */

import type { Figure, Outcome } from "./job.ts";
import type { Scenario } from "./scenarios.ts";
import { SERVERS, shortTitleOf } from "./servers.ts";
import { differenceOf, formatSpread, ratioOf, type Spread, spreadOf } from "./stats.ts";

/** The outcomes of a scenario: for each server by name, one a run. */
export type Outcomes = ReadonlyMap<string, readonly Outcome[]>;

/** A share of a core from which on a process counts as busy. */
export const BUSY_MIN = 0.9;
/** Lateness of the generator's own sends from which on it blurs the latencies. */
export const SENT_LATE_MS_MAX = 1;

const MIB = 1024 * 1024;

/** A column of a table: a figure, or how it compares with that of another server in the same run. */
export interface Column {
  readonly title: string;
  readonly figure: Figure;
  readonly digits: number;
  /** What one unit of the column is in units of the figure; 1 by default. */
  readonly unit?: number;
  /** The server to divide by. */
  readonly against?: string;
  /** The server to subtract. */
  readonly minus?: string;
}

const deliveries: Column = {
  title: "deliveries/s, thousands",
  figure: "deliveriesPerSecond",
  digits: 1,
  unit: 1000,
};
/** The columns of latencies. */
export const LATENCIES: readonly Column[] = [
  { title: "p50, ms", figure: "p50Ms", digits: 2 },
  { title: "p99, ms", figure: "p99Ms", digits: 2 },
];
const serverBusy: Column = { title: "server busy, %", figure: "serverBusy", digits: 0, unit: 0.01 };
const memory: readonly Column[] = [
  { title: "memory before, MiB", figure: "beforeBytes", digits: 1, unit: MIB },
  { title: "memory after, MiB", figure: "afterBytes", digits: 1, unit: MIB },
];

const generatorBusy: Column = {
  title: "generator busy, %",
  figure: "generatorBusy",
  digits: 0,
  unit: 0.01,
};

const arrivals: readonly Column[] = [
  { ...deliveries, title: "entries/s, thousands" },
  ...LATENCIES,
  serverBusy,
  generatorBusy,
  ...memory,
];

function columnsOf({ kind, against = [] }: Scenario): readonly Column[] {
  const ratios = (figure: Figure, name = "") =>
    against.map((server): Column => {
      return { title: `${name}× ${shortTitleOf(server)}`, figure, digits: 2, against: server };
    });
  switch (kind) {
    case "closed":
      return [
        deliveries,
        ...ratios("deliveriesPerSecond"),
        ...LATENCIES,
        serverBusy,
        generatorBusy,
        ...memory,
        { title: "worst lag, messages", figure: "lagMessages", digits: 0 },
      ];
    case "open":
      return [
        deliveries,
        ...LATENCIES,
        ...ratios("p50Ms", "p50 "),
        ...ratios("p99Ms", "p99 "),
        serverBusy,
        { title: "sent late p99, ms", figure: "sentLateP99Ms", digits: 2 },
        ...memory,
      ];
    case "idle":
      return [
        { title: "KiB a connection", figure: "bytesPerConnection", digits: 2, unit: 1024 },
        ...ratios("bytesPerConnection"),
        ...memory,
        ...ratios("afterBytes", "memory after "),
      ];
    case "join":
      return [
        { title: "joins/s", figure: "joinsPerSecond", digits: 0 },
        ...ratios("joinsPerSecond"),
        ...arrivals,
      ];
    case "resume":
      return arrivals;
    case "reading":
      return [
        deliveries,
        ...ratios("deliveriesPerSecond"),
        ...LATENCIES,
        ...ratios("p99Ms", "p99 "),
        serverBusy,
        generatorBusy,
        { title: "sent late p99, ms", figure: "sentLateP99Ms", digits: 2 },
        { title: "KiB a reader", figure: "bytesPerConnection", digits: 2, unit: 1024 },
        ...memory,
      ];
  }
}

/**
 * Takes a figure out of the outcomes of a server.
 *
 * @param outcomes The outcomes of a scenario; without any if it was not run.
 * @param server The server's name.
 * @param figure The figure.
 * @returns A value for each run; undefined where there is none.
 */
export function figuresOf(
  outcomes: Outcomes | undefined,
  server: string,
  figure: Figure,
): (number | undefined)[] {
  return (outcomes?.get(server) ?? []).map((outcome) =>
    "failed" in outcome ? undefined : outcome.figures[figure]
  );
}

function spreadIn(outcomes: Outcomes, server: string, column: Column): Spread | undefined {
  const { figure, unit = 1, against, minus } = column;
  const valuesOf = (server: string) =>
    figuresOf(outcomes, server, figure).map((value) => value === undefined ? value : value / unit);
  if (against !== undefined) return ratioOf(valuesOf(server), valuesOf(against));
  if (minus !== undefined) return differenceOf(valuesOf(server), valuesOf(minus));
  return spreadOf(valuesOf(server).filter((value) => value !== undefined));
}

/**
 * Says whether something else than the server may have set the figures of a measurement.
 *
 * @param kind The kind of scenario.
 * @param outcome The measurement.
 * @returns What to note, or undefined if the figures are the server's own. In a closed loop, and
 * while clients join, it counts who was busy, in an open loop whether messages were sent late.
 */
export function limitNote(kind: Scenario["kind"], outcome: Outcome): string | undefined {
  if ("failed" in outcome) return undefined;
  const { generatorBusy = 0, serverBusy = 0, sentLateP99Ms = 0 } = outcome.figures;
  const generatorNote = "**the generator was the limit**";
  switch (kind) {
    case "closed":
    case "join":
      if (generatorBusy >= BUSY_MIN) {
        return serverBusy < BUSY_MIN ? generatorNote : "both were busy";
      }
      return serverBusy < BUSY_MIN ? "**not saturated: neither was busy**" : undefined;
    case "open":
    case "reading":
      return sentLateP99Ms > SENT_LATE_MS_MAX ? generatorNote : undefined;
    case "idle":
    case "resume":
      return undefined;
  }
}

/**
 * Writes what is to be noted of a server's runs.
 *
 * @param outcomes What came of them.
 * @param limitOf Says whether something else may have set the figures.
 * @param last What a reader must know in any case.
 */
export function notesOf(
  outcomes: readonly Outcome[],
  limitOf: (outcome: Outcome) => string | undefined,
  last?: string,
): string {
  const counts = new Map<string, number>();
  const note = (text: string) => counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const outcome of outcomes) {
    const limit = limitOf(outcome);
    if (limit !== undefined) note(limit);
    if ("failed" in outcome) note(`**failed**: ${outcome.failed}`);
    else for (const fault of outcome.faults) note(`**${fault}**`);
  }
  const notes = [...counts].map(([text, count]) => `${text}, in ${count} of ${outcomes.length}`);
  if (last !== undefined) notes.push(last);
  return notes.join("; ");
}

/**
 * Writes a table.
 *
 * @param head The titles of its columns.
 * @param rows The cells; what would break the table in them is replaced.
 * @returns Markdown.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll(/\s+/g, " ").replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = head.map((_, index) => index === 0 || index === head.length - 1 ? "---" : "--:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** A row of a table of figures. */
export interface Row {
  /** What is measured: the name of its outcomes. */
  readonly name: string;
  readonly title: string;
  readonly notes: string;
}

/**
 * Writes a table of figures.
 *
 * @param columns The columns between title and notes.
 * @param rows The rows.
 * @param outcomes What came of each.
 * @returns Markdown.
 */
export function figureTable(
  columns: readonly Column[],
  rows: readonly Row[],
  outcomes: Outcomes,
): string {
  return table(
    ["server", ...columns.map(({ title }) => title), "notes"],
    rows.map(({ name, title, notes }) => [
      title,
      ...columns.map((column) => formatSpread(spreadIn(outcomes, name, column), column.digits)),
      notes,
    ]),
  );
}

/**
 * Writes the table of a scenario.
 *
 * @param scenario The scenario.
 * @param outcomes What came of it; a server without an outcome is left out.
 * @returns Markdown.
 */
export function scenarioTable(scenario: Scenario, outcomes: Outcomes): string {
  const rows = Object.entries(SERVERS).flatMap(([name, { title, note }]) => {
    const runs = outcomes.get(name);
    if (runs === undefined) return [];
    return [{
      name,
      title,
      notes: notesOf(runs, (outcome) => limitNote(scenario.kind, outcome), note),
    }];
  });
  return figureTable(columnsOf(scenario), rows, outcomes);
}

/**
 * Writes the latencies of each run, of all servers that were measured side by side.
 *
 * @param outcomes What came of a scenario.
 * @returns Markdown.
 */
export function pairTable(outcomes: Outcomes): string {
  const names = Object.keys(SERVERS).filter((name) => outcomes.has(name));
  const runs = Math.max(...names.map((name) => outcomes.get(name)!.length));
  const columns = LATENCIES.flatMap((column) => names.map((name) => ({ name, ...column })));
  const rows = Array.from({ length: runs }, (_, run) => [
    String(run + 1),
    ...columns.map(({ name, figure, digits }) => {
      const value = figuresOf(outcomes, name, figure)[run];
      return formatSpread(value === undefined ? undefined : spreadOf([value]), digits);
    }),
  ]);
  const titles = columns.map(({ name, title }) => `${shortTitleOf(name)}: ${title}`);
  return table(["run", ...titles], rows);
}
