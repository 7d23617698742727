import { assert, assertEquals } from "@std/assert";
import { sign } from "hono/jwt";
import type { NatterError } from "../../static/natter.js";
import { until, within } from "../support/deadline.ts";
import { codeOf, TestClient, World } from "./support.ts";

Deno.test("say, be told, write to one, look back, delete, come and go", async () => {
  await using world = await World.start();
  const { url } = world;
  await using ann = await new TestClient({ url, username: "Ann", rooms: ["Tea"] }).opened();
  await using ben = await new TestClient({ url, username: "ben", rooms: ["tea"] }).opened();
  const ack = await ann.natter.send("hi");
  assertEquals([ack.room, ack.offset, ack.duplicate], ["tea", 1, false]);
  await until(() => ben.of("tea").length === 1, "ben is told");
  assertEquals(ben.of("tea"), [{ offset: 1, what: "Ann: hi" }]);
  assertEquals(ann.natter.username, "Ann");
  assertEquals(ann.natter.limits?.bodyBytesMax, 8192);

  assertEquals((await ann.natter.send("psst", { to: "BEN" })).room, "@Ann");
  await until(() => ben.of("@ben").length === 1, "ben is told alone");
  const letters = await ben.natter.history({ with: "ann" });
  assertEquals(letters.entries.map((entry) => entry.type === "message" && entry.body), ["psst"]);

  assertEquals((await ben.natter.join("Milk")).room, "milk");
  assertEquals((await ben.natter.join("milk")).room, "milk");
  await ben.natter.send("moo", { room: "milk" });
  await until(() => ben.of("milk").length === 1, "the new room is read");
  await until(() => ann.natter.users("TEA").userCount === 2, "ann sees both");
  assertEquals(ann.natter.users("tea"), { users: ["Ann", "ben"], userCount: 2 });

  assertEquals((await ann.natter.delete("tea", 1)).offset, 2);
  await until(() => ben.of("tea").length === 2, "ben is told of it");
  assertEquals(ben.of("tea")[1], { offset: 2, what: "deletes 1" });
  const page = await ben.natter.history({ room: "tea" });
  assertEquals([page.from, page.to, page.more, page.entries.length], [1, 2, false, 2]);

  const typing = Promise.withResolvers<unknown>();
  ben.natter.addEventListener("typing", ({ detail }) => typing.resolve(detail));
  ann.natter.typing();
  assertEquals(await within(typing.promise, "typing"), {
    type: "typing",
    room: "tea",
    username: "Ann",
  });
  ben.natter.leave("tea");
  await ann.natter.send("gone?");
  await ben.natter.send("still here", { room: "milk" });
  await until(() => ben.of("milk").length === 2, "the other room goes on");
  assertEquals(ben.of("tea").length, 2);
  assertEquals([...ben.natter.cursor.matchAll(/[^,=]+(?==)/g)].flat().sort(), ["@ben", "milk"]);
});

for (const transport of ["websocket", "events", "poll"] as const) {
  Deno.test(`${transport}: rooms that are asked for at once are all joined, and can be written to`, async () => {
    await using world = await World.start();
    const { url } = world;
    await using ann = await new TestClient({ url, username: "ann", transport }).opened();
    const { natter } = ann;
    const left = codeOf(natter.join("left"));
    const joined = ["tea", "milk", "cream"].map((room) => natter.join(room));
    const sent = natter.send("at once", { room: "cream" });
    natter.leave("left");
    assertEquals(await left, "left");
    const rooms = await within(Promise.all(joined), "all are joined");
    assertEquals(rooms.map(({ room }) => room), ["tea", "milk", "cream"]);
    assertEquals((await within(sent, "it is stored")).room, "cream");
  });

  Deno.test(`${transport}: a room that is left while it connects is not waited for`, async () => {
    await using world = await World.start();
    const rooms = ["tea", "lobby"];
    await using ann = new TestClient({ url: world.url, username: "ann", rooms, transport });
    ann.natter.leave("lobby");
    await ann.opened();
    assertEquals((await ann.natter.send("here")).room, "tea");
  });
}

for (const transport of ["websocket", "events", "poll"] as const) {
  Deno.test(`${transport}: of rooms that are asked for before it connects, those that cannot be joined alone are refused`, async () => {
    await using world = await World.start({ ROOMS_PER_CONNECTION_MAX: "3" });
    const proxy = await world.proxy();
    proxy.refuse();
    await using ann = new TestClient({ url: proxy.url, username: "ann", transport });
    const { natter } = ann;
    await until(() => natter.state === "waiting", "there is no way");
    const outcomes = ["tea", "no room", "milk", "cream"].map((room) =>
      natter.join(room).then((joined) => joined.room, ({ code }: NatterError) => code)
    );
    proxy.heal();
    const tooMany = transport === "websocket" ? "rooms_full" : "room_name_invalid";
    assertEquals(
      await within(Promise.all(outcomes), "all are answered"),
      ["tea", "room_name_invalid", "milk", tooMany],
    );
    await ann.opened();
    assertEquals(await codeOf(natter.join("one too many")), "room_name_invalid");
    assertEquals((await within(natter.send("hi", { room: "milk" }), "the ack")).room, "milk");
    assertEquals(ann.closed, []);
  });
}

