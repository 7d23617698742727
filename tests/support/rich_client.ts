/**
 * The rich protocol over the standard client.
 *
 * @module
 */

import { Client, type Closed } from "./client.ts";
import { described } from "./described.ts";

/** A client of the rich protocol. */
export class RichClient implements AsyncDisposable {
  readonly #events: Record<string, unknown>[] = [];
  private constructor(readonly client: Client) {}

  /**
   * Connects, and waits until the socket is open.
   *
   * @param url The server's address.
   * @param path Path and query.
   * @param credential A key or token; without one, nobody in particular.
   */
  static async open(url: string, path: string, credential?: string): Promise<RichClient> {
    const auth = credential === undefined ? [] : [`natter.auth.${credential}`];
    return new RichClient(await Client.open(url, path, ["natter.v1", ...auth]));
  }

  /** How it ends. */
  get closed(): Promise<Closed> {
    return this.client.closed;
  }

  /** Sends a command. */
  send(command: Record<string, unknown>): void {
    this.client.send(JSON.stringify(command));
  }

  /** The next event, of a type or of any; others before it are passed over. */
  // deno-lint-ignore no-explicit-any
  async next(...types: readonly string[]): Promise<any> {
    while (true) {
      const event = this.#events.shift();
      if (event === undefined) {
        const frame: Record<string, unknown>[] = JSON.parse(await this.client.next() as string);
        this.#events.push(...frame.map((event) => described(event)));
      } else if (types.length === 0 || types.includes(event["type"] as string)) return event;
    }
  }

  /** Waits until it is in a room; before that only a few commands are heard. */
  async joined(room: string): Promise<void> {
    while ((await this.next("joined")).room !== room);
  }

  /** Says something, and waits until it is stored. */
  // deno-lint-ignore no-explicit-any
  async say(room: string, body: string): Promise<any> {
    const ref = crypto.randomUUID();
    this.send({ type: "message", room, body, ref });
    while (true) {
      const event = await this.next("ack", "error");
      if (event.ref !== ref) continue;
      if (event.type === "error") throw new Error(`Not stored: ${JSON.stringify(event)}`);
      return event;
    }
  }

  /** Closes, and waits for the server's answer. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }
}
