/**
 * What the tests of streams and polls share: a key, a request, and who reads a stream.
 *
 * @module
 */

import type { TestApp } from "../support/app.ts";
import { parseStreamedEvent, type StreamedEvent } from "../support/test_clients.ts";

/** The header of a user's key. */
export const KEY = { Authorization: `Bearer ${"k".repeat(22)}` };

/** That of another's. */
export const OTHER_KEY = { Authorization: `Bearer ${"o".repeat(22)}` };

/** Reads a stream as far as there is something. */
export class StreamReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";
  #read: Promise<void> | undefined;
  isEnded = false;

  constructor(response: Response) {
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The text that came since the last call. */
  async text(): Promise<string> {
    // A stream says nothing of its own accord: what is there comes within some turns.
    for (let turn = 0; turn < 50; turn++) {
      this.#read ??= this.#reader.read().then(({ value, done }) => {
        this.isEnded ||= done;
        this.#text += value ?? "";
        this.#read = undefined;
      });
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const text = this.#text;
    this.#text = "";
    return text;
  }

  async events(): Promise<StreamedEvent[]> {
    const blocks = (await this.text()).split("\n\n");
    return blocks.filter((block) => block.startsWith("event:")).map(parseStreamedEvent);
  }

  /** The client goes. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** Starts a request that is answered once the chat has settled. */
/** Starts a request that is answered once the chat has settled. */
export async function ask(
  { request, testChat }: TestApp,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  const response = await request(path, init);
  await testChat.clock.advance(0);
  return response;
}
