/**
 * The end of a run: everything heals and comes to rest, and what readers have is compared with what is
 * stored; then everybody leaves, and nothing must remain.
 *
 * @module
 */

import { PRESENCE_GRACE_MS, PRESENCE_INTERVAL_MS } from "../../lib/limits.ts";
import type { Client } from "./client.ts";
import { checkStep } from "./invariants.ts";
import { RichStream } from "./rich_stream.ts";
import type { World } from "./world.ts";

/** Rounds in which everything must have come to rest. */
const ROUNDS_MAX = 200;

/** So often must nothing happen in so long a time that nothing can be under way any more. */
const STILL_ROUNDS = 5, STILL_MS = 1500;

/** Alarms of a server that nobody uses: retention. */
const IDLE_ALARMS = 1;

/** Lets a run come to its end. */
export async function finish(world: World): Promise<void> {
  heal(world);
  await quiesce(world);
  await rest(world);
  checkReaders(world);
  checkPresence(world);
  world.server.compare();
  await leave(world);
  world.trace.check();
}

/** Nobody does anything new: what is under way comes to its end by itself, and nothing is stuck. */
async function quiesce(world: World): Promise<void> {
  for (const { client } of world.sockets) client.isStalled = false;
  for (let round = 0, stillRounds = 0; stillRounds < STILL_ROUNDS; round++) {
    if (round === ROUNDS_MAX) world.trace.fail("everything comes to rest", "it goes on and on");
    const moved = await flowAll(world);
    stillRounds = moved ? 0 : stillRounds + 1;
    await world.server.advance(STILL_MS);
    checkStep(world);
  }
  for (const { link, stream } of world.sockets) {
    if (link.isOpen && !link.isCut) stream.atRest();
  }
}

/** Everybody comes back, and says again what was not acknowledged, until there is nothing left to say. */
async function rest(world: World): Promise<void> {
  const clients = world.clients.filter(({ person }) => !person.label.startsWith("not "));
  for (const connected of [...world.sockets]) {
    const { client, link } = connected;
    if (!clients.includes(client)) world.drop(connected);
    if (link.isCut) await world.notice(connected);
  }
  for (let round = 0; !clients.every(isAtRest); round++) {
    if (round === ROUNDS_MAX) {
      const restless = clients.filter((client) => !isAtRest(client)).map(describe);
      world.trace.fail("everything comes to rest", restless.join());
    }
    await calm(world, clients);
    await world.server.advance(round < 10 ? 300 : 5000);
    checkStep(world);
  }
  await world.server.advance(PRESENCE_GRACE_MS + 2 * PRESENCE_INTERVAL_MS);
  for (let round = 0; round < 3; round++) await calm(world, clients);
  checkStep(world);
}

function heal(world: World): void {
  if (!world.server.isAlive) world.restart();
  const { server } = world;
  server.rollsBack = false;
  server.faults.isOut = false;
  server.faults.fate = undefined;
  world.trace.add("all heals");
}

async function calm(world: World, clients: readonly Client[]): Promise<void> {
  for (const client of clients) {
    if (client.socket === undefined) await world.connect(client, true);
    else if (!client.person.isPlain) client.sayAgain(false);
  }
  await flowAll(world);
  await world.server.turn();
}

/** @returns Whether anything was on any wire. */
async function flowAll(world: World): Promise<boolean> {
  let hasMoved = false;
  for (const connected of [...world.sockets]) {
    const { link } = connected;
    hasMoved ||= link.unheard > 0 || (!link.isCut && link.pendingBytes > 0);
    while (link.unheard > 0) await world.hear(connected);
    world.flow(connected, Infinity, Infinity);
  }
  return hasMoved;
}

function isAtRest({ socket, orders }: Client): boolean {
  return socket !== undefined && socket.link.isOpen && orders.length === 0 &&
    socket.link.pendingBytes === 0 && socket.link.unheard === 0;
}

function describe({ person: { label }, socket, orders, closeCode }: Client): string {
  const command = orders[0] === undefined ? "" : JSON.stringify(orders[0].command);
  return `${label} ${socket === undefined ? closeCode : socket.link.pendingBytes} ${command}`;
}

function checkReaders({ sockets, clients, truth, trace }: World): void {
  for (const { stream } of sockets) stream.atRest();
  for (const { logs, rooms, inbox, socket, person: { keyHash, username, label } } of clients) {
    for (const [name, { ids, position, begin }] of socket === undefined ? [] : logs) {
      if (name !== inbox && !rooms.includes(name)) continue;
      const isInbox = name === inbox;
      const { entries } = truth.channel(isInbox ? `@${username.toLowerCase()}/k:${keyHash}` : name);
      if (position.offset !== entries.length || position.epoch !== truth.epoch) {
        trace.fail("readers reach the head", `${label} in ${name}: ${position.offset}`);
      }
      for (const [offset, id] of ids) {
        const entry = entries[offset - 1]!;
        if (offset <= begin || id !== (entry.kind === "message" ? entry.id : entry.kind)) {
          trace.fail("what readers have is what is stored", `${label} in ${name}: ${offset}`);
        }
      }
    }
  }
}

function checkPresence({ sockets, trace }: World): void {
  const present = new Map<string, Set<string>>();
  for (const { stream, context: { facts } } of sockets) {
    for (const room of stream instanceof RichStream ? stream.rooms.keys() : facts.rooms) {
      present.set(room, (present.get(room) ?? new Set()).add(facts.userKey));
    }
  }
  for (const { stream, client } of sockets) {
    if (!(stream instanceof RichStream)) continue;
    for (const [room, { presence: { users } }] of stream.rooms) {
      if (room.startsWith("@")) continue;
      const truth = present.get(room)!;
      const isTrue = typeof users === "number"
        ? users === truth.size
        : users.map((name) => name.toLowerCase()).sort().join() === [...truth].sort().join();
      if (!isTrue) {
        const detail = `${client.person.label} sees ${users} in ${room}, where ${[...truth]} are`;
        trace.fail("presence converges", detail);
      }
    }
  }
}

async function leave(world: World): Promise<void> {
  const { server, trace, settings } = world;
  for (const connected of [...world.sockets]) {
    world.drop(connected);
    await world.notice(connected);
  }
  const longest = Math.max(PRESENCE_GRACE_MS, 1000 * settings.nameHoldSeconds);
  await server.advance(2 * longest);
  // Retention may have found something just now.
  if (server.clock.alarmCount > IDLE_ALARMS) await server.advance(2 * longest);
  const { chat, directory, watchedChannels, clock } = server;
  const left = {
    users: chat.userCount,
    names: directory.size,
    rooms: chat.roomCount,
    waiting: chat.waitingCount,
    channels: watchedChannels,
    alarms: clock.alarmCount - IDLE_ALARMS,
  };
  if (Object.values(left).some((count) => count !== 0)) {
    trace.fail("nothing remains of those who have left", JSON.stringify(left));
  }
}
