/**
 * The settings, read from the environment in one place (docs/protocol.md, "Configuration").
 *
 * @module
 */

import { AUTH_SECRET_BYTES_MIN, CURSOR_CHANNELS_MAX } from "./limits.ts";
import {
  anyText,
  apiKey,
  byteLength,
  databasePath,
  hostname,
  httpUrl,
  integer,
  keyPrefix,
  oneOf,
  origins,
  redisUrl,
  secret,
  type Setting,
} from "./setting.ts";

/** What the program is told from outside. */
export interface Config {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0: any free one. */
  readonly port: number;
  /** What serves: the runtime's own server and sockets, or our frames over `node:http`. */
  readonly transport: "serve" | "frames";
  /**
   * Whether there may be others beside it that it knows nothing of: on Deno Deploy, without Redis. Each is a chat of
   * its own then.
   */
  readonly isAlone: boolean;
  /** The SQLite file of the log, or `:memory:`. */
  readonly database: string;
  /** What an acknowledged message survives: the end of the process, or that of the machine. */
  readonly durability: "process" | "disk";
  /** Where Redis is, if several instances are one chat there; in place of a database. */
  readonly redisUrl: string | undefined;
  /** What the names of all keys in it begin with. */
  readonly redisPrefix: string;
  /** How clients say who they are: by a key of their own, or by a token of the product's. */
  readonly auth: "open" | "token";
  /** The secret that HS256 tokens are signed with; at least 32 bytes. */
  readonly authSecret: string | undefined;
  /** Where the keys are that other tokens are signed with (RFC 7517, section 5). */
  readonly authJwksUrl: string | undefined;
  /** The `iss` that tokens must have; `undefined`: any. */
  readonly authIssuer: string | undefined;
  /** The `aud` that tokens must have; `undefined`: any. */
  readonly authAudience: string | undefined;
  /** The key of programs; `undefined`: their interfaces are not there. */
  readonly apiKey: string | undefined;
  /** The key that reads the metrics and nothing else; without it, {@linkcode Config.apiKey} alone does. */
  readonly metricsKey: string | undefined;
  /** Origins other than the server's own that may connect: serialized origins, or `*` alone. */
  readonly allowedOrigins: readonly string[];
  /** How many proxies' `X-Forwarded-For` entries to believe. */
  readonly trustProxy: number;
  /** A message's body, in bytes of UTF-8. */
  readonly bodyBytesMax: number;
  /** A message on the echo endpoint, in bytes. */
  readonly echoBytesMax: number;
  /** Messages a second of one user, in the long run; 0: no limit. */
  readonly messagesPerSecond: number;
  /** Messages of one user at once. */
  readonly messagesBurst: number;
  /** New names from one address in a minute; 0: no limit. */
  readonly claimsPerMinute: number;
  /** Sockets, streams and polls in all; 0: no limit. */
  readonly connectionsMax: number;
  /** Sockets, streams and polls from one address; 0: no limit. */
  readonly connectionsPerIpMax: number;
  /** Rooms of one connection. */
  readonly roomsPerConnectionMax: number;
  /** Rooms with somebody in them. */
  readonly roomsMax: number;
  /** Unsent bytes of one reader before it waits at its cursor. */
  readonly sendBufferBytesMax: number;
  /** Unsent bytes of all readers together. */
  readonly sendBuffersTotalBytesMax: number;
  /** Seconds a waiting reader may go without any progress. */
  readonly stallSeconds: number;
  /** Entries of a channel that are retained. */
  readonly historyMessagesMax: number;
  /** Days for which an entry is retained. */
  readonly historyDays: number;
  /** Entries before the head at which a reader without a position begins. */
  readonly historyOnJoin: number;
  /** Seconds for which a claimed name is held after its last use. */
  readonly nameHoldSeconds: number;
  /** Seconds of silence before a ping; a socket silent for two of them is closed. */
  readonly pingSeconds: number;
  /** Seconds from a signal to the end of the process. */
  readonly drainSeconds: number;
  /** How log lines are written; `undefined`: as text on a terminal, else as JSON. */
  readonly log: LogFormat | undefined;
  /** The least level of log lines that are written. */
  readonly logLevel: LogLevel;
}

