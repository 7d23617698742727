/**
 * What must hold after every step, beside what each socket is sent.
 *
 * @module
 */

import { PlainStream } from "./plain_stream.ts";
import type { Connected, World } from "./world.ts";

/** How much later than it should a reader that takes nothing may be closed, in milliseconds. */
const STALL_LATE_MS = 2000;

/**
 * Looks at a world between two steps.
 *
 * @param world The world.
 */
export function checkStep(world: World): void {
  world.trace.check();
  if (!world.server.isAlive) return;
  const open = [...world.sockets].filter(({ link, session }) =>
    link.isOpen && session.isIdentified
  );
  for (const { stream, session } of open) {
    if (stream instanceof PlainStream) stream.observe(session.readers.size > 0);
  }
  checkNames(world, open);
  for (const connected of open) checkStalled(world, connected);
}

function checkNames({ server: { chat }, trace }: World, open: readonly Connected[]): void {
  const holders = new Map<string, string>();
  for (const { link, context: { facts: { author = `#${link.id}`, userKey } } } of open) {
    if ((holders.get(userKey) ?? author) !== author) trace.fail("a name has one holder", userKey);
    holders.set(userKey, author);
  }
  if (chat.userCount !== holders.size) {
    const detail = `${chat.userCount} users of ${[...holders.keys()]}`;
    trace.fail("the registry holds who is connected", detail);
  }
  if (chat.waitingCount > open.length) {
    trace.fail("only the connected wait", `${chat.waitingCount} of ${open.length}`);
  }
}

/** Who has something to read, and a full buffer, and takes no byte of it, does not stay for ever. */
function checkStalled(world: World, connected: Connected): void {
  const { server, settings, trace } = world;
  const { link, stream, stuck } = connected;
  const { leftBytes, unsentBytes } = link;
  const isStuck = unsentBytes >= settings.sendBufferBytesMax && server.isAvailable &&
    stream.isBehind;
  const now = server.clock.now();
  if (!isStuck || stuck?.leftBytes !== leftBytes) {
    connected.stuck = isStuck ? { since: now, leftBytes } : undefined;
  } else if (now - stuck.since > settings.stallSeconds * 1000 + STALL_LATE_MS) {
    trace.fail("a stalled reader is closed in time", `#${link.id} after ${now - stuck.since} ms`);
  }
}
