import { assertEquals } from "@std/assert";
import { claim, createDirectory, fares, name, settled } from "./support.ts";

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
