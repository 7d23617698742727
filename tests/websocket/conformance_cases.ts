/**
 * What a strict server does with which bytes: cases after sections 1 to 7, 9 and 10 of the Autobahn test suite,
 * written anew from RFC 6455.
 *
 * @module
 */

import { encodeFrame, type Frame, OPCODE } from "../../lib/websocket/frame.ts";
import { joinBytes } from "../../lib/transport/shared_frames.ts";
import type { RawEvent } from "../support/raw_client.ts";

/** One case. */
export interface ConformanceCase {
  /** Its number in the suite. */
  readonly id: string;
  /** What is sent. */
  readonly what: string;
  /** The bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What comes back before the close frame. */
  readonly events: readonly RawEvent[];
  /** The code of the close frame. Where it is absent the client has to end it itself, with 1000. */
  readonly close?: number;
}

const { Continuation, Text, Binary, Close, Ping, Pong } = OPCODE;
const MASK = 0x37fa213d;
const encoder = new TextEncoder();
const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

function frame(opcode: number, payload: Uint8Array | string = "", more: Partial<Frame> = {}) {
  return encodeFrame({ opcode, payload, mask: MASK, ...more });
}

/** A message in parts. */
function fragments(opcode: number, parts: readonly (Uint8Array | string)[]) {
  return parts.map((part, i) =>
    frame(i === 0 ? opcode : Continuation, part, { fin: i === parts.length - 1 })
  );
}

/** Parts of so many bytes. */
function split(bytes: Uint8Array, size: number): Uint8Array[] {
  const parts = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.subarray(i * size, (i + 1) * size),
  );
  return parts.length === 0 ? [bytes] : parts;
}

const text = (text: string): RawEvent => ({ type: "text", text });
const binary = (bytes: Uint8Array): RawEvent => ({ type: "binary", bytes });
const pong = (payload: Uint8Array | string = ""): RawEvent => ({
  type: "pong",
  payload: typeof payload === "string" ? encoder.encode(payload) : payload,
});

/** A case's id, what it sends, the frames, what comes of them, and how it is closed. */
function entry(
  id: string,
  what: string,
  frames: readonly Uint8Array[],
  events: readonly RawEvent[] = [],
  close?: number,
): ConformanceCase {
  const bytes = joinBytes(frames);
  return close === undefined ? { id, what, bytes, events } : { id, what, bytes, events, close };
}

const BYTES = Uint8Array.from({ length: 65_536 }, (_, i) => i * 31 & 0xff);
const NOT_UTF8 = hex("00 ff fe fd fc fb 00 ff");
const closePayload = (code: number, reason: string | Uint8Array = "") =>
  joinBytes([
    Uint8Array.of(code >> 8, code),
    typeof reason === "string" ? encoder.encode(reason) : reason,
  ]);

const framing = [0, 125, 126, 127, 128, 65_535, 65_536].flatMap((length, i) => [
  entry(`1.1.${i + 1}`, `a text of ${length} bytes`, [frame(Text, "*".repeat(length))], [
    text("*".repeat(length)),
  ]),
  entry(`1.2.${i + 1}`, `${length} bytes`, [frame(Binary, BYTES.subarray(0, length))], [
    binary(BYTES.subarray(0, length)),
  ]),
]);

const tenPings = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
const pings = [
  entry("2.1", "a ping", [frame(Ping)], [pong()]),
  entry("2.2", "a ping with a text", [frame(Ping, "Hello, world!")], [pong("Hello, world!")]),
  entry("2.3", "a ping with bytes", [frame(Ping, NOT_UTF8)], [pong(NOT_UTF8)]),
  entry("2.4", "a ping of 125 bytes", [frame(Ping, BYTES.subarray(0, 125))], [
    pong(BYTES.subarray(0, 125)),
  ]),
  entry("2.5", "a ping of 126 bytes", [frame(Ping, BYTES.subarray(0, 126))], [], 1002),
  entry("2.7", "a pong that nobody asked for", [frame(Pong)]),
  entry("2.8", "the same with a text", [frame(Pong, "unsolicited pong payload")]),
  entry("2.9", "a pong, then a ping", [frame(Pong, "unsolicited"), frame(Ping, "ping")], [
    pong("ping"),
  ]),
  entry("2.10", "ten pings", tenPings.map((payload) => frame(Ping, payload)), tenPings.map(pong)),
];

