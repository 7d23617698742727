/**
 * Frames that are encoded once, and written to all who are sent the same text.
 *
 * @module
 */

import { FRAME_SLAB_BYTES, SOCKET_WRITE_BYTES_MAX } from "../limits.ts";
import { encodeFrame, encodeInto, OPCODE } from "../websocket/frame.ts";

/** A frame, or several in a row, within a buffer that nobody writes to again. */
export interface EncodedFrame {
  /** The buffer. */
  readonly slab: Uint8Array<ArrayBuffer>;
  /** Where the frame begins. */
  readonly start: number;
  /** Where it ends, exclusive. */
  readonly end: number;
}

/** The messages of an array, encoded. */
interface Run {
  readonly frames: readonly EncodedFrame[];
  /** Whether they lie one behind the other in one slab. */
  readonly isWhole: boolean;
}

/**
 * Encodes messages into frames, one behind the other in slabs.
 *
 * Who is sent several texts in a row, as others are, gets one piece of a slab: no copy for each reader, and
 * one write. A slab is never used again, for it may still be on its way; it goes when the last
 * who was sent a part of it has got that.
 */
export class SharedFrames {
  #slab = new Uint8Array(0);
  #end = 0;
  #joined: Uint8Array<ArrayBuffer> | undefined;
  /** Bytes of frames that are remembered beside the slab. */
  #largeBytes = 0;
  /** The texts in the slab, and large ones since it was begun. */
  readonly #known = new Map<string, EncodedFrame>();
  readonly #runs = new WeakMap<readonly string[], Run>();

  /**
   * Gives the frame of a message.
   *
   * @param message A text message, or the bytes of a binary one, which are copied.
   */
  encode(message: string | Uint8Array): EncodedFrame {
    if (typeof message !== "string") return this.#append(OPCODE.Binary, message);
    const known = this.#known.get(message);
    if (known !== undefined) return known;
    const frame = this.#append(OPCODE.Text, message);
    if (frame.slab !== this.#slab) this.#largeBytes += frame.end;
    if (this.#largeBytes > FRAME_SLAB_BYTES) this.#forget();
    this.#known.set(message, frame);
    return frame;
  }

  /**
   * Gives the frames of several messages, those that lie one behind the other as one piece.
   *
   * @param texts An array that is never changed, and encoded once.
   * @param from The first one.
   * @param to Where to end, exclusive.
   */
  encodeAll(texts: readonly string[], from: number, to: number): readonly EncodedFrame[] {
    let run = this.#runs.get(texts);
    if (run === undefined) {
      const frames = texts.map((text) => this.#append(OPCODE.Text, text));
      const isWhole = frames.every(({ slab, start }, index) => {
        const before = frames[index - 1];
        return before === undefined || slab === before.slab && start === before.end;
      });
      this.#runs.set(texts, run = { frames, isWhole });
    }
    const { frames, isWhole } = run;
    if (!isWhole) return frames.slice(from, to);
    const { slab, start } = frames[from]!;
    return [{ slab, start, end: frames[to - 1]!.end }];
  }

  /**
   * Makes one piece of several, in a buffer that the next ones are made in too: see
   * {@linkcode SharedFrames.keepJoined}.
   *
   * @param pieces In their order, together at most {@linkcode SOCKET_WRITE_BYTES_MAX} bytes.
   */
  join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    this.#joined ??= new Uint8Array(SOCKET_WRITE_BYTES_MAX);
    let end = 0;
    for (const piece of pieces) {
      this.#joined.set(piece, end);
      end += piece.length;
    }
    return this.#joined.subarray(0, end);
  }

  /** What was joined last is still on its way: it stays as it is. */
  keepJoined(): void {
    this.#joined = undefined;
  }

  #append(opcode: number, payload: string | Uint8Array): EncodedFrame {
    // A large one would leave much of a slab empty.
    if (payload.length > FRAME_SLAB_BYTES / 4) {
      return whole(encodeFrame({ opcode, payload }));
    }
    const start = this.#end;
    const written = encodeInto({ opcode, payload }, this.#slab, start);
    if (written === 0) {
      this.#begin();
      return this.#append(opcode, payload);
    }
    this.#end += written;
    return { slab: this.#slab, start, end: this.#end };
  }

  #begin(): void {
    this.#slab = new Uint8Array(FRAME_SLAB_BYTES);
    this.#end = 0;
    this.#forget();
  }

  #forget(): void {
    this.#known.clear();
    this.#largeBytes = 0;
  }
}

/**
 * Bytes that are a frame by themselves.
 *
 * @param bytes The frame, or whatever is to be sent as it is.
 */
export function whole(bytes: Uint8Array<ArrayBuffer>): EncodedFrame {
  return { slab: bytes, start: 0, end: bytes.length };
}

/**
 * Makes one of several.
 *
 * @param pieces In their order.
 */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
