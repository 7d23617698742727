/**
 * Bytes that come in pieces.
 *
 * @module
 */

/** Bytes gathered from pieces. */
export class Gathering {
  #buffer: Uint8Array = new Uint8Array(0);
  /** How many there are. */
  length = 0;

  /**
   * Copies a piece to the end. The buffer doubles, which bounds it by the bytes that came, but
   * stays within `bytesMax` when that will do.
   *
   * @param piece The next bytes.
   * @param bytesMax How many may come in all.
   * @returns All so far; the next call may write over them.
   */
  append(piece: Uint8Array, bytesMax: number): Uint8Array {
    const length = this.length + piece.length;
    if (length > this.#buffer.length) {
      const capacity = Math.max(length, Math.min(2 * this.#buffer.length, bytesMax));
      const grown = new Uint8Array(capacity);
      grown.set(this.#buffer.subarray(0, this.length));
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.length);
    this.length = length;
    return this.#buffer.subarray(0, length);
  }
}
