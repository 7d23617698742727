/**
 * The app without a server, for tests by `app.request`.
 *
 * @module
 */

import { createOpenAuthenticator } from "../../lib/auth/open.ts";
import { parseConfig } from "../../lib/config.ts";
import { ConnectionCounter } from "../../lib/connection_counter.ts";
import { createLogger } from "../../lib/logger.ts";
import type { TransportBindings } from "../../lib/transport/connection.ts";
import { EventStreams } from "../../lib/transport/event_stream.ts";
import { loadAssets } from "../../routes/assets.ts";
import type { App } from "../../routes/app_types.ts";
import { createApp } from "../../routes/mod.ts";
import { createTestChat, type TestChat } from "./test_chat.ts";

/** An app, and what happened to it. */
export interface TestApp {
  /** The app as the server mounts it. */
  readonly app: App;
  /** The chat in it. */
  readonly testChat: TestChat;
  /** Counts its sockets. */
  readonly connectionCounter: ConnectionCounter;
  /** Its log lines. */
  readonly log: string[];
  /** Its streams of server-sent events. */
  readonly eventStreams: EventStreams;
  /** The last byte of every answer so far has gone. */
  complete(): void;
  /** Makes a request. */
  request(
    path: string,
    init?: RequestInit,
    bindings?: Partial<TransportBindings>,
  ): Promise<Response>;
}

const STATIC = decodeURIComponent(new URL("../../static", import.meta.url).pathname);

/** Creates an app with the given settings; its transport makes no socket, and answers 200 in its place. */
export async function createTestApp(env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const config = parseConfig((name) => env[name]);
  const { log: _logFormat, ...chatOptions } = config;
  const authenticator = createOpenAuthenticator();
  const testChat = createTestChat({ ...chatOptions, authenticator });
  const log: string[] = [];
  const completions: (() => void)[] = [];
  const connectionCounter = new ConnectionCounter(config);
  const eventStreams = new EventStreams(testChat.clock);
  const app = createApp({
    config,
    chat: testChat.chat,
    authenticator,
    status: () => "ready",
    eventStreams,
    connectionCounter,
    assets: await loadAssets(STATIC),
    logger: createLogger("json", (line) => log.push(line), () => 0),
  });
  return {
    app,
    testChat,
    connectionCounter,
    log,
    eventStreams,
    complete() {
      for (const call of completions.splice(0)) call();
    },
    request: async (path, init, bindings = {}) =>
      await app.request(path, init, {
        remoteAddress: "127.0.0.1",
        whenCompleted: (call) => void completions.push(call),
        upgrade: () => new Response("upgraded"),
        ...bindings,
      }),
  };
}
