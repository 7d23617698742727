import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  applyMask,
  createMask,
  encodeCloseFrame,
  encodeFrame,
  type Frame,
  HEADER_BYTES_MAX,
  OPCODE,
  parseFrameHeader,
} from "../../lib/websocket/frame.ts";
import { Receiver } from "./judge.ts";
import { hex, MASK } from "./support.ts";

/** Applies a mask as RFC 6455 section 5.3 writes it down. */
function maskByTheBook(payload: Uint8Array, mask: number): Uint8Array {
  const octets = [mask >>> 24, mask >>> 16 & 255, mask >>> 8 & 255, mask & 255];
  return payload.map((octet, i) => octet ^ octets[i % 4]!);
}

Deno.test("the examples of RFC 6455 section 5.7 are encoded as it says", async (t) => {
  const { Text, Binary, Continuation, Ping, Pong } = OPCODE;
  const table: [name: string, frame: Frame, expected: string][] = [
    ["an unmasked text", { opcode: Text, payload: "Hello" }, "81 05 48 65 6c 6c 6f"],
    [
      "a masked text",
      { opcode: Text, payload: "Hello", mask: MASK },
      "81 85 37 fa 21 3d 7f 9f 4d 51 58",
    ],
    ["a first fragment", { opcode: Text, payload: "Hel", fin: false }, "01 03 48 65 6c"],
    ["a last fragment", { opcode: Continuation, payload: "lo" }, "80 02 6c 6f"],
    ["a ping", { opcode: Ping, payload: "Hello" }, "89 05 48 65 6c 6c 6f"],
    [
      "a masked pong",
      { opcode: Pong, payload: "Hello", mask: MASK },
      "8a 85 37 fa 21 3d 7f 9f 4d 51 58",
    ],
    [
      "256 bytes",
      { opcode: Binary, payload: new Uint8Array(256) },
      "82 7e 01 00" + "00".repeat(256),
    ],
    [
      "64 KiB",
      { opcode: Binary, payload: new Uint8Array(65_536) },
      "82 7f 00 00 00 00 00 01 00 00" + "00".repeat(65_536),
    ],
  ];
  for (const [name, frame, expected] of table) {
    await t.step(name, () => {
      assertEquals(encodeFrame(frame).toHex(), hex(expected).toHex());
      const header = parseFrameHeader(hex(expected))!;
      assertEquals(header.opcode, frame.opcode);
      assertEquals(header.fin, frame.fin ?? true);
      assertEquals(header.mask, frame.mask);
      assertEquals(header.length, frame.payload!.length);
      assertEquals(header.rsv, 0);
    });
  }
});

Deno.test("a length takes the shortest form, written and read", async (t) => {
  const table: [length: number, field: string, lengthBits: 7 | 16 | 64][] = [
    [0, "00", 7],
    [1, "01", 7],
    [124, "7c", 7],
    [125, "7d", 7],
    [126, "7e 007e", 16],
    [127, "7e 007f", 16],
    [65_534, "7e fffe", 16],
    [65_535, "7e ffff", 16],
    [65_536, "7f 0000000000010000", 64],
    [65_537, "7f 0000000000010001", 64],
  ];
  for (const [length, field, lengthBits] of table) {
    await t.step(`${length} bytes`, () => {
      const octets = new Uint8Array(length).fill(0x61);
      for (const payload of [octets, "a".repeat(length)]) {
        const plain = encodeFrame({ opcode: OPCODE.Text, payload });
        const head = hex(`81${field}`);
        assertEquals(plain.subarray(0, head.length).toHex(), head.toHex());
        assertEquals(plain.subarray(head.length).toHex(), octets.toHex());

        const masked = encodeFrame({ opcode: OPCODE.Text, payload, mask: MASK });
        head[1]! |= 0x80;
        const expected = head.toHex() + "37fa213d" + maskByTheBook(octets, MASK).toHex();
        assertEquals(masked.toHex(), expected);
        assertEquals(parseFrameHeader(masked), {
          fin: true,
          rsv: 0,
          opcode: OPCODE.Text,
          mask: MASK,
          length,
          lengthBits,
          lengthFault: undefined,
          headerBytes: head.length + 4,
        });
      }
      assertEquals(octets, new Uint8Array(length).fill(0x61), "The payload is not modified");
    });
  }
});

