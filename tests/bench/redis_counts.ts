/**
 * What Redis itself counts, and what follows from it.
 *
 * @module
 */

import { REDIS_PULSE_MS } from "../../lib/limits.ts";
import type { RedisFigure } from "./job.ts";

/** What runs a script. */
const SCRIPT_COMMANDS = ["evalsha", "eval"];
/**
 * Commands that instances send and scripts do not call. What both do is `PUBLISH`, of which the instances' own are
 * their pulses while nobody comes or goes: known by their rate.
 */
const CLIENT_COMMANDS = [...SCRIPT_COMMANDS, "subscribe", "unsubscribe", "ping"];

/** What Redis has done up to a moment. */
export interface RedisCounts {
  /** Calls of {@linkcode CLIENT_COMMANDS}. */
  readonly calls: number;
  /** Scripts that ran, and for how many microseconds. */
  readonly scripts: number;
  readonly scriptMicros: number;
  /** Bytes that it has received and sent. */
  readonly inBytes: number;
  readonly outBytes: number;
  /** Bytes that are allocated now. */
  readonly usedBytes: number;
}

/**
 * Reads Redis's counts.
 *
 * @param info An answer to `INFO` that has the sections `memory`, `stats` and `commandstats`.
 */
export function parseCounts(info: string): RedisCounts {
  const field = (pattern: string) =>
    Number(new RegExp(`^${pattern}(\\d+)`, "m").exec(info)?.[1] ?? 0);
  const sum = (commands: readonly string[], before: string) =>
    commands.reduce((sum, command) => sum + field(`cmdstat_${command}:${before}`), 0);
  return {
    calls: sum(CLIENT_COMMANDS, "calls="),
    scripts: sum(SCRIPT_COMMANDS, "calls="),
    scriptMicros: sum(SCRIPT_COMMANDS, "calls=\\d+,usec="),
    inBytes: field("total_net_input_bytes:"),
    outBytes: field("total_net_output_bytes:"),
    usedBytes: field("used_memory:"),
  };
}

/** What was going on between two counts. */
export interface Meanwhile {
  /** Messages that were appended. */
  readonly messages: number;
  readonly seconds: number;
  /** Instances that were connected. */
  readonly instances: number;
}

/**
 * Makes the figures of an interval.
 *
 * @param before The counts at its beginning.
 * @param after Those at its end.
 * @param meanwhile What was going on.
 * @returns None without a message.
 */
export function figuresOfRedis(
  before: RedisCounts,
  after: RedisCounts,
  { messages, seconds, instances }: Meanwhile,
): Partial<Record<RedisFigure, number>> {
  if (messages === 0) return {};
  const since = (count: keyof RedisCounts) => after[count] - before[count];
  const pulses = instances * seconds * 1000 / REDIS_PULSE_MS;
  return {
    roundTripsPerMessage: (since("calls") + pulses) / messages,
    messagesPerScript: messages / since("scripts"),
    scriptMicros: since("scriptMicros") / since("scripts"),
    inBytesPerMessage: since("inBytes") / messages,
    outBytesPerMessage: since("outBytes") / messages,
    storedBytesPerMessage: since("usedBytes") / messages,
  };
}
