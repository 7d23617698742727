/**
 * What the load generator is told, and what it tells.
 *
 * @module
 */

import type { DialectName } from "./dialects.ts";
import type { ReadingTransport, Scenario } from "./scenarios.ts";

/** A figure's name, its unit last. */
export type Figure =
  | "appendsPerSecond"
  | "deliveriesPerSecond"
  | "joinsPerSecond"
  | "p50Ms"
  | "p99Ms"
  | "ackP50Ms"
  | "ackP99Ms"
  | "lagMessages"
  | "sentLateP99Ms"
  | "serverBusy"
  | "generatorBusy"
  | "othersBusy"
  | "serverMicrosPerMessage"
  | "beforeBytes"
  | "afterBytes"
  | "bytesPerConnection"
  | RedisFigure;

/** The figures of a Redis and of what goes there. */
export type RedisFigure =
  | "redisBusy"
  | "redisMicrosPerMessage"
  | "roundTripsPerMessage"
  | "messagesPerScript"
  | "scriptMicros"
  | "inBytesPerMessage"
  | "outBytesPerMessage"
  | "storedBytesPerMessage"
  | "redisBytesPerConnection";

/** What one run of a scenario against a server gave. */
export interface Measurement {
  /** The figures that this kind of scenario has. */
  readonly figures: Readonly<Partial<Record<Figure, number>>>;
  /** What the server did wrong: the figures stand, but not without these words. */
  readonly faults: readonly string[];
}

/** A measurement, or why there is none. */
export type Outcome = Measurement | { readonly failed: string };

/** The processes that are looked at while a load runs. */
export interface Subject {
  /** Those of the server: one each instance. */
  readonly pids: readonly number[];
  /** The Redis that they share. */
  readonly redis?: { readonly pid: number; readonly port: number };
}

/** What the load generator is told. */
export interface Job extends Subject {
  /** Where the server listens on this machine: one each instance. */
  readonly ports: readonly number[];
  /** What it speaks. */
  readonly dialect: DialectName | ReadingTransport;
  /** Whether a sender gets its own messages too. */
  readonly toSender: boolean;
  readonly scenario: Scenario;
  /** Length of the measured interval. */
  readonly seconds: number;
}
