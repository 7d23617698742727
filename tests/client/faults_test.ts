import { assert } from "@std/assert";
import { runAll, runSchedule } from "./faults.ts";
import { World } from "./support.ts";

for (const transport of ["websocket", "events", "poll", "auto"] as const) {
  Deno.test(`50 fault schedules, ${transport}: each saw the stored log, each ack was true`, async () => {
    await using world = await World.start();
    const rough = await runAll(
      50,
      (seed) => runSchedule(world, seed, { transport, webSocketRetryMs: 100 }),
    );
    assert(rough.reconnects >= 50 && rough.duplicates > 0, JSON.stringify(rough));
  });
}
