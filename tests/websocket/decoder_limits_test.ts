import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { Decoder, DECODER_LIMITS } from "../../lib/websocket/decoder.ts";
import { ProtocolError } from "../../lib/websocket/protocol_error.ts";
import { concat, cut, handlerInto, head, hex, read, show } from "./support.ts";

Deno.test("limits are inclusive and apply to what is declared", async (t) => {
  const limits = { frameBytesMax: 300, messageBytesMax: 1000, fragmentsMax: 5 };
  const frame = (first: string, length: number) =>
    head(
      first,
      length < 126
        ? length.toString(16).padStart(2, "0")
        : `7e${length.toString(16).padStart(4, "0")}`,
    );
  const whole = (first: string, length: number) =>
    concat([frame(first, length), new Uint8Array(length).fill(97)]);
  const expect = (pieces: Uint8Array[], events: string[]) => {
    assertEquals(read("server", [concat(pieces)], limits), events);
    assertEquals(read("server", cut(concat(pieces), 1), limits), events);
  };

  await t.step("a frame, from its header alone", () => {
    for (const first of ["82", "02", "81", "01"]) {
      for (const length of [299, 300]) expect([frame(first, length)], []);
      expect([frame(first, 301)], ["error 1009"]);
    }
  });
  await t.step("a frame, as it comes", () => {
    for (const length of [299, 300]) expect([whole("81", length)], [`text ${"a".repeat(length)}`]);
  });
  await t.step("a message, from the header of the fragment that is too much", () => {
    const before = [whole("02", 300), whole("00", 300), whole("00", 200)];
    for (const length of [199, 200]) expect([...before, frame("80", length)], []);
    expect([...before, frame("80", 201)], ["error 1009"]);
    expect([...before, frame("00", 201)], ["error 1009"]);
  });
  await t.step("a message, as it comes", () => {
    const before = [whole("01", 300), whole("00", 300), whole("00", 200)];
    for (const length of [199, 200]) {
      expect([...before, whole("80", length)], [`text ${"a".repeat(800 + length)}`]);
    }
  });
  await t.step("an unfragmented message has the message's limit too", () => {
    const narrow = { frameBytesMax: 1000, messageBytesMax: 10, fragmentsMax: 1 };
    for (const length of [9, 10]) {
      assertEquals(read("server", [whole("81", length)], narrow), [`text ${"a".repeat(length)}`]);
    }
    assertEquals(read("server", [frame("81", 11)], narrow), ["error 1009"]);
  });
  await t.step("fragments", () => {
    const [first, next, last] = [whole("01", 0), whole("00", 0), whole("80", 0)];
    for (const count of [3, 4]) {
      expect([first, ...Array(count - 2).fill(next), last], ["text "]);
    }
    expect([first, next, next, next, last], ["text "]);
    expect([first, next, next, next, next], []);
    expect([first, next, next, next, next, last], ["error 1009"]);
  });
  await t.step("control frames do not count", () => {
    const [first, last, ping] = [whole("01", 300), whole("80", 300), whole("89", 125)];
    const pings = Array(9).fill(ping);
    const events = [...Array(9).fill(`ping ${"61".repeat(125)}`), `text ${"a".repeat(600)}`];
    expect([first, ...pings, last], events);
  });
  await t.step("each message counts anew", () => {
    const message = [whole("02", 300), whole("00", 300), whole("00", 300), whole("80", 100)];
    const events = Array(3).fill(`binary ${show(new Uint8Array(1000).fill(97))}`);
    expect([...message, ...message, ...message], events);
  });
});

Deno.test("100,000 empty fragments are refused at the first that is too many", () => {
  const events: string[] = [];
  const decoder = new Decoder("client", handlerInto(events));
  decoder.write(hex("01 00"));
  let written = 1;
  const error = assertThrows(() => {
    for (; written < 100_000; written++) decoder.write(hex("00 00"));
  }, ProtocolError);
  assertEquals(error.closeCode, 1009);
  assertEquals(written, DECODER_LIMITS.fragmentsMax);
  assertEquals(events, []);
});

Deno.test("a declared length costs no memory until its bytes come", () => {
  const beginning = concat([hex("82 7f 0000000000100000"), new Uint8Array(10)]);
  const before = Deno.memoryUsage().external;
  const decoders = Array.from({ length: 500 }, () => new Decoder("client", handlerInto([])));
  for (const decoder of decoders) {
    decoder.write(beginning);
    decoder.write(new Uint8Array(10));
  }
  // As declared it would be 500 MiB.
  assertLess(Deno.memoryUsage().external - before, 50 * 1_048_576);
  for (const decoder of decoders) decoder.stop();
});