Deno.test("a header is read only when all of it is there", () => {
  for (const header of ["8100", "818037fa213d", "017e0100", "82ff000000000001000037fa213d"]) {
    const bytes = hex(`ffff${header}`);
    for (let end = 0; end < bytes.length; end++) {
      assertEquals(parseFrameHeader(bytes.subarray(0, end), 2), undefined, `${header}, ${end}`);
    }
    assertEquals(parseFrameHeader(bytes, 2)?.headerBytes, bytes.length - 2, header);
  }
  assertEquals(hex("82ff000000000001000037fa213d").length, HEADER_BYTES_MAX);
});

Deno.test("every first byte is read and written bit by bit", () => {
  for (let first = 0; first < 256; first++) {
    const [fin, rsv, opcode] = [first >= 128, Math.floor(first / 16) % 8, first % 16];
    const header = parseFrameHeader(new Uint8Array([first, 0]))!;
    assertEquals([header.fin, header.rsv, header.opcode], [fin, rsv, opcode]);
    assertEquals(encodeFrame({ fin, rsv, opcode }), new Uint8Array([first, 0]));
  }
});

Deno.test("faults of the length field are told", () => {
  const table: [field: string, length: number, fault: string | undefined][] = [
    ["7e 0000", 0, "not minimal"],
    ["7e 007d", 125, "not minimal"],
    ["7e 007e", 126, undefined],
    ["7f 0000000000000000", 0, "not minimal"],
    ["7f 000000000000ffff", 65_535, "not minimal"],
    ["7f 0000000000010000", 65_536, undefined],
    ["7f 00000000ffffffff", 2 ** 32 - 1, undefined],
    ["7f 0000000100000000", 2 ** 32, undefined],
    ["7f 001fffffffffffff", 2 ** 53 - 1, undefined],
    ["7f 7fffffffffffffff", 2 ** 63, undefined],
    ["7f 8000000000000000", 2 ** 63, "top bit set"],
    ["7f ffffffffffffffff", 2 ** 64, "top bit set"],
  ];
  for (const [field, length, lengthFault] of table) {
    const header = parseFrameHeader(hex(`82${field}`));
    assertEquals({ ...header }, { ...header, length, lengthFault } as typeof header, field);
  }
});

Deno.test("a field that would run into its neighbour is refused", () => {
  for (const opcode of [16, -1]) {
    assertThrows(() => encodeFrame({ opcode }), RangeError, `opcode is ${opcode}`);
  }
  for (const rsv of [8, -1]) {
    assertThrows(() => encodeFrame({ opcode: 1, rsv }), RangeError, `reserved bits are ${rsv}`);
  }
});

Deno.test("close frames", () => {
  assertEquals(encodeCloseFrame().toHex(), "8800");
  assertEquals(encodeCloseFrame(undefined, "lost").toHex(), "8800");
  assertEquals(encodeCloseFrame(1000).toHex(), "880203e8");
  assertEquals(encodeCloseFrame(4505, "é").toHex(), "88041199c3a9");
  assertEquals(encodeCloseFrame(1000, "", MASK).toHex(), "888237fa213d3412");
  assertEquals(encodeCloseFrame(undefined, "", 0).toHex(), "888000000000");
  const long = encodeCloseFrame(1011, "a".repeat(122) + "é");
  assertEquals(long.toHex(), "887c03f3" + "61".repeat(122), "The reason is cut");
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 5000, NaN]) {
    assertThrows(() => encodeCloseFrame(code), RangeError, `code is ${code}`);
  }
});

