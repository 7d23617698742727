import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Identity } from "../../lib/directory/directory.ts";
import { LocalDirectory, type LocalDirectoryOptions } from "../../lib/directory/local.ts";
import { WIPE_MS } from "../../lib/limits.ts";
import { type Log, UnavailableError } from "../../lib/log/log.ts";
import { parseUsername } from "../../lib/protocol/name.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { changedLog, openMemoryLog } from "../support/memory_log.ts";

function createDirectory(options: Partial<LocalDirectoryOptions> = {}) {
  const clock = new FakeClock();
  let ids = 0;
  const randomId = () => `id${++ids}`;
  const log = openMemoryLog(clock, randomId);
  const open = (over: Log) =>
    new LocalDirectory({
      log: over,
      clock,
      randomId,
      nameHoldSeconds: 300,
      claimsPerMinute: 0,
      historyDays: 365,
      ...options,
    });
  /** The log, whose reads wait for the gate while there is one. */
  const gate: { promise?: Promise<void> } = {};
  const gated = changedLog(log, {
    watch: async (channel, onChange) => {
      await gate.promise;
      return await log.watch(channel, onChange);
    },
  });
  return { clock, log, open, gate, gated, directory: open(log) };
}

const name = (text: string) => parseUsername(text)!;

/** Claims a name: who it is then, or `undefined` where it is refused. */
async function claim(
  directory: LocalDirectory,
  text: string,
  author?: string,
  address = "192.0.2.1",
): Promise<Identity | undefined> {
  const claimed = await directory.claim({ user: name(text), author, address });
  return "identity" in claimed ? claimed.identity : undefined;
}

/** What becomes of a claim: `in`, or why not; what is in goes again. */
async function fares(
  directory: LocalDirectory,
  text: string,
  author?: string,
  address = "192.0.2.1",
): Promise<string> {
  const claimed = await directory.claim({ user: name(text), author, address });
  if (!("identity" in claimed)) return claimed.refused;
  directory.release(claimed.identity);
  return "in";
}

/** What a promise gives, while the clock's turns go by. */
async function settled<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isOpen = true;
  promise.catch(() => {}).finally(() => isOpen = false);
  for (let i = 0; isOpen && i < 1000; i++) await clock.settle();
  return await promise;
}

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

Deno.test("new names of one address are counted, and come back with time", async () => {
  const { clock, directory } = createDirectory({ claimsPerMinute: 3 });
  const ask = (text: string, author?: string, address?: string) =>
    settled(clock, fares(directory, text, author, address));
  for (const text of ["a", "b"]) assertEquals(await ask(text, text), "in");
  assertEquals(await ask("c"), "in", "at the bound, without a key");
  const refused = await settled(
    clock,
    directory.claim({ user: name("d"), author: "d", address: "192.0.2.1" }),
  );
  assertEquals(refused, { refused: "limited", retryAfterMs: 20_000 });
  assertEquals(directory.size, 2, "who is refused holds no name");
  assertEquals(await ask("d", "e", "192.0.2.2"), "in", "and another may have it");
  for (let i = 0; i < 10; i++) assertEquals(await ask("a", "a"), "in", "an own name is not new");
  await clock.advance(19_999);
  assertEquals(await ask("f"), "limited");
  await clock.advance(1);
  assertEquals(await ask("f"), "in");
  assertEquals(await ask("g"), "limited");
});

Deno.test("the same key on its own name is not new, after its hold and a restart either", async () => {
  const { clock, open, log } = createDirectory({ claimsPerMinute: 1 });
  assertEquals(await settled(clock, fares(open(log), "alice", "a")), "in");
  const restarted = open(log);
  assertEquals(await settled(clock, fares(restarted, "bob", "b")), "in", "the one of this minute");
  assertEquals(await settled(clock, fares(restarted, "alice", "a")), "in");
  await clock.advance(300_000);
  assertEquals(await settled(clock, fares(restarted, "carol", "c")), "in");
  assertEquals(await settled(clock, fares(restarted, "alice", "a")), "in");
  assertEquals(await settled(clock, fares(restarted, "alice2", "a")), "limited");
});

Deno.test("who is refused because a name is taken or banned has used up nothing", async () => {
  const { clock, directory } = createDirectory({ claimsPerMinute: 1 });
  const ask = (text: string, author: string, address?: string) =>
    settled(clock, fares(directory, text, author, address));
  assertEquals(await ask("alice", "a", "192.0.2.9"), "in");
  await settled(clock, directory.ban("banned", clock.wallNow() + 1000));
  for (let i = 0; i < 5; i++) {
    assertEquals(await ask("alice", "b"), "taken");
    assertEquals(await ask("banned", "b"), "banned");
  }
  assertEquals(await ask("bob", "b"), "in");
  assertEquals(await ask("carol", "b"), "limited");
});

Deno.test("of twenty at once, of whom most are refused, the first who may has the name", async () => {
  const { clock, directory } = createDirectory({ claimsPerMinute: 1 });
  assertEquals(await settled(clock, fares(directory, "other", "x")), "in");
  await settled(clock, directory.ban("banned", clock.wallNow() + 1_000_000));
  const asked = Array.from({ length: 20 }, (_, i) => {
    // Those before the thirteenth come from an address that has used up its names.
    const address = i < 12 ? "192.0.2.1" : `192.0.2.${i}`;
    return directory.claim({
      user: name("nora"),
      author: i % 2 === 0 ? `${i}` : undefined,
      address,
    });
  });
  const answers = await settled(clock, Promise.all(asked));
  assertEquals(
    answers.map((answer) => "identity" in answer ? answer.identity.author : answer.refused),
    [...Array(12).fill("limited"), "12", ...Array(7).fill("taken")],
  );
  assertEquals(directory.size, 2);
});

