/**
 * A WebSocket client that shows all that it sends and gets.
 *
 * @module
 */

import { harmless } from "../terminal/format.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { createMask, encodeCloseFrame, encodeFrame, OPCODE } from "../websocket/frame.ts";
import {
  checkHandshakeResponse,
  encodeHandshakeRequest,
  parseResponseHead,
  type ResponseHead,
} from "../websocket/handshake.ts";
import type { Target } from "./arguments.ts";
import { concatenated } from "./bytes.ts";
import { explainFrame, titleOf } from "./explain.ts";
import { FrameReader, type SeenFrame } from "./frame_reader.ts";
import { explainKey, hideSecrets, showHead } from "./handshake_steps.ts";
import type { Ink } from "./ink.ts";
import { describeCloseCode } from "./meanings.ts";
import { Pipe } from "./pipe.ts";

const ANSWER_MS_MAX = 5000;

/** What an inspector is made of. */
export interface InspectorOptions {
  /** Where to connect. */
  readonly target: Target;
  /** The Sec-WebSocket-Key to send. */
  readonly key: string;
  /** Takes what is to be shown; it is harmless. */
  readonly print: (lines: readonly string[]) => void;
  /** Marks it. */
  readonly ink: Ink;
  /** How long the server may take to answer a handshake or a close, and then to end TCP. */
  readonly answerMsMax?: number;
}

/** Why an inspection failed, in one line. */
export class WireError extends Error {}

/** One connection, watched. */
export class Inspector {
  readonly #pipe: Pipe;
  readonly #options: InspectorOptions;
  readonly #incoming = new FrameReader("server");
  readonly #outgoing = new FrameReader("client");
  readonly #count = { sent: 0, received: 0 };
  #isClosing = false;
  #failure: string | undefined;

  private constructor(pipe: Pipe, options: InspectorOptions) {
    this.#pipe = pipe;
    this.#options = options;
  }

  /**
   * Connects.
   *
   * @param options Where, and how to show it.
   * @throws {WireError} If nobody is there.
   */
  static async connect(options: InspectorOptions): Promise<Inspector> {
    const { target: { url }, answerMsMax = ANSWER_MS_MAX } = options;
    try {
      return new Inspector(await Pipe.connect(url, answerMsMax), options);
    } catch (error) {
      throw new WireError(`Cannot connect to ${url.host}: ${messageOf(error)}`);
    }
  }

