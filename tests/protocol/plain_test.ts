import { assertEquals } from "@std/assert";
import { encodePlainMessage } from "../../lib/protocol/plain.ts";

Deno.test("a message has exactly the article's two keys", () => {
  assertEquals(encodePlainMessage("alice", "hi"), '{"sender":"alice","msg":"hi"}');
});

Deno.test("whatever the texts are, they come back by JSON.parse", () => {
  for (const text of ['"', "\\", "\n", "\u2028", "</script>", '","sender":"eve', "王 🙂"]) {
    assertEquals(JSON.parse(encodePlainMessage(text, text)), { sender: text, msg: text });
  }
});
