/**
 * The load generator: a process of its own, so that it has a core of its own. Takes a {@linkcode
 * Job} as its argument, in JSON, and prints an {@linkcode Outcome}.
 *
 * @module
 */

import { join, resume } from "./arrivals.ts";
import { closedLoop, idle, openLoop } from "./loads.ts";
import { reading } from "./reading.ts";
import { Room } from "./room.ts";
import { clientsIn, type Job, type Measurement, type Outcome } from "./scenarios.ts";

function measure(job: Job): Promise<Measurement> {
  const { port, pid, dialect, toSender, scenario, seconds } = job;
  if (scenario.kind === "reading") return reading(job, scenario);
  if (dialect === "poll" || dialect === "events") {
    throw new Error(`Nobody can speak over ${dialect}`);
  }
  const room = new Room({ port, dialect, toSender, clientsMax: clientsIn(scenario) });
  switch (scenario.kind) {
    case "closed":
      return closedLoop(room, scenario, seconds, pid);
    case "open":
      return openLoop(room, scenario, seconds, pid);
    case "idle":
      return idle(room, scenario, pid);
    case "join":
      return join(room, scenario, pid);
    case "resume":
      return resume(room, scenario, seconds, pid);
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
