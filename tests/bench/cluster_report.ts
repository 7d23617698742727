/**
 * The report on several instances over one Redis.
 *
 * @module
 */

import { REDIS_PULSE_MS } from "../../lib/limits.ts";
import type { Figure, Outcome } from "./job.ts";
import type { Findings } from "./report.ts";
import {
  FIRST_CLIENTS,
  IDLE_SETTLE_MS,
  MEASURED_TURNS,
  RATE_NOT_HELD,
  type Scenario,
  TIMED_CLIENTS_MAX,
  titleOf,
  WARM_UP_SECONDS,
} from "./scenarios.ts";
import { CLUSTER_SCENARIOS, COUNTED_RATE, LOCAL, SETUPS } from "./setups.ts";
import { formatSpread, type Spread, spreadOf } from "./stats.ts";
import {
  type Column,
  figuresOf,
  figureTable,
  LATENCIES,
  limitNote,
  notesOf,
  type Outcomes,
  table,
} from "./tables.ts";

/** Round trips to Redis that a message may cost at {@linkcode COUNTED_RATE}. */
const ROUND_TRIPS_MAX = 0.1;
/** Cores that other work may have before a measurement is one of it too. */
const OTHERS_BUSY_MAX = 0.2;

const thousands = (title: string, figure: Figure): Column => {
  return { title: `${title}/s, thousands`, figure, digits: 1, unit: 1000 };
};
const share = (title: string, figure: Figure): Column => {
  return { title: `${title}, % of a core`, figure, digits: 0, unit: 0.01 };
};
const DELIVERY: readonly Column[] = LATENCIES.map((column) => {
  return { ...column, title: `delivery ${column.title}` };
});
const ACK: readonly Column[] = [
  { title: "ack p50, ms", figure: "ackP50Ms", digits: 2 },
  { title: "ack p99, ms", figure: "ackP99Ms", digits: 2 },
];
const BUSY: readonly Column[] = [
  share("instances", "serverBusy"),
  share("Redis", "redisBusy"),
  share("generator", "generatorBusy"),
  share("other work", "othersBusy"),
];
const LATE: Column = { title: "sent late p99, ms", figure: "sentLateP99Ms", digits: 2 };
const COST: readonly Column[] = [
  { title: "instances, µs a message", figure: "serverMicrosPerMessage", digits: 0 },
  { title: "Redis, µs a message", figure: "redisMicrosPerMessage", digits: 0 },
];
const SCRIPT: readonly Column[] = [
  { title: "messages a script", figure: "messagesPerScript", digits: 1 },
  { title: "µs a script", figure: "scriptMicros", digits: 0 },
];
const REDIS: readonly Column[] = [
  { title: "round trips a message", figure: "roundTripsPerMessage", digits: 3 },
  ...COST,
  ...SCRIPT,
  { title: "bytes to Redis a message", figure: "inBytesPerMessage", digits: 0 },
  { title: "bytes from Redis a message", figure: "outBytesPerMessage", digits: 0 },
  { title: "bytes stored a message", figure: "storedBytesPerMessage", digits: 0 },
];

/** How much later than with the local log, in the same run. */
const added = (columns: readonly Column[]): Column[] =>
  columns.map((column) => ({ ...column, title: `${column.title}: more`, minus: LOCAL }));

function columnsOf(name: string): readonly Column[] {
  switch (name) {
    case "hop":
      return [
        ...ACK,
        ...added(ACK),
        ...DELIVERY,
        ...added(DELIVERY),
        ...COST,
        ...SCRIPT,
        ...BUSY,
        LATE,
      ];
    case "counted":
      return [
        thousands("appends", "appendsPerSecond"),
        ...REDIS,
        ...ACK,
        ...DELIVERY,
        ...BUSY,
        LATE,
      ];
    case "join":
      return [
        { title: "joins/s", figure: "joinsPerSecond", digits: 0 },
        ...LATENCIES,
        ...BUSY,
      ];
    case "idle":
      return [
        { title: "KiB a connection", figure: "bytesPerConnection", digits: 2, unit: 1024 },
        { title: "KiB in Redis", figure: "redisBytesPerConnection", digits: 2, unit: 1024 },
      ];
    default:
      return [
        thousands("appends", "appendsPerSecond"),
        {
          title: `× ${SETUPS[LOCAL]!.title}`,
          figure: "appendsPerSecond",
          digits: 2,
          against: LOCAL,
        },
        thousands("deliveries", "deliveriesPerSecond"),
        ...ACK,
        ...DELIVERY,
        ...BUSY,
        ...COST,
        ...SCRIPT,
      ];
  }
}

/** In a closed loop nobody has a core to be busy on; but nobody else should have one. */
function limitOf({ kind }: Scenario): (outcome: Outcome) => string | undefined {
  return (outcome) => {
    if ("failed" in outcome) return undefined;
    if ((outcome.figures.othersBusy ?? 0) > OTHERS_BUSY_MAX) return "**other work was the limit**";
    return kind === "open" ? limitNote(kind, outcome) : undefined;
  };
}

