/**
 * A client of server-sent events over a real connection, which reads only when it is asked to.
 *
 * @module
 */

import { within } from "./deadline.ts";
import { parseStreamedEvent, type StreamedEvent } from "./test_clients.ts";

/** An open stream. */
export class EventStreamClient implements Disposable {
  /** The head of the answer. */
  readonly response: Response;
  readonly #abort: AbortController;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Opens a stream, or reads why not: then its status is not 200.
   *
   * @param base The server's address.
   * @param path Path and query.
   * @param headers Headers of the request.
   */
  static async open(
    base: string,
    path: string,
    headers: HeadersInit = {},
  ): Promise<EventStreamClient> {
    const abort = new AbortController();
    const { signal } = abort;
    const response = await within(fetch(new URL(path, base), { headers, signal }), `${path} opens`);
    return new EventStreamClient(response, abort);
  }

  /** The next event; `undefined` where the stream has ended, whole or broken. An event cut short is none. */
  next(): Promise<StreamedEvent | undefined> {
    return within(this.#next(), "an event");
  }

  async #next(): Promise<StreamedEvent | undefined> {
    while (true) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) {
        const chunk = await within(
          this.#reader.read().catch(() => undefined),
          "a part of a stream",
        );
        if (chunk?.value === undefined) return undefined;
        this.#text += chunk.value;
        continue;
      }
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      if (block !== ":") return parseStreamedEvent(block);
    }
  }

  /** The next event of a type; those before it are passed over. */
  // deno-lint-ignore no-explicit-any
  async nextOf(type: string): Promise<any> {
    while (true) {
      const event = await this.next();
      if (event === undefined) throw new Error(`The stream ended without ${type}`);
      if (event.type === type) return event.data;
    }
  }

  /** The client goes, wherever it is in the stream. */
  [Symbol.dispose](): void {
    this.#abort.abort();
    this.#reader.cancel().catch(() => {});
  }
}
