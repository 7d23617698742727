/**
 * The load generator: a process of its own, so that it has a core of its own. Takes a {@linkcode
 * Job} as its argument, in JSON, and prints an {@linkcode Outcome}.
 *
 * @module
 */

import { join, resume } from "./arrivals.ts";
import type { Job, Measurement, Outcome } from "./job.ts";
import { closedLoop, idle, openLoop } from "./loads.ts";
import { reading } from "./reading.ts";
import { Room } from "./room.ts";
import { clientsIn } from "./scenarios.ts";

function measure(job: Job): Promise<Measurement> {
  const { ports, dialect, toSender, scenario, seconds } = job;
  if (scenario.kind === "reading") return reading(job, scenario);
  if (dialect === "poll" || dialect === "events") {
    throw new Error(`Nobody can speak over ${dialect}`);
  }
  const room = new Room({ ports, dialect, toSender, clientsMax: clientsIn(scenario) });
  switch (scenario.kind) {
    case "closed":
      return closedLoop(room, scenario, seconds, job);
    case "open":
      return openLoop(room, scenario, seconds, job);
    case "idle":
      return idle(room, scenario, job);
    case "join":
      return join(room, scenario, job);
    case "resume":
      return resume(room, scenario, seconds, job);
  }
}

let outcome: Outcome;
try {
  outcome = await measure(JSON.parse(Deno.args[0]!));
} catch (error) {
  outcome = { failed: error instanceof Error ? error.message : String(error) };
}
console.log(JSON.stringify(outcome));
// Sockets are left to the kernel: closing each takes time, and the server is ended next.
Deno.exit();
