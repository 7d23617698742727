/**
 * A frame's bytes in words, field by field (RFC 6455 section 5.2).
 *
 * @module
 */

import { harmlessExcerpt } from "../terminal/format.ts";
import type { ProtocolError } from "../websocket/protocol_error.ts";
import { type FrameHeader, OPCODE } from "../websocket/frame.ts";
import { characterOf, counted, spaced } from "./bytes.ts";
import { FrameReader, type SeenFrame, type Side } from "./frame_reader.ts";
import type { Ink } from "./ink.ts";
import { describeCloseCode, describeReturn, nameOpcode } from "./meanings.ts";

/** Bytes of a payload that are written down one by one. */
const SHOWN_BYTES_MAX = 16;
/** Rows of {@linkcode SHOWN_BYTES_MAX} bytes of what is no text. */
const DUMP_ROWS_MAX = 16;
/** Columns of the bytes, of which a header's fields have four at most but for the longest length. */
const LEFT_COLUMNS = 13;
/** Characters of a text, and columns. */
const TEXT_CHARS_MAX = 4000;

/** Bytes, explained. */
export interface Explanation {
  /** For a person, a line each. */
  readonly lines: string[];
  /** What broke the protocol. */
  readonly fault: ProtocolError | undefined;
}

/**
 * Explains the bytes of frames in a row, as one side sends them.
 *
 * @param bytes One frame or many, the last of which may be cut off.
 * @param ink Marks what is said.
 * @param sender Whose they are; without it, the first frame's mask tells.
 */
export function explainBytes(
  bytes: Uint8Array,
  ink: Ink,
  sender: Side = (bytes[1] ?? 0) & 0x80 ? "client" : "server",
): Explanation {
  const reader = new FrameReader(sender);
  const frames = reader.read(bytes);
  const lines = frames.flatMap((frame, index) => {
    const title = `Frame ${index + 1}, from a ${sender}: ${titleOf(frame)}`;
    return [ink[sender === "client" ? "sent" : "received"](title), ...explainFrame(frame, ink), ""];
  });
  const last = frames.at(-1);
  if (last?.fault || last?.outcome?.type === "close") {
    const why = last.fault ? "an error" : "a close frame";
    if (reader.restBytes > 0) {
      lines.push(`After ${why} nothing is read: ${counted(reader.restBytes)} ignored.`);
    }
  } else if (reader.restBytes > 0) {
    const partial = reader.partial();
    lines.push(ink.bad(`Frame ${frames.length + 1}, from a ${sender}: cut off`));
    lines.push(...(partial ? explainFrame(partial, ink) : [`  ${spaced(bytes.subarray(-1))}`]));
    lines.push(`  ${missingFrom(partial)}`);
  } else if (reader.openFragments > 0) {
    lines.push(`The message goes on: its last frame, with FIN 1, is still to come.`);
  }
  if (lines.at(-1) === "") lines.pop();
  return { lines, fault: last?.fault };
}

/**
 * Names a frame: its opcode and its size.
 *
 * @param frame The frame.
 */
export function titleOf({ header: { opcode }, bytes }: SeenFrame): string {
  return `${nameOpcode(opcode)}, ${counted(bytes.length)}`;
}

/**
 * Explains a frame, field by field, and what came of it.
 *
 * @param frame The frame.
 * @param ink Marks what is said.
 */
export function explainFrame(frame: SeenFrame, ink: Ink): string[] {
  const { header, bytes, payload, outcome, fault } = frame;
  const lines = explainHeader(header, bytes, ink);
  if (payload.length > 0 && !frame.isHeaderRefused) lines.push(...explainPayload(frame, ink));
  if (outcome?.type === "close") lines.push(...explainClose(outcome, payload, ink));
  if (frame.fragments > 1 && (outcome?.type === "text" || outcome?.type === "binary")) {
    const whole = outcome.type === "text" ? quote(outcome.text) : counted(outcome.bytes.length);
    lines.push(row("", "message", `whole, of ${frame.fragments} frames: ${whole}`, ink));
  }
  if (fault) {
    lines.push(ink.bad(`  ✗ ${fault.message}`));
    const { closeCode } = fault;
    lines.push(ink.bad(`    the answer is a close, ${closeCode}, ${describeCloseCode(closeCode)}`));
  }
  return lines;
}

function explainClose(
  { code, reason }: { readonly code: number; readonly reason: string },
  payload: Uint8Array,
  ink: Ink,
): string[] {
  const rows = [
    row(spaced(payload.subarray(0, 2)), "code", `${code}, ${describeCloseCode(code)}`, ink),
  ];
  if (reason !== "") rows.push(row("", "reason", quote(reason), ink));
  return [...rows, row("", "then", describeReturn(code), ink)];
}

