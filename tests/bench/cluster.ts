/**
 * Starts what a setup is made of, and has it measured.
 *
 * @module
 */

import { TestRedis } from "../support/redis.ts";
import type { Outcome } from "./job.ts";
import { EVERY_CORE, generate, type RunningServer, startServer } from "./processes.ts";
import type { Scenario } from "./scenarios.ts";
import { SERVERS } from "./servers.ts";
import { SETUPS } from "./setups.ts";

/** The limit of a user's messages is counted in Redis, and not reached. */
const ENDLESS = { MESSAGES_PER_SECOND: "1000000", MESSAGES_BURST: "1000000" };

/** Those that are about to start too: a benchmark may be interrupted then. */
const running = new Set<Promise<TestRedis>>();

/** Ends every Redis that still runs. */
export async function endAllRedis(): Promise<void> {
  await Promise.all([...running].map(end));
}

/**
 * Measures a setup once: fresh processes, none of which has a core of its own.
 *
 * @param name The setup's name.
 * @param scenario The load.
 * @param seconds Length of the measured interval.
 * @returns What came of it.
 */
export async function measureSetup(
  name: string,
  scenario: Scenario,
  seconds: number,
): Promise<Outcome> {
  const { instances, transport, keeping } = SETUPS[name]!;
  const server = SERVERS[transport === "frames" ? "natter-frames-rich" : "natter-rich"]!;
  const servers: RunningServer[] = [];
  const starting = keeping === undefined ? undefined : TestRedis.start(keeping);
  if (starting !== undefined) running.add(starting);
  let outcome: Outcome;
  try {
    const redis = await starting;
    const store = redis === undefined ? { DATABASE: ":memory:" } : { REDIS_URL: redis.url };
    for (let index = 0; index < instances; index++) {
      servers.push(await startServer(server, { ...ENDLESS, ...store }, EVERY_CORE));
    }
    outcome = await generate({
      ports: servers.map(({ port }) => port),
      pids: servers.map(({ pid }) => pid),
      ...redis && { redis: { pid: redis.pid, port: redis.port } },
      dialect: "rich",
      toSender: true,
      scenario,
      seconds,
    }, EVERY_CORE);
  } catch (error) {
    outcome = { failed: error instanceof Error ? error.message : String(error) };
  }
  const ends = await Promise.all(servers.map((server) => server.end()));
  if (starting !== undefined) await end(starting);
  const ended = ends.find((end) => end !== undefined);
  return ended === undefined ? outcome : { failed: ended };
}

async function end(starting: Promise<TestRedis>): Promise<void> {
  if (!running.delete(starting)) return;
  // One that did not start has nothing to end.
  const redis = await starting.catch(() => undefined);
  await redis?.[Symbol.asyncDispose]();
}
