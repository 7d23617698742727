/**
 * How a client of a server says something, and how it sees what others said, in protocols that need
 * no memory; Natter's rich protocol is in `rich.ts`.
 *
 * The names and bodies of a run all have one width, so every delivery of a server has one length.
 * The generator counts by that length, and finds sender and body at fixed places; a text of another
 * length is a control text, or a failure.
 *
 * @module
 */

/** Digits of a client's number in its name. */
export const NAME_DIGITS = 4;
/** Digits of the time in a body, in microseconds. */
export const TIME_DIGITS = 12;
/** Clients that may say something: the names of further ones are longer. */
export const CLIENTS_MAX = 10 ** NAME_DIGITS;

/** What to do about a text that is not a delivery. */
export interface Answer {
  /** What to send back. */
  readonly send?: string;
  /** Whether the client takes part from now on. */
  readonly ready?: boolean;
}

/** A protocol that a server of the benchmark speaks. */
export interface Dialect {
  /** The path to upgrade. */
  readonly path: (name: string) => string;
  /** The text that says something. */
  readonly command: (body: string) => string;
  /** The text, or the element of the array, that a reader gets for it. */
  readonly delivery: (sender: string, body: string) => string;
  /** Whether a frame holds a JSON array of deliveries. */
  readonly batched?: boolean;
  /** For protocols with texts of their own: answers one, or returns undefined if it is unknown. */
  readonly control?: (text: string) => Answer | undefined;
}

const plain: Dialect = {
  path: (name) => `/ws/${name}`,
  command: (body) => body,
  delivery: (sender, body) => JSON.stringify({ sender, msg: body }),
};

/** The dialects by name. */
export const DIALECTS = {
  /** Natter's plain protocol, which the peers speak too. */
  plain,
  /** Natter's echo, which has no names. */
  echo: { ...plain, path: () => "/ws" },
  /** The same in JSON arrays, one frame for all that a turn brought. */
  batch: { ...plain, batched: true },
  /** Engine.IO 4 packets over WebSocket, carrying Socket.IO 5 packets. */
  socketio: {
    path: (name) => `/socket.io/?EIO=4&transport=websocket&u=${name}`,
    command: (body) => `42${JSON.stringify(["msg", body])}`,
    delivery: (sender, body) => `42${JSON.stringify(["msg", { sender, msg: body }])}`,
    control(text) {
      if (text.startsWith("0{")) return { send: "40" };
      if (text.startsWith("40{")) return { ready: true };
      if (text === "2") return { send: "3" };
      return undefined;
    },
  },
} satisfies Record<string, Dialect>;

/** The name of a protocol: one of {@linkcode DIALECTS}, or Natter's rich one. */
export type DialectName = keyof typeof DIALECTS | "rich";

/** Where the parts of a delivery are, in bytes. */
export interface Layout {
  /** Length of a delivery. */
  readonly bytes: number;
  /** Where the digits of the sender's name begin. */
  readonly sender: number;
  /** Where the digits of the time begin. */
  readonly time: number;
}

/**
 * Names a client.
 *
 * @param client Its number.
 * @returns The name, of the same width for all below {@linkcode CLIENTS_MAX}.
 */
export function nameOf(client: number): string {
  return `u${String(client).padStart(NAME_DIGITS, "0")}`;
}

/**
 * Makes the body of a message, which carries the time from which its latency counts.
 *
 * @param micros Microseconds on the generator's clock.
 * @returns 16 characters.
 */
export function bodyOf(micros: number): string {
  return `${String(Math.round(micros)).padStart(TIME_DIGITS, "0")} hi!`;
}

/**
 * Finds out where the parts of a dialect's deliveries are.
 *
 * @param dialect The dialect.
 * @returns The places, the same for every sender and body.
 */
export function layoutOf(dialect: Dialect): Layout {
  const name = nameOf(CLIENTS_MAX - 1);
  const body = bodyOf(10 ** TIME_DIGITS - 2);
  const text = dialect.delivery(name, body);
  return { bytes: text.length, sender: text.indexOf(name) + 1, time: text.indexOf(body) };
}

/**
 * Counts the deliveries that a text holds, by its length alone.
 *
 * @param dialect The dialect.
 * @param layout Its layout.
 * @param bytes Length of the text.
 * @returns How many, or 0 if such a text has no delivery.
 */
export function deliveriesIn(dialect: Dialect, layout: Layout, bytes: number): number {
  if (!dialect.batched) return bytes === layout.bytes ? 1 : 0;
  // An array of n deliveries has two brackets and n − 1 commas.
  const count = (bytes - 1) / (layout.bytes + 1);
  return Number.isInteger(count) ? count : 0;
}

/**
 * Reads the sender of a delivery.
 *
 * @param layout The dialect's layout.
 * @param bytes A buffer.
 * @param start Where in it the delivery begins.
 * @returns The client's number; meaningless, perhaps NaN, if there are no digits.
 */
export function senderOf(layout: Layout, bytes: Uint8Array, start: number): number {
  return digitsIn(bytes, start + layout.sender, NAME_DIGITS);
}

/**
 * Reads the time that a delivery's body carries.
 *
 * @param layout The dialect's layout.
 * @param bytes A buffer.
 * @param start Where in it the delivery begins.
 * @returns Microseconds; meaningless if there are no digits.
 */
export function timeOf(layout: Layout, bytes: Uint8Array, start: number): number {
  return digitsIn(bytes, start + layout.time, TIME_DIGITS);
}

/**
 * Reads a number of a fixed width.
 *
 * @param bytes A buffer.
 * @param at Where in it the digits begin.
 * @param count How many there are.
 * @returns The number; meaningless, perhaps NaN, if there are no digits.
 */
export function digitsIn(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) value = value * 10 + bytes[index]! - 48;
  return value;
}
