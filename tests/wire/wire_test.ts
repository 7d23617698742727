import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { until, within } from "../support/deadline.ts";
import { RawClient } from "../support/raw_client.ts";
import { startServer } from "../support/server.ts";
import { hasTerminal, screenOf } from "../terminal/terminal.ts";
import { runWire, startWire, WIRE } from "./support.ts";

const SECRET = "a-key-that-nobody-else-may-see";

/** The titles of the frames of one way. */
function titles(out: string, arrow: "→" | "←"): string[] {
  return out.split("\n").filter((line) => line.startsWith(`${arrow} Frame`));
}

/** The bytes of all rows with a note. */
function rowsOf(out: string, note: string): number[][] {
  return out.split("\n").filter((line) => line.endsWith(note)).map((line) =>
    line.slice(0, -note.length).trim().split(" ").map((byte) => parseInt(byte, 16))
  );
}

Deno.test("lines of a pipe go out masked, and come back in plain from the echo", async () => {
  await using server = await startServer();
  const { code, out, errors } = await runWire(["--", `${server.url}ws`], "hello 你好\n\nbye");
  assertEquals([code, errors], [0, ""]);
  assertEquals(titles(out, "→"), [
    "→ Frame 1 sent: text, 18 bytes",
    "→ Frame 2 sent: text, 6 bytes",
    "→ Frame 3 sent: text, 9 bytes",
    "→ Frame 4 sent: close, 8 bytes",
  ]);
  assertEquals(titles(out, "←"), [
    "← Frame 1 received: text, 14 bytes",
    "← Frame 2 received: text, 2 bytes",
    "← Frame 3 received: text, 5 bytes",
    "← Frame 4 received: close, 4 bytes",
  ]);
  assertEquals(out.match(/text {4}"hello 你好"$/gm)?.length, 2);
  assert(!out.includes("\x1b"));
  const [masked, key, plain] = ["payload, masked", "XOR the key, over and over", "gives the text"]
    .map((note) => rowsOf(out, note)[0]!);
  assertEquals(masked!.map((byte, at) => byte ^ key![at]!), plain);
  assertEquals(new TextDecoder().decode(new Uint8Array(plain!)), "hello 你好");
});

Deno.test("the accept value that is worked out is the one that comes", async () => {
  await using server = await startServer();
  const { out } = await runWire([`${server.url}ws`], "");
  const accept = /^ {2}in Base64 {5}(\S+)$/m.exec(out)?.[1];
  assertEquals(/^ {2}sec-websocket-accept: (\S+)$/im.exec(out)?.[1], accept);
});

Deno.test("the rich protocol is spoken with a key that nobody sees", async () => {
  await using server = await startServer();
  const args = [`${server.url}ws/alice`, "--protocol", "natter.v1", "--key", SECRET];
  await using wire = startWire(args);
  await wire.says('"type":"joined","room":"lobby"');
  await wire.type('{"type":"message","room":"lobby","body":"hi","ref":"r1"}\n');
  await wire.says('{"type":"ack","ref":"r1"');
  await wire.endInput();
  const { code, out, errors } = await wire.result;
  assertEquals([code, errors], [0, ""]);
  assertStringIncludes(out, "  Sec-WebSocket-Protocol: natter.v1\n");
  assertStringIncludes(out, '[{"type":"welcome","protocol":"natter.v1","username":"alice"');
  assert(!out.includes(SECRET));
});

Deno.test("a name that is another's is refused with 4501, and 1", async () => {
  await using server = await startServer();
  const headers = { Authorization: `Bearer ${SECRET}` };
  using alice = await RawClient.open(server.port, "/ws/alice", { headers });
  const { code, out, errors } = await runWire([`${server.url}ws/alice`]);
  assertEquals(code, 1);
  assertStringIncludes(out, "code    4501, in Natter: the name is taken");
  assertStringIncludes(out, "a client does not come back by itself");
  assertStringIncludes(errors, "The server closed with 4501: ");
  assertEquals(errors.trim().split("\n").length, 1);
  await alice.sendClose(1000);
  await alice.untilClosed();
});

Deno.test("a page that is no WebSocket is shown, and ends with 1", async () => {
  await using server = await startServer();
  const { code, out, errors } = await runWire([`${server.url}nothing`], "");
  assertEquals([code, errors], [1, "The handshake failed: The status is 404, not 101.\n"]);
  assertStringIncludes(out, "← HTTP/1.1 404 Not Found");
});

