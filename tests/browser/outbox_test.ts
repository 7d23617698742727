import { assertEquals } from "@std/assert";
import { NatterError } from "../../static/natter.js";
import { OUTBOX_MS } from "../../static/outbox.js";
import { bodies, message, setScene, settled } from "./scene.ts";

Deno.test("a message goes to the conversation that is open, and its state is followed", async () => {
  const { client, model } = setScene();
  model.send("one");
  model.openDirect("Ben");
  model.send("two");
  const [one, two] = client.sent;
  assertEquals([one!.target.room, two!.target.to], ["lobby", "Ben"]);
  client.tell("ack", { ...message("one"), ref: one!.target.ref });
  two!.reject(new NatterError("user_not_found", "nobody"));
  await settled();
  const [lobby, ben] = model.conversations.values();
  assertEquals([bodies(lobby!), bodies(ben!)], [["one sent"], ["two failed"]]);
});

Deno.test("a retry has the same ref, so that nothing can be said twice", async () => {
  const { client, model } = setScene();
  model.send("one");
  client.sent[0]!.reject(
    new NatterError("perhaps_sent", "?", { cause: new NatterError("expired", "late") }),
  );
  await settled();
  assertEquals(bodies(model.active), ["one perhaps"]);
  const [item] = model.active.items;
  if (item?.kind !== "message") throw new TypeError("not a message");
  assertEquals(item.problem, "expired");
  model.retry(model.active, item);
  assertEquals(bodies(model.active), ["one pending"]);
  assertEquals(client.sent[1]!.target.ref, client.sent[0]!.target.ref);
});

Deno.test("one's own message keeps its element, and leaves one that failed with the same text alone", async () => {
  const { client, model, store } = setScene();
  model.send("hi");
  client.sent[0]!.reject(new NatterError("rate_limited", "no"));
  await settled();
  model.send("hi");
  const { key } = model.active.items.at(-1)!;
  const said = message("hi", { sender: "Ann" });
  // As the client takes a frame: the promise resolves when all of it has been told.
  client.tell("ack", { ...said, ref: client.sent[1]!.target.ref });
  client.tell("message", said);
  client.sent[1]!.resolve(said);
  await settled();
  assertEquals(bodies(model.active), ["hi sent", "hi failed"]);
  assertEquals(model.active.items[0]!.key, key);
  const kept = store.list("outbox:ann", "session") as { ref: string }[];
  assertEquals(kept.map(({ ref }) => ref), [client.sent[0]!.target.ref]);
});

Deno.test("what was not sent survives a reload, and goes out under the same ref while that is safe", () => {
  for (const [age, isSent] of [[OUTBOX_MS - 1, true], [OUTBOX_MS, false]] as const) {
    const before = setScene();
    before.model.openDirect("Ben");
    before.model.send("kept");
    const after = setScene(before.store);
    after.scene.now += age;
    after.model.resume();
    const ben = after.model.conversations.get("@ben")!;
    assertEquals(bodies(ben), [isSent ? "kept pending" : "kept perhaps"]);
    const refs = [before, after].map(({ client }) => client.sent[0]?.target.ref);
    assertEquals(refs[1], isSent ? refs[0] : undefined);
  }
});

Deno.test("what was not sent under one name does not go out under another", () => {
  const ann = setScene();
  ann.model.openDirect("Cai");
  ann.model.send("from Ann");
  const bob = setScene(ann.store, "Bob");
  bob.model.resume();
  assertEquals(bob.client.sent, []);
  const again = setScene(ann.store, "ANN");
  again.model.resume();
  assertEquals(again.client.sent.map(({ body }) => body), ["from Ann"]);
});

Deno.test("what was discarded does not come back", () => {
  const before = setScene();
  before.model.send("gone");
  const [item] = before.model.active.items;
  if (item?.kind === "message") before.model.discard(before.model.active, item);
  const after = setScene(before.store);
  after.model.resume();
  assertEquals(after.client.sent, []);
});

Deno.test("what was not sent goes with its conversation, and brings none back but by joining it", () => {
  const { model, store } = setScene();
  model.resume();
  model.openRoom("dev");
  model.send("left behind");
  model.leave(model.active);
  model.openRoom("tea");
  model.send("kept");
  // As another tab leaves it that has only the lobby open.
  store.set("rooms:ann", '["lobby"]', "element");
  const after = setScene(store);
  after.model.resume();
  assertEquals([...after.model.conversations.keys()], ["#lobby", "#tea"]);
  assertEquals(after.client.joins, ["tea"]);
  assertEquals(after.client.sent.map(({ body }) => body), ["kept"]);
});

Deno.test("a deletion that is under way is no unsent message", () => {
  const { client, model } = setScene();
  client.unsent = [{ ref: "a", room: "lobby", offset: 1 }, { ref: "b", room: "lobby", body: "b" }];
  assertEquals(model.unsent, 1);
});
