/**
 * Natter's entry: puts the parts together, listens, and ends in order.
 *
 * @module
 */

import process from "node:process";
import { createOpenAuthenticator } from "./lib/auth/open.ts";
import { JwksKeys } from "./lib/auth/jwks.ts";
import type { Authenticator } from "./lib/auth/principal.ts";
import { createTokenAuthenticator } from "./lib/auth/token.ts";
import { Chat } from "./lib/chat/chat.ts";
import { createJournal } from "./lib/chat/journal.ts";
import { type Config, ConfigError, type LogLevel, parseConfig } from "./lib/config.ts";
import { ConnectionCounter } from "./lib/connection_counter.ts";
import { watchEventLoop } from "./lib/event_loop.ts";
import { StoreError } from "./lib/log/store.ts";
import { within } from "./lib/log/within.ts";
import { DRAIN_TURNS } from "./lib/limits.ts";
import { createLogger, holdBack, type Logger } from "./lib/logger.ts";
import { createMetrics } from "./lib/metrics.ts";
import { Refusals } from "./lib/refusals.ts";
import { createRequestIds } from "./lib/request_id.ts";
import { randomId } from "./lib/random_id.ts";
import { openStores, type Stores } from "./lib/stores.ts";
import { systemClock } from "./lib/system_clock.ts";
import { Traffic } from "./lib/traffic.ts";
import { EventStreams } from "./lib/transport/event_stream.ts";
import { listen, type Listener } from "./lib/transport/listen.ts";
import { CLOSE_CODE } from "./lib/websocket/close_code.ts";
import type { ServerStatus } from "./routes/app_types.ts";
import { loadAssets } from "./routes/assets.ts";
import { createApp } from "./routes/mod.ts";

const config = readConfig();
// Whoever has started it with port 0 needs to know where it listens before anything else.
const logger = holdBack(openLogger(config.logLevel));
const refusals = new Refusals(logger, systemClock);

if (config.isAlone) {
  logger.warn("Every instance is a chat of its own: set REDIS_URL to make them one");
}

const { log, directory, close } = await openAllStores();
const authenticator = createAuthenticator();
const chat = new Chat({
  ...config,
  log,
  authenticator,
  directory,
  clock: systemClock,
  randomId,
  onError: (error) => logger.error("Command failed", { error: String(error) }),
  report: createJournal(logger, refusals),
});

const eventStreams = new EventStreams(systemClock);
const connectionCounter = new ConnectionCounter(config);
const sockets = new Traffic();
const polls = new Traffic();

const app = createApp({
  config,
  chat,
  authenticator,
  status,
  eventStreams,
  polls,
  connectionCounter,
  assets: await loadAssets(`${import.meta.dirname}/static`, config),
  logger,
  metrics: createMetrics({
    transport: config.transport,
    connections: connectionCounter,
    traffic: { [config.transport]: sockets, events: eventStreams.traffic, poll: polls },
    chat,
    claims: directory,
    log,
    refusals,
    eventLoop: watchEventLoop(systemClock),
    isReady: () => status() === "ready",
    memory: () => Deno.memoryUsage(),
    cpuSeconds,
    startedAt: performance.timeOrigin,
  }),
  refusals,
  requestIdOf: createRequestIds(randomId(), config.trustProxy),
});

let draining = false;
const server = await startListening();
for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, drain);

function readConfig(): Config {
  try {
    return parseConfig((name) => Deno.env.get(name));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}

function status(): ServerStatus {
  if (draining) return "ending";
  return log.isAvailable ? "ready" : "store out of reach";
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function openLogger(level: LogLevel): Logger {
  const format = config.log ?? (Deno.stdout.isTerminal() ? "text" : "json");
  return createLogger(format, (line) => console.log(line), () => Date.now(), level);
}

function createAuthenticator(): Authenticator {
  if (config.auth === "open") return createOpenAuthenticator();
  const { authSecret: secret, authJwksUrl, authIssuer: issuer, authAudience: audience } = config;
  const jwks = authJwksUrl === undefined ? undefined : new JwksKeys({
    url: new URL(authJwksUrl),
    fetch,
    clock: systemClock,
    onError: (error) =>
      logger.warn("The keys of tokens are out of reach", { error: String(error) }),
  });
  return createTokenAuthenticator({ secret, jwks, issuer, audience, now: systemClock.wallNow });
}

async function openAllStores(): Promise<Stores> {
  try {
    return await openStores({ ...config, clock: systemClock, randomId, logger });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

async function startListening(): Promise<Listener> {
  try {
    return await listen({
      ...config,
      fetch: (request, bindings) => app.fetch(request, bindings),
      traffic: sockets,
      onError: (error) => logger.error("Socket handler failed", { error: String(error) }),
      onListen: announce,
    });
  } catch (error) {
    console.error(`Cannot listen on ${config.host}:${config.port}: ${(error as Error).message}`);
    Deno.exit(1);
  }
}

function announce(port: number): void {
  const host = config.host === "0.0.0.0" || config.host === "::" ? "localhost" : config.host;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
  // Whatever the level of the log.
  openLogger("info").info("Natter is listening", { url });
  logger.release();
}

/** What is under way within the process has come by then: what was heard to the log, what was stored to who reads. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < DRAIN_TURNS; turn++) {
    await new Promise<void>((resolve) => systemClock.soon(resolve));
  }
}

/**
 * Tells clients when to come back, closes every socket with 4000, gives the peers a bounded time to answer,
 * commits, and ends. Whatever was said before the signal is stored, acknowledged and delivered first, unless the
 * store takes too long.
 */
async function drain(): Promise<void> {
  if (draining) Deno.exit(1);
  draining = true;
  logger.info("Natter is draining", { seconds: config.drainSeconds });
  // A peer that does not answer must not hold the process: its close handshake gets most of the time.
  const deadline = setTimeout(() => {
    refusals.close();
    Deno.exit(0);
  }, config.drainSeconds * 900);
  const answered = Promise.withResolvers<void>();
  setTimeout(answered.resolve, config.drainSeconds * 600);
  chat.announceEnd();
  await someTurns();
  // A commit is a turn away; with Redis it is an answer.
  await within(systemClock, config.drainSeconds * 300, log.settled()).catch(() => {});
  await someTurns();
  eventStreams.closeAll(CLOSE_CODE.Drain, "drain");
  // The listener comes last: its shutdown closes sockets with 1001, and would overtake these.
  await Promise.race([server.closeAll(CLOSE_CODE.Drain, "drain"), answered.promise]);
  await close();
  refusals.close();
  await server.shutdown();
  clearTimeout(deadline);
  Deno.exit(0);
}