Deno.test("what can't be done rejects with the server's code, and nothing else suffers", async () => {
  await using world = await World.start();
  await using ann = await new TestClient({ url: world.url, username: "ann" }).opened();
  const { natter } = ann;
  const failed: string[] = [];
  natter.addEventListener("failed", ({ detail }) => failed.push(detail.error.code));
  const refusals: [Promise<unknown>, string][] = [
    [natter.send(""), "body_empty"],
    [natter.send("é".repeat(4097)), "body_too_large"],
    [natter.send("x", { room: "elsewhere" }), "not_joined"],
    [natter.send("x", { room: "no room" }), "room_name_invalid"],
    [natter.send("x", { to: "nobody" }), "user_not_found"],
    [natter.send("x", { room: "@ben" }), "forbidden"],
    [natter.delete("lobby", 99), "not_found"],
    [natter.join("no room"), "room_name_invalid"],
    [natter.join("@ann"), "forbidden"],
    [natter.history({ room: "@ben" }), "forbidden"],
  ];
  for (const [promise, code] of refusals) assertEquals(await codeOf(promise), code);
  assertEquals((await natter.send("é".repeat(4096))).offset, 1);
  await natter.send("once", { ref: "a-ref-of-the-app" });
  assert((await natter.send("once", { ref: "a-ref-of-the-app" })).duplicate);
  assertEquals(await codeOf(natter.send("other", { ref: "a-ref-of-the-app" })), "ref_conflict");
  assertEquals(failed.length, 8);
  assertEquals(ann.states, ["open"]);
});

for (const transport of ["websocket", "events", "poll"] as const) {
  Deno.test(`${transport}: that a message is stored is told as an event too`, async () => {
    await using world = await World.start();
    await using ann = await new TestClient({ url: world.url, username: "ann", transport }).opened();
    const told: unknown[] = [];
    ann.natter.addEventListener("message", ({ detail }) => told.push(detail.id));
    ann.natter.addEventListener("ack", ({ detail }) => told.push(detail));
    const ack = await ann.natter.send("hi");
    await until(() => told.length === 2, "both are told");
    // Over HTTP they come by different requests.
    if (transport !== "websocket") told.sort((a) => a === ack.id ? 1 : -1);
    assertEquals(told, [ack, ack.id]);
  });
}

Deno.test("a loop over a client sees every entry in order, and ends with it", async () => {
  await using world = await World.start();
  await using ann = await new TestClient({ url: world.url, username: "ann" }).opened();
  const events: string[] = [];
  const loop = (async () => {
    for await (const event of ann.natter) {
      events.push(event.type === "message" ? event.body : event.type);
      if (events.length === 3) ann.natter.close();
    }
  })();
  await ann.natter.send("one");
  await ann.natter.send("two");
  await ann.natter.delete("lobby", 1);
  await within(loop, "the loop ends");
  assertEquals(events, ["one", "two", "deletion"]);
  for await (const _ of ann.natter) throw new Error("A closed client has nothing to tell");
});

Deno.test("a loop that is too slow is told which entries it missed, and can read them", async () => {
  await using world = await World.start();
  await using ann = await new TestClient({ url: world.url, username: "ann", bufferMax: 3 })
    .opened();
  const events = ann.natter[Symbol.asyncIterator]();
  for (let i = 1; i <= 9; i++) await ann.natter.send(`${i}`);
  await until(() => ann.of("lobby").length === 9, "all came");
  const got: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    const { value } = await within(events.next(), "an event");
    got.push(value?.type === "message" ? value.offset : value);
  }
  assertEquals(got, [1, 2, 3, { type: "gap", room: "lobby", from: 4, to: 9 }]);
  const { entries } = await ann.natter.history({ room: "lobby", after: 3 });
  assertEquals(entries.map(({ offset }) => offset), [4, 5, 6, 7, 8, 9]);
  await ann.natter.send("10");
  const { value } = await within(events.next(), "an event");
  assertEquals(value?.type === "message" && value.offset, 10);
  await events.return?.();
});

Deno.test("a handler may close the client in the middle of anything", async () => {
  await using world = await World.start();
  await using ben = await new TestClient({ url: world.url, username: "ben" }).opened();
  for (let i = 0; i < 5; i++) await ben.natter.send(`${i}`);
  for (const type of ["joined", "message", "state", "presence"] as const) {
    await using ann = new TestClient({ url: world.url, username: `ann-${type}` });
    let heard = 0;
    ann.natter.addEventListener(type, () => {
      heard++;
      ann.natter.close();
    });
    await until(() => ann.closed.length > 0, `closed by ${type}`);
    assertEquals([heard, ann.natter.state, ann.closed], [type === "state" ? 2 : 1, "closed", [
      1000,
    ]]);
  }
  // And may connect it again at once.
  await using ann = await new TestClient({ url: world.url, username: "ann" }).opened();
  ann.natter.addEventListener("closed", () => ann.natter.connect(), { once: true });
  ann.natter.close();
  await ann.opened();
  await ann.natter.send("again");
});

for (const transport of ["websocket", "events", "poll"] as const) {
  Deno.test(`${transport}: tokens are renewed before they end, and nothing is lost over it`, async () => {
    const secret = "a secret of at least 32 bytes, for tests";
    await using world = await World.start({ AUTH: "token", AUTH_SECRET: secret });
    let asked = 0;
    const getToken = () => {
      asked++;
      return sign({ sub: "ann", exp: Math.floor(Date.now() / 1000) + 3 }, secret, "HS256");
    };
    const options = { url: world.url, username: "ann", transport, getToken };
    await using ann = await new TestClient(options).opened();
    for (let i = 0; asked < 3; i++) {
      await ann.natter.send(`${i}`);
      const before = asked;
      await until(() => asked > before, "the next token is asked for");
    }
    await ann.natter.send("last");
    const stored = await new TestClient(options).opened();
    const { entries } = await stored.natter.history({ room: "lobby" });
    await stored[Symbol.asyncDispose]();
    await until(() => ann.of("lobby").length === entries.length, "all is seen");
    assertEquals(ann.closed, []);
    if (transport === "websocket") assertEquals(ann.states, ["open"]);
  });
}
