import { assertEquals } from "@std/assert";
import type { NatterError } from "../../static/natter.js";
import { within } from "../support/deadline.ts";
import { FakeServer } from "./fake_server.ts";
import { bodies, client } from "./links_support.ts";

Deno.test("a room that is refused is told once, by its name; one that was left is not", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const errors: unknown[] = [];
  ann.natter.addEventListener("error", ({ detail }) => errors.push(detail));
  const codes = Promise.all(
    ["milk", "Cream"].map((room) => ann.natter.join(room).catch(({ code }: NatterError) => code)),
  );
  ann.natter.leave("milk");
  server.sockets.at(-1)!.tell([
    { type: "error", ref: server.commands.at(-1)!["ref"], code: "rooms_full", message: "no more" },
  ]);
  assertEquals(await within(codes, "both are answered"), ["left", "rooms_full"]);
  assertEquals(errors, [{ code: "rooms_full", message: "Cream: no more", room: "Cream" }]);
});

Deno.test("who leaves a room and joins it again is not told to have left it", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const left: string[] = [];
  ann.natter.addEventListener("left", ({ detail }) => left.push(detail.room));
  ann.natter.leave("tea");
  const again = ann.natter.join("tea");
  const joined = { type: "joined", room: "tea", epoch: "e1", offset: 0, head: 0, recovered: false };
  server.sockets[0]!.tell([{ type: "left", room: "tea" }, joined]);
  assertEquals([(await within(again, "joined")).room, left], ["tea", []]);
  ann.natter.leave("tea");
  server.sockets[0]!.tell([{ type: "left", room: "tea" }]);
  assertEquals(left, ["tea"]);
});

Deno.test("a hole in the stream is told, and what is unknown takes its place", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const gaps: unknown[] = [];
  ann.natter.addEventListener("gap", ({ detail }) => gaps.push([detail.from, detail.to]));
  const [socket] = server.sockets;
  const entry = { type: "message", room: "tea", id: "i", sender: "x", at: 0 };
  socket!.tell([
    { ...entry, offset: 1, body: "1" },
    { ...entry, offset: 1, body: "1 again" },
    { type: "reaction", room: "tea", offset: 2 },
    { ...entry, offset: 5, body: "5" },
    { type: "gap", room: "tea", from: 6, to: 8 },
    { type: "gap", room: "tea", from: 6, to: 8 },
    { ...entry, offset: 9, body: "9" },
    { ...entry, room: "elsewhere", offset: 1, body: "not mine" },
    { type: "somethingNew" },
  ]);
  assertEquals(bodies(ann), ["x: 1", "x: 5", "x: 9"]);
  assertEquals([gaps, ann.natter.cursor], [[[3, 4], [6, 8]], "tea=e1:9"]);
  assertEquals([...ann.log.keys()], ["tea"]);
});

Deno.test("another epoch on a link that lives is told once, whether or not the history goes on", async () => {
  const server = new FakeServer();
  await using ann = await client(server).opened();
  const told: string[] = [];
  ann.natter.addEventListener("joined", ({ detail }) => told.push(detail.epoch));
  const joined = { type: "joined", room: "tea", offset: 0, head: 0, recovered: true };
  for (const epoch of ["e1", "e2", "e2", "e3"]) {
    server.sockets.at(-1)!.tell([{ ...joined, epoch }]);
  }
  assertEquals([told, ann.natter.cursor], [["e2", "e3"], "tea=e3:0"]);
});

Deno.test("poll: a room that is gone on with is joined, though the server does not say so", async () => {
  const server = new FakeServer();
  server.say("tea", "1");
  server.say("milk", "moo");
  await using ann = client(server, { transport: "poll", cursor: "tea=e1:1" });
  const told: unknown[] = [];
  ann.natter.addEventListener("joined", ({ detail }) => told.push(detail));
  const { room } = await within(ann.natter.join("milk", "e1:1"), "joined");
  assertEquals(room, "milk");
  const joined = { type: "joined", epoch: "e1", offset: 1, head: 1, recovered: true };
  assertEquals(told, [{ ...joined, room: "tea" }, { ...joined, room: "milk" }]);
});