function scenarioTable(name: string, outcomes: Outcomes): string {
  const rows = Object.entries(SETUPS).flatMap(([setup, { title }]) => {
    const runs = outcomes.get(setup);
    const limit = limitOf(CLUSTER_SCENARIOS[name]!);
    return runs === undefined ? [] : [{ name: setup, title, notes: notesOf(runs, limit) }];
  });
  return figureTable(columnsOf(name), rows, outcomes);
}

/**
 * Writes the table of what is to be reached.
 *
 * @param outcomes What came of counting. The median counts, over the runs at the full rate; of a setup that lost
 * something or failed in any run nothing is reached.
 * @returns Markdown.
 */
export function roundTripTable(outcomes: Outcomes | undefined): string {
  const setups = Object.entries(SETUPS).filter(([setup, { keeping }]) =>
    keeping !== undefined && outcomes?.has(setup)
  );
  const rows = setups.map(([setup, { title }]) => {
    const runs = outcomes!.get(setup)!;
    const held = runs.filter((run) => "failed" in run || !run.faults.includes(RATE_NOT_HELD));
    const values = figuresOf(new Map([[setup, held]]), setup, "roundTripsPerMessage");
    const spread = spreadOf(values.filter((value) => value !== undefined));
    return [
      `round trips a message at ${COUNTED_RATE.toLocaleString("en")} a second, ${title}`,
      `≤ ${ROUND_TRIPS_MAX}`,
      formatSpread(spread, 3),
      verdictOf(spread, runs) +
      (held.length < runs.length
        ? `; ${held.length} of ${runs.length} runs were at that rate`
        : ""),
    ];
  });
  return table(["what", "to reach", "measured", "reached"], rows);
}

function verdictOf(spread: Spread | undefined, runs: readonly Outcome[]): string {
  const isFaulty = runs.some((run) =>
    "failed" in run || run.faults.some((fault) => fault !== RATE_NOT_HELD)
  );
  if (isFaulty) return "**no**: a run was faulty";
  if (spread === undefined) return "not measured";
  return spread.median <= ROUND_TRIPS_MAX ? "yes" : "**no**";
}

/**
 * Writes the report.
 *
 * @param findings What there is to report.
 * @param today The day to put on it.
 * @returns Markdown.
 */
export function clusterReportOf(findings: Findings, today: Date = new Date()): string {
  const { machine, runs, seconds, results } = findings;
  const tables = [...results].map(([name, outcomes]) => {
    return `## ${titleOf(CLUSTER_SCENARIOS[name]!)}\n\n${scenarioTable(name, outcomes)}\n`;
  });
  return `# Benchmarks of several instances

Written by \`deno task bench cluster\` on ${
    today.toISOString().slice(0, 10)
  }: Natter over the rich protocol, with the \
local log in \`:memory:\`, and as one or several instances over one Redis, under the same loads. Runs: ${runs}. In \
each, one setup after the other does the same, in an order that changes. Cells are medians with (least–greatest); \
ratios (×) and differences ("more") are taken within each run first.

**Everything shares these cores:** Redis, all instances and the load generator, and none is kept on one. So the \
tables do not show what instances on machines of their own would reach: more of them have no more processor between \
them here. What carries over is what a message costs each of them, and what the way through Redis adds.

${machine}

${results.has("counted") ? `${roundTripTable(results.get("counted"))}\n\n` : ""}${tables.join("\n")}
## How it is measured

- The generator, its clients and its checks are those of [benchmarks.md](benchmarks.md): everyone in one room, every \
message with a \`ref\`, every ack and every entry counted, offsets without a hole, or the row says so. Processes are \
fresh each time. Each instance has a stretch of the clients, as many as the others.
- **Ack** is the time from a message to its sender's ack; **delivery** is that to its receipt, at \
${TIMED_CLIENTS_MAX} clients spread over all instances in an open loop, where times count from when the message was \
*meant* to be sent; in a closed loop, at the client half the room further on: with several instances always one of \
another instance. Each is measured for ${seconds} s or a multiple of that, after ${WARM_UP_SECONDS} s, or until \
the window has gone round ${MEASURED_TURNS} times.
- **Joining** is that of benchmarks.md: the time from connecting to the last of the entries.
- **Round trips** are the calls that \`INFO commandstats\` has counted within the interval over all connections, \
without what scripts call themselves. Both do \`PUBLISH\`: while nobody comes or goes, the instances' own are their \
pulses, one in ${REDIS_PULSE_MS} ms each, and these are added. µs a script are Redis's own count, mean over all scripts.
- Redis runs without a file, unless a row says \`everysec\`. The limit of a user's messages is on, so that it is \
counted in the scripts, and too high to be reached; those of connections are off.
- Busy is time on a processor within the interval, of all instances together; "other work" is what anybody else had, \
the machine's host included: a row is marked where that was over ${
    OTHERS_BUSY_MAX * 100
  } % of a core, and its rates and \
times are of that work too. µs a message are time on a processor. \
Memory is resident, a connection's share \
that of the growth from ${FIRST_CLIENTS} silent connections to so many more, ${
    IDLE_SETTLE_MS / 1000
  } s after the last; \
Redis's is what it says it has allocated.`;
}
