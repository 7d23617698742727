import { assert, assertEquals } from "@std/assert";
import { startServer } from "../support/server.ts";
import { within } from "../support/deadline.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { hasTerminal, openChat, runChat } from "./terminal.ts";

if (!hasTerminal) console.warn("Skipped for want of `script` (util-linux): the chat in a terminal");

function inTerminal(name: string, fn: (home: { home: string }) => Promise<void>): void {
  Deno.test(name, { ignore: !hasTerminal }, async () => {
    const home = await Deno.makeTempDir();
    await fn({ home }).finally(() => Deno.remove(home, { recursive: true }));
  });
}

/** How often a row is on the screen, whatever its time. */
function count(rows: readonly string[], text: string): number {
  return rows.filter((row) => row.replace(/^\d\d:\d\d /, "") === text).length;
}

inTerminal("what is half typed survives what arrives, and is said once", async (home) => {
  await using server = await startServer({ MESSAGES_PER_SECOND: "0" });
  const bot = ["bot", "--url", server.url];
  assertEquals((await runChat(bot, "before", home)).code, 0);
  await using alice = openChat(["--", "alice", "--url", server.url], home);
  await alice.sees(/^── lobby: you alone ─+$/);
  await alice.type("half a ");
  await alice.sees("lobby> half a");
  assertEquals((await runChat(bot, "one\ntwo\nthree", home)).code, 0);
  await alice.sees(/^\d\d:\d\d bot: three$/);
  await alice.sees("lobby> half a");
  // Several rows, and the cursor not at the end.
  const long = "word ".repeat(40);
  await alice.type(`thought${long}\x1b[D\x1b[D`);
  assertEquals((await runChat(bot, "four", home)).code, 0);
  await alice.sees(/bot: four$/);
  await alice.type("\x7f\x7f\x7f\r");
  await alice.sees(/^\d\d:\d\d alice: half a thought/);
  await alice.sees("lobby>");
  const rows = alice.rows();
  const said = rows.indexOf(rows.find((row) => /alice: half a/.test(row))!);
  // The bot's coming and going may be told behind it.
  const text = rows.slice(said, rows.lastIndexOf("lobby>"))
    .filter((row) => !/^\* bot (came|left)$/.test(row)).map((row) => row.trim()).join(" ");
  assertEquals(text.replace(/^.* alice: /, ""), `half a thought${long.slice(0, -5)}d`);
  assert(!rows.some((row) => /^lobby> ./.test(row)), rows.join("\n"));
  for (const body of ["before", "one", "two", "three", "four"]) {
    assertEquals(count(rows, `bot: ${body}`), 1, rows.join("\n"));
  }
  await alice.type("\x03");
  assertEquals(await within(alice.code, "Ctrl-C ends it"), 0);
});

