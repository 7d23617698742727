/**
 * HTTP over plain TCP: any bytes go out, and what comes back is taken apart only so far as tests need it.
 *
 * @module
 */

import { within } from "./deadline.ts";

/** An answer. */
export interface RawAnswer {
  /** The status; 0: the connection ended without an answer. */
  readonly status: number;
  /** The lines of the head. */
  readonly head: string;
  /** What came after it. */
  readonly body: string;
}

const encoder = new TextEncoder();

/** A connection on which HTTP is spoken by hand. */
export class RawHttp implements Disposable {
  readonly #conn: Deno.TcpConn;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Connects without saying anything. */
  static async connect(port: number): Promise<RawHttp> {
    return new RawHttp(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /**
   * Writes, as far as the server takes it.
   *
   * @returns Whether it took everything.
   */
  async write(data: string | Uint8Array): Promise<boolean> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
      return true;
    } catch (error) {
      if (!isGone(error)) throw error;
      return false;
    }
  }

  /** Reads once; `undefined`: the connection has ended. */
  async read(): Promise<string | undefined> {
    const buffer = new Uint8Array(65_536);
    try {
      const read = await within(this.#conn.read(buffer), "an answer");
      return read === null ? undefined : new TextDecoder().decode(buffer.subarray(0, read));
    } catch (error) {
      if (!isGone(error)) throw error;
      return undefined;
    }
  }

  /** Reads until the connection ends. */
  async answer(): Promise<RawAnswer> {
    let text = "", part: string | undefined;
    while ((part = await this.read()) !== undefined) text += part;
    const [head = "", ...rest] = text.split("\r\n\r\n");
    return {
      status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
      head,
      body: rest.join("\r\n\r\n"),
    };
  }

  /** Reads the status of the next answer; 0: the connection ended without one. */
  async status(): Promise<number> {
    const text = await this.read() ?? "";
    return Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

/**
 * Sends one request, and reads all that comes for it.
 *
 * @param port Where to.
 * @param line The request's line without its version, as `GET /`.
 * @param headers Lines of its head, beside `Host` and `Connection: close`.
 * @param body What follows the head.
 */
export async function ask(
  port: number,
  line: string,
  headers: readonly string[] = [],
  body: string | Uint8Array = "",
): Promise<RawAnswer> {
  using http = await RawHttp.connect(port);
  await http.write(head(line, [`Host: 127.0.0.1:${port}`, "Connection: close", ...headers]));
  await http.write(body);
  return await http.answer();
}

/** The head of a request. */
export function head(line: string, headers: readonly string[]): string {
  return `${line} HTTP/1.1\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`;
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}
