import { assertEquals } from "@std/assert";
import { Decoder } from "../../lib/websocket/decoder.ts";
import { type Frame, OPCODE } from "../../lib/websocket/frame.ts";
import { cut, handlerInto, peer, read, ROLES, show } from "./support.ts";

const { Continuation, Text, Binary, Ping, Pong } = OPCODE;

/** All that may come in a conversation, a few hundred bytes. */
const CONVERSATION: readonly Frame[] = [
  { opcode: Text, payload: "Grüße, κόσμε, 漢字, 😀" },
  { opcode: Text, payload: "é漢", fin: false },
  { opcode: Ping, payload: "between" },
  { opcode: Continuation, payload: "", fin: false },
  // A character of four bytes over three fragments, with a pong in it.
  { opcode: Continuation, payload: new Uint8Array([0x78, 0xf0]), fin: false },
  { opcode: Pong, payload: new Uint8Array([0xff]) },
  { opcode: Continuation, payload: new Uint8Array([0x9f, 0x98]), fin: false },
  { opcode: Continuation, payload: new Uint8Array([0x80]) },
  { opcode: Binary, payload: Uint8Array.from({ length: 126 }, (_, i) => 255 - i) },
  { opcode: Binary },
  { opcode: Ping },
  { opcode: Binary, payload: new Uint8Array([0xc3]), fin: false },
  { opcode: Ping, payload: "x".repeat(125) },
  { opcode: Continuation, payload: new Uint8Array([0x28]) },
  { opcode: Text, payload: "ü".repeat(70) },
  { opcode: Text },
  { opcode: 0x8, payload: new Uint8Array([0x0f, 0xa0, 0xe6, 0xbc, 0xa2]) },
];
const CONVERSATION_EVENTS = [
  "text Grüße, κόσμε, 漢字, 😀",
  "ping 6265747765656e",
  "pong ff",
  "text é漢x😀",
  `binary ${Uint8Array.from({ length: 126 }, (_, i) => 255 - i).toHex()}`,
  "binary ",
  "ping ",
  `ping ${"78".repeat(125)}`,
  "binary c328",
  `text ${"ü".repeat(70)}`,
  "text ",
  "close 4000 漢",
];

Deno.test("a conversation is the same at every split", () => {
  for (const role of ROLES) {
    const bytes = peer(role, CONVERSATION);
    for (let i = 0; i <= bytes.length; i++) {
      const events = read(role, [bytes.subarray(0, i), bytes.subarray(i)]);
      assertEquals(events, CONVERSATION_EVENTS, `${role}, split at ${i}`);
    }
    for (const size of [1, 2, 3, 5, 7, 13]) {
      assertEquals(read(role, cut(bytes, size)), CONVERSATION_EVENTS, `${role}, by ${size}`);
    }
  }
});

Deno.test("a conversation is the same when the caller uses one buffer for all chunks", () => {
  for (const role of ROLES) {
    const bytes = peer(role, CONVERSATION);
    for (const size of [1, 2, 9, 50]) {
      const events: string[] = [];
      const decoder = new Decoder(role, handlerInto(events));
      const buffer = new Uint8Array(size);
      for (const chunk of cut(bytes, size)) {
        buffer.fill(0xee);
        buffer.set(chunk);
        decoder.write(buffer.subarray(0, chunk.length));
      }
      assertEquals(events, CONVERSATION_EVENTS, `${role}, by ${size}`);
    }
  }
});

Deno.test("a long length is the same at every split of its header", () => {
  for (const role of ROLES) {
    const bytes = peer(role, [{ opcode: Binary, payload: new Uint8Array(65_536).fill(9) }]);
    const expected = [`binary ${show(new Uint8Array(65_536).fill(9))}`];
    for (let i = 0; i < 18; i++) {
      const chunks = [bytes.subarray(0, i), bytes.subarray(i, i + 3), bytes.subarray(i + 3)];
      assertEquals(read(role, chunks), expected, `${role}, split at ${i}`);
    }
  }
});
