/**
 * Real servers over a real Redis, to which at random times something happens; writers who say everything until it
 * is stored, and readers who compare what they were told with what is stored in the end.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Random } from "../simulation/random.ts";
import { ROOMS, stored } from "../support/cursor_walker.ts";
import { until } from "../support/deadline.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { FaultReader } from "./fault_reader.ts";
import { Instances, keyOf } from "./support.ts";

/** Milliseconds within which an answer must come, whatever happens: five seconds, and what a busy machine adds. */
const ANSWER_MS = 5800;

const WRITERS = 4, READERS = 3, INSTANCES = 3;

/** What has happened in a run. */
export interface FaultRun {
  /** The faults, in order. */
  readonly faults: readonly string[];
  /** Messages that were acknowledged. */
  readonly acknowledged: number;
  /** Readers that began anew because something was lost. */
  readonly lost: number;
  /** Answers of `unavailable`. */
  readonly unavailable: number;
}

/** What a fault is given. */
interface Scene {
  readonly instances: Instances;
  readonly proxy: FaultProxy;
  readonly random: Random;
  /** Is to be called before an instance is ended: its sockets may close. */
  readonly excuse: (url: string) => void;
  /** Waits until all instances say that they are fit for traffic, or that they are not. */
  readonly ready: (isReady: boolean) => Promise<void>;
}

interface Fault {
  readonly name: string;
  /** Whether what was acknowledged may be lost. */
  readonly loses?: boolean;
  readonly happen: (scene: Scene) => Promise<void>;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function restart({ instances: { redis }, ready }: Scene, change: () => Promise<void>) {
  await redis.kill();
  await ready(false);
  await change();
  await redis.restart();
  await ready(true);
}

const FAULTS: readonly Fault[] = [
  {
    name: "an instance is killed",
    async happen({ instances, random, excuse }) {
      const server = instances.at(random.below(INSTANCES));
      excuse(server.url);
      await instances.end(server, "SIGKILL");
      await instances.add();
    },
  },
  {
    name: "Redis is killed and comes back",
    happen: (scene) => restart(scene, () => Promise.resolve()),
  },
  {
    name: "Redis comes back with an older file",
    loses: true,
    async happen(scene) {
      const { redis } = scene.instances;
      await redis.keep();
      await pause(scene.random.below(1500));
      await restart(scene, () => redis.rollBack());
    },
  },
  {
    name: "Redis comes back empty",
    loses: true,
    happen: (scene) => restart(scene, () => scene.instances.redis.empty()),
  },
  {
    name: "Redis stands still",
    async happen({ instances: { redis }, random, ready }) {
      const ms = random.pick([500, 2000, 10_000]);
      redis.pause(true);
      await pause(ms);
      // Within five seconds it is known.
      if (ms > 5000) await ready(false);
      redis.pause(false);
      await ready(true);
    },
  },
  {
    name: "the connections to Redis are cut",
    async happen({ proxy, random, ready }) {
      for (let cuts = 1 + random.below(4); cuts > 0; cuts--) {
        if (random.chance(0.5)) proxy.cut(random.pick(["fin", "reset"]));
        else proxy.cutAfter(random.below(5000));
        await pause(random.below(500));
      }
      await ready(true);
    },
  },
  {
    name: "Redis is slow, and its packets come in parts",
    async happen({ proxy, random, ready }) {
      proxy.delay(random.pick([20, 100, 300]));
      proxy.split(random.pick([500, 5000, Infinity]));
      await pause(3000);
      proxy.heal();
      await ready(true);
    },
  },
];

/** Says one thing after another, each until it is acknowledged. */
class Writers {
  /** The places of what was acknowledged, by ref. */
  readonly acknowledged = new Map<string, string>();
  unavailable = 0;
  readonly #instances: Instances;
  #isDone = false;

  constructor(instances: Instances) {
    this.#instances = instances;
  }

  stop(): void {
    this.#isDone = true;
  }

  async write(writer: number, random: Random): Promise<void> {
    for (let count = 0; !this.#isDone || count % ROOMS.length !== 0; count++) {
      const room = ROOMS[count % ROOMS.length]!;
      await until(
        () => this.#say(writer, room, `${writer}-${count}`),
        `${writer}-${count} is stored`,
      );
      await pause(random.below(30));
    }
  }

