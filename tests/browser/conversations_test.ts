import { assertEquals } from "@std/assert";
import { TYPING_SHOWN_MS } from "../../static/conversations.js";
import { Storage } from "../../static/storage.js";
import { bodies, message, nextOffset, offsets, setScene } from "./scene.ts";

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

Deno.test("gaps and deletions reach the conversations that they are about", () => {
  const { client, model } = setScene();
  client.tell("message", message("psst", { room: "@Ann", with: "Ben", id: "d" }));
  const target = offsets;
  client.tell("deletion", { room: "@Ann", offset: nextOffset(), target, by: "Ben" });
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
