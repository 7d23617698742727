/**
 * Texts of strangers, made fit for a terminal: nothing in them moves the cursor, sets a title, or
 * looks like a line of its own.
 *
 * @module
 */

import { nameKey } from "../../static/natter.js";

/** Where the rows of a message begin after its first: under the name, since times are 5 wide. */
const INDENT = "      ";
/** Rows of one message; a body of newlines alone would push everything else off the screen. */
const ROWS_MAX = 200;
/** The narrowest column in which a body is still readable. */
const WIDTH_MIN = 20;

/** Of the 256 colours those that have a contrast of 3 to both black and white. */
export const PALETTE: readonly number[] = [29, 31, 32, 62, 64, 97, 130, 132, 133, 160, 166, 168];

// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
// What reorders a line, and what annotates it: of no use without the layout of a document.
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]/g;
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const LINE_END = /\r\n|[\n\u2028\u2029]/;
const WIDE =
  /[\p{Extended_Pictographic}\p{Emoji_Presentation}\p{RI}\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Bopo}\p{scx=Yiii}\u1100-\u115f\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/v;
const WITHOUT_WIDTH = /[\p{Mn}\p{Me}\u200b-\u200d\u2060\u2068\u2069\ufe00-\ufe0f]/v;

/** A message, as far as it is shown. */
export interface ShownMessage {
  /** Who says it. */
  readonly sender: string;
  /** Of a direct message: to whom. */
  readonly to?: string;
  /** What is said. */
  readonly body: string;
  /** Since 1970, in ms. */
  readonly at: number;
  /** Whether it is gone. */
  readonly deleted?: boolean;
}

/** How to show it. */
export interface MessageStyle {
  /** The reader's own name. */
  readonly self: string;
  /** The room, where it has to be told. */
  readonly room?: string | undefined;
  /** The terminal's width. */
  readonly columns: number;
  /** How texts are marked. */
  readonly paint: Painter;
}

/** Marks texts by colour and weight, or not at all. */
export interface Painter {
  /** Somebody's name in the colour that it always has. */
  name(name: string, self: string): string;
  /** What matters less. */
  dim(text: string): string;
}

/**
 * Makes a text harmless: control characters become visible ones, and what reorders text is removed.
 *
 * @param text Any text.
 * @returns One line.
 */
export function harmless(text: string): string {
  return text.toWellFormed().replace(/\t/g, "  ").replace(REORDERING, "")
    .replace(/[\u2028\u2029]/g, "␤").replace(CONTROL, (character) => {
      const code = character.charCodeAt(0);
      if (code === 0x7f) return "␡";
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
    });
}

/** Makes a text harmless, and breaks it into rows of a width. */
export function harmlessRows(text: string, width: number): string[] {
  return wrap(harmless(text), Math.max(WIDTH_MIN, width), Math.max(WIDTH_MIN, width)).map(isolate);
}

/** Makes a text harmless, and cuts it to a width. */
export function harmlessExcerpt(text: string, width: number): string {
  const [first = "", more] = wrap(harmless(text), width - 1, width - 1);
  return isolate(more === undefined ? first : `${first}…`);
}

/**
 * Makes a painter.
 *
 * @param isColoured Whether to mark anything at all.
 */
export function createPainter(isColoured: boolean): Painter {
  if (!isColoured) return { name: (name) => isolate(harmless(name)), dim: (text) => text };
  return {
    name: (name, self) => {
      const isOwn = nameKey(name) === nameKey(self);
      return `\x1b[${isOwn ? "1;7" : `38;5;${colourOf(name)}`}m${isolate(harmless(name))}\x1b[0m`;
    },
    dim: (text) => `\x1b[2m${text}\x1b[0m`,
  };
}

/** The colour of a name: the same for all spellings of it. */
export function colourOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of nameKey(name)) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  }
  return PALETTE[hash % PALETTE.length]!;
}

/** The time of day, `HH:MM`. */
export function formatTime(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** The day, `YYYY-MM-DD`. */
export function formatDay(at: number): string {
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0")).join("-");
}

/**
 * Formats a message: its time, its sender, and the body, of which every row but the first is
 * indented. So only a true message has a time in the first column.
 *
 * @returns Rows that fit the terminal.
 */
export function formatMessage(message: ShownMessage, style: MessageStyle): string[] {
  const { self, room, columns, paint } = style;
  const time = formatTime(message.at);
  const { sender, to } = message;
  const place = room === undefined ? "" : `#${isolate(harmless(room))} `;
  const plain = `${time} ${place}${harmless(sender)}${
    to === undefined ? "" : ` → ${harmless(to)}`
  }: `;
  const head = `${paint.dim(time)} ${place}${paint.name(sender, self)}${
    to === undefined ? "" : ` → ${paint.name(to, self)}`
  }: `;
  const width = Math.max(WIDTH_MIN, columns - INDENT.length);
  const widthOfFirst = columns - widthOf(plain);
  const body = message.deleted ? "(deleted)" : message.body;
  const isBelow = widthOfFirst < WIDTH_MIN;
  const rows = body.split(LINE_END).flatMap((line, index) => {
    return wrap(harmless(line), index === 0 && !isBelow ? widthOfFirst : width, width);
  });
  const shown = rows.length > ROWS_MAX
    ? [...rows.slice(0, ROWS_MAX), `(and ${rows.length - ROWS_MAX} more lines)`]
    : rows;
  if (isBelow) shown.unshift("");
  return shown.map((row, index) => (index === 0 ? head : INDENT) + isolate(row));
}

/**
 * How many columns a text takes. Rather one too many than one too few: a row that is shorter than
 * the terminal is harmless, one that is longer goes on in the first column.
 */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    width += WIDE.test(character) ? 2 : WITHOUT_WIDTH.test(character) ? 0 : 1;
  }
  return width;
}

/** Breaks a line into rows, between words where there are any. */
function wrap(line: string, widthOfFirst: number, width: number): string[] {
  const rows: string[] = [];
  let row = "", used = 0;
  for (const character of line) {
    const wanted = widthOf(character);
    if (used + wanted > (rows.length === 0 ? widthOfFirst : width)) {
      const space = row.lastIndexOf(" ") + 1;
      const end = row.slice(0, space).trim() === "" ? row.length : space;
      rows.push(row.slice(0, end));
      row = row.slice(end);
      used = widthOf(row);
    }
    row += character;
    used += wanted;
  }
  return [...rows, row];
}

/** Keeps what is written from right to left from reordering what stands around it. */
function isolate(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}
