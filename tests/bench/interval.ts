/**
 * What is measured between two moments of a load.
 *
 * @module
 */

import type { Histogram } from "./histogram.ts";
import type { Subject } from "./job.ts";
import { busySecondsOf, type Usage, usageOf, usageOfAll } from "./proc.ts";
import { figuresOfRedis, type RedisCounts } from "./redis_counts.ts";
import { RedisProbe } from "./redis_probe.ts";

/** Who receives what is counted. */
export interface Receivers {
  /** Deliveries to all of them. */
  readonly receivedTotal: number;
  /** Acknowledgements to all of them, where there are any. */
  readonly acknowledgedTotal?: number;
}

/** What an interval of a load had used at its beginning, and what it has used since. */
export class Interval {
  readonly #receivers: Receivers;
  readonly #subject: Subject;
  readonly #probe: RedisProbe | undefined;
  readonly #counts: RedisCounts | undefined;
  readonly #began: number;
  readonly #received: number;
  readonly #acknowledged: number;
  readonly #before: Readonly<Record<"server" | "redis" | "generator", Usage>>;
  readonly #machine: number;

  /**
   * Begins an interval.
   *
   * @param receivers A room, or other readers.
   * @param subject The processes that are measured.
   */
  constructor(receivers: Receivers, subject: Subject) {
    this.#receivers = receivers;
    this.#subject = subject;
    this.#probe = subject.redis && new RedisProbe(subject.redis.port);
    this.#counts = this.#probe?.counts();
    this.#began = performance.now();
    this.#received = receivers.receivedTotal;
    this.#acknowledged = receivers.acknowledgedTotal ?? 0;
    this.#before = this.#usages();
    this.#machine = machineSeconds();
  }

  /** How long it has lasted. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** The figures of the interval that ends now. */
  end() {
    const { seconds } = this;
    const before = this.#before, now = this.#usages();
    const busy = (who: keyof typeof now) =>
      (now[who].cpuSeconds - before[who].cpuSeconds) / seconds;
    const own = busy("server") + busy("redis") + busy("generator");
    const messages = (this.#receivers.acknowledgedTotal ?? 0) - this.#acknowledged;
    const microsOf = (who: keyof typeof now) => busy(who) * seconds * 1e6 / messages;
    return {
      appendsPerSecond: messages / seconds,
      deliveriesPerSecond: (this.#receivers.receivedTotal - this.#received) / seconds,
      serverBusy: busy("server"),
      generatorBusy: busy("generator"),
      othersBusy: Math.max(0, (machineSeconds() - this.#machine) / seconds - own),
      ...messages > 0 && { serverMicrosPerMessage: microsOf("server") },
      ...this.#probe && {
        redisBusy: busy("redis"),
        ...messages > 0 && { redisMicrosPerMessage: microsOf("redis") },
        ...figuresOfRedis(this.#counts!, this.#probe.counts(), {
          messages,
          seconds,
          instances: this.#subject.pids.length,
        }),
      },
    };
  }

  #usages() {
    const { pids, redis } = this.#subject;
    return {
      server: usageOfAll(pids),
      redis: usageOfAll(redis === undefined ? [] : [redis.pid]),
      generator: usageOf("self"),
    };
  }
}

function machineSeconds(): number {
  return busySecondsOf(Deno.readTextFileSync("/proc/stat"));
}

/**
 * Reads the figures of latencies.
 *
 * @param latencies What was counted.
 */
export function percentiles(latencies: Histogram) {
  return {
    p50Ms: latencies.percentile(0.5) / 1000,
    p99Ms: latencies.percentile(0.99) / 1000,
  };
}

/**
 * Reads the figures of acknowledgements.
 *
 * @param acks What was counted: nothing, over a protocol that has none.
 */
export function ackPercentiles(acks: Histogram) {
  if (acks.total === 0) return {};
  return {
    ackP50Ms: acks.percentile(0.5) / 1000,
    ackP99Ms: acks.percentile(0.99) / 1000,
  };
}
