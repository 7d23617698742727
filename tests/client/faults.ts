/**
 * Fault schedules: people who talk over networks that fail, by a seed.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { until, within } from "../support/deadline.ts";
import type { FaultProxy } from "../support/fault_proxy.ts";
import { Random } from "../simulation/random.ts";
import { assertSawAll, type Options, TestClient, type World } from "./support.ts";

const STEPS = 10;

interface Person {
  readonly client: TestClient;
  readonly proxy: FaultProxy;
}

/** How rough a schedule was. */
export interface Roughness {
  /** How often its clients came back. */
  reconnects: number;
  /** How many messages had been stored before the attempt that was answered. */
  duplicates: number;
}

/** What a message became. */
interface Sent {
  readonly what: string;
  readonly outcome: Promise<
    { room: string; offset: number; duplicate: boolean } | { code: string }
  >;
}

const FAULTS: readonly (readonly [number, (proxy: FaultProxy, random: Random) => void])[] = [
  [3, (proxy, random) => proxy.cut(random.pick(["fin", "reset"]))],
  [3, (proxy, random) => proxy.cutAfter(1 + random.below(3000), random.pick(["fin", "reset"]))],
  [1, (proxy) => proxy.stall()],
  [1, (proxy) => proxy.stall("up")],
  [1, (proxy) => proxy.stall("down")],
  [1, (proxy, random) => proxy.delay(1 + random.below(30))],
  [1, (proxy, random) => proxy.split(1 + random.below(40))],
  [1, (proxy) => {
    proxy.refuse();
    proxy.cut();
  }],
  [1, (proxy) => {
    proxy.swallow();
    proxy.cut();
  }],
];

/**
 * Runs one schedule, and checks at its end: each client saw exactly what is stored, and each message that was
 * acknowledged is stored once, where its ack said.
 *
 * @param world Where.
 * @param seed Which.
 * @param options What is particular about the clients.
 * @param mayKill Whether the server may be killed.
 * @returns How rough it was: a schedule that nothing went wrong in proves nothing.
 */
export async function runSchedule(
  world: World,
  seed: number,
  options: Partial<Options> = {},
  mayKill = true,
): Promise<Roughness> {
  const random = new Random(seed);
  const rooms = [`tea-${seed}`, `milk-${seed}`];
  const people: Person[] = [];
  for (const name of ["ann", "ben", "cat"]) {
    const proxy = await world.proxy();
    const jitter = random.fork();
    const client = new TestClient({
      url: proxy.url,
      username: `${name}-${seed}`,
      rooms,
      random: () => jitter.next(),
      ...options,
    });
    people.push({ client, proxy });
  }
  try {
    for (const { client } of people) await client.opened();
    const sent = await act(world, random, people, rooms, mayKill);
    const duplicates = await check(world, people, rooms, sent);
    const opens = people.flatMap(({ client }) => client.states.filter((state) => state === "open"));
    return { reconnects: opens.length - people.length, duplicates };
  } finally {
    for (const { proxy } of people) proxy.heal();
    for (const { client } of people) await client[Symbol.asyncDispose]();
  }
}

async function act(
  world: World,
  random: Random,
  people: readonly Person[],
  rooms: readonly string[],
  mayKill: boolean,
): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { client, proxy } = random.pick(people);
    const room = random.pick(rooms);
    for (let left = 1 + random.below(12); left > 0; left--) {
      const body = `${sent.length} ${"x".repeat(random.below(200))}`;
      const outcome = client.natter.send(body, { room });
      sent.push({ what: `${client.natter.username}: ${body}`, outcome: outcome.catch((e) => e) });
    }
    if (random.chance(0.2)) proxy.heal();
    random.weighted(FAULTS)(proxy, random);
    if (mayKill && random.chance(0.01)) await world.restart();
    // As long as the fault lasts; nothing is asserted of it.
    await new Promise((resolve) => setTimeout(resolve, random.below(60)));
  }
  for (const { proxy } of people) proxy.heal();
  return sent;
}

async function check(
  world: World,
  people: readonly Person[],
  rooms: readonly string[],
  sent: readonly Sent[],
): Promise<number> {
  const outcomes = await within(Promise.all(sent.map(({ outcome }) => outcome)), "all answers");
  const stored = new Map<string, Awaited<ReturnType<World["stored"]>>>();
  for (const room of rooms) stored.set(room, await world.stored(room));
  const all = [...stored.values()].flat();
  assertEquals(new Set(all.map(({ what }) => what)).size, all.length, "nothing is stored twice");
  let duplicates = 0;
  for (const [index, outcome] of outcomes.entries()) {
    assert("offset" in outcome, `given back: ${JSON.stringify(outcome)}`);
    const entry = stored.get(outcome.room)?.[outcome.offset - 1];
    assertEquals(entry?.what, sent[index]!.what, "an ack says where the message is");
    if (outcome.duplicate) duplicates++;
  }
  assertEquals(all.length, sent.length, "nothing is stored that nobody sent");
  for (const { client } of people) {
    assertEquals(client.closed, []);
    for (const room of rooms) await assertSawAll(client, room, stored.get(room)!);
    assertEquals(client.breaks.filter((room) => rooms.includes(room)).length, rooms.length);
    await until(() => client.natter.unsent.length === 0, "nothing is left to send");
  }
  // What one sends to one room keeps its order.
  for (const log of stored.values()) {
    for (const { client } of people) {
      const own = log.filter(({ what }) => what.startsWith(`${client.natter.username}: `));
      const numbers = own.map(({ what }) => Number(what.split(" ")[1]));
      assertEquals(numbers, numbers.toSorted((a, b) => a - b));
    }
  }
  return duplicates;
}

/**
 * Runs schedules, several at a time; fails with the seeds that did.
 *
 * @param count How many: the seeds are 1, 2, 3 …
 * @param run Runs one.
 * @returns How rough they were together.
 */
export async function runAll(
  count: number,
  run: (seed: number) => Promise<Roughness>,
): Promise<Roughness> {
  const total: Roughness = { reconnects: 0, duplicates: 0 };
  const failures: string[] = [];
  let seed = 0;
  const worker = async () => {
    while (seed < count) {
      const own = ++seed;
      try {
        const { reconnects, duplicates } = await run(own);
        total.reconnects += reconnects;
        total.duplicates += duplicates;
      } catch (error) {
        failures.push(`seed ${own}: ${error instanceof Error ? error.stack : error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  if (failures.length > 0) throw new Error(failures.join("\n\n"));
  return total;
}
