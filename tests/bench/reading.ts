/**
 * The load of a room with one who speaks and many who read, over whichever transport.
 *
 * @module
 */

import { Histogram } from "./histogram.ts";
import { HttpReaders } from "./http_readers.ts";
import { Interval, percentiles } from "./interval.ts";
import type { Job, Measurement } from "./job.ts";
import { usageOfAll } from "./proc.ts";
import { nowMicros, Room } from "./room.ts";
import {
  IDLE_SETTLE_MS,
  type ReadingScenario,
  TIMED_CLIENTS_MAX,
  WARM_UP_SECONDS,
} from "./scenarios.ts";

/** How long all readers may take to get what was said last. */
const SETTLE_MS = 5_000;

/** Readers, as far as the load knows them. */
interface Audience {
  readonly receivedTotal: number;
  poll(timeoutMs: number): void;
  settle(said: number): string[];
}

/**
 * Lets one client say messages at a fixed rate to readers who are silent.
 *
 * @param job What is read, and how.
 * @param scenario The scenario.
 * @returns Deliveries to all readers in the interval, latencies to the timed ones, and memory a reader.
 */
export async function reading(
  job: Job,
  { clients, messagesPerSecond, intervals = 1 }: ReadingScenario,
): Promise<Measurement> {
  const { ports, pids, dialect, seconds } = job;
  const isHttp = dialect === "poll" || dialect === "events";
  const room = new Room({ ports, dialect: "rich", toSender: true, clientsMax: 1 + clients });
  await room.enter(1);
  room.pollFor(IDLE_SETTLE_MS);
  const beforeBytes = usageOfAll(pids).rssBytes;
  const latencies = new Histogram();
  const lateness = new Histogram();
  const step = Math.ceil(clients / TIMED_CLIENTS_MAX);
  let from = Infinity;
  const onDelivery = (micros: number) => {
    if (micros >= from) latencies.add(nowMicros() - micros);
  };
  const audience = isHttp ? httpAudience() : await socketAudience();
  pollFor(IDLE_SETTLE_MS);
  const bytesPerConnection = (usageOfAll(pids).rssBytes - beforeBytes) / clients;

  const start = nowMicros() + 10_000;
  from = start + WARM_UP_SECONDS * 1e6;
  const to = from + intervals * seconds * 1e6;
  let interval: Interval | undefined;
  let said = 0;
  for (let due = start; due < to; due = start + said * 1e6 / messagesPerSecond) {
    const lateMicros = pollUntil(due);
    if (due >= from) {
      interval ??= new Interval(audience, job);
      lateness.add(lateMicros);
    }
    room.say(0, due);
    said++;
  }
  pollUntil(to);
  const figures = {
    ...interval!.end(),
    ...percentiles(latencies),
    sentLateP99Ms: lateness.percentile(0.99) / 1000,
    bytesPerConnection,
  };
  const faults = audience.settle(said);
  return { figures: { ...figures, beforeBytes, afterBytes: usageOfAll(pids).rssBytes }, faults };

  function httpAudience(): Audience {
    const readers = new HttpReaders(ports[0]!, dialect as "poll" | "events");
    readers.onDelivery = (reader, micros) => {
      if (reader % step === 0) onDelivery(micros);
    };
    readers.enter(clients);
    return {
      get receivedTotal() {
        return readers.receivedTotal;
      },
      poll: (timeoutMs) => readers.poll(timeoutMs),
      settle(said) {
        const deadline = performance.now() + SETTLE_MS;
        while (readers.missing(said) > 0 && performance.now() < deadline) poll(1);
        const lost = readers.missing(said);
        return [...readers.faults, ...(lost === 0 ? [] : [`lost ${lost}`])];
      },
    };
  }

  async function socketAudience(): Promise<Audience> {
    await room.enter(clients);
    for (let reader = 1; reader <= clients; reader += step) room.watch(reader);
    room.onDelivery = (_sender, micros) => onDelivery(micros);
    return {
      // The one who speaks is told too.
      get receivedTotal() {
        return room.receivedTotal * clients / (1 + clients);
      },
      poll: () => {},
      settle: () => room.settle(),
    };
  }

  /** Sleeps where nearly everything comes. */
  function poll(timeoutMs: number): void {
    room.poll(isHttp ? 0 : timeoutMs);
    audience.poll(timeoutMs);
  }

  /** Handles what comes until a time; returns by how much it was missed, in microseconds. */
  function pollUntil(micros: number): number {
    for (;;) {
      const left = micros - nowMicros();
      if (left <= 0) return -left;
      poll(Math.floor(left / 1000));
    }
  }

  function pollFor(ms: number): void {
    const deadline = performance.now() + ms;
    while (performance.now() < deadline) poll(1);
  }
}
