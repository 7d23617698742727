/**
 * What all routes share.
 *
 * @module
 */

import type { Authenticator } from "../lib/auth/principal.ts";
import type { Chat } from "../lib/chat/chat.ts";
import type { Config } from "../lib/config.ts";
import type { ConnectionCounter } from "../lib/connection_counter.ts";
import type { Logger } from "../lib/logger.ts";
import type { Metrics } from "../lib/metrics.ts";
import type { Refusals } from "../lib/refusals.ts";
import type { Traffic } from "../lib/traffic.ts";
import type { TransportBindings } from "../lib/transport/connection.ts";
import type { EventStreams } from "../lib/transport/event_stream.ts";
import type { Asset } from "./assets.ts";

/** What the routes need. */
export interface AppOptions {
  /** The settings. */
  readonly config: Config;
  /** The chat. */
  readonly chat: Chat;
  /** Checks keys and tokens. */
  readonly authenticator: Authenticator;
  /** Whether the server is fit for traffic. */
  readonly status: () => ServerStatus;
  /** The streams of server-sent events. */
  readonly eventStreams: EventStreams;
  /** What goes out as answers to polls. */
  readonly polls: Traffic;
  /** Counts sockets, streams and polls. */
  readonly connectionCounter: ConnectionCounter;
  /** The files of the page, by path. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** The log. */
  readonly logger: Logger;
  /** The metrics. */
  readonly metrics: Metrics;
  /** Counts refusals, and has few of them logged. */
  readonly refusals: Refusals;
  /** Gives a request its id, where a proxy's own (`X-Request-Id`) is not to be taken. */
  readonly requestIdOf: (given: string | undefined) => string;
}

/** Whether a server is fit for traffic: `ending` takes nobody any more, who would have to leave at once. */
export type ServerStatus = "ready" | "store out of reach" | "ending";

/** The app's types: a transport hands in its bindings with each request, which is given an id. */
export type AppTypes = { Bindings: TransportBindings; Variables: { requestId: string } };

/** What the server needs of the app. */
export interface App {
  /** Every route, as methods and patterns; those of middleware too. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /** Answers a request. */
  fetch(request: Request, bindings: TransportBindings): Response | Promise<Response>;
  /** Answers a request without a server, for tests. */
  request(
    path: string,
    init?: RequestInit,
    bindings?: TransportBindings,
  ): Response | Promise<Response>;
}