Deno.test("a mask is applied as by the book, at every alignment and length", () => {
  const source = Uint8Array.from({ length: 400 }, (_, i) => i * 7);
  for (let start = 0; start < 9; start++) {
    for (
      const length of [0, 1, 2, 3, 4, 5, 63, 64, 65, 66, 67, 126, 127, 128, 129, 130, 131, 300]
    ) {
      const where = `start ${start}, length ${length}`;
      const end = start + length;
      const bytes = new Uint8Array(new ArrayBuffer(500), 3, 400);
      bytes.set(source);
      const next = applyMask(bytes, 0xfedcba98, start, end);
      const expected = source.slice();
      expected.set(maskByTheBook(source.subarray(start, end), 0xfedcba98), start);
      assertEquals(bytes.toHex(), expected.toHex(), where);
      assertEquals(next, [0xfedcba98, 0xdcba98fe, 0xba98fedc, 0x98fedcba][length % 4], where);
    }
  }
});

Deno.test("a mask applied in pieces is the mask applied at once", () => {
  const source = Uint8Array.from({ length: 500 }, (_, i) => i * 11);
  const expected = maskByTheBook(source, MASK).toHex();
  for (let split = 0; split <= source.length; split++) {
    const bytes = source.slice();
    applyMask(bytes, applyMask(bytes, MASK, 0, split), split);
    assertEquals(bytes.toHex(), expected, `split at ${split}`);
  }
});

Deno.test("masking keys differ and use all 32 bits", () => {
  const masks = Array.from({ length: 64 }, createMask);
  assert(masks.every((mask) => Number.isInteger(mask) && mask >= 0 && mask < 2 ** 32));
  assert(new Set(masks).size > 60);
  // Chance that a bit is never set, or always: 2^-58.
  assertEquals(masks.reduce((all, mask) => (all | mask) >>> 0), 0xffffffff);
  assertEquals(masks.reduce((all, mask) => (all & mask) >>> 0), 0);
});

Deno.test("npm ws reads what is encoded here", async (t) => {
  for (const isServer of [true, false]) {
    await t.step(isServer ? "as a server" : "as a client", () => {
      const received: string[] = [];
      const judge = new Receiver({ isServer });
      judge.on("message", (data: Uint8Array, isBinary: boolean) => {
        received.push(
          isBinary ? `binary ${data.toHex()}` : `text ${new TextDecoder().decode(data)}`,
        );
      });
      judge.on("ping", (data: Uint8Array) => received.push(`ping ${data.toHex()}`));
      judge.on("pong", (data: Uint8Array) => received.push(`pong ${data.toHex()}`));
      judge.on("conclude", (code: number, reason: Uint8Array) => {
        received.push(`close ${code} ${new TextDecoder().decode(reason)}`);
      });
      judge.on("error", (error: Error) => received.push(`error ${error.message}`));

      const expected: string[] = [];
      const send = (frame: Frame) => {
        judge.write(encodeFrame({ ...frame, mask: isServer ? createMask() : undefined }));
      };
      for (const length of [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537]) {
        send({ opcode: OPCODE.Text, payload: "é".repeat(length / 2) });
        expected.push(`text ${"é".repeat(length / 2)}`);
        const payload = Uint8Array.from({ length }, (_, i) => i);
        send({ opcode: OPCODE.Binary, payload });
        expected.push(`binary ${payload.toHex()}`);
      }
      send({ opcode: OPCODE.Text, payload: "a", fin: false });
      send({ opcode: OPCODE.Ping, payload: "b" });
      send({ opcode: OPCODE.Continuation, payload: "", fin: false });
      send({ opcode: OPCODE.Pong });
      send({ opcode: OPCODE.Continuation, payload: "c" });
      judge.write(encodeCloseFrame(4001, "漢", isServer ? createMask() : undefined));
      expected.push("ping 62", "pong ", "text ac", "close 4001 漢");
      assertEquals(received, expected);
    });
  }
});
