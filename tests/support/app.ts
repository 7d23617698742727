/**
 * The app without a server, for tests by `app.request`.
 *
 * @module
 */

import { createOpenAuthenticator } from "../../lib/auth/open.ts";
import { createTokenAuthenticator } from "../../lib/auth/token.ts";
import { parseConfig } from "../../lib/config.ts";
import { ConnectionCounter } from "../../lib/connection_counter.ts";
import { watchEventLoop } from "../../lib/event_loop.ts";
import { createJournal } from "../../lib/chat/journal.ts";
import { createLogger } from "../../lib/logger.ts";
import { createMetrics } from "../../lib/metrics.ts";
import { Refusals } from "../../lib/refusals.ts";
import { createRequestIds } from "../../lib/request_id.ts";
import { Traffic } from "../../lib/traffic.ts";
import { systemClock } from "../../lib/system_clock.ts";
import type { TransportBindings } from "../../lib/transport/connection.ts";
import { EventStreams } from "../../lib/transport/event_stream.ts";
import { loadAssets } from "../../routes/assets.ts";
import type { App, ServerStatus } from "../../routes/app_types.ts";
import { createApp } from "../../routes/mod.ts";
import { within } from "./deadline.ts";
import { HANDSHAKE } from "./handshake.ts";
import { createTestChat, type TestChat } from "./test_chat.ts";
import { TestClient } from "./test_clients.ts";

/** An app, and what happened to it. */
export interface TestApp {
  /** The app as the server mounts it. */
  readonly app: App;
  /** The chat in it. */
  readonly testChat: TestChat;
  /** Counts its sockets. */
  readonly connectionCounter: ConnectionCounter;
  /** Its log lines, at the level of `LOG_LEVEL`. */
  readonly log: string[];
  /** Its streams of server-sent events. */
  readonly eventStreams: EventStreams;
  /** The last byte of every answer so far has gone. */
  complete(): void;
  /** Whether it is fit for traffic. */
  readonly state: { status: ServerStatus };
  /** Makes a request, and lets the chat's turns go by until it is answered. */
  request(
    path: string,
    init?: RequestInit,
    bindings?: Partial<TransportBindings>,
  ): Promise<Response>;
  /** Opens a socket over its route, in the rich protocol, and waits until that has settled. */
  connect(path: string, key?: string): Promise<TestClient>;
}

const STATIC = decodeURIComponent(new URL("../../static", import.meta.url).pathname);

/** Creates an app with the given settings; its transport makes no socket, and answers 200 in its place. */
export async function createTestApp(env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const config = parseConfig((name) => env[name]);
  const { log: _logFormat, ...chatOptions } = config;
  const authenticator = config.auth === "open"
    ? createOpenAuthenticator()
    : createTokenAuthenticator({ secret: config.authSecret, now: () => clock.wallNow() });
  const log: string[] = [];
  const logger = createLogger("json", (line) => log.push(line), () => 0, config.logLevel);
  const refusals = new Refusals(logger, { after: (ms, call) => clock.after(ms, call) });
  const report = createJournal(logger, refusals);
  const testChat = createTestChat({ ...chatOptions, authenticator, report });
  const { clock } = testChat;
  const completions: (() => void)[] = [];
  const state: TestApp["state"] = { status: "ready" };
  const sockets = new Traffic(), polls = new Traffic();
  const connectionCounter = new ConnectionCounter(config);
  const eventStreams = new EventStreams(testChat.clock);
  const app = createApp({
    config,
    chat: testChat.chat,
    authenticator,
    status: () => state.status,
    eventStreams,
    connectionCounter,
    assets: await loadAssets(STATIC),
    logger,
    polls,
    metrics: createMetrics({
      transport: config.transport,
      connections: connectionCounter,
      traffic: { [config.transport]: sockets, events: eventStreams.traffic, poll: polls },
      chat: testChat.chat,
      claims: testChat.directory,
      log: testChat.log,
      refusals,
      eventLoop: watchEventLoop({ now: () => clock.now(), after: () => () => {} }),
      isReady: () => state.status === "ready",
      memory: () => ({ rss: 4, heapTotal: 3, heapUsed: 2, external: 1 }),
      cpuSeconds: () => 1.5,
      startedAt: 0,
    }),
    refusals,
    requestIdOf: createRequestIds("test", config.trustProxy),
  });
  /** The chat's turns go by, and one of the real clock: digests and bodies come from outside of the chat. */
  async function takeTurn(): Promise<void> {
    await clock.advance(0);
    await new Promise<void>((resolve) => systemClock.soon(resolve));
  }
  const request: TestApp["request"] = async (path, init, bindings = {}) => {
    let isAnswered = false;
    const answer = (async () =>
      await app.request(path, init, {
        remoteAddress: "127.0.0.1",
        whenCompleted: (call) => void completions.push(call),
        upgrade: () => new Response("upgraded"),
        ...bindings,
      }))().finally(() => isAnswered = true);
    const turns = async () => {
      while (!isAnswered) await takeTurn();
    };
    const [response] = await within(Promise.all([answer, turns()]), path);
    return response;
  };
  return {
    app,
    testChat,
    connectionCounter,
    log,
    eventStreams,
    complete() {
      for (const call of completions.splice(0)) call();
    },
    state,
    request,
    async connect(path, key) {
      const client = new TestClient();
      const headers = {
        ...HANDSHAKE,
        "Sec-WebSocket-Protocol": "natter.v1",
        ...key !== undefined && { "Authorization": `Bearer ${key}` },
      };
      const response = await request(path, { headers }, {
        upgrade(_request, { open }) {
          client.open(open);
          return new Response("upgraded");
        },
      });
      await response.text();
      // Who it is, is found out on the open socket.
      const turns = async () => {
        while (client.closed === undefined && client.sent.length === 0) await takeTurn();
      };
      await within(turns(), path);
      await clock.settle();
      return client;
    },
  };
}
