/**
 * The loads of clients that come into a room with a past.
 *
 * @module
 */

import { Histogram } from "./histogram.ts";
import { Interval, percentiles } from "./interval.ts";
import type { Measurement, Subject } from "./job.ts";
import { usageOfAll } from "./proc.ts";
import type { Room } from "./room.ts";
import {
  FILL_WINDOW,
  FIRST_RESUMES,
  type JoinScenario,
  RESUMES_MAX,
  type ResumeScenario,
} from "./scenarios.ts";

/**
 * Lets clients join a room, many at once, in which something has been said.
 *
 * @param room An empty room.
 * @param scenario The scenario.
 * @param subject The processes that are measured.
 * @returns Joins and entries a second, and the time from connecting to the last entry of the past.
 */
export async function join(
  room: Room,
  { clients, entries }: JoinScenario,
  subject: Subject,
): Promise<Measurement> {
  await room.enter(1);
  room.fill(entries, FILL_WINDOW);
  const beforeBytes = usageOfAll(subject.pids).rssBytes;
  const latencies = new Histogram();
  room.onReady = (micros) => latencies.add(micros);
  const interval = new Interval(room, subject);
  await room.enter(clients);
  const joinsPerSecond = clients / interval.seconds;
  const figures = { joinsPerSecond, ...interval.end(), ...percentiles(latencies), beforeBytes };
  const faults = room.settle();
  return { figures: { ...figures, afterBytes: usageOfAll(subject.pids).rssBytes }, faults };
}

/**
 * Lets one client after the other come back to a position far behind the head.
 *
 * @param room An empty room.
 * @param scenario The scenario.
 * @param seconds Length of the measured interval.
 * @param subject The processes that are measured.
 * @returns Entries a second, and the time from connecting to the head.
 */
export async function resume(
  room: Room,
  { entries }: ResumeScenario,
  seconds: number,
  subject: Subject,
): Promise<Measurement> {
  await room.enter(1);
  room.fill(entries, FILL_WINDOW);
  const resumeOne = () => room.enter(1, { back: entries });
  for (let index = 0; index < FIRST_RESUMES; index++) await resumeOne();
  const beforeBytes = usageOfAll(subject.pids).rssBytes;
  const latencies = new Histogram();
  room.onReady = (micros) => latencies.add(micros);
  const interval = new Interval(room, subject);
  for (let index = 0; index < RESUMES_MAX && interval.seconds < seconds; index++) await resumeOne();
  const figures = { ...interval.end(), ...percentiles(latencies), beforeBytes };
  const faults = room.settle();
  return { figures: { ...figures, afterBytes: usageOfAll(subject.pids).rssBytes }, faults };
}
