import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "../../lib/wire/arguments.ts";

function told(args: readonly string[]): unknown {
  const read = parseArguments(args);
  if (read.task === "explain") return [read.bytes.toHex(), read.sender];
  if (read.task !== "connect") return read;
  const { url, subprotocols, secret } = read.target;
  return [url.href, subprotocols, secret];
}

for (
  const [args, wanted] of [
    [["--", "ws://a.example/ws/alice"], ["ws://a.example/ws/alice", [], undefined]],
    [["localhost:8000/ws"], ["ws://localhost:8000/ws", [], undefined]],
    [["https://a.example/ws?room=b"], ["wss://a.example/ws?room=b", [], undefined]],
    [["ws://a", "--key", "k"], ["ws://a/", [], "k"]],
    [["--protocol", "x", "ws://a", "--protocol=y"], ["ws://a/", ["x", "y"], undefined]],
    [["--hex", "81 00"], ["8100", undefined]],
    [["--hex", "81", "00"], ["8100", undefined]],
    [["--from=client", "--hex", "8100"], ["8100", "client"]],
    [["--accept", "abc=="], { task: "accept", key: "abc==" }],
    [["--help"], { task: "help" }],
    [["--", "-h", "--hex", "zz"], { task: "help" }],
  ] as const
) {
  Deno.test(`arguments are read: ${args.join(" ")}`, () => assertEquals(told(args), wanted));
}

const SECRET = "a-secret, which nobody may see";

for (
  const args of [
    [],
    [""],
    ["ws://a", "ws://b"],
    ["ftp://a"],
    ["ws://"],
    ["ws://a b"],
    [`ws://me:${encodeURIComponent(SECRET)}@a`],
    ["ws://a", "--key", SECRET],
    ["ws://a", "--key", ""],
    ["ws://a", "--protocol", "a, b"],
    ["ws://a", "--protocol", `natter.auth.${SECRET}`],
    ["--hex", "8"],
    ["--hex", "81 00", "--from", "me"],
    ["--accept", "ab\x1b"],
    ["--accept", ""],
    ["--nonsense"],
  ]
) {
  Deno.test(`arguments are refused in one line, without secrets: ${JSON.stringify(args)}`, () => {
    const { message } = assertThrows(() => parseArguments(args), TypeError);
    assertEquals(message.split("\n").length, 1, message);
    assert(!message.includes("secret"), message);
  });
}