/** A form of log lines. */
export type LogFormat = "text" | "json";

/** How much a log line matters, the least first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** A setting that cannot be used. Its message is one line: variable, value and what it takes. */
export class ConfigError extends Error {
  /** Always `ConfigError`. */
  override readonly name = "ConfigError";
}

const SETTINGS = {
  HOST: hostname("0.0.0.0"),
  PORT: integer(8000, 0, 65_535),
  TRANSPORT: oneOf<"serve" | "frames">(["serve", "frames"], "serve"),
  DATABASE: databasePath("data/natter.db"),
  DURABILITY: oneOf<"process" | "disk">(["process", "disk"], "process"),
  REDIS_URL: redisUrl(),
  REDIS_PREFIX: keyPrefix("natter:"),
  AUTH: oneOf<"open" | "token">(["open", "token"], "open"),
  AUTH_SECRET: secret(AUTH_SECRET_BYTES_MIN),
  AUTH_JWKS_URL: httpUrl(),
  AUTH_ISSUER: anyText(),
  AUTH_AUDIENCE: anyText(),
  API_KEY: apiKey(),
  METRICS_KEY: apiKey(),
  ALLOWED_ORIGINS: origins(),
  TRUST_PROXY: integer(0, 0, 16),
  BODY_BYTES_MAX: integer(8192, 1, 1_048_576),
  ECHO_BYTES_MAX: integer(65_536, 1, 67_108_864),
  MESSAGES_PER_SECOND: integer(10, 0, 1_000_000),
  MESSAGES_BURST: integer(30, 1, 1_000_000),
  CLAIMS_PER_MINUTE: integer(60, 0, 1_000_000),
  CONNECTIONS_MAX: integer(20_000, 0, 10_000_000),
  CONNECTIONS_PER_IP_MAX: integer(200, 0, 10_000_000),
  ROOMS_PER_CONNECTION_MAX: integer(32, 1, CURSOR_CHANNELS_MAX - 1), // one is the inbox's
  ROOMS_MAX: integer(100_000, 1, 10_000_000),
  SEND_BUFFER_BYTES_MAX: integer(1_048_576, 1024, 1_073_741_824),
  SEND_BUFFERS_TOTAL_BYTES_MAX: integer(268_435_456, 1024, 1_099_511_627_776),
  STALL_SECONDS: integer(20, 1, 3600),
  HISTORY_MESSAGES_MAX: integer(100_000, 1, 100_000_000),
  HISTORY_DAYS: integer(365, 1, 36_500),
  HISTORY_ON_JOIN: integer(50, 0, 10_000),
  NAME_HOLD_SECONDS: integer(300, 0, 31_536_000),
  PING_SECONDS: integer(25, 1, 3600),
  DRAIN_SECONDS: integer(4, 1, 3600),
  LOG: oneOf<LogFormat | undefined>(["text", "json"], undefined),
  LOG_LEVEL: oneOf<LogLevel>(["debug", "info", "warn", "error"], "info"),
};

/** The names of the environment variables that {@linkcode parseConfig} looks at. */
export const CONFIG_VARIABLES: readonly string[] = Object.keys(SETTINGS);

/** What tells that this is Deno Deploy: no setting, for it is set there and nowhere else. */
export const DEPLOY_VARIABLE = "DENO_DEPLOYMENT_ID";

/**
 * Reads the settings. An empty value is an unset one. On Deno Deploy, where no file lasts, `DATABASE` is `:memory:` by
 * default.
 *
 * @param get The environment, e.g. `(name) => Deno.env.get(name)`.
 * @returns The settings.
 * @throws {ConfigError} If a value cannot be used.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { ConfigError, parseConfig } from "./config.ts";
 *
 * assertEquals(parseConfig(() => undefined).port, 8000);
 * assertThrows(
 *   () => parseConfig((name) => name === "PORT" ? "eighty" : undefined),
 *   ConfigError,
 *   'PORT is "eighty", but takes a whole number from 0 to 65535',
 * );
 * ```
 */
