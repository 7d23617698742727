/**
 * The report: machine, targets, tables, and how it was measured.
 *
 * @module
 */

import {
  FIRST_CLIENTS,
  FIRST_RESUMES,
  IDLE_SETTLE_MS,
  MEASURED_TURNS,
  SCENARIOS,
  TIMED_CLIENTS_MAX,
  titleOf,
  TURNS_WAIT_SECONDS,
  UNDER_WAY_MAX,
  WARM_UP_SECONDS,
} from "./scenarios.ts";
import { BUSY_MIN, type Outcomes, pairTable, scenarioTable, SENT_LATE_MS_MAX } from "./tables.ts";
import { TARGETS, targetTable } from "./targets.ts";

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
    const pairs = scenario.inPairs ? `\nEach run by itself:\n\n${pairTable(outcomes)}\n` : "";
    return `## ${titleOf(scenario)}\n\n${scenarioTable(scenario, outcomes)}\n${pairs}`;
  });
  return `# Benchmarks

Written by \`deno task bench\` on ${today.toISOString().slice(0, 10)}: chat in one room over \
loopback, where what one says goes to all others. Runs: ${runs}. In each, one server after the \
other does the same scenario, in an order that changes. Cells are medians with (least–greatest); \
ratios (×) are taken within each run first. ${place}

${machine}

${targetTable(TARGETS, results)}

${tables.join("\n")}
## How it is measured

- Each measurement has a fresh server process and a fresh generator: WebSocket clients of our own, \
on raw sockets and epoll, that count frames by their headers. A text is \
\`{"sender":"u0001","msg":"000000123456 hi!"}\`; names and bodies have one width.
- Over the **rich** protocol a delivery is an entry in an array, with its room, offset, id and time \
(three times as many bytes), every message is sent with a random \`ref\`, and its ack is part of the \
work. The entries that a client gets must have offsets without a hole, every ack must come, and none \
may be a duplicate's. Natter keeps what is said in \`:memory:\`, or in a fresh SQLite file where a row \
says so. Its limits of rate and connections are off.
- **Closed loop.** As many clients as the window has messages (or all, with several each) are \
senders, spread over the room. A sender says the next when the client half the room further on has \
its last; p50 and p99 are the times from the one to the other. Deliveries are counted at all \
clients, for ${seconds} s after ${WARM_UP_SECONDS} s of warm-up, or until a slow server's window \
has gone round ${MEASURED_TURNS} times, which is waited for ${TURNS_WAIT_SECONDS} s. "Worst lag" is by how \
many messages the client that was most behind was behind all that had been sent.
- **Open loop.** Messages come at a fixed rate, each client in its turn, for ${seconds} s, or for a \
multiple of that (×2 in the scenarios with 200 clients, ×5 where metrics are read). A latency \
counts from when a message was *meant* to be sent to its receipt at ${TIMED_CLIENTS_MAX} clients \
spread over the room, so that a stall is not left out; it includes the generator's own reading.
- **Joining.** One client says so much as each of the others, ${UNDER_WAY_MAX} at a time, shall find; \
p50 and p99 are the times from connecting to the last of these entries, welcome and \`joined\` before \
them.
- **Connecting.** So many clients, ${UNDER_WAY_MAX} at a time; each handshake's accept value is checked. \
The echo wants no name and joins no room.
- **Resuming.** After ${FIRST_RESUMES} that do not count, one client at a time connects with a cursor so \
many entries behind the head; p50 and p99 are the times from connecting to the head, and entries a \
second are over the whole time.
- **Reading.** One client says messages at a fixed rate over a socket, and the others only read: over \
sockets, server-sent events, or polls that are held until there is something. A latency counts from \
when a message was meant to be sent to its receipt at ${TIMED_CLIENTS_MAX} readers.
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
