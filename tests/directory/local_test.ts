import { assert, assertEquals, assertRejects } from "@std/assert";
import { WIPE_MS } from "../../lib/limits.ts";
import { UnavailableError } from "../../lib/log/log.ts";
import { changedLog } from "../support/memory_log.ts";
import { claim, createDirectory, fares, name, settled } from "./support.ts";

Deno.test("a key claims a name, opens it again in the first spelling, and keeps others out", async () => {
  const { clock, directory } = createDirectory();
  const first = await settled(clock, claim(directory, "Alice", "a"));
  assertEquals([first!.user.text, first!.inbox], ["Alice", "@alice/a"]);
  assertEquals(await settled(clock, claim(directory, "ALICE", "a")), first);
  assertEquals(await settled(clock, claim(directory, "alice", "b")), undefined);
  assertEquals(await settled(clock, claim(directory, "alice")), undefined);
});

Deno.test("of twenty that ask at once, one has it", async () => {
  const { clock, directory } = createDirectory();
  const asked = Array.from(
    { length: 20 },
    (_, i) => claim(directory, "nora", i % 2 === 0 ? `${i}` : undefined),
  );
  const answers = await settled(clock, Promise.all(asked));
  assertEquals(
    answers.map((identity) => identity?.author).filter((author) => author !== undefined),
    ["0"],
  );
});

Deno.test("a claim with a key is held after its last socket, one without is not", async () => {
  const { clock, directory } = createDirectory();
  const one = await settled(clock, claim(directory, "alice", "a"));
  const two = await settled(clock, claim(directory, "alice", "a"));
  directory.release(one!);
  await clock.advance(1_000_000);
  assertEquals(await settled(clock, claim(directory, "alice", "b")), undefined);
  directory.release(two!);
  await clock.advance(299_999);
  assertEquals(await settled(clock, claim(directory, "alice", "b")), undefined);
  await clock.advance(1);
  const other = await settled(clock, claim(directory, "alice", "b"));
  assertEquals(other!.inbox, "@alice/b");

  const keyless = await settled(clock, claim(directory, "bob"));
  directory.release(keyless!);
  assertEquals((await settled(clock, claim(directory, "bob")))!.user.text, "bob");
});

Deno.test("who comes back within the hold goes on as before, and the hold begins anew", async () => {
  const { clock, directory } = createDirectory();
  await clock.advance(WIPE_MS);
  const alarms = clock.alarmCount;
  directory.release((await settled(clock, claim(directory, "alice", "a")))!);
  await clock.advance(200_000);
  directory.release((await settled(clock, claim(directory, "alice", "a")))!);
  await clock.advance(200_000);
  assertEquals(directory.size, 1);
  await clock.advance(100_000);
  assertEquals([directory.size, clock.alarmCount], [0, alarms]);
});

Deno.test("a release that comes late takes nothing from the next who has the name", async () => {
  const { clock, directory } = createDirectory();
  const first = await settled(clock, claim(directory, "alice"));
  directory.release(first!);
  await settled(clock, claim(directory, "alice"));
  directory.release(first!);
  assertEquals(await settled(clock, claim(directory, "alice")), undefined);
});

Deno.test("the release of a name that was only visited takes nothing from who claims it", async () => {
  const { clock, directory } = createDirectory();
  for (const author of [undefined, "a"]) {
    const user = name(`alice${author}`);
    const visited = await settled(clock, directory.visit(user, undefined));
    assert("identity" in visited);
    directory.release(visited.identity);
    await settled(clock, claim(directory, user.text, author));
    directory.release(visited.identity);
    assertEquals(await settled(clock, fares(directory, user.text, "b")), "taken");
  }
});

Deno.test("who claimed a name last with a key has its inbox, over a restart too", async () => {
  const { clock, directory, open, log } = createDirectory();
  assertEquals(await settled(clock, directory.holder("alice")), undefined);
  const alice = await settled(clock, claim(directory, "Alice", "a"));
  assertEquals((await settled(clock, directory.holder("alice")))!.inbox, "@alice/a");
  directory.release(alice!);
  await clock.advance(400_000);
  assertEquals((await settled(clock, directory.holder("alice")))!.inbox, "@alice/a");

  const restarted = open(log);
  const holder = await settled(clock, restarted.holder("alice"));
  assertEquals([holder!.user.text, holder!.inbox], ["Alice", "@alice/a"]);
  await settled(clock, claim(restarted, "alice", "b"));
  assertEquals((await settled(clock, restarted.holder("alice")))!.inbox, "@alice/b");
});

