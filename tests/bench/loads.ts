/**
 * The loads of a room in which everybody is: each from the first connection to the last check.
 *
 * @module
 */

import { Histogram } from "./histogram.ts";
import { ackPercentiles, Interval, percentiles } from "./interval.ts";
import type { Measurement, Subject } from "./job.ts";
import { usageOfAll } from "./proc.ts";
import { RedisProbe } from "./redis_probe.ts";
import { nowMicros, type Room } from "./room.ts";
import {
  type ClosedScenario,
  FIRST_CLIENTS,
  IDLE_SETTLE_MS,
  type IdleScenario,
  MEASURED_TURNS,
  type OpenScenario,
  RATE_NOT_HELD,
  TIMED_CLIENTS_MAX,
  TURNS_WAIT_SECONDS,
  WARM_UP_SECONDS,
  WARM_UP_TURNS,
} from "./scenarios.ts";

/** How often to look which client lags most. */
const LAG_EVERY_MS = 50;
/** A client that is this many windows behind is one that the server leaves behind. */
const LAG_WINDOWS_MAX = 10;
/** Share of the intended deliveries that a server must make in the interval to hold the rate. */
const RATE_HELD_MIN = 0.98;

/**
 * Keeps a window of messages under way. As many clients as the window is large (or all, with
 * several messages each) are senders, spread over the room; the client half the room further on
 * watches one of them, and when it sees a message of this one, the sender says the next.
 *
 * @param room An empty room.
 * @param scenario The scenario.
 * @param seconds The least length of the measured interval.
 * @param subject The processes that are measured.
 * @returns Deliveries to all clients in the interval, and the time from a message to its watcher.
 */
export async function closedLoop(
  room: Room,
  { clients, window }: ClosedScenario,
  seconds: number,
  subject: Subject,
): Promise<Measurement> {
  await room.enter(clients);
  room.meet();
  const beforeBytes = usageOfAll(subject.pids).rssBytes;

  const senders = Math.min(window, clients);
  const senderAt = (index: number) => Math.floor(index * clients / senders);
  for (let index = 0; index < senders; index++) {
    const watcher = (senderAt(index) + Math.floor(clients / 2)) % clients;
    room.watch(watcher, senderAt(index));
  }
  let seen = 0;
  let open = true;
  let latencies = new Histogram(), acks = new Histogram();
  room.onDelivery = (sender, micros) => {
    latencies.add(nowMicros() - micros);
    seen++;
    if (open) room.say(sender);
  };
  room.onAck = (micros) => acks.add(nowMicros() - micros);

  let lagMessages = 0;
  const turn = (leastSeconds: number, turns: number) => {
    const began = performance.now();
    const seenEnough = seen + turns * window;
    let lagAt = began;
    for (;;) {
      room.poll(10);
      const now = performance.now();
      const elapsed = (now - began) / 1000;
      if (elapsed >= leastSeconds && (seen >= seenEnough || elapsed >= TURNS_WAIT_SECONDS)) return;
      if (now < lagAt) continue;
      lagMessages = Math.max(lagMessages, room.lag);
      lagAt = now + LAG_EVERY_MS;
    }
  };

  for (let index = 0; index < window; index++) room.say(senderAt(index % senders));
  turn(WARM_UP_SECONDS, WARM_UP_TURNS);
  latencies = new Histogram();
  acks = new Histogram();
  lagMessages = 0;
  const interval = new Interval(room, subject);
  turn(seconds, MEASURED_TURNS);
  const figures = {
    ...interval.end(),
    ...percentiles(latencies),
    ...ackPercentiles(acks),
    lagMessages,
  };
  open = false;
  const faults = room.settle();
  if (lagMessages > LAG_WINDOWS_MAX * window) {
    faults.push(`a client lagged ${lagMessages} messages`);
  }
  return {
    figures: { ...figures, beforeBytes, afterBytes: usageOfAll(subject.pids).rssBytes },
    faults,
  };
}

