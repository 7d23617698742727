/**
 * What people do.
 *
 * @module
 */

import type { Command } from "../../lib/protocol/command.ts";
import { formatPosition } from "../../lib/protocol/position.ts";
import type { Client } from "./client.ts";
import type { PlainStream } from "./plain_stream.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** Rooms to which clients go. */
export const ROOMS = ["lobby", "kitchen", "attic"] as const;

type Act = (client: Client, random: Random, world: World) => void;

const ACTS: readonly (readonly [weight: number, act: Act])[] = [
  [10, message],
  [2, messageWithoutRef],
  [5, directMessage],
  [3, deleteMessage],
  [2, regret],
  [3, join],
  [3, leave],
  [3, history],
  [1, typing],
  [2, ping],
  [1, burst],
  [0.2, flood],
  [2, hurry],
  [0.3, nonsense],
  [2, sayAgain],
  [1, repeat],
];

/** A client with a socket does something. */
export function act(world: World, client: Client): void {
  const { random } = world;
  const { label, isPlain } = client.person;
  if (isPlain) {
    const body = random.chance(0.05) ? "" : client.text(charsMax(random, world));
    world.trace.add(`${label} → ${JSON.stringify(body)}`);
    (client.socket!.stream as PlainStream).say(body);
    client.socket!.link.say(body);
    return;
  }
  random.weighted(ACTS)(client, random, world);
}

function say(world: World, client: Client, command: Command, isKept = false): void {
  world.trace.add(`${client.person.label} → ${JSON.stringify(command)}`);
  client.say(client.order(command, isKept));
}

function message(client: Client, random: Random, world: World): void {
  const room = random.chance(0.95) ? random.pick(client.rooms) ?? ROOMS[0] : random.pick(ROOMS);
  const body = client.text(charsMax(random, world));
  say(world, client, { type: "message", room, body, ref: random.id() }, true);
}

function messageWithoutRef(client: Client, random: Random, world: World): void {
  const room = random.pick(ROOMS);
  say(world, client, { type: "message", room, body: client.text(charsMax(random, world)) });
}

function directMessage(client: Client, random: Random, world: World): void {
  const { username: to, keyHash } = random.pick(world.clients).person;
  const body = client.text(charsMax(random, world));
  // Who has no key has no inbox, and there is no use in trying again.
  const isKept = keyHash !== undefined && client.person.keyHash !== undefined;
  say(world, client, { type: "message", to, body, ref: random.id() }, isKept);
}

function deleteMessage(client: Client, random: Random, world: World): void {
  const own = client.done.filter(({ command, place }) =>
    command.type === "message" && command.room !== undefined && place !== undefined
  );
  const room = random.pick(ROOMS);
  // The last one is an offset which may come to be the client's, or anybody's.
  const target = own.length > 0 && random.chance(0.7) ? random.pick(own.slice(-5)).place! : {
    channel: room,
    offset: 1 + random.below((client.logs.get(room)?.position.offset ?? 0) + 3),
  };
  const { channel, offset } = target;
  say(world, client, { type: "delete", room: channel, offset, ref: random.id() }, true);
}

/** Deletes what it has just said, at the offset that it will probably have. */
function regret(client: Client, random: Random, world: World): void {
  const room = client.rooms[0] ?? ROOMS[0];
  const offset = world.truth.channel(room).entries.length + 1;
  say(world, client, { type: "message", room, body: client.text(60), ref: random.id() }, true);
  say(world, client, { type: "delete", room, offset, ref: random.id() }, true);
}

function join(client: Client, random: Random, world: World): void {
  const room = random.chance(0.9) || client.person.keyHash === undefined
    ? random.pick(ROOMS)
    : client.inbox;
  const position = client.position(room, random.chance(0.6));
  const given = position === undefined ? {} : { position: formatPosition(position) };
  say(world, client, { type: "join", room, ref: random.id(), ...given });
}

function leave(client: Client, random: Random, world: World): void {
  const room = random.pick([...ROOMS, ...client.rooms, ...client.rooms]);
  say(world, client, { type: "leave", room, ref: random.id() });
}

function history(client: Client, random: Random, world: World): void {
  const isTalk = client.person.keyHash !== undefined && random.chance(0.3);
  const around = random.below(40);
  say(world, client, {
    type: "history",
    ...(isTalk
      ? { with: random.pick(world.clients).person.username }
      : { room: random.pick(ROOMS) }),
    ...random.pick([{}, { before: around }, { after: around }]),
    ...(random.chance(0.7) ? { limit: 1 + random.below(20) } : {}),
    ref: random.id(),
  });
}

function typing(client: Client, random: Random, world: World): void {
  const to = random.pick(world.clients).person.username;
  say(world, client, { type: "typing", ...random.pick([{ room: random.pick(ROOMS) }, { to }]) });
}

function ping(client: Client, random: Random, world: World): void {
  say(world, client, { type: "ping", ref: random.id() });
}

function burst(client: Client, random: Random, world: World): void {
  for (let left = random.pick([10, 30, 60, 250]); left > 0; left--) message(client, random, world);
}

/** Whoever does not read the answers must not fill the server with them. */
function flood(client: Client, _: Random, world: World): void {
  world.trace.add(`${client.person.label} stalls and floods`);
  client.isStalled = true;
  const text = JSON.stringify({ type: "leave", room: "this is no room's name" });
  for (let left = 1500; left > 0; left--) client.socket!.link.say(text);
}

/** Goes before the answers come. */
function hurry(client: Client, random: Random, world: World): void {
  message(client, random, world);
  ping(client, random, world);
  leave(client, random, world);
}

function nonsense(client: Client, random: Random): void {
  client.socket!.link.say(random.pick(["", "{", "[]", `{"type":"dance"}`, `{"type":"join"}`]));
}

function sayAgain(client: Client, random: Random, world: World): void {
  const isImpatient = random.chance(0.3);
  world.trace.add(`${client.person.label} → ${client.orders.length} again, ${isImpatient}`);
  client.sayAgain(isImpatient);
}

/** Says something again although it has been acknowledged: the ack's own way back may have been cut. */
function repeat(client: Client, random: Random, world: World): void {
  if (client.done.length === 0) return;
  const order = random.pick(client.done.slice(-10));
  world.trace.add(`${client.person.label} → again ${JSON.stringify(order.command)}`);
  client.say(order);
}

/** Characters are of up to three bytes; now and then a text is as long as it may be. */
function charsMax(random: Random, { settings: { bodyBytesMax } }: World): number {
  return random.chance(0.85) ? 60 : Math.floor(bodyBytesMax / 3);
}