const reserved = [
  entry("3.1", "RSV1", [frame(Text, "a", { rsv: 4 })], [], 1002),
  ...[2, 3, 4, 5, 6, 7].map((rsv) => {
    const opcode = [Text, Text, Text, Binary, Ping, Close][rsv - 2]!;
    return entry(
      `3.${rsv}`,
      `a text, then reserved bits ${rsv} with opcode ${opcode}, then a ping`,
      [frame(Text, "first"), frame(opcode, "", { rsv }), frame(Ping)],
      [text("first")],
      1002,
    );
  }),
  ...[3, 4, 5, 6, 7].map((opcode, i) => reservedOpcode(`4.1.${i + 1}`, opcode)),
  ...[11, 12, 13, 14, 15].map((opcode, i) => reservedOpcode(`4.2.${i + 1}`, opcode)),
];

function reservedOpcode(id: string, opcode: number): ConformanceCase {
  const frames = [frame(Text, "first"), frame(opcode, opcode % 2 === 0 ? "a" : ""), frame(Ping)];
  return entry(id, `a text, then opcode ${opcode}`, frames, [text("first")], 1002);
}

const two = fragments(Text, ["fragment1", "fragment2"]);
const five = fragments(Text, ["1", "2", "3", "4", "5"]);
const orphan = (fin: boolean) => frame(Continuation, "orphan", { fin });
const fragmentation = [
  entry("5.1", "a ping in two frames", fragments(Ping, ["fr", "ag"]), [], 1002),
  entry("5.2", "a pong in two frames", fragments(Pong, ["fr", "ag"]), [], 1002),
  entry("5.3", "a text in two frames", two, [text("fragment1fragment2")]),
  entry("5.6", "a ping between them", [two[0]!, frame(Ping, "ping"), two[1]!], [
    pong("ping"),
    text("fragment1fragment2"),
  ]),
  entry("5.9", "a last fragment of nothing", [orphan(true), frame(Text, "a")], [], 1002),
  entry("5.12", "a fragment of nothing", [orphan(false), frame(Text, "a")], [], 1002),
  entry("5.15", "the same after a text in two frames", [...two, orphan(false), frame(Text, "a")], [
    text("fragment1fragment2"),
  ], 1002),
  entry("5.16", "a fragment of nothing before a text in two", [orphan(false), ...two], [], 1002),
  entry("5.17", "a last fragment of nothing before it", [orphan(true), ...two], [], 1002),
  entry(
    "5.18",
    "a text inside a text",
    [frame(Text, "a", { fin: false }), frame(Text, "b")],
    [],
    1002,
  ),
  entry(
    "5.19",
    "a text in five frames, with pings between them",
    [five[0]!, five[1]!, frame(Ping, "1"), five[2]!, five[3]!, frame(Ping, "2"), five[4]!],
    [pong("1"), pong("2"), text("12345")],
  ),
];

const KOSME = "κόσμε";
const GREEK = "Hello-µ@ßöäüàá-UTF-8!!";
const octets = (bytes: Uint8Array) => fragments(Text, split(bytes, 1));
const INVALID_AFTER_KOSME = joinBytes([encoder.encode(KOSME), hex("eda080"), encoder.encode("ed")]);

