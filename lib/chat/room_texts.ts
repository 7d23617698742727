/**
 * What the entries of a room look like on the wire: encoded once for all who read it.
 *
 * @module
 */

import { FRAME_CHARS_MAX, FRAME_ENTRIES_MAX } from "../limits.ts";
import type { Channel, Entry } from "../log/log.ts";
import { encodeEntry } from "../protocol/event.ts";
import { encodePlainMessage } from "../protocol/plain.ts";

/** An entry as its readers are told of it. */
export interface EncodedEntry {
  /** Which event. */
  readonly type: "message" | "deletion";
  /** Its place. */
  readonly offset: number;
  /** The event as JSON. */
  readonly json: string;
}

/** Some entries of a room, encoded once for all readers at the same position. */
export interface Frame {
  /** The channel's name as shown. */
  readonly room: string;
  /** The entries, at least one. */
  readonly entries: readonly EncodedEntry[];
  /** The entries as a JSON array. */
  readonly text: string;
  /** The offset of the last entry. */
  readonly to: number;
}

/** Some entries of a room as plain readers get them, encoded once for all at the same position. */
export interface PlainRun {
  /** Those that are messages to them, as JSON. */
  readonly texts: readonly string[];
  /** The offset of each. */
  readonly offsets: readonly number[];
  /** The characters of each and all before it. */
  readonly chars: readonly number[];
  /** Which of them are an author's own, in their order. */
  readonly own: ReadonlyMap<string, readonly number[]>;
  /** The offset of the last entry. */
  readonly to: number;
}

/** The texts of one room, kept while readers are moved. */
export class RoomTexts {
  readonly #name: string;
  readonly #channel: Channel;
  readonly #plain = new Map<number, Encoded>();
  readonly #rich = new Map<number, Encoded>();
  /** Frames from an offset to the head, or as far as a frame goes. */
  readonly #frames = new Map<number, Frame>();
  readonly #runs = new Map<number, PlainRun>();
  #sharedHead = 0;

  /**
   * Remembers nothing yet.
   *
   * @param name The room's name as shown.
   * @param channel The log's channel.
   */
  constructor(name: string, channel: Channel) {
    this.#name = name;
    this.#channel = channel;
  }

  /**
   * The next frame of a rich reader, shared by all that stand at the same offset.
   *
   * @param after The reader's offset, below the head.
   * @returns The frame, or `undefined` where its entries must be read from the store.
   */
  richFrame(after: number): Frame | undefined {
    return this.#share(
      this.#frames,
      after,
      (entries) =>
        this.#join(
          entries,
          (entry) => encodedOnce(this.#rich, entry, (entry) => this.#richText(entry)),
        ),
    );
  }

  /**
   * The next run of a plain reader, shared likewise.
   *
   * @param after The reader's offset, below the head.
   * @returns The run, or `undefined` where its entries must be read from the store.
   */
  plainRun(after: number): PlainRun | undefined {
    return this.#share(
      this.#runs,
      after,
      (entries) => collect(entries, (entry) => encodedOnce(this.#plain, entry, plainText)),
    );
  }

  #share<T>(
    known: Map<number, T>,
    after: number,
    encode: (entries: readonly Entry[]) => T,
  ): T | undefined {
    const { head } = this.#channel;
    // They end at a head that has moved, or hold a body that is gone: a deletion moves the head too.
    if (head !== this.#sharedHead) {
      this.#frames.clear();
      this.#runs.clear();
    }
    this.#sharedHead = head;
    const shared = known.get(after);
    if (shared !== undefined) return shared;
    const entries = this.#channel.recent(after, FRAME_ENTRIES_MAX);
    if (entries === undefined || entries.length === 0) return undefined;
    const made = encode(entries);
    known.set(after, made);
    return made;
  }

  /**
   * A frame of entries that come from the store for one reader, and are not remembered.
   *
   * @param entries At least one; the frame may end before the last.
   */
  encodeFrame(entries: readonly Entry[]): Frame {
    return this.#join(entries, (entry) => this.#richText(entry));
  }

  /**
   * The same for a plain reader.
   *
   * @param entries At least one; the run may end before the last.
   */
  encodeRun(entries: readonly Entry[]): PlainRun {
    return collect(entries, plainText);
  }

  #join(entries: readonly Entry[], encode: (entry: Entry) => string): Frame {
    const encoded: EncodedEntry[] = [];
    let chars = 0;
    for (const entry of entries) {
      const json = encode(entry);
      if (encoded.length > 0 && chars + json.length > FRAME_CHARS_MAX) break;
      encoded.push({ type: entry.kind, offset: entry.offset, json });
      chars += json.length + 1;
    }
    const text = `[${encoded.map(({ json }) => json).join(",")}]`;
    return { room: this.#name, entries: encoded, text, to: encoded.at(-1)!.offset };
  }

  #richText(entry: Entry): string {
    return encodeEntry(this.#name, entry);
  }

  /** Forgets what was encoded: everybody has it. */
  forget(): void {
    this.#frames.clear();
    this.#runs.clear();
    this.#plain.clear();
    this.#rich.clear();
  }
}

/** The text of an entry, which is another one's when a deletion has put that in its place. */
interface Encoded {
  readonly entry: Entry;
  readonly text: string;
}

function encodedOnce(
  known: Map<number, Encoded>,
  entry: Entry,
  encode: (entry: Entry) => string,
): string {
  const encoded = known.get(entry.offset);
  if (encoded?.entry === entry) return encoded.text;
  const text = encode(entry);
  known.set(entry.offset, { entry, text });
  return text;
}

function plainText({ sender, body }: Entry): string {
  return encodePlainMessage(sender, body);
}

function collect(entries: readonly Entry[], encode: (entry: Entry) => string): PlainRun {
  const texts: string[] = [], offsets: number[] = [], chars: number[] = [];
  const own = new Map<string, number[]>();
  let sum = 0, to = 0;
  for (const entry of entries) {
    const { kind, deleted, offset, author } = entry;
    if (kind === "message" && !deleted) {
      const text = encode(entry);
      if (texts.length > 0 && sum + text.length > FRAME_CHARS_MAX) break;
      const ofAuthor = own.get(author);
      if (ofAuthor === undefined) own.set(author, [texts.length]);
      else ofAuthor.push(texts.length);
      texts.push(text);
      offsets.push(offset);
      chars.push(sum += text.length);
    }
    to = offset;
  }
  return { texts, offsets, chars, own, to };
}
