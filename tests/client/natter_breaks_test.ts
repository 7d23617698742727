import { assertEquals, assertRejects } from "@std/assert";
import { Natter, NatterError } from "../../static/natter.js";
import { until, within } from "../support/deadline.ts";
import { TestClient, World } from "./support.ts";

Deno.test("a final code is told once, and nothing is tried again until it is asked for", async () => {
  await using world = await World.start();
  const proxy = await world.proxy();
  await using _holder = await new TestClient({ url: world.url, username: "ann", rooms: ["tea"] })
    .opened();
  const refused: [string, string[], number][] = [
    ["ANN", [], 4501],
    ["a b ", [], 4500],
    ["b", ["no room"], 4503],
  ];
  for (const [username, rooms, code] of refused) {
    await using late = new TestClient({ url: proxy.url, username, rooms });
    const loop = assertRejects(
      async () => {
        for await (const _ of late.natter);
      },
      NatterError,
      `(${code})`,
    );
    const accepted = proxy.accepted;
    await until(() => late.closed.length > 0, `${username} is refused`);
    assertEquals([late.closed, late.natter.state], [[code], "closed"]);
    await within(loop, "the loop ends");
    assertEquals(proxy.accepted, accepted + 1);
    globalThis.dispatchEvent(new Event("online"));
    assertEquals(late.natter.state, "closed");
    late.natter.connect();
    await until(() => late.closed.length > 1, "asked again, it is refused again");
  }
});

Deno.test("an orderly restart and a kill are survived, with nothing lost", async () => {
  await using world = await World.start();
  const proxy = await world.proxy();
  await using ann = await new TestClient({ url: proxy.url, username: "ann" }).opened();
  await ann.natter.send("one");
  for (const [signal, text] of [["SIGTERM", "two"], ["SIGKILL", "three"]] as const) {
    const restarted = world.restart(signal);
    await until(() => ann.natter.state !== "open", "the connection is lost");
    const ack = ann.natter.send(text);
    await restarted;
    await within(ack, "the ack");
  }
  await until(() => ann.of("lobby").length === 3, "all is seen");
  assertEquals(ann.of("lobby").map(({ what }) => what), ["ann: one", "ann: two", "ann: three"]);
  assertEquals(ann.breaks, ["@ann", "lobby"]);
});

for (const transport of ["websocket", "events", "poll"] as const) {
  Deno.test(`${transport}: a restart gives the same history another epoch, which is told`, async () => {
    await using world = await World.start();
    const proxy = await world.proxy();
    await using ann = new TestClient({ url: proxy.url, username: "ann", transport });
    const epochs: string[] = [];
    ann.natter.addEventListener("joined", ({ detail }) => {
      if (detail.room === "lobby") epochs.push(`${detail.epoch} ${detail.recovered}`);
    });
    await ann.opened();
    await ann.natter.send("one");
    await until(() => ann.of("lobby").length === 1, "it is seen");
    await world.restart();
    await ann.natter.send("two");
    const { epoch, entries } = await ann.natter.history({ room: "lobby" });
    assertEquals(entries.length, 2);
    await until(() => epochs.includes(`${epoch} true`), "the epoch of now is told");
    assertEquals(epochs.length, 2, `${epochs}`);
  });
}

for (const directions of [["up"], ["down"], ["up", "down"]] as const) {
  Deno.test(`a link that is dead ${directions.join(" and ")} is found and replaced`, async () => {
    await using world = await World.start();
    const proxy = await world.proxy();
    await using ann = await new TestClient({ url: proxy.url, username: "ann" }).opened();
    proxy.stall(...directions);
    const ack = ann.natter.send("hi");
    await until(() => ann.natter.state !== "open", "the dead link is found");
    proxy.heal();
    assertEquals((await within(ack, "the ack")).offset, 1);
    await until(() => ann.of("lobby").length === 1, "it is seen");
  });
}

Deno.test("a later life goes on from the cursor of the former one", async () => {
  await using world = await World.start();
  const key = Natter.createKey();
  const options = { url: world.url, username: "ann", rooms: ["Tea"], key };
  const former = await new TestClient(options).opened();
  await former.natter.send("seen");
  await former.natter.send("to oneself", { to: "ann" });
  await until(() => former.of("tea").length + former.of("@ann").length === 2, "both are seen");
  const { cursor } = former.natter;
  await former[Symbol.asyncDispose]();
  await using ben = await new TestClient({ url: world.url, username: "ben", rooms: ["tea"] })
    .opened();
  await ben.natter.send("missed");
  await using later = await new TestClient({ ...options, cursor }).opened();
  await until(() => later.of("tea").length > 0, "what was missed comes");
  assertEquals(later.of("tea"), [{ offset: 2, what: "ben: missed" }]);
  assertEquals(later.of("@ann"), []);
  assertEquals(later.breaks, []);
});

Deno.test("what is no longer retained is told once, and the thread goes on", async () => {
  await using world = await World.start({ HISTORY_MESSAGES_MAX: "5" });
  const proxy = await world.proxy();
  const gaps: unknown[] = [];
  await using ann = await new TestClient({ url: proxy.url, username: "ann" }).opened();
  ann.natter.addEventListener("gap", ({ detail }) => gaps.push([detail.from, detail.to]));
  await using ben = await new TestClient({ url: world.url, username: "ben" }).opened();
  await ben.natter.send("0");
  await until(() => ann.of("lobby").length === 1, "ann sees the first");
  proxy.refuse();
  proxy.cut();
  for (let i = 1; i <= 600; i++) ben.natter.send(`${i}`).catch(() => {});
  await until(() => ben.natter.unsent.length === 0, "all is sent");
  proxy.heal();
  await ann.natter.send("last");
  const head = (await world.stored("lobby")).at(-1)!.offset;
  await until(() => ann.of("lobby").at(-1)?.offset === head, "ann is there again");
  // Whatever was passed over was told: as a gap, or as a beginning anew.
  const offsets = ann.of("lobby").map(({ offset }) => offset);
  const jumps = offsets.filter((offset, i) => i > 0 && offset !== offsets[i - 1]! + 1);
  assertEquals(jumps.length, 1);
  assertEquals(gaps.length + ann.breaks.filter((room) => room === "lobby").length - 1, 1);
});

Deno.test("back online, the next attempt does not wait for its time", async () => {
  await using world = await World.start();
  const proxy = await world.proxy();
  await using ann = await new TestClient({
    url: proxy.url,
    username: "ann",
    transport: "websocket",
    backoffBaseMs: 1e9,
    backoffCapMs: 1e9,
    random: () => 0.999,
  }).opened();
  proxy.cut();
  await until(() => ann.natter.state === "waiting", "it waits");
  globalThis.dispatchEvent(new Event("offline"));
  assertEquals(ann.natter.state, "offline");
  globalThis.dispatchEvent(new Event("online"));
  await ann.opened();
  proxy.cut();
  await until(() => ann.natter.state === "waiting", "it waits again");
  ann.natter.connect();
  await ann.opened();
});