Deno.test("twenty uses of one key at once are one claim, and last until the last is released", async () => {
  const { clock, directory } = createDirectory({ claimsPerMinute: 1 });
  const asked = Array.from({ length: 20 }, () => claim(directory, "nora", "n"));
  const identities = await settled(clock, Promise.all(asked));
  assertEquals(new Set(identities.map((identity) => identity?.author)), new Set(["n"]));
  for (const identity of identities.slice(1)) directory.release(identity!);
  await clock.advance(1_000_000);
  assertEquals(await settled(clock, fares(directory, "nora", "m", "192.0.2.2")), "taken");
  directory.release(identities[0]!);
  await clock.advance(300_000);
  assertEquals(await settled(clock, fares(directory, "nora", "m", "192.0.2.2")), "in");
});

Deno.test("a ban meets who is just being looked up, whichever of the two it is about", async () => {
  const cases: readonly (readonly [asked: string, author: string | undefined])[] = [
    ["alice", "a"],
    ["alice", "b"],
    ["alice", undefined],
    ["bella", "a"],
  ];
  for (const [asked, author] of cases) {
    const { clock, open, gate, gated } = createDirectory();
    const directory = open(gated);
    assertEquals(await settled(clock, fares(directory, "alice", "a")), "in");
    await clock.advance(300_000);
    // The ban finds out who has the name, then the claim asks the store, then the ban is said.
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.promise = promise;
    const banned = directory.ban("alice", clock.wallNow() + 60_000);
    const claimed = fares(directory, asked, author);
    await clock.settle();
    resolve();
    await settled(clock, banned);
    // Either it was refused, or it had come in before there was a ban.
    const outcome = await settled(clock, claimed);
    if (outcome !== "in") assertEquals(outcome, "banned", asked);
    assertEquals(await settled(clock, fares(directory, asked, author)), "banned", asked);
  }
});

Deno.test("a claim that the store is being asked about when its key is banned is refused", async () => {
  const { clock, open, gate, gated } = createDirectory();
  const directory = open(gated);
  await settled(clock, claim(directory, "alice", "a"));
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.promise = promise;
  const asked = [fares(directory, "bella", "a"), fares(directory, "carla", "b")];
  await clock.settle();
  // Of a name that is claimed the ban asks nobody who it is; how long it was before is asked later.
  const banning = directory.ban("alice", clock.wallNow() + 60_000);
  await clock.settle();
  resolve();
  await settled(clock, banning);
  assertEquals(await settled(clock, Promise.all(asked)), ["banned", "in"]);
  assertEquals(directory.size, 2, "who is refused holds no name");
  assertEquals(await settled(clock, fares(directory, "alice", "a")), "banned", "a live claim");
});

Deno.test("a short ban under one name leaves a longer one of the same key as it is", async () => {
  const { clock, directory } = createDirectory();
  await settled(clock, claim(directory, "alice", "a"));
  await settled(clock, claim(directory, "bella", "a"));
  await settled(clock, directory.ban("alice", clock.wallNow() + 60_000));
  await settled(clock, directory.ban("bella", clock.wallNow() + 1000));
  await clock.advance(1000);
  assertEquals(await settled(clock, directory.isBanned("bella", undefined)), false);
  assertEquals(await settled(clock, directory.isBanned(undefined, "a")), true);
  await settled(clock, directory.ban("bella", 0));
  assertEquals(await settled(clock, directory.isBanned(undefined, "a")), false);
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

Deno.test("a ban is lifted by a time that has passed, and ends by itself", async () => {
  const { clock, directory, open, log } = createDirectory();
  const isBanned = (over: LocalDirectory, key?: string, author?: string) =>
    settled(clock, over.isBanned(key, author));
  await settled(clock, claim(directory, "alice", "a"));
  const holder = await settled(clock, directory.ban("alice", clock.wallNow() + 1000));
  assertEquals(holder!.author, "a");
  for (const over of [directory, open(log)]) {
    assertEquals(await isBanned(over, "alice"), true);
    assertEquals(await isBanned(over, undefined, "a"), true);
    assertEquals(await isBanned(over, "bella", "a"), true);
    assertEquals(await isBanned(over, "bella", "b"), false);
    assertEquals(await isBanned(over), false);
  }
  await clock.advance(999);
  assertEquals(await isBanned(open(log), "alice"), true);
  await clock.advance(1);
  for (const over of [directory, open(log)]) {
    assertEquals(await isBanned(over, "alice", "a"), false);
  }
  await settled(clock, directory.ban("alice", clock.wallNow() + 1000));
  await settled(clock, directory.ban("alice", clock.wallNow()));
  for (const over of [directory, open(log)]) {
    assertEquals(await isBanned(over, "alice", "a"), false);
  }
});

Deno.test("a ban while the store is out of reach is refused, and so is its end", async () => {
  const { clock, log, open } = createDirectory();
  const fails = () => Promise.reject(new UnavailableError("told to fail"));
  let isBroken = false;
  const directory = open(changedLog(log, {
    append: (channel, draft) => isBroken ? fails() : log.append(channel, draft),
    watch: (...args) => isBroken ? fails() : log.watch(...args),
  }));
  await settled(clock, claim(directory, "alice", "a"));
  isBroken = true;
  for (const until of [clock.wallNow() + 60_000, 0]) {
    await assertRejects(() => settled(clock, directory.ban("alice", until)), UnavailableError);
  }
  // What nobody handles would end the process by now.
  await clock.settle();
});