function explainHeader(header: FrameHeader, bytes: Uint8Array, ink: Ink): string[] {
  const { headerBytes, mask, lengthBits } = header;
  const [first, second] = [bytes[0]!, bytes[1]!];
  const hex = (byte: number) => byte.toString(16).padStart(2, "0");
  const rows: string[] = [];
  const add = (left: string, name: string, meaning: string) =>
    rows.push(row(left, name, meaning, ink));
  add(`${hex(first)}  ${bits(first, 0x80)}`, "FIN", describeFin(header));
  add(`    ${bits(first, 0x70)}`, "RSV1-3", describeReserved(header.rsv));
  add(`    ${bits(first, 0x0f)}`, "opcode", `${header.opcode}, ${nameOpcode(header.opcode)}`);
  add(`${hex(second)}  ${bits(second, 0x80)}`, "MASK", describeMask(header));
  const fieldBytes = lengthBits === 7 ? 0 : lengthBits / 8;
  const where = fieldBytes === 0 ? "in these 7 bits" : `so the next ${fieldBytes} bytes tell it`;
  add(`    ${bits(second, 0x7f)}`, "length", `${second & 0x7f}, ${where}`);
  const end = 2 + fieldBytes;
  if (fieldBytes > 0 && bytes.length >= end) {
    const long = bytes.subarray(2, end);
    // A number would round the largest.
    add(spaced(long), "length", `${BigInt(`0x${long.toHex()}`)}, in ${lengthBits} bits`);
  }
  if (mask !== undefined && bytes.length >= headerBytes) {
    add(spaced(bytes.subarray(end, headerBytes)), "key", "of the mask, 4 bytes");
  }
  return rows;
}

function describeFin({ fin, opcode }: FrameHeader): string {
  if (fin) {
    return opcode === OPCODE.Continuation ? "1, the message ends here" : "1, whole in one frame";
  }
  return opcode < OPCODE.Close
    ? "0, the message goes on in another frame"
    : "0, but a control frame has no other";
}

function describeMask({ mask }: FrameHeader): string {
  return mask === undefined
    ? "0, not masked: a server's frame"
    : "1, masked with a key: a client's frame";
}

function describeReserved(rsv: number): string {
  const bits = rsv.toString(2).padStart(3, "0");
  return `${bits}, ${rsv === 0 ? "no extension is in use" : "but no extension was agreed on"}`;
}

function explainPayload(frame: SeenFrame, ink: Ink): string[] {
  const { header, bytes, payload, isText } = frame;
  const { headerBytes, mask } = header;
  const more = payload.length > SHOWN_BYTES_MAX ? " …" : "";
  const line = (cells: string, note: string) =>
    `  ${(cells + more).padEnd(LEFT_COLUMNS)}  ${ink.dim(note)}`;
  const shown = payload.subarray(0, SHOWN_BYTES_MAX);
  const rows: string[] = [];
  if (mask !== undefined) {
    const sent = bytes.subarray(headerBytes, headerBytes + SHOWN_BYTES_MAX);
    const key = shown.map((byte, index) => byte ^ sent[index]!);
    rows.push(line(spaced(sent), "payload, masked"));
    rows.push(line(spaced(key), "XOR the key, over and over"));
  }
  if (isText) {
    const characters = Array.from(shown, (byte) => ` ${characterOf(byte)}`).join(" ");
    rows.push(line(spaced(shown), mask === undefined ? "payload" : "gives the text"));
    rows.push(line(characters, "in ASCII"));
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload);
    rows.push(row("", "text", ink.strong(quote(text)), ink));
  } else {
    rows.push(...dump(payload, mask === undefined ? "payload" : "gives the payload", ink));
  }
  return rows;
}

function dump(bytes: Uint8Array, note: string, ink: Ink): string[] {
  const rows: string[] = [];
  const width = Math.min(bytes.length, SHOWN_BYTES_MAX) * 3 - 1;
  const end = Math.min(bytes.length, SHOWN_BYTES_MAX * DUMP_ROWS_MAX);
  for (let at = 0; at < end; at += SHOWN_BYTES_MAX) {
    const part = bytes.subarray(at, at + SHOWN_BYTES_MAX);
    const characters = Array.from(part, characterOf).join("");
    const cells = `${spaced(part).padEnd(width)}  ${characters}`;
    rows.push(at === 0 ? `  ${cells.padEnd(LEFT_COLUMNS)}  ${ink.dim(note)}` : `  ${cells}`);
  }
  if (bytes.length > end) rows.push(`  … and ${counted(bytes.length - end)} more`);
  return rows;
}

function missingFrom(partial: SeenFrame | undefined): string {
  if (partial === undefined) return "A header has at least 2 bytes, and 1 is here.";
  const { header: { headerBytes, length }, bytes, payload } = partial;
  return bytes.length < headerBytes
    ? `Of the header's ${headerBytes} bytes ${bytes.length} are here.`
    : `Of the payload's ${counted(length)} ${payload.length} are here.`;
}

/** The bits of a byte that make up a field, the others as dots: `.000 ....`. */
function bits(byte: number, field: number): string {
  return Array.from({ length: 8 }, (_, index) => {
    const bit = 0x80 >> index;
    const shown = field & bit ? byte & bit ? "1" : "0" : ".";
    return index === 4 ? ` ${shown}` : shown;
  }).join("");
}

/** A row of bytes, what they are called, and what they say. */
function row(left: string, name: string, meaning: string, ink: Ink): string {
  return `  ${left.padEnd(LEFT_COLUMNS)}  ${ink.strong(name)}${
    " ".repeat(8 - name.length)
  }${meaning}`;
}

function quote(text: string): string {
  const shown = harmlessExcerpt(text.slice(0, TEXT_CHARS_MAX), TEXT_CHARS_MAX);
  // Characters without a width can be too many in one column.
  return `"${shown}${text.length > TEXT_CHARS_MAX && !shown.endsWith("…") ? "…" : ""}"`;
}
