/**
 * The fan-out benchmark: Natter and its peers as whole processes, side by side in one run. `cluster` as the first
 * word: Natter alone, as several instances over one Redis.
 *
 * @module
 */

import { join } from "node:path";
import { endAllRedis, measureSetup } from "./cluster.ts";
import { clusterReportOf } from "./cluster_report.ts";
import { makeDatabase, removeDatabases } from "./database.ts";
import type { Outcome } from "./job.ts";
import { describeMachine, describeRedis, installPeers } from "./machine.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { endAll, generate, isPinned, startServer } from "./processes.ts";
import { reportOf } from "./report.ts";
import { measureAll } from "./runs.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { startScraping } from "./scraper.ts";
import { ROOT_DIRECTORY, type Server, SERVERS } from "./servers.ts";
import { CLUSTER_SCENARIOS } from "./setups.ts";

const options = readOptions();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    await cleanUp();
    Deno.exit(130);
  });
}
try {
  const report = options.isCluster ? await runCluster(options) : await run(options);
  console.log(report);
  if (options.out !== undefined) await Deno.writeTextFile(options.out, `${report}\n`);
} finally {
  await cleanUp();
}
Deno.exit();

async function cleanUp(): Promise<void> {
  await endAll();
  await endAllRedis();
  removeDatabases();
}

function readOptions(): Options {
  try {
    return parseOptions(Deno.args, join(ROOT_DIRECTORY, "docs"));
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    Deno.exit(2);
  }
}

async function run({ runs, servers, scenarios, seconds }: Options): Promise<string> {
  const plan = planOf(SCENARIOS, scenarios, servers);
  const measured = servers.filter((name) => [...plan.values()].flat().includes(name))
    .map((name) => SERVERS[name]!);
  if (measured.some(({ program }) => program !== "deno")) await installPeers();
  const machine = await describeMachine(measured);
  const results = await measureAll({
    runs,
    tell: console.error,
    scenarios: plan,
    measure: (server, scenario) => measure(SERVERS[server]!, SCENARIOS[scenario]!, seconds),
  });
  return reportOf({ machine, runs, seconds, isPinned, results });
}

async function runCluster({ runs, servers, scenarios, seconds }: Options): Promise<string> {
  const machine = `${await describeMachine([])}; ${await describeRedis()}`;
  const results = await measureAll({
    runs,
    tell: console.error,
    scenarios: planOf(CLUSTER_SCENARIOS, scenarios, servers),
    measure: (setup, scenario) => measureSetup(setup, CLUSTER_SCENARIOS[scenario]!, seconds),
  });
  return clusterReportOf({ machine, runs, seconds, isPinned, results });
}

/** The servers of each scenario that were chosen. */
function planOf(
  all: Readonly<Record<string, Scenario>>,
  scenarios: readonly string[],
  servers: readonly string[],
): Map<string, string[]> {
  return new Map(scenarios.map((scenario) => [
    scenario,
    servers.filter((name) => all[scenario]!.servers.includes(name)),
  ]));
}

/** A fresh process each time, so that no scenario sees what another has left behind. */
async function measure(server: Server, scenario: Scenario, seconds: number): Promise<Outcome> {
  const database = makeDatabase(server);
  try {
    const { port, pid, end } = await startServer(server, database.env);
    const { dialect, toSender = false, scrapedWith } = server;
    const scraper = scrapedWith === undefined ? undefined : startScraping(port, scrapedWith);
    const job = { ports: [port], pids: [pid], dialect, toSender, scenario, seconds };
    const outcome = await generate(job);
    await scraper?.end();
    const ended = await end();
    return ended === undefined ? outcome : { failed: ended };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  } finally {
    database.remove();
  }
}