export function parseConfig(get: (name: string) => string | undefined): Config {
  function read<K extends keyof typeof SETTINGS>(name: K): (typeof SETTINGS)[K]["default"] {
    const value = get(name)?.trim();
    const setting: Setting<unknown> = SETTINGS[name];
    if (value === undefined || value === "") return SETTINGS[name].default;
    const parsed = setting.parse(value);
    if (parsed === undefined) {
      // A secret is not shown, however wrong it is.
      const shown = setting.isSecret === true
        ? `a text of ${byteLength(value)} bytes`
        : JSON.stringify(value);
      throw new ConfigError(`${name} is ${shown}, but takes ${setting.takes}`);
    }
    return parsed as (typeof SETTINGS)[K]["default"];
  }
  const isSet = (name: string) => Boolean(get(name)?.trim());
  const isDeploy = isSet(DEPLOY_VARIABLE);
  const config: Config = {
    host: read("HOST"),
    port: read("PORT"),
    transport: read("TRANSPORT"),
    isAlone: isDeploy && !isSet("REDIS_URL"),
    database: isDeploy && !isSet("DATABASE") ? ":memory:" : read("DATABASE"),
    durability: read("DURABILITY"),
    redisUrl: read("REDIS_URL"),
    redisPrefix: read("REDIS_PREFIX"),
    auth: read("AUTH"),
    authSecret: read("AUTH_SECRET"),
    authJwksUrl: read("AUTH_JWKS_URL"),
    authIssuer: read("AUTH_ISSUER"),
    authAudience: read("AUTH_AUDIENCE"),
    apiKey: read("API_KEY"),
    metricsKey: read("METRICS_KEY"),
    allowedOrigins: read("ALLOWED_ORIGINS"),
    trustProxy: read("TRUST_PROXY"),
    bodyBytesMax: read("BODY_BYTES_MAX"),
    echoBytesMax: read("ECHO_BYTES_MAX"),
    messagesPerSecond: read("MESSAGES_PER_SECOND"),
    messagesBurst: read("MESSAGES_BURST"),
    claimsPerMinute: read("CLAIMS_PER_MINUTE"),
    connectionsMax: read("CONNECTIONS_MAX"),
    connectionsPerIpMax: read("CONNECTIONS_PER_IP_MAX"),
    roomsPerConnectionMax: read("ROOMS_PER_CONNECTION_MAX"),
    roomsMax: read("ROOMS_MAX"),
    sendBufferBytesMax: read("SEND_BUFFER_BYTES_MAX"),
    sendBuffersTotalBytesMax: read("SEND_BUFFERS_TOTAL_BYTES_MAX"),
    stallSeconds: read("STALL_SECONDS"),
    historyMessagesMax: read("HISTORY_MESSAGES_MAX"),
    historyDays: read("HISTORY_DAYS"),
    historyOnJoin: read("HISTORY_ON_JOIN"),
    nameHoldSeconds: read("NAME_HOLD_SECONDS"),
    pingSeconds: read("PING_SECONDS"),
    drainSeconds: read("DRAIN_SECONDS"),
    log: read("LOG"),
    logLevel: read("LOG_LEVEL"),
  };
  checkTogether(config, isSet);
  return config;
}

/** Settings that mean nothing, or less than they seem to, without another. */
function checkTogether(
  { auth, authSecret, authJwksUrl, redisUrl }: Config,
  isSet: (name: string) => boolean,
): void {
  for (const name of ["DATABASE", "DURABILITY"]) {
    if (redisUrl === undefined || !isSet(name)) continue;
    throw new ConfigError(`${name} is set, but takes no REDIS_URL beside it`);
  }
  if (auth === "token" && authSecret === undefined && authJwksUrl === undefined) {
    throw new ConfigError('AUTH is "token", but takes AUTH_SECRET or AUTH_JWKS_URL beside it');
  }
  if (auth === "open" && (authSecret !== undefined || authJwksUrl !== undefined)) {
    const name = authSecret === undefined ? "AUTH_JWKS_URL" : "AUTH_SECRET";
    throw new ConfigError(`${name} is set, but takes AUTH=token beside it`);
  }
}
