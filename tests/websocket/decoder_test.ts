import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { Receiver as WsReceiver, Sender as WsSender } from "ws";
import { Decoder, DECODER_LIMITS, type DecoderLimits } from "../../lib/websocket/decoder.ts";
import { ProtocolError } from "../../lib/websocket/protocol_error.ts";
import { encodeCloseFrame, encodeFrame, type Frame, OPCODE } from "../../lib/websocket/frame.ts";
import { Random } from "../simulation/random.ts";

type Role = "server" | "client";
const ROLES = ["server", "client"] as const;
const MASK = 0x37fa213d;
const { Continuation, Text, Binary, Ping, Pong } = OPCODE;

/** The parts of npm ws that the tests use; the package has no types. */
interface JudgeReceiver {
  on(event: string, listener: (...args: never[]) => void): JudgeReceiver;
  write(chunk: Uint8Array): void;
}
interface JudgeSender {
  send(data: Uint8Array | string, options: { fin: boolean; binary: boolean; mask: boolean }): void;
  ping(data: Uint8Array, mask: boolean): void;
  pong(data: Uint8Array, mask: boolean): void;
  close(code: number, reason: string, mask: boolean): void;
}
const Receiver = WsReceiver as unknown as new (options: { isServer: boolean }) => JudgeReceiver;
const Sender = WsSender as unknown as new (socket: unknown) => JudgeSender;

/** Writes bytes down, long ones by length and a sum, so that failures stay readable. */
function show(bytes: Uint8Array): string {
  if (bytes.length <= 200) return bytes.toHex();
  return `${bytes.length} bytes, ${bytes.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)}`;
}

const handlerInto = (events: string[]) => ({
  text: (text: string) => events.push(`text ${text}`),
  binary: (bytes: Uint8Array) => events.push(`binary ${show(bytes)}`),
  ping: (bytes: Uint8Array) => events.push(`ping ${show(bytes)}`),
  pong: (bytes: Uint8Array) => events.push(`pong ${show(bytes)}`),
  close: (code: number, reason: string) => events.push(`close ${code} ${reason}`),
});

/** Reads chunks, which are copied since decoding unmasks in place; an error is the last event. */
function read(role: Role, chunks: Iterable<Uint8Array>, limits?: DecoderLimits): string[] {
  const events: string[] = [];
  const decoder = new Decoder(role, handlerInto(events), limits);
  for (const chunk of chunks) {
    try {
      decoder.write(chunk.slice());
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      events.push(`error ${error.closeCode}`);
    }
  }
  return events;
}

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replaceAll(/[ |]/g, ""));
}

function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Encodes frames as the peer of a role sends them. */
function peer(role: Role, frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
  const mask = role === "server" ? MASK : undefined;
  return concat(frames.map((frame) => encodeFrame({ ...frame, mask })));
}

/** The header of a frame that a client sends, masked by nothing. */
function head(first: string, length: string): Uint8Array<ArrayBuffer> {
  const field = hex(length);
  field[0]! |= 0x80;
  return concat([hex(first), field, new Uint8Array(4)]);
}

Deno.test("the examples of RFC 6455 section 5.7 are read as it says", async (t) => {
  const table: [name: string, role: Role, bytes: string, events: string[]][] = [
    ["an unmasked text", "client", "81 05 48 65 6c 6c 6f", ["text Hello"]],
    ["a masked text", "server", "81 85 37 fa 21 3d 7f 9f 4d 51 58", ["text Hello"]],
    ["a fragmented text", "client", "01 03 48 65 6c | 80 02 6c 6f", ["text Hello"]],
    ["a ping", "client", "89 05 48 65 6c 6c 6f", ["ping 48656c6c6f"]],
    ["a masked pong", "server", "8a 85 37 fa 21 3d 7f 9f 4d 51 58", ["pong 48656c6c6f"]],
    [
      "256 bytes",
      "client",
      "82 7e 01 00" + "05".repeat(256),
      [`binary ${show(new Uint8Array(256).fill(5))}`],
    ],
    [
      "64 KiB",
      "client",
      "82 7f 00 00 00 00 00 01 00 00" + "05".repeat(65_536),
      [`binary ${show(new Uint8Array(65_536).fill(5))}`],
    ],
  ];
  for (const [name, role, bytes, events] of table) {
    await t.step(name, () => assertEquals(read(role, [hex(bytes)]), events));
  }
});