inTerminal("two terminals talk, in rooms and directly, and part politely", async (home) => {
  await using server = await startServer({ MESSAGES_PER_SECOND: "0" });
  await using alice = openChat(["alice", "--url", server.url], home);
  await alice.sees(/^\* connected to .* by WebSocket$/);
  await using bob = openChat(["bob", "--url", server.url], home);
  await alice.sees("* bob came");
  await bob.sees(/^── lobby: you, alice ─/);
  await bob.type("hello\r/msg ALICE psst\r//not a command\r/who\r");
  await alice.sees(/^\d\d:\d\d bob: hello$/);
  await alice.sees(/^\d\d:\d\d bob → ALICE: psst$/);
  await bob.sees(/^\d\d:\d\d bob → ALICE: psst$/);
  await alice.sees(/^\d\d:\d\d bob: \/not a command$/);
  await bob.sees("* lobby: you, alice");
  await bob.type("/msg nobody psst\r/nonsense\r/leave\r");
  await bob.sees(/^\* Not sent \(.*\): psst$/);
  await bob.sees("* There is no /nonsense: /help tells what there is");
  await bob.sees("* This is your only room: /join another, or /quit");
  await bob.type("/join builds\r");
  await bob.sees("builds>");
  await bob.type("green\r");
  await bob.sees(/^\d\d:\d\d #builds bob: green$/);
  await bob.type("/leave\r");
  await bob.sees("* You left builds");
  await bob.type("/history\r");
  await bob.sees("* There is nothing older in lobby");
  // What was entered just before the end is still said.
  await bob.type("bye\r\x04");
  assertEquals(await within(bob.code, "Ctrl-D ends it"), 0);
  await alice.sees(/^\d\d:\d\d bob: bye$/);
  assert(!bob.rows().some((row) => /sent:?.* bye/.test(row)), bob.rows().join("\n"));
  await alice.sees("* bob left");
  await alice.type("/quit\r");
  assertEquals(await within(alice.code, "/quit ends it"), 0);
});

inTerminal(
  "nobody reaches into the terminal, and names have colours unless asked",
  async (home) => {
    await using server = await startServer({ MESSAGES_PER_SECOND: "0" });
    await using plain = openChat(["alice", "--url", server.url], home);
    await using coloured = openChat(["carol", "--url", server.url], {
      ...home,
      env: { NO_COLOR: "" },
    });
    await plain.sees(/^\* connected/);
    await coloured.sees(/^\* connected/);
    const attack = "\x1b]0;owned\x07\x1b[2J\x1b[5A12:00 alice: \x9b2Jyes\r\bno\u202e!";
    assertEquals((await runChat(["bot", "--url", server.url], attack, home)).code, 0);
    // The screens refuse whatever a chat may not write.
    await plain.sees(/bot: ␛\]0;owned␇␛\[2J␛\[5A12:00 alice: \ufffd2Jyes␍␈no!$/);
    await coloured.sees(/bot: ␛\]0;owned␇/);
    // deno-lint-ignore no-control-regex
    const colour = /\x1b\[38;5;\d+mbot\x1b\[0m/;
    assertEquals([colour.test(plain.bytes()), colour.test(coloured.bytes())], [false, true]);
  },
);

inTerminal("a lost connection is told of, and what is typed meanwhile sent later", async (home) => {
  const server = await startServer();
  await using proxy = await FaultProxy.listen(server.port);
  await using alice = openChat(["alice", "--url", proxy.url], home);
  await alice.sees(/^\* connected/).finally(() => server[Symbol.asyncDispose]());
  proxy.refuse();
  await alice.sees(/^\* no connection to /);
  await alice.type("are you there?\r");
  await alice.sees("  unsent: are you there?");
  await alice.sees(/^ {2}(not connected; tried again at \d\d:\d\d:\d\d|connecting…), 1 unsent$/);
  await using later = await startServer();
  proxy.target = later.port;
  proxy.heal();
  await alice.sees("* lobby: what was said meanwhile may be missing here");
  await alice.sees(/^\d\d:\d\d alice: are you there\?$/);
  await alice.sees("lobby>");
  const rows = alice.rows();
  assert(!rows.some((row) => /unsent|connecting/.test(row)), rows.join("\n"));
  assertEquals(rows.filter((row) => /^\* connected/.test(row)).length, 2);
});

inTerminal("a name that is taken ends it with 1, and says what to do", async (home) => {
  await using server = await startServer();
  const claim = new WebSocket(`${server.url.replace("http", "ws")}ws/alice`);
  await within(new Promise((resolve) => claim.onopen = resolve), "the claim is made");
  await using alice = openChat(["alice", "--url", server.url], home);
  assertEquals(await within(alice.code, "the chat ends"), 1);
  await alice.sees(/^The name is taken: choose another, or come back when it is free/);
  const closed = new Promise((resolve) => claim.onclose = resolve);
  claim.close();
  await within(closed, "the claim ends");
});

inTerminal("history is shown on joining, and its older pages when asked for", async (home) => {
  await using server = await startServer({ MESSAGES_PER_SECOND: "0", HISTORY_ON_JOIN: "10" });
  const lines = Array.from({ length: 45 }, (_, index) => `line ${index + 1}`).join("\n");
  assertEquals((await runChat(["bot", "--url", server.url], lines, home)).code, 0);
  await using alice = openChat(["alice", "--url", server.url], home);
  await alice.sees(/^── lobby: you/);
  // The second before the first is answered.
  await alice.type("/history\r/history\r");
  await alice.sees(/^── that was the beginning ─+$/);
  const shown = alice.rows().flatMap((row) =>
    /bot: line (\d+)$/.exec(row)?.[1] ?? /^── ([\w/]+)/.exec(row)?.[1] ?? []
  );
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
  assertEquals(shown, [
    ...numbers(36, 45),
    "lobby",
    "older",
    ...numbers(16, 35),
    "/history",
    "older",
    ...numbers(1, 15),
    "that",
  ]);
});
