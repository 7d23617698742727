import { assertEquals, assertRejects } from "@std/assert";
import {
  type Identity,
  LocalDirectory,
  type LocalDirectoryOptions,
} from "../../lib/directory/local.ts";
import { openLocalLog } from "../../lib/log/local.ts";
import { type Log, UnavailableError } from "../../lib/log/log.ts";
import { parseUsername } from "../../lib/protocol/name.ts";
import { FakeClock } from "../support/fake_clock.ts";

function createDirectory(options: Partial<LocalDirectoryOptions> = {}) {
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
    new LocalDirectory({
      log: over,
      clock,
      randomId,
      nameHoldSeconds: 300,
      claimsPerMinute: 0,
      ...options,
    });
  return { clock, log, open, directory: open(log) };
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

/** What a promise gives, while the clock's turns go by. */
async function settled<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  await clock.settle();
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
  const directory = open({
    isAvailable: true,
    watch: (channel, onChange) => log.watch(channel, onChange),
    find: (query, limit) => log.find(query, limit),
    channels: (after, limit, except) => log.channels(after, limit, except),
    close: () => log.close(),
    append: (channel, draft) =>
      isDown ? Promise.reject(new UnavailableError("down")) : log.append(channel, draft),
  });
  await assertRejects(
    () => settled(clock, claim(directory, "alice", "a")),
    UnavailableError,
  );
  assertEquals(directory.size, 0);
  isDown = false;
  assertEquals((await settled(clock, claim(directory, "alice", "b")))!.author, "b");
});
