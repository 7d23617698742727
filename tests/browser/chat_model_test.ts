import { assertEquals } from "@std/assert";
import { NatterError } from "../../static/natter.js";
import { bodies, setScene, settled } from "./scene.ts";

Deno.test("rooms are joined, remembered, and left; one that is closed is left at once", async () => {
  const { client, model, store, failed } = setScene();
  model.resume();
  model.openRoom("tea");
  model.openRoom("TEA");
  model.openRoom("closed");
  await settled();
  assertEquals(client.joins, ["tea", "closed"]);
  assertEquals(failed, ["forbidden not for you closed"]);
  assertEquals([...model.conversations.keys()], ["#lobby", "#tea"]);
  const after = setScene(store);
  after.model.resume();
  assertEquals(after.client.joins, ["tea"]);
  after.model.leave(after.model.conversations.get("#tea")!);
  assertEquals(after.client.left.at(-1), "tea");
  assertEquals(store.list("rooms:ann", "element"), ["lobby"]);
});

Deno.test("a conversation is known by its key, whoever names it", () => {
  const before = setScene();
  const { model } = setScene(before.store);
  model.activate(before.model.active);
  assertEquals(model.active, model.conversations.get("#lobby"));
  model.openRoom("tea");
  const tea = model.active;
  model.leave(before.model.active);
  model.activate(before.model.active);
  assertEquals(model.active, tea, "what is closed is not shown");
  before.model.openRoom("tea");
  model.openRoom("harbour", false);
  model.leave(before.model.active);
  assertEquals(model.active.key, "#harbour", "what is shown is open");
});

Deno.test("the past is asked for once at a time, from where it ends", async () => {
  const { client, model } = setScene();
  model.active.oldest = 51;
  model.active.hasMore = true;
  model.loadOlder(model.active);
  model.loadOlder(model.active);
  assertEquals(client.questions, [{ room: "lobby", before: 51, limit: 100 }]);
  client.history_!.resolve({ epoch: "e", entries: [], more: true, from: 11, to: 50 });
  await settled();
  model.loadOlder(model.active);
  assertEquals(client.questions[1]!["before"], 11);
  client.history_!.reject(new NatterError("timeout", "late"));
  await settled();
  assertEquals([model.active.isLoading, model.active.hasMore], [false, true]);
});

Deno.test("where the past did not move, whoever looks again does not ask for it without end", async () => {
  const { client, model, scene } = setScene();
  model.active.oldest = 51;
  model.active.hasMore = true;
  // As the list does where its rows do not fill the view.
  scene.changed = () => model.loadOlder(model.active);
  model.loadOlder(model.active);
  client.history_!.resolve({ epoch: "f", entries: [], more: true, from: 11, to: 50 });
  await settled();
  assertEquals(client.questions.length, 1);
  client.tell("joined", { room: "lobby", epoch: "f", offset: 51, head: 51, recovered: true });
  assertEquals(client.questions.length, 2);
  client.history_!.reject(new NatterError("timeout", "no answer"));
  await settled();
  assertEquals(client.questions.length, 2);
  model.loadOlder(model.active);
  client.history_!.resolve({ epoch: "f", entries: [], more: true, from: 11, to: 50 });
  await settled();
  assertEquals(client.questions.at(-1)!["before"], 11);
});

Deno.test("a direct conversation that is opened asks for its past, once the inbox is known", () => {
  const { client, model } = setScene();
  client.tell("joined", { room: "@Ann", epoch: "f", offset: 10, head: 60, recovered: false });
  model.openDirect("Ben");
  assertEquals(client.questions, [{ with: "Ben", before: 11, limit: 100 }]);
});

Deno.test("a room that a new token does not allow is left, and that is said", () => {
  const { client, model, failed } = setScene();
  model.openRoom("tea");
  model.leave(model.active);
  client.tell("left", { room: "tea" });
  assertEquals(failed, [], "who left knows it");
  model.openRoom("Tea");
  client.tell("left", { room: "tea" });
  assertEquals(failed, ["forbidden  Tea"]);
  assertEquals([...model.conversations.keys()], ["#lobby"]);
  assertEquals(model.active.key, "#lobby");
});

Deno.test("a past that is refused is missing, and is not asked for again", async () => {
  const { client, model } = setScene();
  model.active.oldest = 51;
  model.active.hasMore = true;
  model.loadOlder(model.active);
  client.history_!.reject(new NatterError("forbidden", "not for you"));
  await settled();
  assertEquals(bodies(model.active), ["gap"]);
  model.loadOlder(model.active);
  assertEquals(client.questions.length, 1);
});

Deno.test("without WebSocket the past of a direct conversation waits, and is not denied", async () => {
  const { client, model } = setScene();
  client.tell("joined", { room: "@Ann", epoch: "f", offset: 10, head: 60, recovered: false });
  client.transport = "events";
  model.openDirect("Ben");
  assertEquals(client.questions, []);
  client.transport = "websocket";
  model.loadOlder(model.active);
  client.transport = "events";
  client.history_!.reject(new NatterError("unsupported", "Only a WebSocket can do this"));
  await settled();
  assertEquals([model.active.isLoading, model.active.hasMore], [false, true]);
  client.transport = "websocket";
  model.loadOlder(model.active);
  assertEquals(client.questions.length, 2);
});
