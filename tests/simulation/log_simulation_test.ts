import { assert, assertEquals, assertRejects } from "@std/assert";
import { SharedLog } from "../../lib/log/shared.ts";
import { WatchedChannel } from "../../lib/log/watched_channel.ts";
import { patch } from "./broken.ts";
import { LogSimulation } from "./log_simulation.ts";
import { ModelRedis } from "./model_redis.ts";
import { Random } from "./random.ts";
import { Violation } from "./trace.ts";

const RUNS = 600, STEPS = 300;

/** What must have happened in all runs together, so that they are worth something. */
const WITNESSED = [
  "acks",
  "acks of repeats",
  "an instance dies",
  "began anew",
  "connections break",
  "gaps",
  "notices are lost",
  "Redis comes back with everything",
  "Redis comes back with less",
  "Redis comes back with nothing",
  "Redis stands still",
  "the network is slow",
  "unavailable",
  "went on in another epoch",
] as const;

/** One run; half of the seeds lose nothing. */
async function simulate(seed: number): Promise<LogSimulation> {
  const simulation = new LogSimulation(new Random(seed), seed % 2 === 0);
  try {
    await simulation.run(STEPS);
  } catch (error) {
    const violation = simulation.trace.violation ?? error;
    if (violation instanceof Violation) violation.message = `seed ${seed}: ${violation.message}`;
    throw violation;
  }
  return simulation;
}

Deno.test(`${RUNS} runs of three instances over one Redis that fails break no promise`, async () => {
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= RUNS; seed++) {
    const { trace } = await simulate(seed);
    for (const [what, count] of trace.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  }
  assertEquals(WITNESSED.filter((what) => (counts.get(what) ?? 0) < 10), []);
});

const BROKEN: readonly (readonly [what: string, foundBy: string, patch: () => () => void])[] = [
  [
    "a batch that is repeated is not known again",
    "nothing is stored twice",
    () =>
      patch(
        ModelRedis.prototype,
        "append",
        (append) =>
          function (this: ModelRedis, instance, ...rest) {
            this.data.batches.delete(instance);
            return append.call(this, instance, ...rest);
          },
      ),
  ],
  [
    "another life of Redis is not seen",
    "one epoch has one history",
    () =>
      patch(ModelRedis.prototype, "restart", () =>
        function (this: ModelRedis, data) {
          this.data = data;
          this.resume();
        }),
  ],
  [
    "own entries are shown as they are published",
    "the ack comes before the entry",
    () =>
      patch(
        SharedLog.prototype,
        "published",
        (published) =>
          function (this: SharedLog, channel, publication) {
            published.call(this, channel, { ...publication, ownSeq: undefined });
          },
      ),
  ],
  [
    "any offset up to the head is resumed",
    "recovered only where nothing is lost",
    () =>
      patch(
        WatchedChannel.prototype,
        "canResume",
        () =>
          function (this: WatchedChannel, _epoch, offset) {
            return offset <= this.head && offset >= this.first - 1;
          },
      ),
  ],
];

for (const [what, foundBy, breaks] of BROKEN) {
  Deno.test(`the simulation of the log finds that ${what}`, async () => {
    const mend = breaks();
    try {
      const { message } = await assertRejects(async () => {
        for (let seed = 1; seed <= RUNS; seed++) await simulate(seed);
      }, Violation);
      assert(message.includes(foundBy), message);
    } finally {
      mend();
    }
  });
}