Deno.test("while a name is held without a key, nobody has its inbox", async () => {
  const { clock, directory, open, log } = createDirectory();
  await settled(clock, claim(directory, "alice", "a"));
  const restarted = open(log);
  await clock.advance(300_000);
  const keyless = await settled(clock, claim(restarted, "alice"));
  assertEquals(await settled(clock, restarted.holder("alice")), undefined);
  restarted.release(keyless!);
  assertEquals((await settled(clock, restarted.holder("alice")))!.inbox, "@alice/a");
});

Deno.test("a claim that cannot be stored is none", async () => {
  const { clock, log, open } = createDirectory();
  let isDown = true;
  const directory = open(changedLog(log, {
    append: (channel, draft) =>
      isDown ? Promise.reject(new UnavailableError("down")) : log.append(channel, draft),
  }));
  await assertRejects(
    () => settled(clock, claim(directory, "alice", "a")),
    UnavailableError,
  );
  assertEquals(directory.size, 0);
  isDown = false;
  assertEquals((await settled(clock, claim(directory, "alice", "b")))!.author, "b");
});

Deno.test("a name that was held when the process ended is held for its owner once more", async () => {
  const { clock, directory, open, log } = createDirectory();
  await clock.advance(5_000_000);
  await settled(clock, claim(directory, "Alice", "a")); // and never released: the process ends
  const restarted = open(log);
  assertEquals(await settled(clock, fares(restarted, "alice", "b")), "taken");
  assertEquals(await settled(clock, fares(restarted, "alice")), "taken");
  assertEquals(restarted.size, 0, "who is refused holds nothing");
  const own = await settled(clock, claim(restarted, "ALICE", "a"));
  assertEquals([own!.user.text, own!.inbox], ["Alice", "@alice/a"], "in the spelling of before");
  restarted.release(own!);

  const again = open(log);
  await clock.advance(299_999);
  assertEquals(await settled(clock, fares(again, "alice", "b")), "taken");
  assertEquals(await settled(clock, fares(again, "alice")), "taken");
  await clock.advance(1);
  const other = await settled(clock, claim(again, "aLICE", "b"));
  assertEquals([other!.user.text, other!.inbox], ["aLICE", "@alice/b"]);
});

Deno.test("a name whose hold had ended is free at once after a restart", async () => {
  const { clock, directory, open, log } = createDirectory();
  assertEquals(await settled(clock, fares(directory, "alice", "a")), "in");
  await clock.advance(300_000);
  for (const author of ["b", undefined]) {
    assertEquals(await settled(clock, fares(open(log), "alice", author)), "in");
    await clock.advance(300_000);
  }
});

Deno.test("with a hold of no time a name is free with its last use, over a restart too", async () => {
  const { clock, open, log } = createDirectory({ nameHoldSeconds: 0 });
  const directory = open(log);
  assertEquals(await settled(clock, fares(directory, "alice", "a")), "in");
  await clock.advance(0);
  assertEquals(await settled(clock, fares(directory, "alice", "b")), "in");
  assertEquals(await settled(clock, fares(open(log), "alice", "c")), "in");
});

Deno.test("the history of claims is one entry, where no more is retained", async () => {
  const { clock, log, open } = createDirectory();
  const directory = open(log);
  for (const author of ["a", "b", "c"]) {
    await settled(clock, fares(directory, "alice", author));
    await clock.advance(300_000);
  }
  assertEquals((await settled(clock, open(log).holder("alice")))!.author, "c");
});

Deno.test("a claim is said anew before it would be forgotten", async () => {
  const { clock, directory, open, log } = createDirectory({ historyDays: 2 });
  const alice = await settled(clock, claim(directory, "alice", "a"));
  const head = async () => {
    const channel = await log.watch("~alice", () => {});
    channel.close();
    return channel.head;
  };
  await clock.advance(86_400_000);
  await settled(clock, claim(open(log), "alice", "a"));
  assertEquals(await head(), 2);
  await settled(clock, claim(open(log), "alice", "a"));
  assertEquals(await head(), 2);
  directory.release(alice!);
});
