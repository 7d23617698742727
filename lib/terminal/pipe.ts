/**
 * Sends the lines of a file or program, and ends when all of them are stored.
 *
 * @module
 */

import type { Natter, NatterError, StateChange } from "../../static/natter.js";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { harmless } from "./format.ts";
import { explainClose } from "./refusals.ts";

/** How long a server may be out of reach. */
const AWAY_MS_MAX = 20_000;
/** Longer lines are refused without being kept; no server takes as much. */
const LINE_CHARS_MAX = 524_288;

/** Sends lines as messages, in order. */
export class LineSender {
  readonly #client: Natter;
  readonly #complain: (line: string) => void;
  readonly #awayMsMax: number;
  readonly #given = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<void>();
  #isGood = true;
  #reason = "it does not answer";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Watches over a client.
   *
   * @param client Connects, or is connected; it is closed at the end.
   * @param complain Takes what went wrong, a line each.
   * @param awayMsMax How long the server may be out of reach, in ms.
   */
  constructor(client: Natter, complain: (line: string) => void, awayMsMax = AWAY_MS_MAX) {
    this.#client = client;
    this.#complain = complain;
    this.#awayMsMax = awayMsMax;
    this.#wait();
    client.addEventListener("state", ({ detail }) => this.#changed(detail));
    client.addEventListener("closed", ({ detail: { code, reason } }) => {
      if (code !== CLOSE_CODE.Normal) this.#giveUp(explainClose(code, reason));
    });
  }

  /**
   * Sends every line but empty ones.
   *
   * @param input Text in UTF-8.
   * @returns Whether all were stored.
   */
  async send(input: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<boolean> {
    let number = 0;
    for await (const line of readLines(input, this.#given.signal)) {
      number++;
      if (line === undefined) this.#fail(`Line ${number} was not sent: it is too long`);
      // One at a time: none overtakes one that the server's rate held up.
      if (line) await this.#sendLine(line, number);
    }
    // Who had nothing to say still learns whether it could have been said.
    await Promise.race([this.#opened.promise, this.#over.promise]);
    clearTimeout(this.#timer);
    this.#client.close();
    return this.#isGood;
  }

  async #sendLine(line: string, number: number): Promise<void> {
    try {
      await this.#client.send(line);
    } catch (error) {
      const { message } = error as NatterError;
      if (!this.#given.signal.aborted) this.#fail(`Line ${number} was not sent: ${message}`);
    }
  }

  #fail(complaint: string): void {
    this.#isGood = false;
    this.#complain(harmless(complaint));
  }

  /** Once it is over, nothing else is said of the lines that were under way. */
  #giveUp(why: string): void {
    clearTimeout(this.#timer);
    this.#fail(why);
    this.#given.abort();
    this.#over.resolve();
  }

  #changed({ state, reason }: StateChange): void {
    if (reason) this.#reason = reason;
    if (state === "open") {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#opened.resolve();
    } else if (state !== "closed") this.#wait();
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => {
      this.#giveUp(`There is no connection to the server: ${this.#reason}`);
      this.#client.close();
    }, this.#awayMsMax);
  }
}

/** Reads lines; `undefined` is one that is too long. */
async function* readLines(
  input: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): AsyncGenerator<string | undefined> {
  let rest = "", isSkipping = false;
  const reader = input.pipeThrough(new TextDecoderStream()).getReader();
  signal.addEventListener("abort", () => reader.cancel());
  while (true) {
    const { value, done } = await reader.read();
    const parts = (rest + (value ?? "")).split("\n");
    rest = parts.pop()!;
    for (const part of parts) {
      yield isSkipping || part.length > LINE_CHARS_MAX ? undefined : part.replace(/\r$/, "");
      isSkipping = false;
    }
    if (rest.length > LINE_CHARS_MAX) {
      isSkipping = true;
      rest = "";
    }
    if (done) break;
  }
  if (isSkipping) yield undefined;
  else if (rest !== "") yield rest;
}
