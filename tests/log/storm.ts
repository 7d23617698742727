/**
 * A process that opens a log, says so, and appends in a storm until it is killed; a line for each append
 * that was acknowledged, and none before that.
 *
 * @module
 */

import { openLocalLog } from "../../lib/log/local.ts";
import { StoreError } from "../../lib/log/store.ts";
import { systemClock } from "../../lib/system_clock.ts";

const [database, durability] = Deno.args;
const rooms = 5;

try {
  const log = openLocalLog({
    database: database!,
    durability: durability === "disk" ? "disk" : "process",
    historyMessagesMax: 100_000,
    historyDays: 365,
    clock: systemClock,
    randomId: () => crypto.randomUUID(),
  });
  const { epoch } = await log.watch("room 0", () => {});
  say(`open ${epoch}`);
  for (let i = 0;; i += 25) {
    await Promise.all(Array.from({ length: 25 }, async (_, j) => {
      const room = (i + j) % rooms;
      const ref = crypto.randomUUID();
      const { offset } = await log.append(`room ${room}`, {
        kind: "message",
        id: ref,
        author: "alice's hash",
        sender: "Alice",
        at: Date.now(),
        body: `body of ${ref}`.repeat(10),
        ref,
      });
      say(`ack ${room} ${offset} ${ref}`);
    }));
  }
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}

/** Writes a line at once: what is buffered in a process dies with it. */
function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
