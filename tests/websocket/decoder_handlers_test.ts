import { assertEquals, assertThrows } from "@std/assert";
import { Decoder } from "../../lib/websocket/decoder.ts";
import { OPCODE } from "../../lib/websocket/frame.ts";
import { cut, handlerInto, hex, peer } from "./support.ts";

const { Binary, Ping } = OPCODE;

Deno.test("a gathered message lies in a buffer of its size", () => {
  const sizes: number[] = [];
  const decoder = new Decoder("client", {
    ...handlerInto([]),
    binary: (bytes) => sizes.push(bytes.buffer.byteLength),
  });
  for (const chunk of cut(peer("client", [{ opcode: Binary, payload: new Uint8Array(5000) }]), 7)) {
    decoder.write(chunk);
  }
  assertEquals(sizes, [5000]);
});

Deno.test("a whole message is a view of the chunk, unmasked in place", () => {
  const chunk = peer("server", [{ opcode: Binary, payload: "Hello" }, { opcode: Ping }]);
  let received = new Uint8Array();
  const decoder = new Decoder("server", {
    ...handlerInto([]),
    binary: (bytes: Uint8Array) => received = bytes as Uint8Array<ArrayBuffer>,
  });
  decoder.write(chunk);
  assertEquals(received.buffer, chunk.buffer);
  assertEquals(new TextDecoder().decode(chunk.subarray(6, 11)), "Hello");
});

Deno.test("a handler may stop the decoder: nothing more is handed over", () => {
  const events: string[] = [];
  const handler = handlerInto(events);
  const decoder: Decoder = new Decoder("client", {
    ...handler,
    text: (text) => {
      handler.text(text);
      decoder.stop();
    },
  });
  decoder.write(hex("89 00 | 81 01 61 | 81 01 62 | ff ff"));
  decoder.write(hex("81 01 63"));
  assertEquals(events, ["ping ", "text a"]);
});

Deno.test("a handler that writes to its decoder is told not to", () => {
  const events: string[] = [];
  const decoder: Decoder = new Decoder("client", {
    ...handlerInto(events),
    ping: () => {
      assertThrows(() => decoder.write(hex("81 01 62")), Error, "from one of its handlers");
    },
  });
  decoder.write(hex("89 00 | 81 01 61"));
  decoder.write(hex("81 01 63"));
  assertEquals(events, ["text a", "text c"]);
});

Deno.test("what a handler throws comes out as it is and ends the decoder", () => {
  const events: string[] = [];
  const decoder = new Decoder("client", {
    ...handlerInto(events),
    ping: () => {
      throw new RangeError("Out of order");
    },
  });
  assertThrows(() => decoder.write(hex("89 00 | 81 01 61")), RangeError, "Out of order");
  decoder.write(hex("81 01 62"));
  assertEquals(events, []);
});
