/**
 * The conformance suite's section 7: the closing handshake.
 *
 * @module
 */

import { OPCODE } from "../../lib/websocket/frame.ts";
import {
  closePayload,
  type ConformanceCase,
  entry,
  frame,
  text,
  two,
} from "./conformance_frames.ts";
import { INVALID_AFTER_KOSME } from "./conformance_utf8_cases.ts";

const { Text, Close, Ping } = OPCODE;

const bye = frame(Close, closePayload(1000));
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const NO_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999];

/** Section 7: close frames, their codes and reasons, and what comes after one. */
export const CLOSE_CASES: readonly ConformanceCase[] = [
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