/**
 * Says messages at a fixed rate, each client in its turn. A latency counts from when a message was
 * meant to be sent, so that a server that stalls can't hide it by stalling the sender.
 *
 * @param room An empty room.
 * @param scenario The scenario.
 * @param seconds The usual length of the measured interval.
 * @param subject The processes that are measured.
 * @returns Deliveries to all clients in the interval, and latencies to the timed ones.
 */
export async function openLoop(
  room: Room,
  { clients, messagesPerSecond, otherRooms, burst = 1, intervals = 1 }: OpenScenario,
  seconds: number,
  subject: Subject,
): Promise<Measurement> {
  await room.enter(clients);
  if (otherRooms !== undefined) {
    await room.enter(otherRooms, { ownRoom: true });
    room.pollFor(IDLE_SETTLE_MS);
  }
  room.meet();
  const beforeBytes = usageOfAll(subject.pids).rssBytes;

  const timed = Math.min(clients, TIMED_CLIENTS_MAX);
  for (let index = 0; index < timed; index++) room.watch(Math.floor(index * clients / timed));
  const latencies = new Histogram();
  const acks = new Histogram();
  const lateness = new Histogram();
  const start = nowMicros() + 10_000;
  const from = start + WARM_UP_SECONDS * 1e6;
  const to = from + intervals * seconds * 1e6;
  room.onDelivery = (_sender, micros) => {
    if (micros >= from) latencies.add(nowMicros() - micros);
  };
  room.onAck = (micros) => {
    if (micros >= from) acks.add(nowMicros() - micros);
  };

  let interval: Interval | undefined;
  const step = burst * 1e6 / messagesPerSecond;
  for (let index = 0, due = start; due < to; due = start + ++index * step) {
    const lateMicros = pollUntil(room, due);
    if (due >= from) {
      interval ??= new Interval(room, subject);
      lateness.add(lateMicros);
    }
    for (let nth = index * burst; nth < (index + 1) * burst; nth++) room.say(nth % clients, due);
  }
  pollUntil(room, to);
  const figures = interval!.end();
  const faults = room.settle();
  // Every message goes to all but its sender: that is the least that any server here delivers.
  const intended = messagesPerSecond * (clients - 1);
  if (figures.deliveriesPerSecond < RATE_HELD_MIN * intended) faults.push(RATE_NOT_HELD);
  return {
    figures: {
      ...figures,
      ...percentiles(latencies),
      ...ackPercentiles(acks),
      sentLateP99Ms: lateness.percentile(0.99) / 1000,
      beforeBytes,
      afterBytes: usageOfAll(subject.pids).rssBytes,
    },
    faults,
  };
}

/** Handles what comes until a time; returns by how much it was missed, in microseconds. */
function pollUntil(room: Room, micros: number): number {
  for (;;) {
    const left = micros - nowMicros();
    if (left <= 0) return -left;
    // epoll counts in milliseconds: sleep while there are some left, then look without sleeping.
    room.poll(Math.floor(left / 1000));
  }
}

/**
 * Connects clients that stay silent.
 *
 * @param room An empty room.
 * @param scenario The scenario.
 * @param subject The processes that are measured.
 * @returns The server's memory before and after, and a connection's share of the difference.
 */
export async function idle(
  room: Room,
  { clients }: IdleScenario,
  subject: Subject,
): Promise<Measurement> {
  await room.enter(FIRST_CLIENTS);
  room.meet();
  room.pollFor(IDLE_SETTLE_MS);
  const beforeBytes = usageOfAll(subject.pids).rssBytes;
  const redis = subject.redis && new RedisProbe(subject.redis.port);
  const redisBytes = redis?.counts().usedBytes ?? 0;
  await room.enter(clients);
  room.pollFor(IDLE_SETTLE_MS);
  const afterBytes = usageOfAll(subject.pids).rssBytes;
  const bytesPerConnection = (afterBytes - beforeBytes) / clients;
  const ofRedis = redis &&
    { redisBytesPerConnection: (redis.counts().usedBytes - redisBytes) / clients };
  return {
    figures: { beforeBytes, afterBytes, bytesPerConnection, ...ofRedis },
    faults: room.settle(),
  };
}
