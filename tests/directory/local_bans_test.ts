import { assertEquals, assertRejects } from "@std/assert";
import type { LocalDirectory } from "../../lib/directory/local.ts";
import { UnavailableError } from "../../lib/log/log.ts";
import { changedLog } from "../support/memory_log.ts";
import { claim, createDirectory, fares, settled } from "./support.ts";

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
