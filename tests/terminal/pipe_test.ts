import { assertEquals, assertStringIncludes } from "@std/assert";
import { LineSender } from "../../lib/terminal/pipe.ts";
import { Natter } from "../../static/natter.js";
import { createHmac, issue } from "../auth/support.ts";
import { ClosedPort } from "../support/closed_port.ts";
import { startServer } from "../support/server.ts";
import { runChat } from "./terminal.ts";

const QUIET = { code: 0, out: "", errors: "" };

async function makeHome() {
  const home = await Deno.makeTempDir();
  return { home, [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }) };
}

async function bodiesIn(url: string): Promise<string[]> {
  const response = await fetch(`${url}api/rooms/lobby/messages?limit=200`);
  const { entries } = await response.json();
  return entries.map(({ body }: { body: string }) => body);
}

Deno.test("a line on standard input is a message, and nothing is printed", async () => {
  await using home = await makeHome();
  await using server = await startServer();
  assertEquals(await runChat(["--", "bot", "--url", server.url], "hi\n", home), QUIET);
  assertEquals(await bodiesIn(server.url), ["hi"]);
});

Deno.test("the key is kept: a name is one's own next time, and nobody else's", async () => {
  await using home = await makeHome();
  await using other = await makeHome();
  await using server = await startServer();
  const args = ["bot", "--url", server.url];
  assertEquals(await runChat(args, "one", home), QUIET);
  assertEquals(await runChat(["BOT", "--url", server.url], "two", home), QUIET);
  const { code, out, errors } = await runChat(args, "three", other);
  assertEquals([code, out, errors.trim().split("\n").length], [1, "", 1]);
  assertStringIncludes(errors, "The name is taken: choose another");
  assertEquals(await bodiesIn(server.url), ["one", "two"]);
});

Deno.test("many lines wait for the server's rate, and stay in order", async () => {
  await using home = await makeHome();
  await using server = await startServer({ MESSAGES_PER_SECOND: "100", MESSAGES_BURST: "5" });
  const lines = Array.from({ length: 150 }, (_, index) => `line ${index}`);
  const input = lines.join("\n");
  assertEquals(await runChat(["bot", "--url", server.url], input, home), QUIET);
  assertEquals(await bodiesIn(server.url), lines);
});

const INPUTS = [
  ["nothing", "", []],
  ["lines without text", "\n\r\n\n", []],
  ["lines that end in CRLF, and the last in nothing", "a\r\nb\r\nc", ["a", "b", "c"]],
  ["commands, which are none here", "/quit\n//x\n", ["/quit", "//x"]],
  ["bytes that are no text", new Uint8Array([0x61, 0xff, 0x0a]), ["a\ufffd"]],
  ["the longest line", "x".repeat(8192), ["x".repeat(8192)]],
] as const;

Deno.test("what is sent is what is on standard input", async (test) => {
  await using home = await makeHome();
  for (const [what, input, bodies] of INPUTS) {
    await test.step(what, async () => {
      await using server = await startServer({ MESSAGES_PER_SECOND: "0" });
      assertEquals(await runChat(["bot", "--url", server.url], input, home), QUIET);
      assertEquals(await bodiesIn(server.url), [...bodies]);
    });
  }
});

Deno.test("lines that are too long are refused by number, and the others sent", async () => {
  await using home = await makeHome();
  await using server = await startServer({ MESSAGES_PER_SECOND: "0" });
  const input = ["one", "x".repeat(8193), "three", "x".repeat(3_000_000), "five"].join("\n");
  const { code, out, errors } = await runChat(["bot", "--url", server.url], input, home);
  assertEquals([code, out], [1, ""]);
  const lines = errors.trim().split("\n").sort();
  assertEquals(lines.map((line) => line.slice(0, 20)), [
    "Line 2 was not sent:",
    "Line 4 was not sent:",
  ]);
  assertEquals(await bodiesIn(server.url), ["one", "three", "five"]);
});

Deno.test("a server out of reach is given up in one line", async () => {
  using closed = await ClosedPort.open();
  const { port } = closed;
  const client = new Natter({ username: "bot", url: `http://127.0.0.1:${port}` });
  const complaints: string[] = [];
  const sender = new LineSender(client, (line) => complaints.push(line), 50);
  const isGood = await sender.send(new Blob(["one\ntwo\n"]).stream());
  assertEquals([isGood, client.state, complaints.length], [false, "closed", 1]);
  assertStringIncludes(complaints[0]!, "There is no connection to the server: ");
});

Deno.test("where tokens are wanted, it is told to bring one, and brings it", async () => {
  await using home = await makeHome();
  const secret = "a secret of at least thirty-two bytes";
  await using server = await startServer({ AUTH: "token", AUTH_SECRET: secret });
  const args = ["bot", "--url", server.url];
  const { code, errors } = await runChat(args, "hi", home);
  assertEquals(code, 1);
  assertStringIncludes(errors, "set NATTER_TOKEN");
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const token = await issue(await createHmac(secret), { sub: "bot", exp });
  assertEquals(await runChat(args, "hi", { ...home, env: { NATTER_TOKEN: token } }), QUIET);
});

Deno.test("wrong arguments end with 2 and one line, and --help helps", async () => {
  await using home = await makeHome();
  for (const args of [[], ["a", "b"], ["a", "--nonsense"], ["a", "--url", "ftp://x"], ["."]]) {
    const { code, out, errors } = await runChat(["--", ...args], "", home);
    assertEquals([code, out, errors.trim().split("\n").length], [2, "", 1], errors);
  }
  const { code, out, errors } = await runChat(["--", "--help"], "", home);
  assertEquals([code, errors], [0, ""]);
  assertStringIncludes(out, "deno task chat -- NAME");
});
