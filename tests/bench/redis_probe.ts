/**
 * What Redis itself counts, asked over a raw socket between two messages of the generator.
 *
 * @module
 */

import { connectTo, Poller, receiveNow, sendNow } from "./libc.ts";
import { parseCounts, type RedisCounts } from "./redis_counts.ts";

/** How long it may take to answer. */
const ANSWER_MS = 3_000;
/** Most bytes of an answer. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** A connection to Redis that lives as long as the process, on which the generator waits for each answer. */
export class RedisProbe {
  readonly #descriptor: number;
  readonly #poller = new Poller();

  /**
   * Connects.
   *
   * @param port Where Redis listens on this machine.
   */
  constructor(port: number) {
    this.#descriptor = connectTo(port);
    this.#poller.add(this.#descriptor, 0);
  }

  /**
   * Asks for the counts.
   *
   * @throws {Error} If they do not come.
   */
  counts(): RedisCounts {
    sendNow(this.#descriptor, new TextEncoder().encode("INFO all\r\n"));
    const bytes = new Uint8Array(ANSWER_BYTES_MAX);
    const decoder = new TextDecoder("latin1");
    const deadline = performance.now() + ANSWER_MS;
    let text = "";
    while (performance.now() < deadline) {
      this.#poller.wait(10, () => {
        text += decoder.decode(bytes.subarray(0, receiveNow(this.#descriptor, bytes)));
      });
      // A text of so many bytes, and the end of a line (RESP's bulk string).
      const head = /^\$(\d+)\r\n/.exec(text);
      if (head !== null && text.length === head[0].length + Number(head[1]) + 2) {
        return parseCounts(text);
      }
    }
    throw new Error("Redis did not tell what it had done");
  }
}
