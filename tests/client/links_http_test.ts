import { assert, assertEquals } from "@std/assert";
import type { NatterError } from "../../static/natter.js";
import { until, within } from "../support/deadline.ts";
import { FakeServer } from "./fake_server.ts";
import { client } from "./links_support.ts";

Deno.test("over HTTP a message whose answer is lost is sent again, and stored once", async () => {
  const server = new FakeServer();
  server.post = "deaf";
  await using ann = await client(server, { transport: "events", backoffBaseMs: 1 }).opened();
  const ack = ann.natter.send("once");
  await until(() => server.asked.filter((what) => what === "post").length > 3, "it is tried");
  assertEquals(ann.natter.unsent[0]?.inDoubt, true);
  server.post = "works";
  assert((await within(ack, "the ack")).duplicate);
  assertEquals(server.bodies("tea"), ["once"]);
});

const REFUSALS: readonly [status: number, code: string, becomes: string][] = [
  [413, "body_too_large", "body_too_large"],
  [409, "ref_conflict", "ref_conflict"],
  [404, "user_not_found", "user_not_found"],
  [500, "internal", "perhaps_sent"],
  [429, "rate_limited", "sent"],
  [503, "unavailable", "sent"],
  [502, "", "sent"],
  [302, "", "sent"],
];

for (const [status, code, becomes] of REFUSALS) {
  Deno.test(`over HTTP ${status} ${code || "of somebody else"} for a message: ${becomes}`, async () => {
    const server = new FakeServer();
    await using ann = await client(server, { transport: "events" }).opened();
    server.refusal = { status, code };
    const outcome = await within(
      ann.natter.send("hi").then(() => "sent", (error: NatterError) => error.code),
      "an answer",
    );
    assertEquals([outcome, ann.natter.state], [becomes, "open"]);
  });
}

Deno.test("over HTTP a page of history that breaks off, or is somebody else's, is asked for again", async () => {
  const server = new FakeServer();
  const page = { room: "tea", epoch: "e1", entries: [], more: false, from: 1, to: 0 };
  const broken = new ReadableStream({
    start: (controller) => controller.error(new DOMException("The link has ended", "AbortError")),
  });
  const answers = [new Response(broken), new Response("<html>"), Response.json(page)];
  await using ann = await client(server, {
    transport: "poll",
    fetch: (url, init) =>
      String(url).includes("/api/") ? Promise.resolve(answers.shift()!) : server.fetch(url, init),
  }).opened();
  assertEquals(await within(ann.natter.history({ room: "tea" }), "the page"), page);
});

Deno.test("what only a WebSocket can do is refused over HTTP", async () => {
  const server = new FakeServer();
  await using ann = await client(server, { transport: "poll" }).opened();
  for (const promise of [ann.natter.delete("tea", 1), ann.natter.history({ with: "ben" })]) {
    const code = await within(promise.then(() => "", ({ code }) => code), "a refusal");
    assertEquals(code, "unsupported");
  }
});
