import { assertEquals, assertThrows } from "@std/assert";
import { CONFIG_VARIABLES, ConfigError, DEPLOY_VARIABLE, parseConfig } from "../lib/config.ts";

function parse(variables: Record<string, string> = {}) {
  return parseConfig((name) => variables[name]);
}

Deno.test("without any variable the defaults hold", () => {
  assertEquals(parse(), {
    host: "0.0.0.0",
    port: 8000,
    transport: "serve",
    isAlone: false,
    database: "data/natter.db",
    durability: "process",
    redisUrl: undefined,
    redisPrefix: "natter:",
    auth: "open",
    authSecret: undefined,
    authJwksUrl: undefined,
    authIssuer: undefined,
    authAudience: undefined,
    apiKey: undefined,
    metricsKey: undefined,
    allowedOrigins: [],
    trustProxy: 0,
    bodyBytesMax: 8192,
    echoBytesMax: 65_536,
    messagesPerSecond: 10,
    messagesBurst: 30,
    claimsPerMinute: 60,
    connectionsMax: 20_000,
    connectionsPerIpMax: 200,
    roomsPerConnectionMax: 32,
    roomsMax: 100_000,
    sendBufferBytesMax: 1_048_576,
    sendBuffersTotalBytesMax: 268_435_456,
    stallSeconds: 20,
    historyMessagesMax: 100_000,
    historyDays: 365,
    historyOnJoin: 50,
    nameHoldSeconds: 300,
    pingSeconds: 25,
    drainSeconds: 4,
    log: undefined,
    logLevel: "info",
  });
});

Deno.test("an empty value is an unset one", () => {
  assertEquals(parse(Object.fromEntries(CONFIG_VARIABLES.map((name) => [name, " "]))), parse());
});

Deno.test("on Deno Deploy nothing is written to a file, and without Redis an instance is alone", () => {
  const deployed = (variables = {}) => {
    const { isAlone, database } = parse({ [DEPLOY_VARIABLE]: "x7k2", ...variables });
    return { isAlone, database };
  };
  assertEquals(deployed(), { isAlone: true, database: ":memory:" });
  assertEquals(deployed({ DATABASE: "/tmp/a.db" }), { isAlone: true, database: "/tmp/a.db" });
  assertEquals(deployed({ REDIS_URL: "redis://a" }).isAlone, false);
});

Deno.test("values are read, with white space around them", () => {
  assertEquals(parse({ PORT: " 0 " }).port, 0);
  assertEquals(parse({ HOST: "::1" }).host, "::1");
  assertEquals(parse({ LOG: "json" }).log, "json");
  assertEquals(parse({ CONNECTIONS_MAX: "0" }).connectionsMax, 0);
  assertEquals(
    parse({ ALLOWED_ORIGINS: "https://a.example, http://b.example:8080," }).allowedOrigins,
    [
      "https://a.example",
      "http://b.example:8080",
    ],
  );
  assertEquals(parse({ ALLOWED_ORIGINS: "*" }).allowedOrigins, ["*"]);
});

const UNUSABLE: readonly (readonly [name: string, value: string, line: string])[] = [
  ["PORT", "eighty", 'PORT is "eighty", but takes a whole number from 0 to 65535'],
  [
    "AUTH_SECRET",
    "s".repeat(31),
    "AUTH_SECRET is a text of 31 bytes, but takes at least 32 bytes",
  ],
  [
    "API_KEY",
    "short",
    "API_KEY is a text of 5 bytes, but takes at least 16 visible characters of ASCII",
  ],
  [
    "API_KEY",
    "long, but with spaces",
    "API_KEY is a text of 21 bytes, but takes at least 16 visible characters of ASCII",
  ],
  ["AUTH", "token", 'AUTH is "token", but takes AUTH_SECRET or AUTH_JWKS_URL beside it'],
  ["AUTH_SECRET", "s".repeat(32), "AUTH_SECRET is set, but takes AUTH=token beside it"],
  [
    "AUTH_JWKS_URL",
    "ftp://a.example/keys",
    'AUTH_JWKS_URL is "ftp://a.example/keys", but takes an address that begins with https:// or http://',
  ],
  ["PORT", "65536", 'PORT is "65536", but takes a whole number from 0 to 65535'],
  ["PORT", "-1", 'PORT is "-1", but takes a whole number from 0 to 65535'],
  ["PORT", "1e3", 'PORT is "1e3", but takes a whole number from 0 to 65535'],
  ["PORT", "80.5", 'PORT is "80.5", but takes a whole number from 0 to 65535'],
  ["PING_SECONDS", "0", 'PING_SECONDS is "0", but takes a whole number from 1 to 3600'],
  ["MESSAGES_BURST", "0", 'MESSAGES_BURST is "0", but takes a whole number from 1 to 1000000'],
  [
    "HOST",
    "http://x",
    'HOST is "http://x", but takes an address or a host name to listen on, without a port',
  ],
  ["TRANSPORT", "ws", 'TRANSPORT is "ws", but takes serve or frames'],
  ["LOG", "xml", 'LOG is "xml", but takes text or json'],
  ["LOG_LEVEL", "all", 'LOG_LEVEL is "all", but takes debug or info or warn or error'],
  [
    "ALLOWED_ORIGINS",
    "https://a.example/path",
    'ALLOWED_ORIGINS is "https://a.example/path", but takes origins separated by commas, such as https://example.com, or *',
  ],
  [
    "ALLOWED_ORIGINS",
    "null",
    'ALLOWED_ORIGINS is "null", but takes origins separated by commas, such as https://example.com, or *',
  ],
  [
    "REDIS_URL",
    "http://user:secret@a.example",
    "REDIS_URL is a text of 28 bytes, but takes an address that begins with redis:// or rediss://",
  ],
  [
    "REDIS_PREFIX",
    "two words",
    'REDIS_PREFIX is "two words", but takes 1 to 64 visible characters of ASCII',
  ],
  ["DURABILITY", "none", 'DURABILITY is "none", but takes process or disk'],
  ["DATABASE", "data/", 'DATABASE is "data/", but takes the path of a file, or :memory:'],
  ["LOG", "a\nb", 'LOG is "a\\nb", but takes text or json'],
];

Deno.test("a value that cannot be used is named in one line, with what it takes", () => {
  for (const [name, value, line] of UNUSABLE) {
    assertEquals(assertThrows(() => parse({ [name]: value }), ConfigError).message, line);
  }
});

Deno.test("with Redis there is no database beside it", () => {
  const env = { REDIS_URL: "redis://:secret@a.example:6380/2" };
  assertEquals(parse(env).redisUrl, env.REDIS_URL);
  for (const other of [{ DATABASE: ":memory:" }, { DURABILITY: "process" }]) {
    const [name] = Object.keys(other);
    const { message } = assertThrows(() => parse({ ...env, ...other }), ConfigError);
    assertEquals(message, `${name} is set, but takes no REDIS_URL beside it`);
  }
  assertEquals(parse({ ...env, DATABASE: " " }).redisUrl, env.REDIS_URL);
});
