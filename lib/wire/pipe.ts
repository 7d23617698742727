/**
 * A TCP or TLS connection whose peer may take only so long.
 *
 * @module
 */

const READ_BYTES = 65_536;

/** Bytes, both ways. */
export class Pipe {
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #writing: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLate = false;

  readonly #answerMsMax: number;

  private constructor(conn: Deno.Conn, answerMsMax: number) {
    this.#conn = conn;
    this.#answerMsMax = answerMsMax;
  }

  /**
   * Connects.
   *
   * @param address A `ws:` or `wss:` address.
   * @param answerMsMax How long the peer may take where its time is limited, in ms.
   */
  static async connect(
    { protocol, hostname, port }: URL,
    answerMsMax: number,
  ): Promise<Pipe> {
    const isSecure = protocol === "wss:";
    const address = {
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || (isSecure ? 443 : 80)),
    };
    if (!isSecure) return new Pipe(await Deno.connect(address), answerMsMax);
    const conn = await Deno.connectTls({ ...address, alpnProtocols: ["http/1.1"] });
    try {
      // Otherwise a wrong certificate would be found by the first read.
      await conn.handshake();
    } catch (error) {
      conn.close();
      throw error;
    }
    return new Pipe(conn, answerMsMax);
  }

  /** Whether the peer took too long, and was dropped. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Reads what there is; undefined at the end, however that came. */
  async read(): Promise<Uint8Array | undefined> {
    const read = await this.#conn.read(this.#buffer).catch(() => null);
    return read === null ? undefined : this.#buffer.slice(0, read);
  }

  /** Writes after all that was written before. Whoever is gone is noticed by reading. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#writing = this.#writing.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    }).catch(() => {});
  }

  /** From now on the peer has a limited time, until {@linkcode Pipe.wait}. */
  limit(): void {
    this.wait();
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.drop();
    }, this.#answerMsMax);
  }

  /** The peer may take any time. */
  wait(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the connection at once. */
  drop(): void {
    this.wait();
    try {
      this.#conn.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}
