import { assertEquals, assertThrows } from "@std/assert";
import { type Ears, EVERYBODY, FixedConversation } from "./conversation.ts";
import { bodyOf, type Dialect, DIALECTS, nameOf } from "./dialects.ts";

const encoder = new TextEncoder();

function listen(dialect: Dialect) {
  const log: unknown[] = [];
  const ears: Ears = {
    watchedBy: (client) => client === 0 ? EVERYBODY : 5,
    delivered: (client, count) => log.push(["delivered", client, count]),
    heard: (sender, micros) => log.push(["heard", sender, micros]),
    acknowledged: () => {},
    joined: (client, past) => log.push(["joined", client, past]),
    answer: (client, text) => log.push(["answer", client, text]),
  };
  const conversation = new FixedConversation(dialect, ears);
  function hear(client: number, text: string): void {
    conversation.hear(client, encoder.encode(`##${text}`), 2, 2 + text.length);
  }
  return { conversation, hear, log };
}

Deno.test("a batch is counted, and of it is heard what the client watches for", () => {
  const { conversation, hear, log } = listen(DIALECTS.batch);
  const [one, two] = [4, 5].map((sender) =>
    DIALECTS.batch.delivery(nameOf(sender), bodyOf(sender * 100))
  );
  hear(0, `[${one},${two}]`);
  hear(1, `[${one},${two}]`);
  assertEquals(log, [
    ["delivered", 0, 2],
    ["heard", 4, 400],
    ["heard", 5, 500],
    ["delivered", 1, 2],
    ["heard", 5, 500],
  ]);
  assertEquals(conversation.isReadyOnOpen, true);
});

Deno.test("a protocol with a greeting takes part after it, and a text without a meaning is refused", () => {
  const { conversation, hear, log } = listen(DIALECTS.socketio);
  assertEquals(conversation.isReadyOnOpen, false);
  hear(0, "0{}");
  hear(0, "40{}");
  assertEquals(log, [["answer", 0, "40"], ["joined", 0, 0]]);
  assertThrows(() => hear(0, "?"), Error, "unexpected text: ?");
});
