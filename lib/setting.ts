/**
 * The kinds of settings: what a variable of the environment may hold, and what it means.
 *
 * @module
 */

/** One variable of the environment. */
export interface Setting<T> {
  /** What it takes, in words that follow "takes". */
  readonly takes: string;
  /** Whether its value is shown to nobody. */
  readonly isSecret?: boolean;
  /** Reads its value; `undefined`: it cannot be used. */
  readonly parse: (value: string) => T | undefined;
  /** What it means where nothing is set. */
  readonly default: T;
}

/**
 * A whole number.
 *
 * @param byDefault Where nothing is set.
 * @param min The least.
 * @param max The greatest.
 */
export function integer(byDefault: number, min: number, max: number): Setting<number> {
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

/**
 * An address or a host name to listen on.
 *
 * @param byDefault Where nothing is set.
 */
export function hostname(byDefault: string): Setting<string> {
  return {
    takes: "an address or a host name to listen on, without a port",
    default: byDefault,
    parse: (value) => /^[\w.\-]+$|^[\da-fA-F:.%\w]+$/.test(value) ? value : undefined,
  };
}

/** Origins, or `*`. */
export function origins(): Setting<readonly string[]> {
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

/**
 * One of a few words.
 *
 * @param values The words.
 * @param byDefault Where nothing is set.
 */
export function oneOf<T extends string | undefined>(
  values: readonly NonNullable<T>[],
  byDefault: T,
): Setting<T> {
  return {
    takes: values.join(" or "),
    default: byDefault,
    parse: (value) => values.find((known) => known === value),
  };
}

/**
 * A text that nobody else may know; never shown.
 *
 * @param bytesMin Bytes of UTF-8 that it must have.
 */
export function secret(bytesMin: number): Setting<string | undefined> {
  return {
    takes: `at least ${bytesMin} bytes`,
    isSecret: true,
    default: undefined,
    parse: (value) => byteLength(value) >= bytesMin ? value : undefined,
  };
}

/** A secret as it can stand in a header. */
export function apiKey(): Setting<string | undefined> {
  return {
    takes: "at least 16 visible characters of ASCII",
    isSecret: true,
    default: undefined,
    parse: (value) => /^[\x21-\x7e]{16,}$/.test(value) ? value : undefined,
  };
}

/** Any text. */
export function anyText(): Setting<string | undefined> {
  return { takes: "a text", default: undefined, parse: (value) => value };
}

/** An address of HTTP. */
export function httpUrl(): Setting<string | undefined> {
  return {
    takes: "an address that begins with https:// or http://",
    default: undefined,
    parse: (value) =>
      URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? value : undefined,
  };
}

/** An address of Redis. It may hold a password. */
export function redisUrl(): Setting<string | undefined> {
  return {
    takes: "an address that begins with redis:// or rediss://",
    isSecret: true,
    default: undefined,
    parse: (value) =>
      URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol) ? value : undefined,
  };
}

/**
 * What names of keys in Redis may begin with.
 *
 * @param byDefault Where nothing is set.
 */
export function keyPrefix(byDefault: string): Setting<string> {
  return {
    takes: "1 to 64 visible characters of ASCII",
    default: byDefault,
    parse: (value) => /^[\x21-\x7e]{1,64}$/.test(value) ? value : undefined,
  };
}

/**
 * Bytes of a text as UTF-8.
 *
 * @param text The text.
 */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * A file for SQLite.
 *
 * @param byDefault Where nothing is set.
 */
export function databasePath(byDefault: string): Setting<string> {
  return {
    takes: "the path of a file, or :memory:",
    default: byDefault,
    parse: (value) => value.includes("\0") || value.endsWith("/") ? undefined : value,
  };
}
