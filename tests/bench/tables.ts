/**
 * From outcomes to the tables of the report.
 *
 * @module
 */

import type { Figure, Outcome, Scenario } from "./scenarios.ts";
import { type Server, SERVERS, shortTitleOf } from "./servers.ts";
import { formatSpread, ratioOf, type Spread, spreadOf } from "./stats.ts";

/** The outcomes of a scenario: for each server by name, one a run. */
export type Outcomes = ReadonlyMap<string, readonly Outcome[]>;

/** A share of a core from which on a process counts as busy. */
export const BUSY_MIN = 0.9;
/** Lateness of the generator's own sends from which on it blurs the latencies. */
export const SENT_LATE_MS_MAX = 1;

const MIB = 1024 * 1024;

/** A column of a table: a figure, or its ratio to that of another server in the same run. */
interface Column {
  readonly title: string;
  readonly figure: Figure;
  readonly digits: number;
  /** What one unit of the column is in units of the figure; 1 by default. */
  readonly unit?: number;
  /** The server to divide by. */
  readonly against?: string;
}

const deliveries: Column = {
  title: "deliveries/s, thousands",
  figure: "deliveriesPerSecond",
  digits: 1,
  unit: 1000,
};
const latencies: readonly Column[] = [
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
  ...latencies,
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
        ...latencies,
        serverBusy,
        generatorBusy,
        ...memory,
        { title: "worst lag, messages", figure: "lagMessages", digits: 0 },
      ];
    case "open":
      return [
        deliveries,
        ...latencies,
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
        ...latencies,
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
  const { figure, unit = 1, against } = column;
  const values = figuresOf(outcomes, server, figure);
  if (against !== undefined) return ratioOf(values, figuresOf(outcomes, against, figure));
  return spreadOf(values.flatMap((value) => value === undefined ? [] : [value / unit]));
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

function notesOf(kind: Scenario["kind"], server: Server, outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>();
  const note = (text: string) => counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const outcome of outcomes) {
    const limit = limitNote(kind, outcome);
    if (limit !== undefined) note(limit);
    if ("failed" in outcome) note(`**failed**: ${outcome.failed}`);
    else for (const fault of outcome.faults) note(`**${fault}**`);
  }
  const notes = [...counts].map(([text, count]) => `${text}, in ${count} of ${outcomes.length}`);
  if (server.note !== undefined) notes.push(server.note);
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

/**
 * Writes the table of a scenario.
 *
 * @param scenario The scenario.
 * @param outcomes What came of it; a server without an outcome is left out.
 * @returns Markdown.
 */
export function scenarioTable(scenario: Scenario, outcomes: Outcomes): string {
  const columns = columnsOf(scenario);
  const rows = Object.entries(SERVERS).filter(([name]) => outcomes.has(name)).map((
    [name, server],
  ) => [
    server.title,
    ...columns.map((column) => formatSpread(spreadIn(outcomes, name, column), column.digits)),
    notesOf(scenario.kind, server, outcomes.get(name)!),
  ]);
  return table(["server", ...columns.map(({ title }) => title), "notes"], rows);
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
  const columns = latencies.flatMap((column) => names.map((name) => ({ name, ...column })));
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
