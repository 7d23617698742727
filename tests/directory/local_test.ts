import { assertEquals, assertRejects } from "@std/assert";
import { LocalDirectory } from "../../lib/directory/local.ts";
import { openLocalLog } from "../../lib/log/local.ts";
import { type Log, UnavailableError } from "../../lib/log/log.ts";
import { parseUsername } from "../../lib/protocol/name.ts";
import { FakeClock } from "../support/fake_clock.ts";

function createDirectory() {
  const clock = new FakeClock();
  let ids = 0;
  const randomId = () => `id${++ids}`;
  const log = openLocalLog({
    database: ":memory:",
    durability: "process",
    historyMessagesMax: 1000,
    historyDays: 365,
    now: () => clock.wallNow(),
    soon: (call) => clock.soon(call),
    after: (ms, call) => clock.after(ms, call),
    randomId,
  });
  const open = (over: Log) =>
    new LocalDirectory({ log: over, clock, randomId, nameHoldSeconds: 300 });
  return { clock, log, open, directory: open(log) };
}

const name = (text: string) => parseUsername(text)!;

/** What a promise gives, while the clock's turns go by. */
async function settled<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  await clock.settle();
  return await promise;
}

Deno.test("a key claims a name, opens it again in the first spelling, and keeps others out", async () => {
  const { clock, directory } = createDirectory();
  const first = await settled(clock, directory.claim(name("Alice"), "a", true));
  assertEquals([first!.user.text, first!.inbox], ["Alice", "@alice/a"]);
  assertEquals(await settled(clock, directory.claim(name("ALICE"), "a", true)), first);
  assertEquals(await settled(clock, directory.claim(name("alice"), "b", true)), undefined);
  assertEquals(await settled(clock, directory.claim(name("alice"), "s", false)), undefined);
});

Deno.test("of twenty that ask at once, one has it", async () => {
  const { clock, directory } = createDirectory();
  const asked = Array.from(
    { length: 20 },
    (_, i) => directory.claim(name("nora"), `${i}`, i % 2 === 0),
  );
  const answers = await settled(clock, Promise.all(asked));
  assertEquals(
    answers.map((identity) => identity?.author).filter((author) => author !== undefined),
    ["0"],
  );
});

Deno.test("a claim with a key is held after its last socket, one without is not", async () => {
  const { clock, directory } = createDirectory();
  const one = await settled(clock, directory.claim(name("alice"), "a", true));
  const two = await settled(clock, directory.claim(name("alice"), "a", true));
  directory.release(one!);
  await clock.advance(1_000_000);
  assertEquals(await settled(clock, directory.claim(name("alice"), "b", true)), undefined);
  directory.release(two!);
  await clock.advance(299_999);
  assertEquals(await settled(clock, directory.claim(name("alice"), "b", true)), undefined);
  await clock.advance(1);
  const other = await settled(clock, directory.claim(name("alice"), "b", true));
  assertEquals(other!.inbox, "@alice/b");

  const keyless = await settled(clock, directory.claim(name("bob"), "s1", false));
  directory.release(keyless!);
  assertEquals((await settled(clock, directory.claim(name("bob"), "s2", false)))!.author, "s2");
});

Deno.test("who comes back within the hold goes on as before, and the hold begins anew", async () => {
  const { clock, directory } = createDirectory();
  const alarms = clock.alarmCount;
  directory.release((await settled(clock, directory.claim(name("alice"), "a", true)))!);
  await clock.advance(200_000);
  directory.release((await settled(clock, directory.claim(name("alice"), "a", true)))!);
  await clock.advance(200_000);
  assertEquals(directory.size, 1);
  await clock.advance(100_000);
  assertEquals([directory.size, clock.alarmCount], [0, alarms]);
});

Deno.test("a release that comes late takes nothing from the next who has the name", async () => {
  const { clock, directory } = createDirectory();
  const first = await settled(clock, directory.claim(name("alice"), "s1", false));
  directory.release(first!);
  await settled(clock, directory.claim(name("alice"), "s2", false));
  directory.release(first!);
  assertEquals(await settled(clock, directory.claim(name("alice"), "s3", false)), undefined);
});

Deno.test("who claimed a name last with a key has its inbox, over a restart too", async () => {
  const { clock, directory, open, log } = createDirectory();
  assertEquals(await settled(clock, directory.holder("alice")), undefined);
  const alice = await settled(clock, directory.claim(name("Alice"), "a", true));
  assertEquals((await settled(clock, directory.holder("alice")))!.inbox, "@alice/a");
  directory.release(alice!);
  await clock.advance(400_000);
  assertEquals((await settled(clock, directory.holder("alice")))!.inbox, "@alice/a");

  const restarted = open(log);
  const holder = await settled(clock, restarted.holder("alice"));
  assertEquals([holder!.user.text, holder!.inbox], ["Alice", "@alice/a"]);
  await settled(clock, restarted.claim(name("alice"), "b", true));
  assertEquals((await settled(clock, restarted.holder("alice")))!.inbox, "@alice/b");
});

Deno.test("while a name is held without a key, nobody has its inbox", async () => {
  const { clock, directory, open, log } = createDirectory();
  await settled(clock, directory.claim(name("alice"), "a", true));
  const restarted = open(log);
  const keyless = await settled(clock, restarted.claim(name("alice"), "s", false));
  assertEquals(await settled(clock, restarted.holder("alice")), undefined);
  restarted.release(keyless!);
  assertEquals((await settled(clock, restarted.holder("alice")))!.inbox, "@alice/a");
});

Deno.test("a claim that cannot be stored is none", async () => {
  const { clock, log, open } = createDirectory();
  let isDown = true;
  const directory = open({
    ...log,
    isAvailable: true,
    watch: (channel, onChange) => log.watch(channel, onChange),
    find: (query, limit) => log.find(query, limit),
    channels: (after, limit, except) => log.channels(after, limit, except),
    close: () => log.close(),
    append: (channel, draft) =>
      isDown ? Promise.reject(new UnavailableError("down")) : log.append(channel, draft),
  });
  await assertRejects(
    () => settled(clock, directory.claim(name("alice"), "a", true)),
    UnavailableError,
  );
  assertEquals(directory.size, 0);
  isDown = false;
  assertEquals((await settled(clock, directory.claim(name("alice"), "b", true)))!.author, "b");
});
