/**
 * The settings, read from the environment in one place (docs/protocol.md, "Configuration").
 *
 * @module
 */

/** What the program is told from outside. */
export interface Config {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0: any free one. */
  readonly port: number;
  /** The SQLite file of the log, or `:memory:`. */
  readonly database: string;
  /** What an acknowledged message survives: the end of the process, or that of the machine. */
  readonly durability: "process" | "disk";
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
  /** Sockets in all; 0: no limit. */
  readonly connectionsMax: number;
  /** Sockets from one address; 0: no limit. */
  readonly connectionsPerIpMax: number;
  /** Rooms of one connection. */
  readonly roomsPerConnectionMax: number;
  /** Unsent bytes of one reader before it waits at its cursor. */
  readonly sendBufferBytesMax: number;
  /** Seconds a waiting reader may go without any progress. */
  readonly stallSeconds: number;
  /** Entries of a channel that are retained. */
  readonly historyMessagesMax: number;
  /** Days for which an entry is retained. */
  readonly historyDays: number;
  /** Entries before the head at which a reader without a position begins. */
  readonly historyOnJoin: number;
  /** Seconds for which a claimed name is held after its last socket has gone. */
  readonly nameHoldSeconds: number;
  /** Seconds of silence before a ping; a socket silent for two of them is closed. */
  readonly pingSeconds: number;
  /** Seconds from a signal to the end of the process. */
  readonly drainSeconds: number;
  /** How log lines are written; `undefined`: as text on a terminal, else as JSON. */
  readonly log: LogFormat | undefined;
}

/** A form of log lines. */
export type LogFormat = "text" | "json";

/** A setting that cannot be used. Its message is one line: variable, value and what it takes. */
export class ConfigError extends Error {
  /** Always `ConfigError`. */
  override readonly name = "ConfigError";
}

/** Reads one variable's value; `undefined`: it cannot be used. */
interface Setting<T> {
  readonly takes: string;
  readonly parse: (value: string) => T | undefined;
  readonly default: T;
}

const SETTINGS = {
  HOST: hostname("0.0.0.0"),
  PORT: integer(8000, 0, 65_535),
  DATABASE: databasePath("data/natter.db"),
  DURABILITY: oneOf<"process" | "disk">(["process", "disk"], "process"),
  ALLOWED_ORIGINS: origins(),
  TRUST_PROXY: integer(0, 0, 16),
  BODY_BYTES_MAX: integer(8192, 1, 1_048_576),
  ECHO_BYTES_MAX: integer(65_536, 1, 67_108_864),
  MESSAGES_PER_SECOND: integer(10, 0, 1_000_000),
  MESSAGES_BURST: integer(30, 1, 1_000_000),
  CONNECTIONS_MAX: integer(20_000, 0, 10_000_000),
  CONNECTIONS_PER_IP_MAX: integer(200, 0, 10_000_000),
  ROOMS_PER_CONNECTION_MAX: integer(32, 1, 128),
  SEND_BUFFER_BYTES_MAX: integer(1_048_576, 1024, 1_073_741_824),
  STALL_SECONDS: integer(20, 1, 3600),
  HISTORY_MESSAGES_MAX: integer(100_000, 1, 100_000_000),
  HISTORY_DAYS: integer(365, 1, 36_500),
  HISTORY_ON_JOIN: integer(50, 0, 10_000),
  NAME_HOLD_SECONDS: integer(300, 0, 31_536_000),
  PING_SECONDS: integer(25, 1, 3600),
  DRAIN_SECONDS: integer(4, 1, 3600),
  LOG: oneOf<LogFormat | undefined>(["text", "json"], undefined),
};

/** The names of the environment variables that {@linkcode parseConfig} looks at. */
export const CONFIG_VARIABLES: readonly string[] = Object.keys(SETTINGS);

/**
 * Reads the settings. An empty value is an unset one.
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
      throw new ConfigError(`${name} is ${JSON.stringify(value)}, but takes ${setting.takes}`);
    }
    return parsed as (typeof SETTINGS)[K]["default"];
  }
  return {
    host: read("HOST"),
    port: read("PORT"),
    database: read("DATABASE"),
    durability: read("DURABILITY"),
    allowedOrigins: read("ALLOWED_ORIGINS"),
    trustProxy: read("TRUST_PROXY"),
    bodyBytesMax: read("BODY_BYTES_MAX"),
    echoBytesMax: read("ECHO_BYTES_MAX"),
    messagesPerSecond: read("MESSAGES_PER_SECOND"),
    messagesBurst: read("MESSAGES_BURST"),
    connectionsMax: read("CONNECTIONS_MAX"),
    connectionsPerIpMax: read("CONNECTIONS_PER_IP_MAX"),
    roomsPerConnectionMax: read("ROOMS_PER_CONNECTION_MAX"),
    sendBufferBytesMax: read("SEND_BUFFER_BYTES_MAX"),
    stallSeconds: read("STALL_SECONDS"),
    historyMessagesMax: read("HISTORY_MESSAGES_MAX"),
    historyDays: read("HISTORY_DAYS"),
    historyOnJoin: read("HISTORY_ON_JOIN"),
    nameHoldSeconds: read("NAME_HOLD_SECONDS"),
    pingSeconds: read("PING_SECONDS"),
    drainSeconds: read("DRAIN_SECONDS"),
    log: read("LOG"),
  };
}

function integer(byDefault: number, min: number, max: number): Setting<number> {
  return {
    takes: `a whole number from ${min} to ${max}`,
    default: byDefault,
    parse(value) {
      if (!/^\d{1,12}$/.test(value)) return undefined;
      const number = Number(value);
      return number >= min && number <= max ? number : undefined;
    },
  };
}

function hostname(byDefault: string): Setting<string> {
  return {
    takes: "an address or a host name to listen on, without a port",
    default: byDefault,
    parse: (value) => /^[\w.\-]+$|^[\da-fA-F:.%\w]+$/.test(value) ? value : undefined,
  };
}

function origins(): Setting<readonly string[]> {
  return {
    takes: "origins separated by commas, such as https://example.com, or *",
    default: [],
    parse(value) {
      const list = value.split(",").map((origin) => origin.trim()).filter((origin) =>
        origin !== ""
      );
      return list.every((origin) => origin === "*" || isOrigin(origin)) ? list : undefined;
    },
  };
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}

function oneOf<T extends string | undefined>(
  values: readonly NonNullable<T>[],
  byDefault: T,
): Setting<T> {
  return {
    takes: values.join(" or "),
    default: byDefault,
    parse: (value) => values.find((known) => known === value),
  };
}

function databasePath(byDefault: string): Setting<string> {
  return {
    takes: "the path of a file, or :memory:",
    default: byDefault,
    parse: (value) => value.includes("\0") || value.endsWith("/") ? undefined : value,
  };
}
