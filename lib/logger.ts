/**
 * The log: one line an event, as text for people or as JSON for programs.
 *
 * @module
 */

import type { LogFormat, LogLevel } from "./config.ts";

/** What a log line may carry beside its message. Never a key, a token or a message's body. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes log lines. */
export interface Logger {
  /** Every step of every client: for who looks for something. */
  debug(message: string, fields?: LogFields): void;
  /** Something that an operator wants to know. */
  info(message: string, fields?: LogFields): void;
  /** Something that an operator may have to look into. */
  warn(message: string, fields?: LogFields): void;
  /** Something that an operator should look into. */
  error(message: string, fields?: LogFields): void;
}

const RANKS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * Creates a logger.
 *
 * Values are written as JSON in both forms, so that no value can make a line of its own (log injection).
 *
 * @param format The form of the lines.
 * @param write Takes one line, without its end.
 * @param now The time in milliseconds since 1970.
 * @param level The least level that is written.
 * @returns The logger.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createLogger } from "./logger.ts";
 *
 * const lines: string[] = [];
 * const logger = createLogger("text", (line) => lines.push(line), () => 0);
 * logger.info("Joined", { name: "a\nb" });
 * logger.debug("Nobody wants to know");
 * assertEquals(lines, ['1970-01-01T00:00:00.000Z info Joined name="a\\nb"']);
 * ```
 */
export function createLogger(
  format: LogFormat,
  write: (line: string) => void,
  now: () => number,
  level: LogLevel = "info",
): Logger {
  function log(level: LogLevel, message: string, fields: LogFields = {}): void {
    const time = new Date(now()).toISOString();
    if (format === "json") return write(quote({ time, level, message, ...fields }));
    const rest = Object.entries(fields).filter(([, value]) => value !== undefined).map(
      ([name, value]) => ` ${name}=${quote(value)}`,
    );
    write(`${time} ${level} ${message}${rest.join("")}`);
  }
  function at(own: LogLevel): Logger["info"] {
    if (RANKS[own] < RANKS[level]) return () => {};
    return (message, fields) => log(own, message, fields);
  }
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A logger whose lines wait until they may be written. */
export interface HeldLogger extends Logger {
  /** Writes the lines that wait, and from now on each at once. */
  release(): void;
}

/**
 * Holds lines back for as long as another one is to be the first.
 *
 * @param logger Where they go.
 */
export function holdBack(logger: Logger): HeldLogger {
  let held: (() => void)[] | undefined = [];
  function at(level: LogLevel): Logger["info"] {
    return (message, fields) => {
      const write = () => logger[level](message, fields);
      if (held === undefined) write();
      else held.push(write);
    };
  }
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    release() {
      const lines = held ?? [];
      held = undefined;
      for (const write of lines) write();
    },
  };
}

/** JSON, with the controls escaped that JSON leaves alone and a terminal may obey. */
function quote(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (control) => "\\u" + control.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
