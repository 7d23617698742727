/**
 * The fan-out benchmark: Natter and its peers as whole processes, side by side in one run.
 *
 * @module
 */

import { join } from "node:path";
import { makeDatabase, removeDatabases } from "./database.ts";
import { describeMachine, installPeers } from "./machine.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { endAll, generate, isPinned, startServer } from "./processes.ts";
import { reportOf } from "./report.ts";
import { type Outcome, type Scenario, SCENARIOS } from "./scenarios.ts";
import { startScraping } from "./scraper.ts";
import { ROOT_DIRECTORY, type Server, SERVERS } from "./servers.ts";

const options = readOptions();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    await endAll();
    removeDatabases();
    Deno.exit(130);
  });
}
try {
  const report = await run(options);
  console.log(report);
  if (options.out !== undefined) await Deno.writeTextFile(options.out, `${report}\n`);
} finally {
  await endAll();
  removeDatabases();
}
Deno.exit();

function readOptions(): Options {
  try {
    return parseOptions(Deno.args, join(ROOT_DIRECTORY, "docs/benchmarks.md"));
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    Deno.exit(2);
  }
}

async function run({ runs, servers, scenarios, seconds }: Options): Promise<string> {
  const measured = servers.filter((name) =>
    scenarios.some((scenario) => SCENARIOS[scenario]!.servers.includes(name))
  ).map((name) => SERVERS[name]!);
  if (measured.some(({ program }) => program !== "deno")) await installPeers();
  const machine = await describeMachine(measured);
  const results = new Map<string, Map<string, Outcome[]>>();
  const serversOf = (scenario: string) =>
    servers.filter((name) => SCENARIOS[scenario]!.servers.includes(name));
  for (const name of scenarios) {
    const outcomes = serversOf(name).map((server): [string, Outcome[]] => [server, []]);
    if (outcomes.length > 0) results.set(name, new Map(outcomes));
  }
  for (let index = 0; index < runs; index++) {
    for (const name of results.keys()) {
      for (const server of turned(serversOf(name), index)) {
        const outcome = await measure(SERVERS[server]!, SCENARIOS[name]!, seconds);
        results.get(name)!.get(server)!.push(outcome);
        console.error(`run ${index + 1}/${runs} ${name} ${server} ${brief(outcome)}`);
      }
    }
  }
  return reportOf({ machine, runs, seconds, isPinned, results });
}

/** Another order in each run, so that no server always comes after the same one. */
function turned(names: readonly string[], run: number): string[] {
  const first = Math.floor(run / 2) % names.length;
  const order = [...names.slice(first), ...names.slice(0, first)];
  return run % 2 === 0 ? order : order.reverse();
}

/** A fresh process each time, so that no scenario sees what another has left behind. */
async function measure(server: Server, scenario: Scenario, seconds: number): Promise<Outcome> {
  const database = makeDatabase(server);
  try {
    const { port, pid, end } = await startServer(server, database.env);
    const { dialect, toSender = false, scrapedWith } = server;
    const scraper = scrapedWith === undefined ? undefined : startScraping(port, scrapedWith);
    const outcome = await generate({ port, pid, dialect, toSender, scenario, seconds });
    await scraper?.end();
    const ended = await end();
    return ended === undefined ? outcome : { failed: ended };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  } finally {
    database.remove();
  }
}

/** For whoever watches; the report has the figures properly. */
function brief(outcome: Outcome): string {
  return JSON.stringify(
    outcome,
    (_key, value) => typeof value === "number" ? Number(value.toPrecision(4)) : value,
  );
}
