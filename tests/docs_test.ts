import { assert, assertEquals } from "@std/assert";
import { describeOperations } from "../lib/api/operations.ts";
import { CONFIG_VARIABLES, parseConfig } from "../lib/config.ts";
import * as limits from "../lib/limits.ts";
import { COMMAND_SCHEMAS } from "../lib/protocol/command.ts";
import { EVENT_SCHEMAS } from "../lib/protocol/event.ts";
import { ERRORS } from "../lib/protocol/refusal.ts";
import { jsonBytesMax, messageBytesMax } from "../lib/protocol/text.ts";
import { CLOSE_CODE, mayReconnect } from "../lib/websocket/close_code.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
const protocol = read("docs/protocol.md");

/** The cells of the table's rows, from its head on. */
function tableOf(text: string): string[][] {
  const [table = ""] = /^(?:\|.*\|\n)+/m.exec(text) ?? [];
  return table.trim().split("\n").slice(2).map((row) =>
    row.slice(1, -1).split("|").map((cell) => cell.trim())
  );
}

/** The same of the first table below a heading of docs/protocol.md. */
function rowsOf(heading: string): string[][] {
  const start = protocol.indexOf(`\n${heading}\n`);
  assert(start >= 0, heading);
  return tableOf(protocol.slice(start));
}

