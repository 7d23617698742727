/**
 * What is measured of several instances: Natter over one Redis beside Natter by itself, under the same loads.
 *
 * @module
 */

import type { Keeping } from "../support/redis.ts";
import type { Scenario } from "./scenarios.ts";

/** Natter in so many processes. */
export interface Setup {
  /** What the report calls it. */
  readonly title: string;
  /** Processes of the server. */
  readonly instances: number;
  /** What serves; `serve` by default. */
  readonly transport?: "frames";
  /** What the Redis keeps that they share; without it the log is the local one, in `:memory:`. */
  readonly keeping?: Keeping;
}

/** The setup with which the others are compared. */
export const LOCAL = "local";

/** The setups by name, in the order of the report. */
export const SETUPS: Readonly<Record<string, Setup>> = {
  [LOCAL]: { title: "the local log", instances: 1 },
  "local-frames": { title: "the local log, on its own frames", instances: 1, transport: "frames" },
  "redis-1": { title: "1 instance over Redis", instances: 1, keeping: "nothing" },
  "redis-1-frames": {
    title: "1 instance over Redis, on its own frames",
    instances: 1,
    transport: "frames",
    keeping: "nothing",
  },
  "redis-1-kept": {
    title: "1 instance over Redis, which keeps it (`everysec`)",
    instances: 1,
    keeping: "a second's worth less",
  },
  "redis-2": { title: "2 instances over Redis", instances: 2, keeping: "nothing" },
  "redis-4": { title: "4 instances over Redis", instances: 4, keeping: "nothing" },
};

const EVERY_COUNT = [LOCAL, "redis-1", "redis-2", "redis-4"];

/** The rate at which round trips are counted: messages a second. */
export const COUNTED_RATE = 5000;

/** The loads by name, in the order of the report. */
export const CLUSTER_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "hop": {
    kind: "open",
    clients: 50,
    messagesPerSecond: 100,
    intervals: 3,
    servers: EVERY_COUNT,
  },
  "counted": {
    kind: "open",
    clients: 20,
    messagesPerSecond: COUNTED_RATE,
    // A message each 0.2 ms would keep the generator from sleeping, on cores that it shares.
    burst: 25,
    intervals: 2,
    servers: EVERY_COUNT,
  },
  "appends": {
    kind: "closed",
    clients: 20,
    window: 1000,
    servers: [...EVERY_COUNT, "redis-1-kept"],
  },
  "deliveries": { kind: "closed", clients: 1000, window: 200, servers: EVERY_COUNT },
  "join": { kind: "join", clients: 2000, entries: 50, servers: [LOCAL, "redis-1", "redis-2"] },
  "idle": {
    kind: "idle",
    clients: 4000,
    servers: [LOCAL, "local-frames", "redis-1", "redis-1-frames"],
  },
};