Deno.test("SIGINT ends it with a close handshake that is shown", async () => {
  await using server = await startServer();
  await using wire = startWire([`${server.url}ws`]);
  await wire.says("from here on");
  wire.kill("SIGINT");
  const { code, out, errors } = await wire.result;
  assertEquals([code, errors], [0, ""]);
  assertEquals(titles(out, "→"), ["→ Frame 1 sent: close, 8 bytes"]);
  assertEquals(titles(out, "←"), ["← Frame 1 received: close, 4 bytes"]);
  assertEquals(out.trimEnd().split("\n").at(-1), "✓ The server has ended the TCP connection.");
});

const ENDS: readonly [args: string[], code: number, out: string, errors: string][] = [
  [["--hex", "81 05 48 65 6c 6c 6f"], 0, '"Hello"', ""],
  [["--hex", "81"], 0, "cut off", ""],
  [["--hex", "c1 00"], 1, "✗", "Cannot read frame: reserved bits are 4 (1002)"],
  [["--from", "client", "--hex", "8100"], 1, "✗", "Cannot read frame: it is not masked (1002)"],
  [["--hex", "hello"], 2, "", '"h" is no hexadecimal digit'],
  [["--accept", "dGhlIHNhbXBsZSBub25jZQ=="], 0, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n", ""],
  [["--accept", "kJXuOKsrl3AR"], 0, "✗ A server refuses this key", ""],
  [["--help"], 0, "deno task wire -- ws://", ""],
  [[], 2, "", "One address is wanted"],
  [["--\x1b[2J"], 2, "", "Unknown option '--␛[2J'"],
];

Deno.test("what is asked without a network, and how it ends", async (t) => {
  for (const [args, code, out, errors] of ENDS) {
    await t.step(JSON.stringify(args), async () => {
      const result = await runWire(["--", ...args], "");
      assertEquals(result.code, code);
      assertStringIncludes(result.out, out);
      assertStringIncludes(result.errors, errors);
      assertEquals([result.out === "", result.errors === ""], [out === "", errors === ""]);
      if (errors !== "") assertEquals(result.errors.trim().split("\n").length, 1);
    });
  }
});

for (const [keys, name] of [["\x03", "Ctrl-C"], ["\x04", "Ctrl-D"]] as const) {
  for (const isColoured of [true, false]) {
    const title = `a terminal${
      isColoured ? "" : " with NO_COLOR"
    } sends what is typed until ${name}`;
    Deno.test(title, { ignore: !hasTerminal }, async () => {
      await using server = await startServer();
      const words = [Deno.execPath(), ...WIRE, `${server.url}ws`].map((word) => `'${word}'`);
      const process = new Deno.Command("script", {
        args: ["-qefc", `stty cols 100 rows 24; exec ${words.join(" ")}`, "/dev/null"],
        cwd: new URL("../../", import.meta.url),
        env: { NO_COLOR: isColoured ? "" : "1", SHELL: "/bin/sh", TERM: "xterm-256color" },
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      let text = "", hasEnded = false;
      const read = (async () => {
        for await (const part of process.stdout.pipeThrough(new TextDecoderStream())) text += part;
        hasEnded = true;
      })();
      const rows = () => screenOf(text, 100);
      const writer = process.stdin.getWriter();
      await using _end = {
        async [Symbol.asyncDispose]() {
          if (!hasEnded) process.kill("SIGTERM");
          await within(Promise.all([process.status, read]), "it ends");
          await writer.close().catch(() => {});
        },
      };
      const type = (keys: string) => writer.write(new TextEncoder().encode(keys));
      await until(() => rows().some((row) => row === "send>"), "it can be typed");
      await type("hi there\rhalf");
      await until(() => rows().includes("← Frame 1 received: text, 10 bytes"), "the echo comes");
      await until(() => rows().at(-1) === "send> half", "what is half typed stays");
      // At the beginning of a line only, Ctrl-D is an end.
      await type("\x15" + keys);
      const { code } = await within(process.status, "it ends");
      await within(read, "all of it is read");
      assertEquals(code, 0);
      const shown = rows();
      assert(shown.includes("→ Frame 1 sent: text, 14 bytes"), shown.join("\n"));
      assert(shown.includes("→ Frame 2 sent: close, 8 bytes"));
      assert(shown.includes("✓ The server has ended the TCP connection."), shown.join("\n"));
      assertEquals(text.includes("\x1b[1;38;5;"), isColoured);
    });
  }
}
