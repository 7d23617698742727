import { assert, assertEquals } from "@std/assert";
import { Natter, type NatterError } from "../../static/natter.js";
import { until, within } from "../support/deadline.ts";
import { codeOf, TestClient, World } from "./support.ts";

Deno.test("a message or deletion that nobody waits for ends no process, and is told of as failed", async () => {
  await using world = await World.start();
  await using ann = await new TestClient({ url: world.url, username: "ann" }).opened();
  const failed = Promise.withResolvers<{ body?: string; error: NatterError }>();
  ann.natter.addEventListener("failed", ({ detail }) => failed.resolve(detail));
  ann.natter.send("lost", { room: "elsewhere" });
  const { body, error } = await within(failed.promise, "the event");
  assertEquals([body, error.code], ["lost", "not_joined"]);
  const deletion = Promise.withResolvers<{ offset?: number }>();
  ann.natter.addEventListener("failed", ({ detail }) => deletion.resolve(detail));
  ann.natter.delete("lobby", 99);
  assertEquals(ann.natter.unsent.map(({ offset }) => offset), [99]);
  assertEquals((await within(deletion.promise, "the event")).offset, 99);
});

Deno.test("what is said offline is sent in order, once there is a way", async () => {
  await using world = await World.start();
  const proxy = await world.proxy();
  proxy.refuse();
  await using ann = new TestClient({ url: proxy.url, username: "ann", transport: "websocket" });
  await until(() => ann.states.includes("waiting"), "there is no way");
  const acks = Array.from({ length: 150 }, (_, i) => ann.natter.send(`${i}`));
  assertEquals(ann.natter.unsent.length, 150);
  assert(ann.natter.unsent.every(({ inDoubt }) => !inDoubt));
  proxy.heal();
  const offsets = (await within(Promise.all(acks), "all acks")).map(({ offset }) => offset);
  assertEquals(offsets, Array.from({ length: 150 }, (_, i) => i + 1));
  assertEquals(ann.natter.unsent, []);
});

Deno.test("the queue is bounded by number and by size", async () => {
  await using world = await World.start();
  const proxy = await world.proxy();
  proxy.refuse();
  await using ann = new TestClient({ url: proxy.url, username: "ann", queueMax: 3 });
  for (let i = 0; i < 3; i++) ann.natter.send(`${i}`);
  assertEquals(await codeOf(ann.natter.send("3")), "queue_full");
  await using ben = new TestClient({ url: proxy.url, username: "ben" });
  ben.natter.send("x".repeat(1024 * 1024 - "lobby".length));
  assertEquals(await codeOf(ben.natter.send("x", { to: "" })), "queue_full");
});

Deno.test("too old: never sent is expired, sent without an answer is perhaps_sent", async () => {
  await using world = await World.start();
  const proxy = await world.proxy();
  const options = { url: proxy.url, username: "ann", ackWindowMs: 2000 };
  await using ann = await new TestClient({ ...options, transport: "websocket" }).opened();
  proxy.stall("down");
  const unheard = ann.natter.send("unheard");
  await until(() => ann.natter.unsent[0]?.inDoubt === true, "it is under way");
  assertEquals(await codeOf(unheard), "perhaps_sent");
  proxy.refuse();
  proxy.cut();
  await until(() => ann.natter.state !== "open", "the connection is lost");
  assertEquals(await codeOf(ann.natter.send("unsent")), "expired");
  proxy.heal();
  await ann.opened();
  await ann.natter.send("heard");
  const stored = await world.stored("lobby");
  assertEquals(stored.map(({ what }) => what), ["ann: unheard", "ann: heard"]);
});

Deno.test("close gives back what waits, each by what is known of it", async () => {
  await using world = await World.start();
  const proxy = await world.proxy();
  await using ann = await new TestClient({ url: proxy.url, username: "ann" }).opened();
  proxy.stall();
  const doubtful = ann.natter.send("under way");
  const waiting = [ann.natter.join("tea"), ann.natter.history({ room: "lobby" })].map(codeOf);
  ann.natter.close();
  ann.natter.close();
  assertEquals(await codeOf(doubtful), "perhaps_sent");
  waiting.push(codeOf(ann.natter.send("x")), codeOf(ann.natter.join("x")));
  proxy.heal();
  assertEquals(await Promise.all(waiting), ["closed", "closed", "closed", "closed"]);
  assertEquals([ann.natter.state, ann.closed], ["closed", [1000]]);
});

Deno.test("a rate is kept to, and where another tab uses it up, a refused message is sent again", async () => {
  await using world = await World.start({ MESSAGES_PER_SECOND: "100", MESSAGES_BURST: "5" });
  const options = { url: world.url, username: "ann", key: Natter.createKey() };
  await using tab = await new TestClient({ ...options, rooms: ["tea"] }).opened();
  await using other = await new TestClient({ ...options, rooms: ["milk"] }).opened();
  const acks = Array.from({ length: 30 }, (_, i) => [
    tab.natter.send(`${i}`),
    other.natter.send(`${i}`),
  ]);
  await within(Promise.all(acks.flat()), "all acks");
  for (const room of ["tea", "milk"]) assertEquals((await world.stored(room)).length, 30);
  assertEquals([tab.closed, other.closed], [[], []]);
});