function byFirst([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return `${a}` < `${b}` ? -1 : 1;
}

Deno.test("docs/protocol.md lists every setting with its default, and no other", () => {
  const table = protocol.slice(protocol.indexOf("## Configuration"));
  const rows = [...table.matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\|/gm)].map((
    [, name, value],
  ) => [name, value]);
  assertEquals(rows.map(([name]) => name), [...CONFIG_VARIABLES]);
  // A default in the table, set as a value, changes nothing.
  const defaults = Object.fromEntries(
    rows.map(([name, value]) => [name, /^`([^`]+)`$/.exec(value!)?.[1] ?? ""]),
  );
  assertEquals(parseConfig((name) => defaults[name]), parseConfig(() => undefined));
});

Deno.test("docs/protocol.md lists every close code, and says after which to come back", () => {
  const rows = rowsOf("### Close codes").filter(([codes]) => /^[\d, ]+$/.test(codes!));
  const listed = rows.flatMap(([codes, , reconnect]) =>
    codes!.split(", ").map((code) => [Number(code), !reconnect!.startsWith("no")] as const)
  );
  const known = Object.values(CLOSE_CODE).map((code) => [code, mayReconnect(code)] as const);
  assertEquals(listed.toSorted(byFirst), known.toSorted(byFirst));
});

Deno.test("docs/protocol.md lists every error code, and every HTTP status of one", () => {
  const line = /^Error codes: .*$/m.exec(protocol)![0];
  // What stands in parentheses is about a code, and in a sentence of its own.
  const listed = [...line.replace(/\(.*?\)/g, "").matchAll(/`(\w+)`/g)].map(([, code]) => code!);
  assertEquals(listed.toSorted(), Object.keys(ERRORS).toSorted());
  const statuses = /^Errors are `application\/problem\+json`.*$/m.exec(protocol)![0];
  assertEquals(
    [...new Set([...statuses.matchAll(/\b[45]\d\d\b/g)].map(([status]) => Number(status)))],
    [...new Set(Object.values(ERRORS).map(([status]) => status))].toSorted(),
  );
});

/** Limits that nobody notices from outside: how the program divides its work, and keeps its house. */
const INNER_LIMITS = new Set(
  `WAITING_SWEEP_MS RATE_LIMITER_KEYS_MAX UPGRADE_MS_MAX CLOSE_ROUND_MS CLOSE_ROUNDS_MAX RING_ENTRIES_MAX
  RING_BYTES_MAX RINGS_TOTAL_BYTES_MAX RING_ENTRY_OVERHEAD_BYTES PAGE_BYTES_MAX RETENTION_STEP_ENTRIES
  RETENTION_STEP_MS RETENTION_MS AUTHORS_KNOWN_MAX STORE_RETRY_MS_MIN STORE_RETRY_MS_MAX FLUSH_SLICE_READERS READ_RETRY_MS
  JWKS_BYTES_MAX JWKS_KEYS_MAX JWKS_TIMEOUT_MS JWKS_FRESH_MS JWKS_COOLDOWN_MS EXPIRY_SWEEP_MS COPIES_MAX
  ERASE_STEP_MESSAGES ERASE_PASSES_MAX DRAIN_TURNS STORE_WAIT_MS FRAME_SLAB_BYTES SOCKET_WRITE_BYTES_MAX
  PONG_UNSENT_BYTES_MAX SOCKET_SWEEP_MS READ_MESSAGES_MAX READ_PINGS_MAX CLOSE_ALL_TURNS BATCH_MS
  BATCH_ENTRIES_MAX BATCH_CHARS_MAX APPENDS_WAITING_MAX APPENDS_WAITING_CHARS_MAX BATCH_RETRY_MS
  REDIS_ANSWER_MS REDIS_CONNECT_MS REDIS_RETRY_MS_MIN REDIS_RETRY_MS_MAX REDIS_PULSE_MS HOLE_MS
  BEHIND_HOLE_MAX COMPARE_MS COMPARE_CHANNELS UNWATCH_MS TOLL_SLACK_MS BEAT_MS BEATS_MISSED_MAX LINGER_MS
  PUT_OUT_MS REAP_STEP TELL_MS TOLD_AT_ONCE_MAX EVENT_LOOP_SAMPLE_MS`.split(
    /\s+/,
  ),
);

Deno.test("docs/protocol.md lists every limit that somebody may notice, with its value", () => {
  const rows = rowsOf("## Limits").filter(([name]) => name!.startsWith("`"));
  const listed = rows.map(([name, value]) => [
    name!.replaceAll("`", ""),
    Number(value!.replaceAll(",", "")),
  ]);
  const known = Object.entries(limits).filter(([name]) => !INNER_LIMITS.has(name));
  assertEquals(listed.toSorted(byFirst), known.toSorted(byFirst));
  for (const name of INNER_LIMITS) assert(name in limits, name);
});

Deno.test("the sentences of docs/protocol.md have the numbers of the code", () => {
  const seconds = (ms: number) => `${ms / 1000} s`;
  const byDefault = parseConfig(() => undefined);
  for (
    const sentence of [
      `1 to ${limits.NAME_CODE_POINTS_MAX} code points after NFC`,
      `at most ${limits.MARKS_PER_BASE_MAX} marks on one base`,
      `at most ${limits.NAME_BYTES_MAX} bytes of UTF-8.`,
      `at most ${limits.KEY_CODE_POINTS_MAX} code points. `,
      `may have ${limits.KEY_CODE_POINTS_MAX} code points`,
      `${limits.CLIENT_KEY_CHARS_MIN} to ${limits.CLIENT_KEY_CHARS_MAX} of`,
      `last ${limits.EPOCHS_MAX.toLocaleString("en")} starts`,
      `${limits.WORK_PER_CLAIM} times as often`,
      `1/${limits.WORK_PER_CLAIM} of its joins`,
      `at most ${limits.REF_CHARS_MAX} characters`,
      `at least ${limits.REF_KNOWN_MS_MIN / 60_000} minutes`,
      `(${limits.HISTORY_PAGE_DEFAULT}; at most ${limits.HISTORY_PAGE_MAX})`,
      `the first ${limits.PRESENCE_USERS_MAX}, sorted`,
      `at most one in ${limits.PRESENCE_INTERVAL_MS} ms a room`,
      `shows as gone after ${seconds(limits.PRESENCE_GRACE_MS)}`,
      `Above ${limits.PRESENCE_USERS_MAX} users only`,
      `pressure and above ${limits.PRESENCE_USERS_MAX} users`,
      `hold at most ${limits.FRAME_ENTRIES_MAX} entries or about ${
        limits.FRAME_CHARS_MAX / 1024
      } Ki`,
      `${jsonBytesMax(1) - jsonBytesMax(0)} × \`BODY_BYTES_MAX\` + ${jsonBytesMax(0) / 1024} KiB`,
      `at least ${messageBytesMax(false, 1) / 1024} KiB, so that every token fits`,
      `begins \`HISTORY_ON_JOIN\` (${byDefault.historyOnJoin}) before`,
      `max(10, \`MESSAGES_BURST\`) refusals for rate in a row, ${limits.BAD_COMMANDS_MAX} frames`,
      `or ${limits.BAD_COMMANDS_MAX} bad commands in a row`,
      `more than ${limits.OPENING_MESSAGES_MAX} messages before the session is open`,
      `seconds (${limits.POLL_SECONDS_DEFAULT}; at most ${limits.POLL_SECONDS_MAX})`,
      `A comment every ${seconds(limits.STREAM_COMMENT_MS)}`,
      `until ${seconds(limits.POLL_PRESENCE_MS)} after the last poll`,
      `at most ${limits.ROOMS_PAGE_MAX.toLocaleString("en")}, the next ones`,
      `over ${seconds(limits.REQUEST_BODY_MS_MAX)} to come`,
    ]
  ) assert(protocol.includes(sentence), sentence);
});

Deno.test("docs/protocol.md lists every command and every event", () => {
  const rich = protocol.slice(protocol.indexOf("### Rich protocol"));
  const namesOf = (head: string) =>
    tableOf(rich.slice(rich.indexOf(`| ${head} `))).flatMap(([names]) =>
      [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!)
    );
  assertEquals(namesOf("command").toSorted(), Object.keys(COMMAND_SCHEMAS).toSorted());
  assertEquals(namesOf("event").toSorted(), Object.keys(EVENT_SCHEMAS).toSorted());
});

Deno.test("docs/protocol.md lists every HTTP interface that is documented for machines", () => {
  const rows = [...rowsOf("## HTTP"), ...rowsOf("## WebSocket")];
  const listed = rows.flatMap(([name]) => /`((?:GET|POST|DELETE) [^`[]+)/.exec(name!)?.[1] ?? []);
  const known = describeOperations(parseConfig(() => undefined)).map(({ method, path }) =>
    `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`
  );
  // Scripts and the example of the element stand in the row of the files.
  const files = ["GET /natter.js", "GET /natter-element.js", "GET /embed"];
  for (const file of files) assert(protocol.includes(`\`${file.slice(4)}\``), file);
  assertEquals(listed.toSorted(), known.filter((each) => !files.includes(each)).toSorted());
});

Deno.test("the image starts the server with the permissions of `deno task start`", () => {
  const start: string = JSON.parse(read("deno.json")).tasks.start.command;
  const [command] = /^CMD (\[.*\])$/m.exec(read("Dockerfile"))!.slice(1);
  const words: string[] = JSON.parse(command!);
  assertEquals(
    words.filter((word) => !["--frozen", "--cached-only"].includes(word)).join(" "),
    start,
  );
});

Deno.test("every test that SECURITY.md names is there, and every line of its table names one", () => {
  const security = read("SECURITY.md");
  const named = [...security.matchAll(/`(tests\/[\w/]+_test\.ts)`: "([^"]+)"/g)];
  for (const [, path, name] of named) {
    const source = read(path!);
    // A name ends where its quotes end.
    assert(['"', "`"].some((quote) => source.includes(name + quote)), `${path}: ${name}`);
  }
  const table = security.slice(security.indexOf("| who "), security.indexOf("## What only"));
  const rows = table.trim().split("\n").slice(2);
  assert(rows.length > 20);
  for (const row of rows) assert(row.includes("_test.ts`: "), row);
  assertEquals(security.match(/_test\.ts`/g)?.length, named.length);
});
