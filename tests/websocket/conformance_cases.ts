/**
 * What a strict server does with which bytes: cases after sections 1 to 7, 9 and 10 of the Autobahn test suite,
 * written anew from RFC 6455.
 *
 * @module
 */

import { encodeFrame, OPCODE } from "../../lib/websocket/frame.ts";
import { CLOSE_CASES } from "./conformance_close_cases.ts";
import {
  binary,
  BYTES,
  type ConformanceCase,
  entry,
  fragments,
  frame,
  NOT_UTF8,
  pong,
  split,
  text,
  two,
} from "./conformance_frames.ts";
import { UTF8_CASES } from "./conformance_utf8_cases.ts";
import { hex } from "./support.ts";

const { Continuation, Text, Binary, Close, Ping, Pong } = OPCODE;
const encoder = new TextEncoder();

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
  ...UTF8_CASES,
  ...CLOSE_CASES,
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
