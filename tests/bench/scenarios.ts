/**
 * What is measured: the scenarios, and the figures that each yields.
 *
 * @module
 */

interface Common {
  /** The names of the servers that it is for. */
  readonly servers: readonly string[];
  /** The servers that the table divides by. */
  readonly against?: readonly string[];
  /** Whether the report shows the latencies of each run, and not only what is in the middle. */
  readonly inPairs?: boolean;
}

/** Everyone in one room; `window` messages are always under way. */
export interface ClosedScenario extends Common {
  readonly kind: "closed";
  readonly clients: number;
  readonly window: number;
}

/** Everyone in one room; messages come at a fixed rate, whatever the server does. */
export interface OpenScenario extends Common {
  readonly kind: "open";
  readonly clients: number;
  readonly messagesPerSecond: number;
  /** Silent clients beside them, each in a room of its own. */
  readonly otherRooms?: number;
  /** Messages that come at once, and then so much later the next; 1 by default. */
  readonly burst?: number;
  /** How many times the usual interval is measured. */
  readonly intervals?: number;
}

/** `clients` more connect to a room and stay silent. */
export interface IdleScenario extends Common {
  readonly kind: "idle";
  readonly clients: number;
}

/** `clients` come into a room in which `entries` have been said, and receive them; 0: it is about the handshakes. */
export interface JoinScenario extends Common {
  readonly kind: "join";
  readonly clients: number;
  readonly entries: number;
}

/** One client after the other comes back to a position `entries` behind the head. */
export interface ResumeScenario extends Common {
  readonly kind: "resume";
  readonly entries: number;
}

/** One client says so much a second, and `clients` read it. */
export interface ReadingScenario extends Common {
  readonly kind: "reading";
  readonly clients: number;
  readonly messagesPerSecond: number;
  /** How many times the usual interval is measured. */
  readonly intervals?: number;
}

/** How Natter is read over HTTP. */
export type ReadingTransport = "poll" | "events";

/** A scenario. */
export type Scenario =
  | ClosedScenario
  | OpenScenario
  | IdleScenario
  | JoinScenario
  | ResumeScenario
  | ReadingScenario;

const PLAIN = [
  "natter",
  "natter-frames-plain",
  "deno-raw",
  "ws-node",
  "socketio",
  "bun-pub",
  "bun-batch",
];
const AGAINST_PLAIN = ["deno-raw", "natter"];
const RICH = ["natter-rich", "natter-frames-rich", "natter-rich-file"];