Deno.test("a frame seen on a wire is read", () => {
  const bytes = hex("81 87 0e c3 f3 cd 3b f6 c6 f8 3b f6 c6");
  assertEquals(read("server", [bytes]), ["text 5555555"]);
});

Deno.test("every length is read, in both roles, at once and in pieces", async (t) => {
  for (const length of [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537]) {
    await t.step(`${length} bytes`, () => {
      const payload = Uint8Array.from({ length }, (_, i) => i % 251);
      const text = "a".repeat(length);
      const frames: Frame[] = [{ opcode: Binary, payload }, { opcode: Text, payload: text }];
      const expected = [`binary ${show(payload)}`, `text ${text}`];
      if (length <= 125) {
        frames.push({ opcode: Ping, payload }, { opcode: Pong, payload });
        expected.push(`ping ${show(payload)}`, `pong ${show(payload)}`);
      }
      for (const role of ROLES) {
        const bytes = peer(role, frames);
        assertEquals(read(role, [bytes]), expected);
        assertEquals(read(role, cut(bytes, length > 1000 ? 999 : 1)), expected);
      }
    });
  }
});

Deno.test("what is forbidden ends with its code, at once and byte by byte", async (t) => {
  const table: [name: string, role: Role, bytes: string, code: number][] = [
    ["an unmasked frame to a server", "server", "81 00", 1002],
    ["an unmasked control frame to a server", "server", "89 00", 1002],
    ["a masked frame to a client", "client", "81 80 00000000", 1002],
    ["a masked control frame to a client", "client", "8a 80 37fa213d", 1002],
    ["RSV1", "client", "c1 00", 1002],
    ["RSV2", "client", "a1 00", 1002],
    ["RSV3", "client", "91 00", 1002],
    ["RSV1 on a control frame", "client", "c9 00", 1002],
    ["RSV1 on a continuation", "client", "01 00 | c0 00", 1002],
    ["all reserved bits", "server", "f1 80 00000000", 1002],
    ["opcode 3", "client", "83 00", 1002],
    ["opcode 4", "client", "84 00", 1002],
    ["opcode 5", "client", "85 00", 1002],
    ["opcode 6", "client", "86 00", 1002],
    ["opcode 7", "client", "87 00", 1002],
    ["opcode 11", "client", "8b 00", 1002],
    ["opcode 12", "client", "8c 00", 1002],
    ["opcode 13", "client", "8d 00", 1002],
    ["opcode 14", "client", "8e 00", 1002],
    ["opcode 15", "client", "8f 00", 1002],
    ["a reserved opcode inside a message", "client", "01 00 | 83 00", 1002],
    ["a fragmented ping", "client", "09 00", 1002],
    ["a fragmented pong", "client", "0a 00", 1002],
    ["a fragmented close", "client", "08 02 03e8", 1002],
    ["a ping of 126 bytes", "client", "89 7e 007e", 1002],
    ["a pong of 126 bytes", "client", "8a 7e 007e", 1002],
    ["a close of 126 bytes", "client", "88 7e 007e", 1002],
    ["a ping of 64 KiB", "client", "89 7f 0000000000010000", 1002],
    ["a stray continuation", "client", "80 00", 1002],
    ["a stray first continuation", "client", "00 00", 1002],
    ["a text inside a text", "client", "01 00 | 81 00", 1002],
    ["a binary inside a text", "client", "01 00 | 82 00", 1002],
    ["a text inside a binary", "client", "02 00 | 01 00", 1002],
    ["0 in 16 bits", "client", "82 7e 0000", 1002],
    ["125 in 16 bits", "client", "82 7e 007d", 1002],
    ["125 in 16 bits, control", "client", "89 7e 007d", 1002],
    ["0 in 64 bits", "client", "82 7f 0000000000000000", 1002],
    ["65,535 in 64 bits", "client", "82 7f 000000000000ffff", 1002],
    ["length 2^63", "client", "82 7f 8000000000000000", 1002],
    ["length 2^64 - 1", "client", "82 7f ffffffffffffffff", 1002],
    ["length 2^63 - 1", "client", "82 7f 7fffffffffffffff", 1009],
    ["1 GiB with nothing behind it", "client", "82 7f 0000000040000000", 1009],
    ["1 GiB of text with nothing behind it", "server", "81 ff 0000000040000000 00000000", 1009],
    ["1 GiB as a continuation", "client", "02 01 00 | 80 7f 0000000040000000", 1009],
    ["a close of 1 byte", "client", "88 01 03", 1002],
    ["close code 0", "client", "88 02 0000", 1002],
    ["close code 999", "client", "88 02 03e7", 1002],
    ["close code 1004", "client", "88 02 03ec", 1002],
    ["close code 1005", "client", "88 02 03ed", 1002],
    ["close code 1006", "client", "88 02 03ee", 1002],
    ["close code 1015", "client", "88 02 03f7", 1002],
    ["close code 2999", "client", "88 02 0bb7", 1002],
    ["close code 5000", "client", "88 02 1388", 1002],
    ["close code 65,535", "client", "88 02 ffff", 1002],
    ["a close reason that is not UTF-8", "client", "88 03 03e8 ff", 1007],
    ["a close reason that ends inside a character", "client", "88 04 03e8 e6bc", 1007],
    ["a text that is not UTF-8", "client", "81 01 ff", 1007],
    ["a text that ends inside a character", "client", "81 02 e6bc", 1007],
    ["a text that ends inside a character, fragmented", "client", "01 02 e6bc | 80 00", 1007],
    ["a continuation inside a character", "client", "01 01 61 | 80 01 bc", 1007],
    ["an overlong slash", "client", "81 02 c0af", 1007],
    ["a surrogate", "client", "81 03 eda080", 1007],
    ["beyond Unicode", "client", "81 04 f4908080", 1007],
    ["a true U+FFFD and a wrong byte", "client", "81 04 efbfbd ff", 1007],
  ];
  for (const [name, role, bytes, code] of table) {
    await t.step(name, () => {
      const behind = hex("89 00 89 00 89 80 00000000");
      assertEquals(read(role, [hex(bytes), behind]), [`error ${code}`]);
      assertEquals(read(role, [concat([hex(bytes), behind])]), [`error ${code}`]);
      assertEquals(read(role, cut(concat([hex(bytes), behind]), 1)), [`error ${code}`]);
    });
  }
});

