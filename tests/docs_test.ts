import { assert, assertEquals } from "@std/assert";
import { CONFIG_VARIABLES, parseConfig } from "../lib/config.ts";
import { CLOSE_CODE } from "../lib/websocket/close_code.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
const protocol = read("docs/protocol.md");

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

Deno.test("docs/protocol.md lists no close code that the code does not have", () => {
  const table = protocol.slice(protocol.indexOf("### Close codes"), protocol.indexOf("## HTTP"));
  const known = new Set<string>(Object.values(CLOSE_CODE).map(String));
  const listed = [...table.matchAll(/^\| ([\d, ]+?) +\|/gm)].flatMap(([, codes]) =>
    codes!.split(", ")
  );
  assertEquals(listed.filter((code) => !known.has(code)), []);
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
