import { assertEquals } from "@std/assert";
import { ChatModel } from "../../static/chat_model.js";
import type { Conversation } from "../../static/conversation.js";
import { TYPING_SHOWN_MS } from "../../static/conversations.js";
import { type Natter, NatterError } from "../../static/natter.js";
import { OUTBOX_MS } from "../../static/outbox.js";
import { Storage } from "../../static/storage.js";

interface Sent {
  readonly body: string;
  readonly target: { readonly room?: string; readonly to?: string; readonly ref: string };
  readonly resolve: (ack: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Stands for the client: tells what the test says, and keeps what it is asked. */
class FakeClient extends EventTarget {
  username = "Ann";
  state = "open";
  transport = "websocket";
  unsent: unknown[] = [];
  readonly sent: Sent[] = [];
  readonly joins: string[] = [];
  readonly left: string[] = [];
  readonly questions: Record<string, unknown>[] = [];
  history_: { resolve: (page: unknown) => void; reject: (error: unknown) => void } | undefined;

  tell(type: string, detail: Record<string, unknown>): void {
    this.dispatchEvent(new CustomEvent(type, { detail: { type, ...detail } }));
  }

  send(body: string, target: Sent["target"]): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.sent.push({ body, target, resolve, reject });
    return promise;
  }

  history(question: Record<string, unknown>): Promise<unknown> {
    this.questions.push(question);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.history_ = { resolve, reject };
    return promise;
  }

  join(room: string): Promise<unknown> {
    this.joins.push(room);
    if (room !== "closed") return Promise.resolve();
    const joined = Promise.reject(new NatterError("forbidden", "not for you"));
    joined.catch(({ code, message }) => this.tell("error", { code, message, room }));
    return joined;
  }

  leave(room: string): void {
    this.left.push(room);
  }

  users(): { users: string[]; userCount: number } {
    return { users: ["Ann", "Ben"], userCount: 2 };
  }

  typing(): void {}
}

/** A browser that remembers nothing: Deno's own memory would outlive the tests. */
function createStore(): Storage {
  localStorage.clear();
  sessionStorage.clear();
  return new Storage(new URL("http://natter.example/"));
}

/** A model over a fake client, with what it told. */
function setScene(store = createStore(), username = "Ann") {
  const client = new FakeClient();
  client.username = username;
  const arrived: string[] = [];
  const failed: string[] = [];
  const scene = {
    now: 1_000_000,
    seen: undefined as Conversation | undefined,
    changed: () => {},
  };
  const model = new ChatModel({
    client: client as unknown as Natter,
    store,
    changed: () => scene.changed(),
    arrived: (_conversation, item, isCall) => arrived.push(`${item.body}${isCall ? "!" : ""}`),
    isSeen: (conversation) => conversation === scene.seen,
    failed: (code, message, room) => failed.push(`${code} ${message} ${room}`),
    now: () => scene.now,
  }, "lobby");
  const joined = { epoch: "e", offset: 0, head: 0, recovered: false };
  client.tell("joined", { ...joined, room: `@${username}` });
  client.tell("joined", { ...joined, room: "lobby", users: ["Ann"], userCount: 1 });
  client.tell("state", { state: "open" });
  return { client, model, store, arrived, failed, scene };
}

let offsets = 0;

function message(body: string, parts: Record<string, unknown> = {}): Record<string, unknown> {
  const offset = ++offsets;
  return { room: "lobby", offset, id: `id-${offset}`, sender: "Ben", body, at: offset, ...parts };
}

function bodies({ items }: Conversation): string[] {
  return items.map((item) => item.kind === "message" ? `${item.body} ${item.delivery}` : item.kind);
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await undefined;
}

Deno.test("rooms and direct messages are conversations of their own", () => {
  const { client, model } = setScene();
  client.tell("message", message("to all"));
  client.tell("message", message("to you", { room: "@Ann", with: "Ben", to: "Ann" }));
  client.tell("message", message("and mine", { room: "@Ann", with: "Ben", sender: "Ann" }));
  client.tell("message", message("from Cai", { room: "@Ann", with: "Cai", sender: "Cai" }));
  client.tell("message", message("no such room", { room: "elsewhere" }));
  const all = [...model.conversations.values()].map((each) => [each.key, ...bodies(each)]);
  assertEquals(all, [
    ["#lobby", "to all sent"],
    ["@ben", "to you sent", "and mine sent"],
    ["@cai", "from Cai sent"],
  ]);
  assertEquals([model.unread, model.calls], [3, 2]);
});

Deno.test("a mention and a direct message call, history and what is seen do not count", () => {
  const { client, model, arrived, scene } = setScene();
  client.tell("message", message("hello all"));
  client.tell("message", message("hello @ann"));
  client.tell("message", message("psst", { room: "@Ann", with: "Ben" }));
  assertEquals(arrived, ["hello all", "hello @ann!", "psst!"]);
  assertEquals([model.unread, model.calls], [3, 2]);
  scene.seen = model.active;
  model.read(model.active);
  client.tell("message", message("seen"));
  assertEquals([model.unread, model.calls], [1, 1]);
  const head = offsets + 1;
  client.tell("joined", { room: "lobby", epoch: "e", offset: 0, head, recovered: true });
  client.tell("message", message("was said meanwhile"));
  assertEquals(arrived.length, 4, "what is caught up on is not announced one by one");
});

Deno.test("how far somebody has read is written down when it moves, and else not", () => {
  const written: string[] = [];
  const store = new class extends Storage {
    override set(name: string, value: string): void {
      if (name.startsWith("read:")) written.push(`${name} ${value}`);
    }
  }(new URL("http://natter.example/read/"));
  const { client, model, scene } = setScene(store);
  const tell = (body: string, parts = {}) => {
    const said = message(body, parts);
    client.tell("message", said);
    return said;
  };
  tell("nobody looks");
  assertEquals(written, []);
  scene.seen = model.active;
  const { offset } = tell("somebody looks");
  assertEquals(written, [`read:ann:#lobby e:${offset}`]);
  tell("mine", { sender: "Ann" });
  client.tell("message", message("again", { id: `id-${offset}`, offset }));
  assertEquals(written.length, 1);
  model.read(model.active);
  model.read(model.active);
  assertEquals(written.slice(1), [`read:ann:#lobby e:${model.active.newest}`]);
});

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

Deno.test("what was open is not forgotten by a visit that ends before it is connected", () => {
  const before = setScene();
  before.model.resume();
  before.model.openRoom("tea");
  before.model.openDirect("Cai");
  setScene(before.store);
  const after = setScene(before.store);
  after.model.resume();
  assertEquals([...after.model.conversations.keys()], ["#lobby", "#tea", "@cai"]);
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

Deno.test("a direct conversation that is closed and opened again has what was said since", () => {
  const { client, model } = setScene();
  client.tell("joined", { room: "@Ann", epoch: "f", offset: 10, head: 10, recovered: false });
  const told: [string, Record<string, unknown>][] = [
    ["message", message("psst", { room: "@Ann", with: "Cai", offset: 11 })],
    ["deletion", { room: "@Ann", offset: 12, target: 11, by: "Cai" }],
    ["gap", { room: "@Ann", from: 13, to: 15 }],
  ];
  const asked = told.map(([type, detail]) => {
    client.tell(type, detail);
    model.openDirect("Cai");
    model.leave(model.active);
    model.openDirect("Cai");
    model.leave(model.active);
    return client.questions.splice(0).at(-1)?.["before"];
  });
  assertEquals(asked, [12, 13, 16]);
  client.tell("message", message("again", { room: "@Ann", with: "Cai", offset: 16 }));
  const cai = model.conversations.get("@cai")!;
  assertEquals([bodies(cai), cai.oldest, cai.hasMore], [["again sent"], 16, true]);
  assertEquals(cai.unread, 1);
});

Deno.test("who types is known for a while, or until they have said it", () => {
  const { client, model, scene } = setScene();
  client.tell("typing", { room: "lobby", username: "Ben" });
  client.tell("typing", { room: "lobby", username: "ann" });
  client.tell("typing", { to: "Ann", username: "Cai" });
  assertEquals(model.typers(model.active), ["Ben"]);
  client.tell("message", message("said"));
  assertEquals(model.typers(model.active), []);
  client.tell("typing", { room: "lobby", username: "Ben" });
  scene.now += TYPING_SHOWN_MS;
  assertEquals(model.typers(model.active), []);
});

Deno.test("a deletion that is under way is no unsent message", () => {
  const { client, model } = setScene();
  client.unsent = [{ ref: "a", room: "lobby", offset: 1 }, { ref: "b", room: "lobby", body: "b" }];
  assertEquals(model.unsent, 1);
});

Deno.test("gaps and deletions reach the conversations that they are about", () => {
  const { client, model } = setScene();
  client.tell("message", message("psst", { room: "@Ann", with: "Ben", id: "d" }));
  const target = offsets;
  client.tell("deletion", { room: "@Ann", offset: ++offsets, target, by: "Ben" });
  client.tell("gap", { room: "lobby", from: offsets + 1, to: offsets + 3 });
  const [lobby, ben] = model.conversations.values();
  assertEquals(bodies(lobby!), ["gap"]);
  assertEquals(bodies(ben!), [" sent"]);
});

Deno.test("what is kept is bounded while somebody looks on", () => {
  const { client, model, scene } = setScene();
  scene.seen = model.active;
  for (let index = 0; index < 25_000; index++) client.tell("message", message("x"));
  assertEquals([model.active.items.length, model.active.hasMore], [19_999, true]);
});
