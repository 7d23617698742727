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
import type { Directory } from "./lib/directory/directory.ts";
import { LocalDirectory } from "./lib/directory/local.ts";
import { watchEventLoop } from "./lib/event_loop.ts";
import { type LocalLog, type LocalLogEvent, openLocalLog } from "./lib/log/local.ts";
import type { SharedLog } from "./lib/log/shared.ts";
import { StoreError } from "./lib/log/store.ts";
import { DRAIN_TURNS } from "./lib/limits.ts";
import { createLogger, type Logger } from "./lib/logger.ts";
import { createMetrics } from "./lib/metrics.ts";
import { Refusals } from "./lib/refusals.ts";
import { createRequestIds } from "./lib/request_id.ts";
import { randomId } from "./lib/random_id.ts";
import { systemClock } from "./lib/system_clock.ts";
import { Traffic } from "./lib/traffic.ts";
import { DenoServeTransport } from "./lib/transport/deno_serve.ts";
import { EventStreams } from "./lib/transport/event_stream.ts";
import { FramesTransport } from "./lib/transport/frames.ts";
import { CLOSE_CODE } from "./lib/websocket/close_code.ts";
import type { ServerStatus } from "./routes/app_types.ts";
import { loadAssets } from "./routes/assets.ts";
import { createApp } from "./routes/mod.ts";

const config = readConfig();
const logger = openLogger(config.logLevel);
const refusals = new Refusals(logger, systemClock);

/** What is to be said, but not before the line that announces where the server listens. */
const unsaid: (() => void)[] = [];
let isAnnounced = false;
if (config.isAlone) {
  say(() => logger.warn("Every instance is a chat of its own: set REDIS_URL to make them one"));
}

const { log, directory, close } = config.redisUrl === undefined
  ? openLocal()
  : await openRedis(config.redisUrl);
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
const server = await listen();
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

/** Where everything is, and what ends that. */
interface Stores {
  readonly log: LocalLog | SharedLog;
  readonly directory: Directory;
  readonly close: () => Promise<void>;
}

function openLocal(): Stores {
  try {
    const log = openLocalLog({
      ...config,
      now: systemClock.wallNow,
      soon: systemClock.soon,
      after: systemClock.after,
      randomId,
      report: reportLog,
    });
    const directory = new LocalDirectory({ ...config, log, clock: systemClock, randomId });
    return { log, directory, close: () => log.close() };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

/** Redis need not be in reach: the server says that it is not ready, and tries again. */
async function openRedis(url: string): Promise<Stores> {
  // Nobody else needs the client library.
  const { RedisLink } = await import("./lib/log/redis_link.ts");
  const { openRedisLog } = await import("./lib/log/redis.ts");
  const { RedisDirectory } = await import("./lib/directory/redis.ts");
  let isDown = false;
  const link = new RedisLink({
    url,
    prefix: config.redisPrefix,
    clock: systemClock,
    randomId,
    onDown(error) {
      isDown = true;
      say(() => logger.error("Redis is out of reach", { error: String(error) }));
    },
    onUp() {
      if (isDown) say(() => logger.info("Redis is in reach again"));
      isDown = false;
    },
  });
  const shared = { ...config, link, clock: systemClock, randomId };
  const onError = (error: unknown) => reportLog({ type: "watcher_threw", error });
  const log = openRedisLog({ ...shared, onError });
  const directory = new RedisDirectory(shared);
  await link.start();
  return {
    log,
    directory,
    async close() {
      await log.close();
      await directory.close();
      link.close();
    },
  };
}

function say(line: () => void): void {
  if (isAnnounced) line();
  else unsaid.push(line);
}

function reportLog(event: LocalLogEvent): void {
  switch (event.type) {
    case "store_failed":
      return logger.error("The store failed", { error: String(event.error) });
    case "store_recovered":
      return logger.info("The store works again");
    case "epoch_changed":
      return logger.error("The store has lost messages that were acknowledged", {
        epoch: event.epoch,
      });
    case "watcher_threw":
      return logger.error("A watcher of the log failed", { error: String(event.error) });
  }
}

/** A server that listens, whichever transport it is. */
interface Listener {
  closeAll(code: number, reason: string): Promise<void>;
  shutdown(): Promise<void>;
}

async function listen(): Promise<Listener> {
  const { host, pingSeconds } = config;
  const onError = (error: unknown) =>
    logger.error("Socket handler failed", { error: String(error) });
  try {
    return await (config.transport === "serve" ? listenServe : listenFrames)(pingSeconds, onError);
  } catch (error) {
    console.error(`Cannot listen on ${host}:${config.port}: ${(error as Error).message}`);
    Deno.exit(1);
  }
}

function listenServe(pingSeconds: number, onError: (error: unknown) => void): Listener {
  const transport = new DenoServeTransport({ pingSeconds, onError, traffic: sockets });
  const server = Deno.serve({
    hostname: config.host,
    port: config.port,
    onListen: ({ port }) => announce(port),
  }, (request, info) =>
    app.fetch(request, {
      remoteAddress: info.remoteAddr.hostname,
      whenCompleted: (call) => void info.completed.then(call, call),
      upgrade: (request, options) => transport.upgrade(request, options),
    }));
  setInterval(() => transport.closeStuck(), 2 * pingSeconds * 1000);
  return {
    closeAll: (code, reason) => transport.closeAll(code, reason),
    shutdown: () => server.shutdown(),
  };
}

async function listenFrames(
  pingSeconds: number,
  onError: (error: unknown) => void,
): Promise<Listener> {
  const fetch: typeof app.fetch = (request, bindings) => app.fetch(request, bindings);
  const transport = new FramesTransport({ fetch, pingSeconds, onError, traffic: sockets });
  announce(await transport.listen({ hostname: config.host, port: config.port }));
  return transport;
}

function announce(port: number): void {
  const host = config.host === "0.0.0.0" || config.host === "::" ? "localhost" : config.host;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
  // Whoever has started it with port 0 needs this line, whatever else is to be said.
  openLogger("info").info("Natter is listening", { url });
  isAnnounced = true;
  for (const line of unsaid.splice(0)) line();
}

/**
 * Tells clients when to come back, closes every socket with 4000, gives the peers a bounded time to answer,
 * commits, and ends. Whatever was said before the signal is stored, acknowledged and delivered first.
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
  // A commit, the acks and the flush of what was said are each a turn away.
  for (let turn = 0; turn < DRAIN_TURNS; turn++) {
    await new Promise<void>((resolve) => systemClock.soon(resolve));
  }
  eventStreams.closeAll(CLOSE_CODE.Drain, "drain");
  // The listener comes last: its shutdown closes sockets with 1001, and would overtake these.
  await Promise.race([server.closeAll(CLOSE_CODE.Drain, "drain"), answered.promise]);
  await close();
  refusals.close();
  await server.shutdown();
  clearTimeout(deadline);
  Deno.exit(0);
}
