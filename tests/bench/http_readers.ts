/**
 * Readers over HTTP: held polls and server-sent events, on raw sockets in one thread.
 *
 * @module
 */

import { nameOf, TIME_DIGITS } from "./dialects.ts";
import { connectTo, Poller, receiveNow, sendNow } from "./libc.ts";
import { type ReadingTransport, UNDER_WAY_MAX } from "./scenarios.ts";

/** Most bytes that one read takes. */
const READ_BYTES_MAX = 256 * 1024;
/** How long nobody of them may get any further. */
const READY_WAIT_MS = 5_000;
/** The longest wait in one poll. */
const POLL_MS = 10;
/** What an entry begins with; its offset follows. */
const ENTRY = '{"type":"message","room":"lobby","offset":';
/** What comes before the time that an entry carries. */
const BODY = '"body":"';

const encoder = new TextEncoder();
// Names and bodies are ASCII, and bytes are counted.
const decoder = new TextDecoder("latin1");

interface Reader {
  readonly descriptor: number;
  readonly name: string;
  /** What has come and is not whole yet. */
  left: string;
  /** Where it goes on; empty until it is in the room. */
  cursor: string;
  /** The offset of the last entry that it has. */
  offset: number;
}

/** Many readers of the lobby, each on a connection of its own. */
export class HttpReaders {
  readonly #port: number;
  readonly #transport: ReadingTransport;
  readonly #poller = new Poller();
  readonly #readers: Reader[] = [];
  readonly #bytes = new Uint8Array(READ_BYTES_MAX);
  #ready = 0;
  #outOfPlace = 0;
  /** Deliveries to all of them. */
  receivedTotal = 0;
  /** Told of each delivery: to whom, and the time that it carries, in microseconds. */
  onDelivery: (reader: number, micros: number) => void = () => {};

  /**
   * Makes a crowd of nobody.
   *
   * @param port Where the server listens on this machine.
   * @param transport How they read.
   */
  constructor(port: number, transport: ReadingTransport) {
    this.#port = port;
    this.#transport = transport;
  }

  /**
   * Lets readers in, until all of them know where they stand.
   *
   * @param count How many.
   * @throws {Error} If one can't.
   */
  enter(count: number): void {
    let ready = 0;
    let deadline = performance.now() + READY_WAIT_MS;
    while (this.#ready < count) {
      while (this.#readers.length < count && this.#readers.length - this.#ready < UNDER_WAY_MAX) {
        this.#begin();
      }
      this.poll(POLL_MS);
      if (this.#ready > ready) {
        ready = this.#ready;
        deadline = performance.now() + READY_WAIT_MS;
      } else if (performance.now() > deadline) {
        throw new Error(`Only ${ready} of ${count} readers became ready`);
      }
    }
  }

  /**
   * Handles what has come, waiting for it.
   *
   * @param timeoutMs The longest wait, in whole milliseconds; 0 only looks.
   */
  poll(timeoutMs: number): void {
    this.#poller.wait(timeoutMs, this.#onReadable);
  }

  /**
   * Tells what is missing.
   *
   * @param head The offset of the last entry that was said.
   * @returns How many entries all readers together have not.
   */
  missing(head: number): number {
    return this.#readers.reduce((sum, { offset }) => sum + head - offset, 0);
  }

  /** What the server did wrong, in words; empty if nothing. */
  get faults(): string[] {
    return this.#outOfPlace > 0 ? [`${this.#outOfPlace} entries out of place`] : [];
  }

  #begin(): void {
    const descriptor = connectTo(this.#port);
    const id = this.#readers.length;
    const reader = { descriptor, name: `reader-${nameOf(id)}`, left: "", cursor: "", offset: 0 };
    this.#readers.push(reader);
    this.#ask(reader);
    this.#poller.add(descriptor, id);
  }

  #ask({ descriptor, name, cursor }: Reader): void {
    const path = this.#transport === "poll"
      ? `/poll/${name}?wait=55&cursor=${cursor}`
      : `/events/${name}`;
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\n\r\n`;
    if (!sendNow(descriptor, encoder.encode(request))) throw new Error(`${name} cannot ask`);
  }

  readonly #onReadable = (id: number): void => {
    const reader = this.#readers[id]!;
    const count = receiveNow(reader.descriptor, this.#bytes);
    if (count === 0) throw new Error(`The server ended the connection of ${reader.name}`);
    const text = reader.left + decoder.decode(this.#bytes.subarray(0, count));
    if (this.#transport === "poll") this.#readAnswer(id, reader, text);
    else this.#readEvents(id, reader, text);
  };

  /** An answer is read when it is whole; then the reader asks again. */
  #readAnswer(id: number, reader: Reader, text: string): void {
    reader.left = text;
    const bodyAt = text.indexOf("\r\n\r\n") + 4;
    if (bodyAt < 4) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, bodyAt))?.[1]);
    if (!text.startsWith("HTTP/1.1 200 ") || Number.isNaN(length)) {
      throw new Error(`${reader.name} was answered ${text.slice(0, 200)}`);
    }
    if (text.length < bodyAt + length) return;
    reader.left = "";
    const isNew = reader.cursor === "";
    const cursorAt = bodyAt + '{"cursor":"'.length;
    reader.cursor = text.slice(cursorAt, text.indexOf('"', cursorAt));
    if (isNew) this.#begins(reader, Number(reader.cursor.split(":")[1]));
    else this.#take(id, reader, text);
    this.#ask(reader);
  }

  /** Events are read as far as they are whole, whatever the chunks are in which they came. */
  #readEvents(id: number, reader: Reader, text: string): void {
    const end = text.lastIndexOf("\n\n") + 2;
    reader.left = end < 2 ? text : text.slice(end);
    if (end < 2) return;
    const whole = text.slice(0, end);
    if (reader.cursor === "") {
      const joined = /^data: .*"type":"joined".*"head":(\d+)/m.exec(whole);
      if (joined === null) return;
      reader.cursor = "joined";
      this.#begins(reader, Number(joined[1]));
    }
    this.#take(id, reader, whole);
  }

  #begins(reader: Reader, head: number): void {
    reader.offset = head;
    this.#ready++;
  }

  #take(id: number, reader: Reader, text: string): void {
    for (let at = text.indexOf(ENTRY); at >= 0; at = text.indexOf(ENTRY, at)) {
      at += ENTRY.length;
      const offset = parseInt(text.slice(at, at + 16));
      // What was said before it came.
      if (offset <= reader.offset) continue;
      if (offset !== reader.offset + 1) this.#outOfPlace++;
      reader.offset = offset;
      const timeAt = text.indexOf(BODY, at) + BODY.length;
      this.receivedTotal++;
      this.onDelivery(id, Number(text.slice(timeAt, timeAt + TIME_DIGITS)));
    }
  }
}
