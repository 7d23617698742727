import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Identity } from "../../lib/directory/directory.ts";
import { UnavailableError } from "../../lib/log/log.ts";
import { until, within } from "../support/deadline.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { test } from "./redis_support.ts";
import { name } from "./support.ts";

for (const keyed of [true, false]) {
  const how = keyed ? "with keys" : "without keys";
  test(`of twenty who claim a name ${how} over three instances at once, one has it`, async (instances) => {
    const three = await instances.three();
    for (let round = 0; round < 10; round++) {
      const asked = Array.from(
        { length: 20 },
        (_, i) => three[i % 3]!.fares(`nora${round}`, keyed ? `k${i}` : undefined),
      );
      const answers = await Promise.all(asked);
      assertEquals(answers.filter((answer) => answer !== "taken"), [`in as nora${round}`]);
    }
  });
}

test("a key opens its name on every instance, in the first spelling, and keeps others out", async (instances) => {
  const [one, two, three] = await instances.three();
  assertEquals(await one.fares("Alice", "a"), "in as Alice");
  assertEquals(await two.fares("ALICE", "a"), "in as Alice");
  assertEquals(await three.fares("alice", "b"), "taken");
  assertEquals(await three.fares("alice"), "taken");
  assertEquals(await three.directory.visit(name("alice"), undefined), { refused: "taken" });
  assertEquals((await three.directory.holder("alice"))?.inbox, "@alice/a");
  assertEquals(await three.directory.holder("nobody"), undefined);
});

test("a name is held after its last use on the last instance, and then free", async (instances) => {
  const [one, two, three] = await instances.three({ nameHoldSeconds: 3 });
  const first = await one.claim("alice", "a") as Identity;
  const second = await two.claim("alice", "a") as Identity;
  const other = await one.claim("carol", "c") as Identity;
  const keyless = await one.claim("bob") as Identity;
  one.directory.release(first);
  one.directory.release(other);
  one.directory.release(keyless);
  await until(async () => await three.fares("bob") !== "taken", "a name without a key is free");
  // Were hers held since the release, it would be free before this one, which was given back after it.
  await until(async () => await three.fares("carol", "d") === "in as carol", "a held name is free");
  assertEquals(await three.fares("alice", "b"), "taken", "there is another use");
  two.directory.release(second);
  assertEquals(await three.fares("alice", "b"), "taken", "it is held");
  await until(async () => await three.fares("alice", "b") === "in as alice", "it is free");
  assertEquals((await one.directory.holder("alice"))?.inbox, "@alice/b");
});

test("a name that is given back and claimed in one breath is claimed", async (instances) => {
  const [one, two] = await instances.three({ nameHoldSeconds: 0 });
  for (let round = 0; round < 20; round++) {
    for (const author of [undefined, `a${round}`, `b${round}`]) {
      const claimed = await one.claim("alice", author);
      assert(typeof claimed !== "string", `${claimed}`);
      assertEquals(await two.fares("alice", "c"), "taken");
      one.directory.release(claimed);
    }
  }
  assertEquals(one.directory.size, 0);
});

test("bans hold on every instance, for a name and for whoever held it", async (instances) => {
  const [one, two, three] = await instances.three();
  await one.claim("alice", "a");
  const soon = Date.now() + 60_000;
  assertEquals((await two.directory.ban("alice", soon))?.author, "a");
  assertEquals(await three.fares("alice", "a"), "banned");
  assertEquals(await three.fares("bella", "a"), "banned");
  assertEquals(await one.fares("alice", "a"), "banned", "an own claim too");
  assert(await three.directory.isBanned("alice", undefined));
  assert(await three.directory.isBanned(undefined, "a"));
  assert(!await three.directory.isBanned("bella", "b"));
  await three.directory.ban("alice", Date.now() - 1);
  assertEquals(await three.fares("bella", "a"), "in as bella");
});

test("a ban meets who claims at the same moment", async (instances) => {
  const [one, two, three] = await instances.three();
  for (let round = 0; round < 20; round++) {
    const banned = one.directory.ban(`n${round}`, Date.now() + 60_000);
    const claims = [two, three].map((instance) => instance.fares(`n${round}`, `k${round}`));
    await banned;
    await Promise.all(claims);
    for (const instance of [one, two, three]) {
      assertEquals(await instance.fares(`n${round}`, `k${round}`), "banned");
    }
  }
});

test("new names of an address are counted over all instances", async (instances) => {
  const [one, two, three] = await instances.three({ claimsPerMinute: 3 });
  assertEquals(await one.fares("a", "a"), "in as a");
  assertEquals(await two.fares("b", "b"), "in as b");
  assertEquals(
    await two.directory.visit(name("c"), "192.0.2.1").then((c) => "identity" in c),
    true,
  );
  const refused = await three.directory.claim({
    user: name("d"),
    author: "d",
    address: "192.0.2.1",
  });
  assert("retryAfterMs" in refused && refused.retryAfterMs > 15_000, JSON.stringify(refused));
  assertEquals(await three.fares("d", "d", "192.0.2.2"), "in as d");
  for (let i = 0; i < 5; i++) assertEquals(await three.fares("a", "a"), "in as a", "not new");
});

