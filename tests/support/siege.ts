/**
 * What every hostile suite has in common: one live process, and what must be true of it afterwards.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { REFUSAL_LINES_MAX, REFUSAL_LINES_MS } from "../../lib/limits.ts";
import { Bystanders } from "./bystanders.ts";
import { until } from "./deadline.ts";
import { descriptorCount, residentBytes } from "./process.ts";
import { startServer, type TestServer, TIGHT_HEAP_FLAGS } from "./server.ts";

/** What engine and allocator keep of what they have once needed. */
const GROWTH_BYTES_MAX = 128 * 1024 * 1024;

/** Settings of a {@linkcode besiege}. */
export interface SiegeOptions {
  /** Settings of the server. */
  readonly env?: Readonly<Record<string, string>>;
  /** A token for each bystander, in token mode. */
  readonly credentialOf?: (name: string) => Promise<string>;
  /** What the log may say beside that the server listens. */
  readonly mayLog?: readonly string[];
  /** Bytes by which the process may have grown after all load is gone. */
  readonly growthBytesMax?: number;
  /** Messages that the bystanders exchange at a time. */
  readonly words?: number;
}

/** A server under attack. */
export interface Siege {
  /** The server. */
  readonly server: TestServer;
  /** Texts that must never stand in the log. */
  readonly secrets: string[];
  /** Attacks, while the bystanders talk; then they talk once more. */
  step(name: string, attack: () => Promise<unknown>): Promise<void>;
}

/**
 * Starts a server with two bystanders, has it attacked, and sees that nothing is left of it: the same
 * process serves, the bystanders have missed nothing, descriptors and memory are back, and the log has
 * neither complaints, nor secrets, nor lines that somebody else has written.
 *
 * @param t The test.
 * @param options Settings.
 * @param attack What is done to the server.
 */
export async function besiege(
  t: Deno.TestContext,
  options: SiegeOptions,
  attack: (siege: Siege) => Promise<void>,
): Promise<void> {
  const { env = {}, credentialOf, mayLog = [], words = 10, growthBytesMax = GROWTH_BYTES_MAX } =
    options;
  await using server = await startServer(
    { CONNECTIONS_PER_IP_MAX: "0", LOG: "json", ...env },
    TIGHT_HEAP_FLAGS,
  );
  await using bystanders = await Bystanders.open(server, credentialOf);
  await bystanders.talk(words);
  const { pid } = server.process;
  const began = performance.now();
  const descriptorsBefore = await descriptorCount(pid);
  const residentBefore = await residentBytes(pid);
  const secrets: string[] = [];

  await attack({
    server,
    secrets,
    step: async (name, attack) =>
      void await t.step(name, async () => {
        await Promise.all([attack(), bystanders.talk(words)]);
        await bystanders.talk(words);
      }),
  });

  await until(
    async () => await descriptorCount(pid) <= descriptorsBefore,
    "the descriptors are back",
  );
  await until(
    async () => await residentBytes(pid) - residentBefore <= growthBytesMax,
    "the memory is back",
  );
  await bystanders.talk(words);
  assertEquals(await (await fetch(new URL("healthz", server.url))).text(), "ok\n");
  checkLog(server.log, secrets, ["Natter is listening", ...mayLog]);
  checkRefusals(server.log, performance.now() - began);
}

/** Sees that refusals, of which there were many, have not filled the log. */
function checkRefusals(lines: readonly string[], elapsedMs: number): void {
  const linesMax = (REFUSAL_LINES_MAX + 1) * (2 + Math.floor(elapsedMs / REFUSAL_LINES_MS));
  const causes = lines.map((line) => JSON.parse(line).cause).filter((cause) => cause !== undefined);
  for (const [cause, those] of Map.groupBy(causes, (cause) => cause)) {
    assert(those.length <= linesMax, `${cause}: ${those.length} lines`);
  }
}

/**
 * Sees that a log is nobody's but the server's own.
 *
 * @param lines The lines.
 * @param secrets Texts that may not stand in it.
 * @param messages What it may say.
 */
export function checkLog(
  lines: readonly string[],
  secrets: readonly string[],
  messages: readonly string[],
): void {
  assert(lines.length > 0);
  for (const line of lines) {
    const { time, level, message } = JSON.parse(line);
    assertEquals(new Date(time).toISOString(), time, line);
    assert(["info", "warn", "error"].includes(level), line);
    assert(/^Refused(, and [\d,]+ more)?$/.test(message) || messages.includes(message), line);
    for (const secret of secrets) assert(!line.includes(secret), line);
  }
}
