/**
 * A port on which nobody listens.
 *
 * @module
 */

/** A port of the loopback address that refuses whoever connects, and is nobody else's until it is given back. */
export class ClosedPort implements Disposable {
  /** Its number. */
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #conn: Deno.TcpConn;

  private constructor(listener: Deno.TcpListener, conn: Deno.TcpConn) {
    this.#listener = listener;
    this.#conn = conn;
    // The near end of a connection has a port of its own, to which nobody can connect.
    this.port = conn.localAddr.port;
  }

  /** Takes one. */
  static async open(): Promise<ClosedPort> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    return new ClosedPort(listener, await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Gives it back. */
  [Symbol.dispose](): void {
    this.#conn.close();
    this.#listener.close();
  }
}
