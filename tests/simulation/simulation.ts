/**
 * The simulation: one run from one seed.
 *
 * @module
 */

import { ROOMS } from "./acts.ts";
import { finish } from "./ending.ts";
import { Random } from "./random.ts";
import type { Sabotage, Settings } from "./server.ts";
import { step } from "./steps.ts";
import { Violation } from "./trace.ts";
import { World } from "./world.ts";

/** What is to be run. */
export interface Run {
  /** From this everything follows. */
  readonly seed: number;
  /** How many steps before everything comes to rest. */
  readonly steps: number;
  /** What is broken on purpose. */
  readonly sabotage?: Sabotage;
}

/** What a run was. */
export interface RunResult {
  /** A hash of all that happened. */
  readonly hash: string;
  /** How often each kind of thing happened. */
  readonly counts: ReadonlyMap<string, number>;
}

/** A run in which something was wrong. */
export class SimulationError extends Error {
  /** Always `SimulationError`. */
  override readonly name = "SimulationError";
  /** What should have held. */
  readonly invariant: string;

  /**
   * @param run What was run.
   * @param violation What was wrong.
   * @param tail What happened last.
   */
  constructor({ seed, steps }: Run, violation: Violation, tail: readonly string[]) {
    super([
      `seed ${seed}: ${violation.message}`,
      `again: deno task simulate --seed ${seed} --runs 1 --steps ${steps}`,
      ...tail,
    ].join("\n  "));
    this.invariant = violation.invariant;
  }
}

/**
 * Runs one simulation.
 *
 * @param run What is to be run.
 * @throws {SimulationError} If something is wrong.
 */
export async function simulate(run: Run): Promise<RunResult> {
  const random = new Random(run.seed);
  const world = new World(random, createSettings(random), run.sabotage ?? {});
  try {
    await populate(world);
    for (let left = run.steps; left > 0; left--) await step(world);
    await finish(world);
    return { hash: world.trace.hash, counts: world.trace.counts };
  } catch (error) {
    const violation = world.trace.violation ?? error;
    if (!(violation instanceof Violation)) throw error;
    throw new SimulationError(run, violation, world.trace.tail);
  } finally {
    world.close();
  }
}

function createSettings(random: Random): Settings {
  return {
    bodyBytesMax: random.pick([200, 200, 1000, 8192, 60_000]),
    messagesPerSecond: random.pick([0, 0, 0, 20]),
    messagesBurst: 30,
    sendBufferBytesMax: random.pick([2000, 2000, 20_000, 1_000_000]),
    stallSeconds: random.pick([2, 20]),
    historyOnJoin: random.pick([0, 3, 50, 500]),
    historyMessagesMax: random.pick([3, 20, 100, 1000]),
    nameHoldSeconds: random.pick([3, 30]),
  };
}

/** Two tabs of one user, a user on both protocols, users without keys, and one who wants another's name. */
async function populate(world: World): Promise<void> {
  const { random } = world;
  const people = [
    ["alice1", "Alice", "a", false],
    ["alice2", "Alice", "a", false],
    ["bob", "Bob", "b", false],
    ["bob plain", "bob", "b", true],
    ["bob plain 2", "bob", "b", true],
    ["carol", "carol", undefined, false],
    ["dave", "dave", undefined, true],
    ["erin", "erin", "e", false],
    ["not alice", "alice", "x", false],
    ["not dave", "Dave", undefined, true],
  ] as const;
  for (const [label, username, keyHash, isPlain] of people) {
    const rooms = isPlain ? [random.pick(ROOMS)] : ROOMS.slice(0, 1 + random.below(2));
    world.add({ label, username, keyHash, isPlain }, rooms);
  }
  // More readers than are served in one turn, and at times more than presence names.
  const crowd = random.weighted([[30, 0], [2, 130], [0.5, 215]]);
  for (let number = 0; number < crowd; number++) {
    const person = {
      label: `c${number}`,
      username: `c${number}`,
      keyHash: undefined,
      isQuiet: true,
    };
    const client = world.add({ ...person, isPlain: random.chance(0.7) }, [ROOMS[0]]);
    await world.connect(client, true);
  }
}
