/**
 * Walks the headers of WebSocket frames in received bytes without touching their payloads: the hot
 * path of the load generator, which must count millions of frames a second.
 *
 * @module
 */

/** Bytes of the longest frame that is taken; a server of this benchmark sends far less at once. */
export const FRAME_BYTES_MAX = 1024 * 1024;

/**
 * Told of each complete frame.
 *
 * @param first The first octet of the header: FIN, reserved bits and opcode.
 * @param start Where the payload begins.
 * @param end Where the payload ends, exclusive.
 */
export type OnFrame = (first: number, start: number, end: number) => void;

/**
 * Walks the complete frames of a server in a piece of received bytes (RFC 6455 section 5.2).
 *
 * @param bytes The buffer.
 * @param from Where the first header begins.
 * @param to Where the received bytes end, exclusive.
 * @param onFrame Called for each complete frame, in order.
 * @returns Where the first incomplete frame begins; `to` if there is none. The caller keeps what is
 * from there on and puts it before what it receives next.
 * @throws {RangeError} If a frame is masked, which a server must not do (§5.1), or is too large.
 */
export function walkFrames(bytes: Uint8Array, from: number, to: number, onFrame: OnFrame): number {
  let at = from;
  while (to - at >= 2) {
    let length = bytes[at + 1]!;
    let start = at + 2;
    if (length > 125) {
      if (length > 127) throw new RangeError("Cannot walk frames: a server's frame is masked");
      start = at + (length === 126 ? 4 : 10);
      if (start > to) return at;
      length = length === 126
        ? bytes[at + 2]! << 8 | bytes[at + 3]!
        : bytes.subarray(at + 2, at + 10).reduce((sum, octet) => sum * 256 + octet, 0);
    }
    const end = start + length;
    if (end - at > FRAME_BYTES_MAX) {
      throw new RangeError(`Cannot walk frames: a frame has ${length} bytes`);
    }
    if (end > to) return at;
    onFrame(bytes[at]!, start, end);
    at = end;
  }
  return at;
}
