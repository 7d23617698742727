/**
 * What goes to clients and comes from them, in plain numbers that are read when somebody asks.
 *
 * @module
 */

/** The traffic of one transport since the start. */
export class Traffic {
  /** Messages to clients: frames of sockets, chunks of server-sent events, answers to polls. */
  framesSent = 0;
  /** Their bytes, with the headers of frames. */
  bytesSent = 0;
  /** Messages of clients on sockets. */
  framesReceived = 0;
  /** Bytes of what came on sockets, as far as the transport sees them: `serve`, whole messages. */
  bytesReceived = 0;
  readonly #closes = new Map<number, number>();

  /** How often each close code was the server's word; its own codes, of which there are few. */
  get closes(): ReadonlyMap<number, number> {
    return this.#closes;
  }

  /** A message, or several, of so many bytes go out. */
  sent(bytes: number, frames = 1): void {
    this.framesSent += frames;
    this.bytesSent += bytes;
  }

  /** A connection is closed by the server. */
  closed(code: number): void {
    this.#closes.set(code, (this.#closes.get(code) ?? 0) + 1);
  }
}
