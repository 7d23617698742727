/**
 * What one socket has still to be sent.
 *
 * @module
 */

import type { Socket } from "node:net";
import { SOCKET_WRITE_BYTES_MAX } from "../limits.ts";
import type { EncodedFrame, SharedFrames } from "./shared_frames.ts";

const NOTHING = new Uint8Array(0);
/** Most sockets have nothing waiting most of the time, and need no list for it. */
const NO_PIECES: readonly Uint8Array<ArrayBuffer>[] = [];

/**
 * Gathers frames, and writes them at once.
 *
 * Frames that lie one behind the other are one piece. A socket that does not take everything is given a
 * bounded part at a time, so that one can see whether its peer reads on.
 */
export class SendQueue {
  readonly #socket: Socket;
  readonly #frames: SharedFrames;
  readonly #onDrained: (socket: Socket) => void;
  #pieces: readonly Uint8Array<ArrayBuffer>[] = NO_PIECES;
  /** The bytes of the pieces and of the last run. */
  #bytes = 0;
  // The last run of frames.
  #slab: Uint8Array<ArrayBuffer> = NOTHING;
  #start = 0;
  #end = 0;
  #isBlocked = false;

  /**
   * Creates one with nothing to send.
   *
   * @param socket Where it goes.
   * @param frames Where small pieces are joined.
   * @param onDrained Told, a function of all, when a socket that did not take everything has.
   */
  constructor(socket: Socket, frames: SharedFrames, onDrained: (socket: Socket) => void) {
    this.#socket = socket;
    this.#frames = frames;
    this.#onDrained = onDrained;
  }

  /** Bytes that have not left the process. */
  get unsentBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** Whether nothing waits here; the socket may still have something. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Adds a frame behind the others. */
  add({ slab, start, end }: EncodedFrame): void {
    if (slab === this.#slab && start === this.#end) {
      this.#end = end;
    } else {
      this.#endRun();
      this.#slab = slab;
      this.#start = start;
      this.#end = end;
    }
    this.#bytes += end - start;
  }

  /** Writes what the socket takes. */
  flush(): void {
    while (this.#bytes > 0 && !this.#isBlocked) {
      const piece = this.#take();
      this.#bytes -= piece.length;
      this.#socket.write(piece);
      if (this.#socket.writableLength === 0) continue; // the system has copied all of it
      this.#frames.keepJoined();
      this.#block();
    }
  }

  #block(): void {
    this.#isBlocked = true;
    this.#socket.write(NOTHING, () => {
      this.#isBlocked = false;
      this.#onDrained(this.#socket);
    });
  }

  #endRun(): void {
    if (this.#start === this.#end) return;
    if (this.#pieces === NO_PIECES) this.#pieces = [];
    (this.#pieces as Uint8Array[]).push(this.#slab.subarray(this.#start, this.#end));
    this.#slab = NOTHING;
    this.#start = this.#end = 0;
  }

  /** What is to be written next: one piece as it is, or several small ones joined. */
  #take(): Uint8Array<ArrayBuffer> {
    if (this.#pieces.length === 0) return this.#takeRun();
    this.#endRun();
    let count = 0, bytes = 0;
    for (const { length } of this.#pieces) {
      if (count > 0 && bytes + length > SOCKET_WRITE_BYTES_MAX) break;
      count++;
      bytes += length;
    }
    const [first, ...others] = this.#pieces.slice(0, count);
    const isLong = bytes > SOCKET_WRITE_BYTES_MAX;
    const rest = this.#pieces.slice(count);
    if (isLong) rest.unshift(first!.subarray(SOCKET_WRITE_BYTES_MAX));
    this.#pieces = rest.length === 0 ? NO_PIECES : rest;
    if (isLong) return first!.subarray(0, SOCKET_WRITE_BYTES_MAX);
    return others.length === 0 ? first! : this.#frames.join([first!, ...others]);
  }

  #takeRun(): Uint8Array<ArrayBuffer> {
    const start = this.#start;
    this.#start = Math.min(this.#end, start + SOCKET_WRITE_BYTES_MAX);
    const piece = this.#slab.subarray(start, this.#start);
    if (this.#start === this.#end) {
      // Otherwise a socket that is silent from now on would keep it.
      this.#slab = NOTHING;
      this.#start = this.#end = 0;
    }
    return piece;
  }
}