Deno.test("what is allowed at the edge of the forbidden is read", async (t) => {
  const most = "61".repeat(125);
  const table: [name: string, bytes: string, events: string[]][] = [
    ["a ping of 125 bytes", `89 7d ${most}`, [`ping ${most}`]],
    ["an empty text", "81 00", ["text "]],
    ["an empty binary", "82 00", ["binary "]],
    ["only empty fragments", "01 00 | 00 00 | 80 00", ["text "]],
    ["a pong that was not asked for", "8a 01 00", ["pong 00"]],
    ["a byte order mark", "81 04 efbbbf61", ["text \ufeff" + "a"]],
    ["a byte order mark in two fragments", "01 01 ef | 80 03 bbbf61", ["text \ufeff" + "a"]],
    ["only a byte order mark", "81 03 efbbbf", ["text \ufeff"]],
    ["a true U+FFFD", "81 04 efbfbd61", ["text \ufffd" + "a"]],
    ["a zero", "81 01 00", ["text \0"]],
    ["U+10FFFF", "81 04 f48fbfbf", ["text \u{10ffff}"]],
    ["wrong UTF-8 as binary", "02 01 ff | 80 01 c0", ["binary ffc0"]],
    ["a close without a code", "88 00", ["close 1005 "]],
    ["a close without a reason", "88 02 03e8", ["close 1000 "]],
    ["a close with a byte order mark", "88 05 0fa1 efbbbf", ["close 4001 \ufeff"]],
    ["the longest close", `88 7d 03e8 ${most.slice(4)}`, [`close 1000 ${"a".repeat(123)}`]],
    ["a close inside a message", "01 01 61 | 88 02 03e8", ["close 1000 "]],
    ...[1000, 1003, 1007, 1014, 3000, 4999].map((
      code,
    ): [string, string, string[]] => [
      `close code ${code}`,
      `88 02 ${code.toString(16).padStart(4, "0")}`,
      [`close ${code} `],
    ]),
  ];
  for (const [name, bytes, events] of table) {
    await t.step(name, () => {
      assertEquals(read("client", [hex(bytes)]), events);
      assertEquals(read("client", cut(hex(bytes), 1)), events);
    });
  }
});

