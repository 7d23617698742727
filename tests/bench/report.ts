/**
 * The report: machine, targets, tables, and how it was measured.
 *
 * @module
 */

import {
  FIRST_CLIENTS,
  IDLE_SETTLE_MS,
  MEASURED_TURNS,
  SCENARIOS,
  TIMED_CLIENTS_MAX,
  titleOf,
  TURNS_WAIT_SECONDS,
  WARM_UP_SECONDS,
} from "./scenarios.ts";
import { SERVERS } from "./servers.ts";
import { BUSY_MIN, type Outcomes, scenarioTable, SENT_LATE_MS_MAX, targetTable } from "./tables.ts";

/** What there is to report. */
export interface Findings {
  /** The machine's description, in Markdown. */
  readonly machine: string;
  readonly runs: number;
  /** Length of the measured interval. */
  readonly seconds: number;
  /** Whether each process was kept on a core of its own. */
  readonly isPinned: boolean;
  /** The outcomes of each scenario by name. */
  readonly results: ReadonlyMap<string, Outcomes>;
}

/**
 * Writes the report.
 *
 * @param findings What there is to report.
 * @param today The day to put on it.
 * @returns Markdown.
 */
export function reportOf(findings: Findings, today: Date = new Date()): string {
  const { machine, runs, seconds, isPinned, results } = findings;
  const place = isPinned
    ? "The server has one core (`taskset -c 0`), the load generator another (`taskset -c 1`)."
    : "Servers and load generator were **not** kept on a core each: no `taskset`, or one core.";
  const tables = [...results].map(([name, outcomes]) => {
    const scenario = SCENARIOS[name]!;
    return `## ${titleOf(scenario)}\n\n${scenarioTable(scenario.kind, SERVERS, outcomes)}\n`;
  });
  return `# Benchmarks

Written by \`deno task bench\` on ${today.toISOString().slice(0, 10)}: chat in one room over \
loopback, where what one says goes to all others. Runs: ${runs}. In each, one server after the \
other does the same scenario, in an order that changes. Cells are medians with (least–greatest); \
ratios (×) are taken within each run first. ${place}

${machine}

${targetTable(SCENARIOS, results)}

${tables.join("\n")}
## How it is measured

- Each measurement has a fresh server process and a fresh generator: WebSocket clients of our own, \
on raw sockets and epoll, that count frames by their headers. A text is \
\`{"sender":"u0001","msg":"000000123456 hi!"}\`; names and bodies have one width.
- **Closed loop.** As many clients as the window has messages (or all, with several each) are \
senders, spread over the room. A sender says the next when the client half the room further on has \
its last; p50 and p99 are the times from the one to the other. Deliveries are counted at all \
clients, for ${seconds} s after ${WARM_UP_SECONDS} s of warm-up, or until a slow server's window \
has gone round ${MEASURED_TURNS} times, which is waited for ${TURNS_WAIT_SECONDS} s. "Worst lag" is by how \
many messages the client that was most behind was behind all that had been sent.
- **Open loop.** Messages come at a fixed rate, each client in its turn, for ${seconds} s. A latency \
counts from when a message was *meant* to be sent to its receipt at ${TIMED_CLIENTS_MAX} clients \
spread over the room, so that a stall is not left out; it includes the generator's own reading.
- Afterwards every client must have exactly what the others said, or the row says what was lost or \
too many. A server that ends, drops or refuses a client has failed.
- "Busy" is time on a processor within the interval. A closed row is marked when the generator was \
busy for ${BUSY_MIN * 100} % or more and the server was not, or neither was (the window, or other \
work on the machine, was the limit); an open row when the generator itself \
sent over ${SENT_LATE_MS_MAX} ms late at p99.
- Memory is resident (VmRSS, children included), with everyone connected before the load, and after \
it. A connection's share is that of the growth from ${FIRST_CLIENTS} silent connections to so many \
more, ${IDLE_SETTLE_MS / 1000} s after the last has come.`;
}
