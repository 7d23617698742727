/**
 * The loads of clients that come into a room with a past.
 *
 * @module
 */

import { Histogram } from "./histogram.ts";
import { Interval, percentiles } from "./interval.ts";
import { usageOf } from "./proc.ts";
import type { Room } from "./room.ts";
import {
  FILL_WINDOW,
  FIRST_RESUMES,
  type JoinScenario,
  type Measurement,
  RESUMES_MAX,
  type ResumeScenario,
} from "./scenarios.ts";

/**
 * Lets clients join a room, many at once, in which something has been said.
 *
 * @param room An empty room.
 * @param scenario The scenario.
 * @param pid The server's process.
 * @returns Joins and entries a second, and the time from connecting to the last entry of the past.
 */
export async function join(
  room: Room,
  { clients, entries }: JoinScenario,
  pid: number,
): Promise<Measurement> {
  await room.enter(1);
  room.fill(entries, FILL_WINDOW);
  const beforeBytes = usageOf(pid).rssBytes;
  const latencies = new Histogram();
  room.onReady = (micros) => latencies.add(micros);
  const interval = new Interval(room, pid);
  await room.enter(clients);
  const joinsPerSecond = clients / interval.seconds;
  const figures = { joinsPerSecond, ...interval.end(), ...percentiles(latencies), beforeBytes };
  const faults = room.settle();
  return { figures: { ...figures, afterBytes: usageOf(pid).rssBytes }, faults };
}

/**
 * Lets one client after the other come back to a position far behind the head.
 *
 * @param room An empty room.
 * @param scenario The scenario.
 * @param seconds Length of the measured interval.
 * @param pid The server's process.
 * @returns Entries a second, and the time from connecting to the head.
 */
export async function resume(
  room: Room,
  { entries }: ResumeScenario,
  seconds: number,
  pid: number,
): Promise<Measurement> {
  await room.enter(1);
  room.fill(entries, FILL_WINDOW);
  const resumeOne = () => room.enter(1, { back: entries });
  for (let index = 0; index < FIRST_RESUMES; index++) await resumeOne();
  const beforeBytes = usageOf(pid).rssBytes;
  const latencies = new Histogram();
  room.onReady = (micros) => latencies.add(micros);
  const interval = new Interval(room, pid);
  for (let index = 0; index < RESUMES_MAX && interval.seconds < seconds; index++) await resumeOne();
  const figures = { ...interval.end(), ...percentiles(latencies), beforeBytes };
  const faults = room.settle();
  return { figures: { ...figures, afterBytes: usageOf(pid).rssBytes }, faults };
}