Deno.test("an error is a ProtocolError that names the cause", () => {
  const decoder = new Decoder("client", handlerInto([]));
  const error = assertThrows(() => decoder.write(hex("c1 00")), ProtocolError);
  assertEquals(error.name, "ProtocolError");
  assertEquals(error.message, "Cannot read frame: reserved bits are 4");
});

Deno.test("frames before the forbidden one are handed over, none after it", () => {
  const bytes = hex("89 00 | 81 01 61 | 83 00 | 81 01 62");
  assertEquals(read("client", [bytes]), ["ping ", "text a", "error 1002"]);
  const continued = hex("02 00 | 80 00 | 80 00");
  assertEquals(read("client", [continued]), ["binary ", "error 1002"]);
});

Deno.test("nothing is read after a close frame, not even what is forbidden", () => {
  const [close, after] = [hex("88 02 03e8"), hex("81 01 61 | ff ff ff ff")];
  assertEquals(read("client", [concat([close, after])]), ["close 1000 "]);
  assertEquals(read("client", [close, after, close]), ["close 1000 "]);
});

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

/**
 * What bytes are to UTF-8, by trial: the first continuation byte that fits after E0, ED, F0 and F4
 * is found among 80 and A0, the further ones may all be 80.
 */
function judgeUtf8(bytes: Uint8Array): "whole" | "beginning" | "impossible" {
  const rest = ["", "80", "a0", "8080", "a080", "808080", "a08080"].find((rest) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(concat([bytes, hex(rest)]));
      return true;
    } catch {
      return false;
    }
  });
  return rest === undefined ? "impossible" : rest === "" ? "whole" : "beginning";
}