  async #say(writer: number, room: string, ref: string): Promise<boolean> {
    const startedAt = performance.now();
    try {
      const response = await fetch(
        new URL(`messages/w${writer}?room=${room}`, this.#instances.url),
        {
          method: "POST",
          headers: {
            "Authorization": `Bearer ${keyOf(`w${writer}`)}`,
            "Content-Type": "application/json",
          },
          body: JSON.stringify({ body: ref, ref }),
        },
      );
      const { id, offset, code } = await response.json();
      if (response.ok) this.acknowledged.set(ref, `${offset} ${id} ${ref}`);
      else assertEquals(code, "unavailable", `${ref} on ${response.url}`);
      if (!response.ok) this.unavailable++;
      return response.ok;
    } catch (error) {
      if ((error as Error).name === "AssertionError") throw error;
      return false; // The instance has gone: the outcome is unknown, and the same ref asks again.
    } finally {
      const ms = performance.now() - startedAt;
      assert(ms < ANSWER_MS, `an answer took ${ms} ms`);
    }
  }
}

/**
 * Runs one seed.
 *
 * @param seed Chance; the machine adds its own.
 * @throws {Error} If a promise is broken: with the seed and the faults.
 */
export async function runFaults(seed: number): Promise<FaultRun> {
  const random = new Random(seed);
  // Half of the seeds lose nothing, and must show nothing of it.
  const mayLose = seed % 2 === 0;
  const possible = FAULTS.filter(({ loses }) => mayLose || loses !== true);
  const faults = Array.from({ length: 3 }, () => random.pick(possible));
  const names = faults.map(({ name }) => name);
  try {
    return await run(random, faults);
  } catch (error) {
    throw new Error(`seed ${seed} (${names.join("; ")}): ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function run(random: Random, faults: readonly Fault[]): Promise<FaultRun> {
  let proxy: FaultProxy | undefined;
  await using instances = await Instances.start(INSTANCES, {}, "everything", async (redis) => {
    proxy = await FaultProxy.listen(redis.port);
    return proxy.url.replace("http", "redis");
  });
  await using _proxy = proxy!;
  const excused = new Set<string>();
  const readers = Array.from(
    { length: READERS },
    (_, index) => new FaultReader(instances, `r${index}`, index, excused),
  );
  const reading = readers.map((reader) => reader.read());
  const writers = new Writers(instances);
  const writing = Array.from({ length: WRITERS }, (_, i) => writers.write(i, random.fork()));
  const scene: Scene = {
    instances,
    proxy: proxy!,
    random,
    excuse: (url) => void excused.add(url),
    ready: (isReady) =>
      until(async () => {
        const asked = instances.servers.map(({ url }) => fetch(new URL("readyz", url)));
        const statuses = (await Promise.all(asked)).map((response) => {
          response.body?.cancel();
          return response.status;
        });
        return statuses.every((status) => status === (isReady ? 200 : 503));
      }, `all instances are ${isReady ? "" : "not "}ready`),
  };
  const failed = Promise.all([...reading, ...writing]);
  let isOver = false;
  const happening = (async () => {
    for (const { happen } of faults) {
      await pause(300 + random.below(1000));
      if (isOver) return;
      await happen(scene);
    }
    await pause(500);
    writers.stop();
    await Promise.all(writing);
  })();
  try {
    // What breaks a promise meanwhile is told at once.
    await Promise.race([happening, failed.then(() => happening)]);
    await check(instances, readers, writers, faults.some(({ loses }) => loses));
    for (const reader of readers) reader.stop();
    await Promise.all(reading);
  } finally {
    // Nothing goes on in the next run.
    isOver = true;
    writers.stop();
    for (const reader of readers) reader.stop();
    await Promise.allSettled([happening, ...reading, ...writing]);
  }
  return {
    faults: faults.map(({ name }) => name),
    acknowledged: writers.acknowledged.size,
    lost: readers.reduce((sum, { lost }) => sum + lost, 0),
    unavailable: writers.unavailable,
  };
}

/** Every reader has what is stored, and, where nothing may be lost, all that was acknowledged is. */
async function check(
  instances: Instances,
  readers: readonly FaultReader[],
  writers: Writers,
  mayLose: boolean,
): Promise<void> {
  const places = new Set<string>();
  for (const room of ROOMS) {
    const entries = await stored(instances, keyOf("w0"), room);
    assertEquals(entries.map((entry) => parseInt(entry)), entries.map((_, index) => index + 1));
    const refs = entries.map((entry) => entry.split(" ")[2]!);
    assertEquals(new Set(refs).size, refs.length, "nothing is stored twice");
    for (const entry of entries) places.add(entry);
    for (const reader of readers) {
      await until(() => reader.offset(room) >= entries.length, `${reader.name} has read ${room}`);
      const from = reader.from(room);
      if (!mayLose) assertEquals(from, 0, `${reader.name} never began anew`);
      assertEquals(reader.entries(room), entries.slice(from), `${reader.name} in ${room}`);
    }
  }
  if (mayLose) return;
  const missing = [...writers.acknowledged.values()].filter((place) => !places.has(place));
  assertEquals(missing, [], "what was acknowledged is stored");
}