  /**
   * Makes the handshake, and shows the frames of both sides until the connection is over.
   *
   * @param opened Called when lines can be sent.
   * @throws {WireError} If the handshake is refused, the protocol broken or the connection lost, or
   * if the server closes for a cause.
   */
  async run(opened: () => void): Promise<void> {
    try {
      const behindHead = await this.#shakeHands();
      opened();
      const { print, ink } = this.#options;
      // Said when it is true: who reads it may type, or end it.
      print([ink.good("✓ The accept value is right: from here on there are frames."), ""]);
      let bytes: Uint8Array | undefined = behindHead;
      for (; bytes !== undefined; bytes = await this.#pipe.read()) {
        for (const frame of this.#incoming.read(bytes)) {
          this.#show("received", frame);
          if (!await this.#answer(frame)) continue;
          await this.#awaitEnd();
          if (this.#failure === undefined) return;
          throw new WireError(this.#failure);
        }
      }
      throw new WireError(this.#describeLoss());
    } finally {
      this.drop();
    }
  }

  /**
   * Sends a text, masked.
   *
   * @param text Any; nothing is sent any more once a close frame was.
   */
  async sendText(text: string): Promise<void> {
    if (this.#isClosing) return;
    await this.#send(encodeFrame({ opcode: OPCODE.Text, payload: text, mask: createMask() }));
  }

  /**
   * Begins the closing handshake; {@linkcode Inspector.run} ends with it.
   *
   * @param code The close code; without one the frame is empty.
   * @param reason Why, for a person.
   */
  async close(code?: number, reason?: string): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#pipe.limit();
    await this.#send(encodeCloseFrame(code, reason, createMask()));
  }

  /** Ends the connection at once. */
  drop(): void {
    this.#pipe.drop();
  }

  /** Returns what has come behind the head of the answer. */
  async #shakeHands(): Promise<Uint8Array> {
    const { target: { url, subprotocols, secret }, key, print, ink } = this.#options;
    const request = encodeHandshakeRequest({
      path: url.pathname + url.search,
      host: url.host,
      key,
      subprotocols,
      ...(secret === undefined ? {} : { headers: { Authorization: `Bearer ${secret}` } }),
    });
    print([...showHead(request, "→", ink), "", ...await explainKey(key, ink), ""]);
    this.#pipe.limit();
    await this.#pipe.write(request);
    const [head, bytes] = await this.#readHead();
    this.#pipe.wait();
    print([...showHead(bytes.subarray(0, head.headBytes), "←", ink), ""]);
    const behindHead = bytes.subarray(head.headBytes);
    const fault = await checkHandshakeResponse(head, key, subprotocols);
    if (fault !== undefined) {
      const body = new TextDecoder().decode(behindHead).trim();
      if (body !== "") print([...body.split("\n").map((line) => `  ${harmless(line)}`), ""]);
      throw handshakeError(fault);
    }
    return behindHead;
  }

  async #readHead(): Promise<[ResponseHead, Uint8Array]> {
    let bytes: Uint8Array = new Uint8Array(0);
    while (true) {
      const next = await this.#pipe.read();
      if (next === undefined) {
        const isLate = this.#pipe.isLate;
        throw handshakeError(`the server ${isLate ? "does not answer" : "ended the connection"}`);
      }
      bytes = concatenated(bytes, next);
      try {
        const head = parseResponseHead(bytes);
        if (head !== undefined) return [head, bytes];
      } catch (error) {
        throw handshakeError(messageOf(error));
      }
    }
  }

  /** Does what a client must; returns whether this was the last frame. */
  async #answer({ outcome, fault }: SeenFrame): Promise<boolean> {
    if (fault) {
      const { closeCode, message } = fault;
      this.#failure = `The server broke the protocol: ${message} (${closeCode})`;
      await this.close(closeCode, message);
      return true;
    }
    if (outcome?.type === "ping" && !this.#isClosing) {
      const { bytes: payload } = outcome;
      await this.#send(encodeFrame({ opcode: OPCODE.Pong, payload, mask: createMask() }));
    }
    if (outcome?.type !== "close") return false;
    const { code, reason } = outcome;
    const isGood = code === CLOSE_CODE.Normal || code === CLOSE_CODE.GoingAway ||
      code === CLOSE_CODE.NoStatus;
    if (!isGood && !this.#isClosing) {
      const words = reason === "" ? describeCloseCode(code) : harmless(reason);
      this.#failure = `The server closed with ${code}: ${words}`;
    }
    await this.close(code === CLOSE_CODE.NoStatus ? undefined : code);
    return true;
  }

  /** RFC 6455 §7.1.1: the server ends TCP first. */
  async #awaitEnd(): Promise<void> {
    this.#pipe.limit();
    while (await this.#pipe.read() !== undefined);
    const { print, ink } = this.#options;
    print([
      this.#pipe.isLate
        ? ink.bad("✗ The server does not end the TCP connection.")
        : ink.good("✓ The server has ended the TCP connection."),
    ]);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (const frame of this.#outgoing.read(bytes)) this.#show("sent", frame);
    await this.#pipe.write(bytes);
  }

  #show(way: "sent" | "received", frame: SeenFrame): void {
    const { print, ink } = this.#options;
    const arrow = way === "sent" ? "→" : "←";
    const title = `${arrow} Frame ${++this.#count[way]} ${way}: ${titleOf(frame)}`;
    print([ink[way](title), ...explainFrame(frame, ink), ""]);
  }

  #describeLoss(): string {
    if (this.#pipe.isLate) return "The server did not answer the close";
    const isCut = this.#incoming.restBytes > 0;
    const where = isCut ? "in the middle of a frame" : "without a close frame";
    return `The connection ended ${where} (${CLOSE_CODE.Abnormal})`;
  }
}

function handshakeError(cause: string): WireError {
  return new WireError(`The handshake failed: ${harmless(hideSecrets(cause))}`);
}

function messageOf(error: unknown): string {
  return harmless(error instanceof Error ? error.message : String(error));
}
