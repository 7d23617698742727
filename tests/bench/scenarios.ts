/**
 * What is measured: the scenarios, and the figures that each yields.
 *
 * @module
 */

/** Everyone in one room; `window` messages are always under way. */
export interface ClosedScenario {
  readonly kind: "closed";
  readonly clients: number;
  readonly window: number;
}

/** Everyone in one room; messages come at a fixed rate, whatever the server does. */
export interface OpenScenario {
  readonly kind: "open";
  readonly clients: number;
  readonly messagesPerSecond: number;
}

/** `clients` more connect to a room and stay silent. */
export interface IdleScenario {
  readonly kind: "idle";
  readonly clients: number;
}

/** A scenario. */
export type Scenario = ClosedScenario | OpenScenario | IdleScenario;

/** The scenarios by name, in the order of the report. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "closed-100": { kind: "closed", clients: 100, window: 200 },
  "closed-1000": { kind: "closed", clients: 1000, window: 200 },
  "open-100": { kind: "open", clients: 100, messagesPerSecond: 400 },
  "open-1000": { kind: "open", clients: 1000, messagesPerSecond: 40 },
  "idle-2000": { kind: "idle", clients: 2000 },
};

/** How long a load runs before it is measured: code is compiled, buffers have grown. */
export const WARM_UP_SECONDS = 1;
/** A closed loop is warm when its window has gone round this often. */
export const WARM_UP_TURNS = 1;
/** It is measured until its window has gone round this often, and for the interval at least. */
export const MEASURED_TURNS = 2;
/** Time after which a slow server's turns are not waited for. */
export const TURNS_WAIT_SECONDS = 8;
/** Clients whose deliveries are timed in an open loop, spread over the room. */
export const TIMED_CLIENTS_MAX = 32;
/** Silent clients that are there when memory is first read: what the first load does not count. */
export const FIRST_CLIENTS = 100;
/** Time for a server to be done with what connecting left behind. */
export const IDLE_SETTLE_MS = 1_500;

/**
 * Counts the clients of a scenario.
 *
 * @param scenario The scenario.
 * @returns How many connect in all.
 */
export function clientsIn({ kind, clients }: Scenario): number {
  return kind === "idle" ? FIRST_CLIENTS + clients : clients;
}

/**
 * Names a scenario for a reader.
 *
 * @param scenario The scenario.
 * @returns A headline.
 */
export function titleOf(scenario: Scenario): string {
  switch (scenario.kind) {
    case "closed":
      return `Closed loop, ${scenario.clients} clients, ${scenario.window} messages under way`;
    case "open":
      return `Open loop, ${scenario.clients} clients, ${scenario.messagesPerSecond} messages a second`;
    case "idle":
      return `Idle, ${scenario.clients} connections`;
  }
}

/** A figure's name, its unit last. */
export type Figure =
  | "deliveriesPerSecond"
  | "p50Ms"
  | "p99Ms"
  | "lagMessages"
  | "sentLateP99Ms"
  | "serverBusy"
  | "generatorBusy"
  | "beforeBytes"
  | "afterBytes"
  | "bytesPerConnection";

/** What one run of a scenario against a server gave. */
export interface Measurement {
  /** The figures that this kind of scenario has. */
  readonly figures: Readonly<Partial<Record<Figure, number>>>;
  /** What the server did wrong: the figures stand, but not without these words. */
  readonly faults: readonly string[];
}

/** A measurement, or why there is none. */
export type Outcome = Measurement | { readonly failed: string };

/** What the load generator is told. */
export interface Job {
  /** Where the server listens on this machine. */
  readonly port: number;
  /** The server's process. */
  readonly pid: number;
  /** The name of its dialect. */
  readonly dialect: string;
  /** Whether a sender gets its own messages too. */
  readonly toSender: boolean;
  readonly scenario: Scenario;
  /** Length of the measured interval. */
  readonly seconds: number;
}
