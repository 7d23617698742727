import { assertEquals } from "@std/assert";
import { APPEND_MS_MAX } from "../../lib/limits.ts";
import { Batcher } from "../../lib/log/batcher.ts";
import type { RemoteOutcome } from "../../lib/log/remote_store.ts";
import { LogTally } from "../../lib/log/tally.ts";
import { within } from "../support/deadline.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { draft } from "./support.ts";

/** A batcher over a store that stores, at once or when the gate opens. */
function createBatcher() {
  const clock = new FakeClock();
  const gate: { promise?: Promise<void> } = {};
  const batcher = new Batcher({
    clock,
    tally: new LogTally(),
    send: async ({ entries }): Promise<readonly RemoteOutcome[]> => {
      await gate.promise;
      return entries.map(() => ({ type: "stored", offset: 1, first: 1 }));
    },
    onOutcome: () => {},
    onSettled: () => {},
  });
  return { clock, gate, batcher };
}

Deno.test("batcher: close waits for what is under way, also long after the first append", async () => {
  const { clock, gate, batcher } = createBatcher();
  const first = batcher.append("room", draft(), undefined);
  await clock.advance(APPEND_MS_MAX);
  await within(first, "the first append");

  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.promise = promise;
  const last = batcher.append("room", draft(), undefined).then(() => order.push("stored"));
  await clock.settle();
  const closed = batcher.close().then(() => order.push("closed"));
  await clock.settle();
  resolve();
  await within(Promise.all([last, closed]), "the last append, and the end");
  assertEquals(order, ["stored", "closed"]);
});