/** Sequences by the section of Markus Kuhn's test that they are of: what is no UTF-8. */
const INVALID: readonly (readonly [id: string, sequences: readonly string[]])[] = [
  ["6.6", ["ce", "ceba e1", "ceba e1bd", "ceba e1bdb9 cf", "ceba e1bdb9 cf83 ce"]],
  ["6.8", ["f888808080", "fc8480808080"]],
  ["6.10", ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]],
  ["6.11", ["f4908080"]],
  ["6.12", ["80", "bf", "80bf", "80bf80", "80bf80bf80", "808182838485868788898a8b8c8d8e8fbebf"]],
  ["6.13", ["c020c120c220df20", "e020e120ee20ef20", "f020f120f620f720", "f820fb20", "fc20fd20"]],
  ["6.14", ["c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf"]],
  ["6.15", ["c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"]],
  ["6.16", ["fe", "ff", "fefeffff"]],
  ["6.17", ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]],
  ["6.18", ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]],
  ["6.19", ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"]],
  ["6.20", ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"]],
  [
    "6.21",
    [
      "eda080edb080",
      "eda080edbfbf",
      "edadbfedb080",
      "edadbfedbfbf",
      "edae80edb080",
      "edafbfedbfbf",
    ],
  ],
];

/** The same: first and last of each length, and what is no character, yet well formed. */
const VALID: readonly (readonly [id: string, sequences: readonly string[]])[] = [
  ["6.5", ["ceba", "cebae1bdb9", "cebae1bdb9cf83", "cebae1bdb9cf83cebc", "cebae1bdb9cf83cebcceb5"]],
  ["6.7", ["00", "c280", "e0a080", "f0908080"]],
  ["6.9", ["7f", "dfbf", "efbfbf", "f48fbfbf"]],
  ["6.11", ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf"]],
  ["6.22", ["efbfbe", "efbfbf", "f09fbfbe", "f09fbfbf", "f0afbfbe", "f48fbfbe", "f48fbfbf"]],
  ["6.23", ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbbbf", "efbbbf61"]],
];

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const utf8 = [
  entry("6.1.1", "an empty text", [frame(Text)], [text("")]),
  entry("6.1.2", "an empty text in three frames", fragments(Text, ["", "", ""]), [text("")]),
  entry("6.1.3", "only the middle one is not empty", fragments(Text, ["", "middle", ""]), [
    text("middle"),
  ]),
  entry("6.2.1", "a text beyond ASCII", [frame(Text, GREEK)], [text(GREEK)]),
  entry("6.2.2", "the same, split between characters", fragments(Text, ["Hello-µ", "@ßöäüàá"]), [
    text("Hello-µ@ßöäüàá"),
  ]),
  entry("6.2.3", "the same in frames of a byte", octets(encoder.encode(GREEK)), [text(GREEK)]),
  entry("6.2.4", "Greek in frames of a byte", octets(encoder.encode(KOSME)), [text(KOSME)]),
  entry("6.3.1", "a text with half a pair", [frame(Text, INVALID_AFTER_KOSME)], [], 1007),
  entry("6.3.2", "the same in frames of a byte", octets(INVALID_AFTER_KOSME), [], 1007),
  // The rest is never sent: what cannot become a text is refused at once.
  entry(
    "6.4.1",
    "a fragment that is no UTF-8",
    [
      frame(Text, KOSME, { fin: false }),
      frame(Continuation, hex("f4908080"), { fin: false }),
    ],
    [],
    1007,
  ),
  entry(
    "6.4.2",
    "a fragment that cannot become UTF-8",
    [
      frame(Text, joinBytes([encoder.encode(KOSME), hex("f4")]), { fin: false }),
      frame(Continuation, hex("90"), { fin: false }),
    ],
    [],
    1007,
  ),
  entry(
    "6.4.3",
    "half a frame that is no UTF-8",
    [
      frame(Text, joinBytes([encoder.encode(KOSME), hex("f490"), new Uint8Array(20)])).subarray(
        0,
        6 + 13,
      ),
    ],
    [],
    1007,
  ),
  ...INVALID.flatMap(([id, sequences]) =>
    sequences.map((sequence, i) =>
      entry(
        `${id}.${i + 1} invalid`,
        `the text ${sequence}`,
        [frame(Text, hex(sequence))],
        [],
        1007,
      )
    )
  ),
  ...VALID.flatMap(([id, sequences]) =>
    sequences.map((sequence, i) => {
      const bytes = hex(sequence);
      const events = [text(decoder.decode(bytes))];
      return entry(`${id}.${i + 1} valid`, `the text ${sequence}`, [frame(Text, bytes)], events);
    })
  ),
];

const bye = frame(Close, closePayload(1000));
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const NO_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999];
const closing = [
  entry("7.1.1", "a text, then a close frame", [frame(Text, "Hello World!"), bye], [
    text("Hello World!"),
  ], 1000),
  entry("7.1.2", "two close frames", [bye, bye], [], 1000),
  entry("7.1.3", "a ping after the close frame", [bye, frame(Ping, "late")], [], 1000),
  entry("7.1.4", "a text after it", [bye, frame(Text, "late")], [], 1000),
  entry(
    "7.1.5",
    "a close frame in the midst of a text",
    [two[0]!, bye, two[1]!],
    [],
    1000,
  ),
  entry(
    "7.1.6",
    "a long text, a close frame, a ping",
    [
      frame(Text, "*".repeat(262_144)),
      bye,
      frame(Ping),
    ],
    [text("*".repeat(262_144))],
    1000,
  ),
  entry("7.3.1", "an empty close frame", [frame(Close)], [], 1005),
  entry("7.3.2", "a close frame of one byte", [frame(Close, "a")], [], 1002),
  entry("7.3.3", "a close frame with a code", [bye], [], 1000),
  entry("7.3.4", "with a reason", [frame(Close, closePayload(1000, "Hello World!"))], [], 1000),
  entry(
    "7.3.5",
    "with the longest reason",
    [
      frame(Close, closePayload(1000, "*".repeat(123))),
    ],
    [],
    1000,
  ),
  entry(
    "7.3.6",
    "with one longer still",
    [
      frame(Close, closePayload(1000, "*".repeat(124))),
    ],
    [],
    1002,
  ),
  entry(
    "7.5.1",
    "with a reason that is no UTF-8",
    [
      frame(Close, closePayload(1000, INVALID_AFTER_KOSME)),
    ],
    [],
    1007,
  ),
  ...CODES.map((code, i) =>
    entry(`7.7.${i + 1}`, `close code ${code}`, [frame(Close, closePayload(code))], [], code)
  ),
  ...NO_CODES.map((code, i) =>
    entry(`7.9.${i + 1}`, `close code ${code}`, [frame(Close, closePayload(code))], [], 1002)
  ),
  ...[5000, 65_535].map((code, i) =>
    entry(`7.13.${i + 1}`, `close code ${code}`, [frame(Close, closePayload(code))], [], 1002)
  ),
];

/** What the suite leaves out, and RFC 6455 does not. */
const beyond = [
  entry(
    "5.1 unmasked",
    "a frame without a mask",
    [
      encodeFrame({ opcode: Text, payload: "a" }),
    ],
    [],
    1002,
  ),
  entry(
    "5.2 minimal",
    "125 bytes with a length of 16 bits",
    [
      hex("82 fe 007d 00000000"),
      new Uint8Array(125),
    ],
    [],
    1002,
  ),
  entry(
    "5.2 minimal",
    "65,535 bytes with a length of 64 bits",
    [
      hex("82 ff 000000000000ffff 00000000"),
    ],
    [],
    1002,
  ),
  entry("5.2 top bit", "a length of 2^63", [hex("82 ff 8000000000000000 00000000")], [], 1002),
  entry("5.2 limit", "a length of 2^40", [hex("82 ff 0000010000000000 00000000")], [], 1009),
];

/** Cases that are sent whole, and byte by byte. */
export const SHORT_CASES: readonly ConformanceCase[] = [
  ...framing,
  ...pings,
  ...reserved,
  ...fragmentation,
  ...utf8,
  ...closing,
  ...beyond,
];

/** Cases of up to 16 MiB, whole and in pieces. Made one by one: together they are too much to hold. */
export function* longCases(): Generator<ConformanceCase> {
  const KIB = 1024, MIB = KIB * KIB;
  for (const [i, length] of [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB].entries()) {
    const long = "BAsd7&jh23".repeat(Math.ceil(length / 10)).slice(0, length);
    const bytes = encoder.encode(long);
    yield entry(`9.1.${i + 1}`, `a text of ${length} bytes`, [frame(Text, bytes)], [text(long)]);
    yield entry(`9.2.${i + 1}`, `${length} bytes`, [frame(Binary, bytes)], [binary(bytes)]);
  }
  const long = "*".repeat(4 * MIB), bytes = encoder.encode(long);
  for (const [i, size] of [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, MIB, 4 * MIB].entries()) {
    yield entry(`9.3.${i + 1}`, `4 MiB of text by ${size}`, fragments(Text, split(bytes, size)), [
      text(long),
    ]);
    yield entry(`9.4.${i + 1}`, `4 MiB by ${size}`, fragments(Binary, split(bytes, size)), [
      binary(bytes),
    ]);
  }
  for (const [i, length] of [0, 16, 64, 256, KIB, 4 * KIB].entries()) {
    const payload = "*".repeat(length);
    yield entry(
      `9.7.${i + 1}`,
      `1,000 texts of ${length} bytes`,
      Array(1000).fill(frame(Text, payload)),
      Array(1000).fill(text(payload)),
    );
  }
  const fragmented = fragments(Text, split(bytes.subarray(0, 65_536), 1300));
  yield entry("10.1.1", "64 KiB of text by 1,300", fragmented, [text(long.slice(0, 65_536))]);
}
