import { assertEquals, assertStringIncludes } from "@std/assert";
import { CONFIG_VARIABLES, DEPLOY_VARIABLE } from "../lib/config.ts";
import { Client } from "./support/client.ts";
import { until } from "./support/deadline.ts";
import { readLines, startServer } from "./support/server.ts";

const ROOT = new URL("../", import.meta.url);
const SECTION = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).deploy;

Deno.test("on Deno Deploy it starts as it is, writes no file, says that it is alone, and ends in time", async () => {
  const process = new Deno.Command(Deno.execPath(), {
    // There every permission is given, and no other flag; here a write would be a fault.
    args: ["run", "--allow-all", "--deny-write", SECTION.runtime.entrypoint],
    cwd: ROOT,
    env: {
      ...Object.fromEntries(CONFIG_VARIABLES.map((name) => [name, ""])),
      HOST: "127.0.0.1",
      PORT: "0",
      [DEPLOY_VARIABLE]: "x7k2",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log: string[] = [], errors: string[] = [];
  const read = Promise.all([readLines(process.stdout, log), readLines(process.stderr, errors)]);
  try {
    await until(() => log.length === 2 || errors.length > 0, "it says what there is to say");
    assertEquals(errors, []);
    assertStringIncludes(log[1]!, "set REDIS_URL to make them one");
    const { url } = JSON.parse(log[0]!);
    assertStringIncludes(await (await fetch(url)).text(), "<natter-chat alone ");
    const alice = await Client.open(url, "/ws/alice");
    const bob = await Client.open(url, "/ws/bob");
    alice.send("hi");
    assertEquals(await bob.next(), '{"sender":"alice","msg":"hi"}');
    process.kill("SIGINT");
    // As Deploy does it.
    const killed = setTimeout(() => process.kill("SIGKILL"), 5000);
    assertEquals((await process.status).code, 0);
    clearTimeout(killed);
    await Promise.all([alice.closed, bob.closed]);
  } finally {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await process.status;
    await read;
  }
});

Deno.test("elsewhere nothing is said of other instances", async () => {
  await using server = await startServer();
  const page = await (await fetch(server.url)).text();
  assertStringIncludes(page, "<natter-chat id");
  assertEquals(server.log.length, 1);
});