Deno.test("wrong UTF-8 fails at the first impossible byte, before its frame ends", async (t) => {
  // "bytes that may stay | the impossible one", as in the Autobahn test suite's section 6.4.
  const table: [name: string, bytes: string][] = [
    ["beyond Unicode, fourth byte", "ce ba e1 bd b9 cf 83 ce bc ce b5 f4 | 90"],
    ["beyond Unicode, F5", "61 | f5"],
    ["a continuation alone", "61 | 80"],
    ["an overlong of two", "| c1"],
    ["an overlong of three", "e0 | 9f"],
    ["an overlong of four", "f0 | 8f"],
    ["a surrogate", "ed | a0"],
    ["ASCII inside a character of three", "e6 bc | 61"],
    ["ASCII inside a character of four", "f0 9f 98 | 61"],
    ["a new character inside another", "f0 9f | e6"],
  ];
  for (const [name, bytes] of table) {
    await t.step(name, () => {
      const [good = "", bad = ""] = bytes.split("|");
      const begin = (last: string) => [head(last + "1", "7d"), hex(good)];
      for (const last of ["8", "0"]) {
        assertEquals(read("server", begin(last)), []);
        assertEquals(read("server", [...begin(last), hex(bad)]), ["error 1007"]);
        assertEquals(read("server", [...begin(last), hex(bad + "61")]), ["error 1007"]);
        assertEquals(read("server", [concat([...begin(last), hex(bad)])]), ["error 1007"]);
      }
      // The same over the boundary of two fragments.
      const length = hex(good).length.toString(16).padStart(2, "0");
      const fragments = [head("01", length), hex(good), head("00", "7d")];
      assertEquals(read("server", fragments), []);
      assertEquals(read("server", [...fragments, hex(bad)]), ["error 1007"]);
    });
  }
});

