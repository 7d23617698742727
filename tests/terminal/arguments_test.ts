import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "../../lib/terminal/arguments.ts";

const defaults = {
  username: "alice",
  room: "lobby",
  url: "http://localhost:8000/",
  token: undefined,
};

const GOOD = [
  [["alice"], defaults],
  [["--", "alice"], defaults],
  [["--", "alice", "--room", "builds"], { ...defaults, room: "builds" }],
  [["--room=builds", "alice"], { ...defaults, room: "builds" }],
  [["Ann Lee"], { ...defaults, username: "Ann Lee" }],
  [["alice", "--url", "chat.example:80"], { ...defaults, url: "http://chat.example/" }],
  [["alice", "--url", "https://a.example/b"], { ...defaults, url: "https://a.example/b/" }],
  [["alice", "--url", "wss://a.example/"], { ...defaults, url: "wss://a.example/" }],
  [["alice", "--token", "t"], { ...defaults, token: "t" }],
  [["--help"], "help"],
  [["--", "-h"], "help"],
] as const;

for (const [args, wanted] of GOOD) {
  Deno.test(`arguments are read: ${args.join(" ")}`, () => {
    assertEquals(parseArguments(args, undefined), wanted);
  });
}

for (
  const args of [
    [],
    ["--"],
    [""],
    ["ann", "lee"],
    ["alice", "--rooms", "x"],
    ["alice", "--url"],
    ["alice", "--url", "ftp://a.example"],
    ["alice", "--url", "http://a b"],
  ]
) {
  Deno.test(`arguments are refused in one line: ${JSON.stringify(args)}`, () => {
    const { message } = assertThrows(() => parseArguments(args, undefined), TypeError);
    assertEquals(message.split("\n").length, 1, message);
  });
}

Deno.test("the token comes from the environment, unless an argument names one", () => {
  const tokenOf = (args: string[], token: string | undefined) => {
    const read = parseArguments(args, token);
    return read === "help" ? read : read.token;
  };
  assertEquals(tokenOf(["alice"], "fromEnvironment"), "fromEnvironment");
  assertEquals(tokenOf(["alice"], ""), undefined);
  assertEquals(tokenOf(["alice", "--token", "t"], "fromEnvironment"), "t");
});
