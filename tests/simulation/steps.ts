/**
 * The steps of a run: what may happen next, and how likely it is.
 *
 * @module
 */

import { act } from "./acts.ts";
import { checkStep } from "./invariants.ts";
import type { Connected, World } from "./world.ts";

/** Bytes that flow where there is no bound. */
const ALL = Number.MAX_SAFE_INTEGER;

/** After so long history is not retained any more. */
const DAY_MS = 25 * 60 * 60 * 1000;

type Step = (world: World) => Promise<void> | void;

const STEPS: readonly (readonly [weight: number, step: Step])[] = [
  [24, turn],
  [7, advance],
  [7, ring],
  [20, hear],
  [18, flow],
  [16, actOne],
  [8, connect],
  [2, drop],
  [3, notice],
  [3, stall],
  [1, outage],
  [5, repair],
  [1.5, badCommit],
  [0.5, keepCopy],
  [0.5, end],
];

/** Takes one step. */
export async function step(world: World): Promise<void> {
  if (world.server.isAlive) await world.random.weighted(STEPS)(world);
  else restart(world);
  checkStep(world);
}

function restart(world: World): void {
  const { random } = world;
  if (random.chance(0.1)) world.restoreCopy();
  world.restart();
}

async function turn({ server }: World): Promise<void> {
  await server.turn();
}

async function advance({ server, random, trace }: World): Promise<void> {
  const ms = random.weighted([
    [6, 10],
    [5, 120],
    [4, 300],
    [3, 1000],
    [2, 6000],
    [0.3, 25_000],
    [0.05, DAY_MS],
  ]);
  trace.add(`+${ms}`);
  if (ms === DAY_MS) trace.count("days");
  await server.advance(ms);
}

/** Timers that are late ring one after the other, before anything that is to come soon. */
async function ring({ server, random, trace }: World): Promise<void> {
  const ms = random.pick([100, 250, 1000]);
  trace.add(`+${ms} at most`);
  for (let left = random.pick([1, 1, 2, 5]); left > 0; left--) await server.ring(ms);
}

async function hear(world: World): Promise<void> {
  const connected = pick(world, ({ link }) => link.unheard > 0);
  if (connected === undefined) return;
  for (let left = world.random.pick([1, 1, 2, 8, 300]); left > 0; left--) {
    await world.hear(connected);
  }
}

function flow(world: World): void {
  const { random, settings } = world;
  const connected = pick(world, ({ link, client }) => link.pendingBytes > 0 && !client.isStalled);
  if (connected === undefined) return;
  const bytes = () => random.chance(0.7) ? ALL : random.below(2 * settings.sendBufferBytesMax);
  world.flow(connected, bytes(), bytes());
}

async function connect(world: World): Promise<void> {
  const { random } = world;
  const away = world.clients.filter(({ socket }) => socket === undefined);
  if (away.length > 0) await world.connect(random.pick(away), random.chance(0.6));
}

async function drop(world: World): Promise<void> {
  const connected = pick(world, ({ link }) => !link.isCut);
  if (connected === undefined) return;
  world.drop(connected);
  if (world.random.chance(0.4)) await world.notice(connected);
}

async function notice(world: World): Promise<void> {
  const connected = pick(world, ({ link }) => link.isCut);
  if (connected !== undefined) await world.notice(connected);
}

function stall(world: World): void {
  const connected = pick(world, ({ client, link }) => client.socket?.link === link);
  if (connected === undefined) return;
  const { client } = connected;
  client.isStalled = !client.isStalled;
  world.trace.add(`${client.person.label} ${client.isStalled ? "stalls" : "reads again"}`);
}

function outage({ server: { faults }, random, trace }: World): void {
  faults.isOut = true;
  faults.staysSound = random.chance(0.5);
  trace.add("the store is out of reach");
  trace.count("outages");
}

function repair({ server: { faults }, trace }: World): void {
  if (!faults.isOut) return;
  faults.isOut = false;
  trace.add("the store is back");
}

function badCommit(world: World): void {
  const { server, random, trace } = world;
  const { faults } = server;
  faults.staysSound = random.chance(0.5);
  faults.fate = random.pick(["fails", "fails after", "fails after", "dies before", "dies after"]);
  server.rollsBack = !faults.staysSound && random.chance(0.4);
  trace.add(`the next commit ${faults.fate}`);
  trace.count(`commits: one ${faults.fate}`);
}

function keepCopy(world: World): void {
  world.keepCopy();
}

async function end(world: World): Promise<void> {
  if (world.random.chance(0.5)) world.kill();
  else await world.stop();
}

function actOne(world: World): void {
  const connected = pick(
    world,
    ({ client, link }) => client.socket?.link === link && client.person.isQuiet !== true,
  );
  if (connected !== undefined) act(world, connected.client);
}

function pick(world: World, where: (connected: Connected) => boolean): Connected | undefined {
  const found = [...world.sockets].filter(where);
  return found.length === 0 ? undefined : world.random.pick(found);
}