/** The scenarios by name, in the order of the report. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "closed-100": {
    kind: "closed",
    clients: 100,
    window: 200,
    servers: PLAIN,
    against: AGAINST_PLAIN,
  },
  "closed-100-20": {
    kind: "closed",
    clients: 100,
    window: 20,
    servers: ["natter-frames-plain", "deno-net", "bun-pub"],
    against: ["bun-pub"],
  },
  "closed-1000": {
    kind: "closed",
    clients: 1000,
    window: 200,
    servers: [...PLAIN, ...RICH],
    against: [...AGAINST_PLAIN, "bun-pub", "bun-batch"],
  },
  "open-100": {
    kind: "open",
    clients: 100,
    messagesPerSecond: 400,
    servers: PLAIN,
    against: AGAINST_PLAIN,
  },
  "open-1000": {
    kind: "open",
    clients: 1000,
    messagesPerSecond: 40,
    servers: PLAIN,
    against: AGAINST_PLAIN,
  },
  "open-200": {
    kind: "open",
    clients: 200,
    messagesPerSecond: 200,
    intervals: 2,
    servers: ["natter-rich", "natter-frames-plain", "deno-net", "bun-pub"],
    against: ["bun-pub"],
    inPairs: true,
  },
  "scraped-300": {
    kind: "open",
    clients: 300,
    messagesPerSecond: 150,
    intervals: 5,
    servers: [
      "natter-rich",
      "natter-rich-scraped",
      "natter-frames-rich",
      "natter-frames-rich-scraped",
    ],
    against: ["natter-rich", "natter-frames-rich"],
    inPairs: true,
  },
  "rooms-10000": {
    kind: "open",
    clients: 200,
    messagesPerSecond: 200,
    otherRooms: 10_000,
    intervals: 2,
    servers: ["natter-rich"],
    inPairs: true,
  },
  "idle-2000": { kind: "idle", clients: 2000, servers: PLAIN, against: AGAINST_PLAIN },
  "idle-8000": {
    kind: "idle",
    clients: 8000,
    servers: ["natter-frames-plain", "deno-raw", "bun-pub"],
    against: ["deno-raw"],
  },
  "idle-10000": {
    kind: "idle",
    clients: 10_000,
    servers: ["natter-rich", "deno-raw"],
    against: ["deno-raw"],
  },
  "connect-4000": {
    kind: "join",
    clients: 4000,
    entries: 0,
    servers: ["natter", "natter-frames-plain", "natter-frames-echo", "deno-raw", "bun-pub"],
    against: ["deno-raw"],
  },
  "join-50": { kind: "join", clients: 2000, entries: 50, servers: RICH },
  "resume-10000": { kind: "resume", entries: 10_000, servers: RICH },
  "poll-1000": {
    kind: "reading",
    clients: 1000,
    messagesPerSecond: 50,
    servers: ["natter-rich", "natter-poll"],
    against: ["natter-rich"],
  },
  "events-1000": {
    kind: "reading",
    clients: 1000,
    messagesPerSecond: 200,
    servers: ["natter-rich", "natter-events"],
    against: ["natter-rich"],
  },
};

/** Clients that are coming in at once: fewer than the backlog of any listener here. */
export const UNDER_WAY_MAX = 64;
/** How long a load runs before it is measured: code is compiled, buffers have grown. */
export const WARM_UP_SECONDS = 1;
/** A closed loop is warm when its window has gone round this often. */
export const WARM_UP_TURNS = 1;
/** It is measured until its window has gone round this often, and for the interval at least. */
export const MEASURED_TURNS = 2;
/** Time after which a slow server's turns are not waited for. */
export const TURNS_WAIT_SECONDS = 8;
/** What is noted of an open loop in which fewer messages went round than were meant to. */
export const RATE_NOT_HELD = "did not hold the rate";
/** Clients whose deliveries are timed in an open loop, spread over the room. */
export const TIMED_CLIENTS_MAX = 32;
/** Silent clients that are there when memory is first read: what the first load does not count. */
export const FIRST_CLIENTS = 100;
/** Time for a server to be done with what connecting left behind. */
export const IDLE_SETTLE_MS = 1_500;
/** Messages under way while a room is given a past. */
export const FILL_WINDOW = 200;
/** Clients that come back before it is measured how long that takes, and the most that do then. */
export const FIRST_RESUMES = 3, RESUMES_MAX = 500;

/**
 * Counts the clients of a scenario.
 *
 * @param scenario The scenario.
 * @returns How many connect in all.
 */
export function clientsIn(scenario: Scenario): number {
  switch (scenario.kind) {
    case "closed":
      return scenario.clients;
    case "open":
      return scenario.clients + (scenario.otherRooms ?? 0);
    case "idle":
      return FIRST_CLIENTS + scenario.clients;
    case "join":
    case "reading":
      return 1 + scenario.clients;
    case "resume":
      return 1 + FIRST_RESUMES + RESUMES_MAX;
  }
}

/**
 * Names a scenario for a reader.
 *
 * @param scenario The scenario.
 * @returns A headline.
 */
export function titleOf(scenario: Scenario): string {
  const count = (number: number) => number.toLocaleString("en");
  switch (scenario.kind) {
    case "closed":
      return `Closed loop, ${
        count(scenario.clients)
      } clients, ${scenario.window} messages under way`;
    case "open": {
      const { clients, messagesPerSecond, otherRooms } = scenario;
      const others = otherRooms === undefined
        ? ""
        : `, beside ${count(otherRooms)} other rooms with a silent reader each`;
      return `Open loop, ${
        count(clients)
      } clients, ${messagesPerSecond} messages a second${others}`;
    }
    case "idle":
      return `Idle, ${count(scenario.clients)} connections`;
    case "join": {
      const clients = `${count(scenario.clients)} clients`;
      return scenario.entries === 0
        ? `Connecting, ${clients}`
        : `Joining, ${clients}, ${scenario.entries} entries each`;
    }
    case "reading":
      return `Reading, ${
        count(scenario.clients)
      } clients, ${scenario.messagesPerSecond} messages a second from one`;
    case "resume":
      return `Resuming ${count(scenario.entries)} entries back, one client after the other`;
  }
}
