import { assertEquals, assertThrows } from "@std/assert";
import { Decoder } from "../../lib/websocket/decoder.ts";
import { ProtocolError } from "../../lib/websocket/protocol_error.ts";
import { encodeCloseFrame, type Frame, OPCODE } from "../../lib/websocket/frame.ts";
import { Sender } from "./judge.ts";
import {
  concat,
  cut,
  handlerInto,
  hex,
  MASK,
  peer,
  read,
  type Role,
  ROLES,
  show,
} from "./support.ts";

const { Text, Binary, Ping, Pong } = OPCODE;

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