Deno.test("every beginning of a text fails exactly when no text begins so", () => {
  const edges = hex("00 7f 80 8f 90 9f a0 bf c0 ed f4 ff");
  const frame = head("81", "7d");
  let beginnings: Uint8Array[] = [new Uint8Array()];
  for (let size = 1; size <= 4; size++) {
    const longer: Uint8Array[] = [];
    for (const beginning of beginnings) {
      const lasts = size === 1 ? Array.from({ length: 256 }, (_, i) => i) : edges;
      for (const last of lasts) {
        const bytes = concat([beginning, new Uint8Array([last])]);
        const verdict = judgeUtf8(bytes);
        const expected = verdict === "impossible" ? ["error 1007"] : [];
        const chunks = [frame, beginning, bytes.subarray(-1)];
        assertEquals(read("server", chunks), expected, bytes.toHex());
        assertEquals(read("server", [concat([frame, bytes])]), expected, bytes.toHex());
        if (verdict === "beginning") longer.push(bytes);
      }
    }
    beginnings = longer;
  }
  assertEquals(beginnings, [], "No character has more than four bytes");
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

/** Makes messages of random kind, size and fragments, with control frames between fragments. */
function createConversation(random: Random): { frames: Frame[]; events: string[] } {
  const below = (end: number) => random.below(end);
  const octets = (length: number) => Uint8Array.from({ length }, () => below(256));
  const mask = () => below(4) === 0 ? 0 : below(2 ** 32);
  const letters = ["a", "\0", "é", "漢", "\ufeff", "\ufffd", "😀", "\u{10ffff}"];
  const lengths = [() => 0, () => 1, () => 120 + below(12), () => below(400)];
  const frames: Frame[] = [];
  const events: string[] = [];

  for (let count = 0; count < 60; count++) {
    const length = below(30) === 0 ? 65_530 + below(12) : lengths[below(4)]!();
    const text = below(2) === 0
      ? Array.from({ length: Math.ceil(length / 2) }, () => letters[below(8)]).join("")
      : undefined;
    const payload = text === undefined ? octets(length) : new TextEncoder().encode(text);
    const ends = Array.from({ length: below(4) }, () => below(payload.length + 1));
    ends.sort((a, b) => a - b).push(payload.length);
    let start = 0;
    for (const [i, end] of ends.entries()) {
      const opcode = i > 0 ? Continuation : text === undefined ? Binary : Text;
      const fin = i === ends.length - 1;
      frames.push({ opcode, payload: payload.subarray(start, end), fin, mask: mask() });
      start = end;
      if (!fin && below(3) === 0) {
        const opcode = below(2) === 0 ? Ping : Pong;
        const payload = octets(below(126));
        frames.push({ opcode, payload, mask: mask() });
        events.push(`${opcode === Ping ? "ping" : "pong"} ${show(payload)}`);
      }
    }
    events.push(text === undefined ? `binary ${show(payload)}` : `text ${text}`);
  }
  return { frames, events };
}

function* cutAtRandom(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random.next() ** 3 * 3000);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** What npm ws makes of the same bytes. */
function judge(role: Role, bytes: Uint8Array): string[] {
  const events: string[] = [];
  const handler = handlerInto(events);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  new Receiver({ isServer: role === "server" })
    .on("message", (data: Uint8Array, isBinary: boolean) => {
      if (isBinary) handler.binary(data);
      else handler.text(decoder.decode(data));
    })
    .on("ping", handler.ping)
    .on("pong", handler.pong)
    .on(
      "conclude",
      (code: number, reason: Uint8Array) => handler.close(code, decoder.decode(reason)),
    )
    .on("error", (error: Error) => events.push(`error ${error.message}`))
    .write(bytes.slice());
  return events;
}

Deno.test("thousands of random frames come back as they were, at random splits", () => {
  let count = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const { frames, events } = createConversation(random);
    count += frames.length;
    const role = ROLES[seed % 2]!;
    const bytes = concat(
      frames.map(({ mask, ...frame }) =>
        encodeFrame(role === "server" ? { ...frame, mask } : frame)
      ),
    );
    assertEquals(read(role, cutAtRandom(bytes, random)), events, `seed ${seed}`);
    assertEquals(judge(role, bytes), events, `npm ws, seed ${seed}`);
  }
  assert(count > 5000, `${count} frames`);
});

Deno.test("random bytes never do worse than a ProtocolError, whatever their split", () => {
  for (let seed = 1; seed <= 1500; seed++) {
    const random = new Random(seed);
    const role = ROLES[seed % 2]!;
    const bytes = Uint8Array.from({ length: 60 }, () => random.below(256));
    // Often a good beginning, so that more than the first byte is reached.
    if (seed % 4 > 0) bytes.set(role === "server" ? [0x81, 0x84] : [0x02, 0x05]);
    const events = read(role, [bytes]);
    assertEquals(read(role, cut(bytes, 1)), events, `seed ${seed}`);
    assertEquals(read(role, cutAtRandom(bytes, random)), events, `seed ${seed}`);
  }
});

Deno.test("frames from npm ws's sender are read", async (t) => {
  for (const role of ROLES) {
    await t.step(`as a ${role}`, () => {
      const chunks: Uint8Array[] = [];
      const mask = role === "server";
      const sender = new Sender({
        cork() {},
        uncork() {},
        write: (data: Uint8Array | string) =>
          chunks.push(
            typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data),
          ),
      });
      const expected: string[] = [];
      for (const length of [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537]) {
        const text = "é".repeat(length / 2) + "a".repeat(length % 2);
        sender.send(text, { fin: true, binary: false, mask });
        expected.push(`text ${text}`);
        const payload = Uint8Array.from({ length }, (_, i) => i * 3);
        sender.send(payload, { fin: true, binary: true, mask });
        expected.push(`binary ${show(payload)}`);
      }
      sender.send("κό", { fin: false, binary: false, mask });
      sender.ping(new Uint8Array([1, 2]), mask);
      sender.send("σμ", { fin: false, binary: false, mask });
      sender.pong(new Uint8Array([3]), mask);
      sender.send("ε", { fin: true, binary: false, mask });
      sender.close(4001, "漢", mask);
      expected.push("ping 0102", "pong 03", "text κόσμε", "close 4001 漢");
      assertEquals(read(role, chunks), expected);
      assertEquals(read(role, [concat(chunks)]), expected);
      assertEquals(read(role, cut(concat(chunks), 1000)), expected);
    });
  }
});

Deno.test("a close frame of ours is read by ours", () => {
  assertEquals(read("server", [encodeCloseFrame(4505, "Too fast", MASK)]), ["close 4505 Too fast"]);
  assertEquals(read("client", [encodeCloseFrame()]), ["close 1005 "]);
});
