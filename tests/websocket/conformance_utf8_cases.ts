/**
 * The conformance suite's section 6: UTF-8.
 *
 * @module
 */

import { OPCODE } from "../../lib/websocket/frame.ts";
import { joinBytes } from "../../lib/transport/shared_frames.ts";
import { hex } from "./support.ts";
import {
  type ConformanceCase,
  entry,
  fragments,
  frame,
  split,
  text,
} from "./conformance_frames.ts";

const { Continuation, Text } = OPCODE;
const encoder = new TextEncoder();

const KOSME = "κόσμε";
const GREEK = "Hello-µ@ßöäüàá-UTF-8!!";
const octets = (bytes: Uint8Array) => fragments(Text, split(bytes, 1));
/** Text, half a surrogate pair, text. */
export const INVALID_AFTER_KOSME = joinBytes([
  encoder.encode(KOSME),
  hex("eda080"),
  encoder.encode("ed"),
]);

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

/** Section 6: what is UTF-8, and where what is none is refused. */
export const UTF8_CASES: readonly ConformanceCase[] = [
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