test("who is put out is so everywhere, and it is told how many that were", async (instances) => {
  const three = await instances.three();
  three.forEach((instance, index) => instance.closes = index + 1);
  const outcast = { key: "alice", author: "a" };
  assertEquals(await within(three[1].directory.putOut(outcast), "it is told"), 6);
  for (const { putOut } of three) assertEquals(putOut, [outcast]);
});

test("who is in a room is known elsewhere: at first, by and by, and by who only asks", async (instances) => {
  const [one, two, three] = await instances.three();
  const first = one.attend("lobby");
  await first.attendance.opened;
  first.attendance.enter(name("Alice"));
  await until(async () => (await three.directory.who("lobby")).length === 1, "Alice is there");
  const second = two.attend("lobby");
  await second.attendance.opened;
  assertEquals(second.elsewhere, ["Alice"]);
  second.attendance.enter(name("Bob"));
  second.attendance.enter(name("alice"));
  await until(() => first.elsewhere.length === 2, "they are there");
  assertEquals(first.elsewhere.sort(), ["Bob", "alice"]);
  assertEquals(await three.directory.occupied("", 9), [{ channel: "lobby", userCount: 2 }]);
  assertEquals((await three.directory.who("lobby")).map(({ key }) => key).sort(), ["alice", "bob"]);
  first.attendance.leave(name("Alice"));
  await until(() => second.elsewhere.length === 0, "she has left there");
  second.attendance.leave(name("Bob"));
  await until(() => first.elsewhere.length === 1, "he has left");
  one.directory.typing("lobby", name("Carl"));
  await until(() => second.elsewhere.includes("Carl types"), "he types");
  assert(!first.elsewhere.includes("Carl types"), "not to the own instance");
  second.attendance.close();
  await until(async () => (await one.directory.occupied("", 9)).length === 0, "nobody is there");
  first.attendance.close();
});

test("an empty Redis is told everything again", async (instances) => {
  const { redis } = instances;
  const [one, two] = [await instances.open(), await instances.open()];
  await one.claim("alice", "a");
  await one.claim("bob");
  const first = one.attend("lobby"), second = two.attend("lobby");
  await Promise.all([first.attendance.opened, second.attendance.opened]);
  first.attendance.enter(name("alice"));
  second.attendance.enter(name("carl"));
  await until(() => first.elsewhere.length + second.elsewhere.length === 2, "they are there");
  await redis.kill();
  await until(() => !one.link.isUp && !two.link.isUp, "it is missed");
  await assertRejects(
    () => two.directory.claim({ user: name("x"), author: "x", address: "" }),
    UnavailableError,
  );
  first.attendance.enter(name("dora"));
  second.attendance.leave(name("carl"));
  await redis.restart();
  await until(() => one.link.isUp && two.link.isUp, "it is back");
  assertEquals(await two.fares("alice", "b"), "taken");
  assertEquals(await two.fares("bob", "b"), "taken");
  await until(() => second.elsewhere.length === 2 && first.elsewhere.length === 0, "as it is now");
  assertEquals(second.elsewhere.sort(), ["alice", "dora"]);
  assertEquals([one.lost, two.lost], [[], []]);
  first.attendance.close();
  second.attendance.close();
});

test("of an instance that has died nothing is left after fifteen seconds but names with a key; one that was only cut off is told what it has lost", async (instances) => {
  await using proxy = await FaultProxy.listen(instances.redis.port);
  const url = proxy.url.replace("http", "redis");
  const dying = await instances.open({}, instances.redis.url);
  const cut = await instances.open({}, url);
  const one = await instances.open();
  for (const [index, instance] of [dying, cut].entries()) {
    await instance.claim(`keyed${index}`, "a");
    await instance.claim(`keyless${index}`);
    const { attendance } = instance.attend("lobby");
    await attendance.opened;
    attendance.enter(name(`ghost${index}`));
  }
  const { attendance, elsewhere } = one.attend("lobby");
  await attendance.opened;
  await until(() => elsewhere.length === 2, "both are there");
  const startedAt = performance.now();
  dying.link.close();
  proxy.refuse();
  proxy.cut();
  assertEquals(await one.fares("keyless0", "b"), "taken");
  await until(() => elsewhere.length === 0, "no ghosts are there");
  for (const key of ["keyless0", "keyless1"]) {
    await until(async () => await one.fares(key, "b") === `in as ${key}`, `${key} is free`);
  }
  assert(performance.now() - startedAt < 15_000, `${performance.now() - startedAt} ms`);
  assertEquals(await one.fares("keyed0", "b"), "taken");
  proxy.heal();
  await until(() => cut.link.isUp, "it is back");
  await until(() => elsewhere.length === 1, "who was cut off is there again");
  assertEquals([cut.lost, cut.directory.size], [["keyless1"], 1]);
  attendance.close();
});
