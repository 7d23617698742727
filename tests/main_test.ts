import { assertEquals, assertStringIncludes } from "@std/assert";
import { CONFIG_VARIABLES, DEPLOY_VARIABLE } from "../lib/config.ts";
import { Client } from "./support/client.ts";
import { within } from "./support/deadline.ts";
import { RawClient } from "./support/raw_client.ts";
import { spawnServer, START_FLAGS, startServer } from "./support/server.ts";

async function outcome(env: Record<string, string>) {
  const { code, stdout, stderr } = await within(spawnServer(env).output(), "the process ends");
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

Deno.test("the first line on standard output announces where the server listens", async () => {
  await using server = await startServer({ LOG: "json" });
  const { level, message, url } = JSON.parse(server.log[0]!);
  assertEquals([level, message, url], ["info", "Natter is listening", server.url]);
  assertEquals(await (await fetch(new URL("healthz", url))).text(), "ok\n");
});

Deno.test("a value that cannot be used stops the start with one line and exit code 2", async () => {
  const { code, stdout, stderr } = await outcome({ PORT: "eighty" });
  assertEquals([code, stdout, stderr], [
    2,
    "",
    'PORT is "eighty", but takes a whole number from 0 to 65535\n',
  ]);
});

Deno.test("a port in use stops the start with one line and exit code 1", async () => {
  await using server = await startServer();
  const env = { HOST: "127.0.0.1", PORT: `${server.port}`, DATABASE: ":memory:" };
  const { code, stdout, stderr } = await outcome(env);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, `Cannot listen on 127.0.0.1:${server.port}`);
  assertEquals(stderr.split("\n").length, 2);
});

Deno.test("start has no permission but those that it needs, and they fit the settings", () => {
  const env = START_FLAGS.find((flag) => flag.startsWith("--allow-env="));
  assertEquals(env, `--allow-env=${[...CONFIG_VARIABLES, DEPLOY_VARIABLE].join(",")}`);
  const others = START_FLAGS.filter((flag) => flag.startsWith("--allow-") && flag !== env);
  assertEquals(others, [
    "--allow-net",
    "--allow-read=static,data",
    "--allow-write=data",
  ]);
});

Deno.test("SIGTERM ends a server with a peer that reads nothing while much is to be sent", async () => {
  await using server = await startServer({ DRAIN_SECONDS: "1", MESSAGES_PER_SECOND: "0" });
  using _stalled = await RawClient.open(server.port, "/ws/stalled");
  await using alice = await Client.open(server.url, "/ws/alice");
  await using bob = await Client.open(server.url, "/ws/bob");
  for (let i = 0; i < 1500; i++) {
    alice.send("x".repeat(8000));
    if (i % 100 === 99) { for (let j = 0; j < 100; j++) await bob.next(); }
  }
  server.process.kill("SIGTERM");
  assertEquals((await within(server.process.status, "the process ends")).code, 0);
});
