/**
 * Users who take no part in what a test does to their server, and must not notice it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Client } from "./client.ts";
import type { TestServer } from "./server.ts";

/** Two users of another room, who talk all the while and must not miss a message. */
export class Bystanders implements AsyncDisposable {
  #sent = 0;
  #heard = 0;
  private constructor(readonly talker: Client, readonly listener: Client) {}

  /**
   * Connects both.
   *
   * @param server Where to.
   * @param credentialOf A key or token for each, in token mode.
   */
  static async open(
    server: TestServer,
    credentialOf?: (name: string) => Promise<string>,
  ): Promise<Bystanders> {
    const open = async (name: string) => {
      const credential = await credentialOf?.(name);
      const subprotocols = credential === undefined
        ? []
        : ["natter.plain", `natter.auth.${credential}`];
      return await Client.open(server.url, `/ws/${name}?room=quiet`, subprotocols);
    };
    const bystanders = new Bystanders(await open("talker"), await open("listener"));
    await bystanders.#meet();
    return bystanders;
  }

  /** A plain socket is open before its user is in the room, and is not told when that is so. */
  async #meet(): Promise<void> {
    // No faster than MESSAGES_PER_SECOND allows by default, however long it takes.
    const calls = setInterval(() => this.talker.send("are you there?"), 100);
    await this.listener.next().finally(() => clearInterval(calls));
    this.talker.send("yes");
    while ((await this.listener.nextMessage()).msg !== "yes");
  }

  /**
   * Says a few things, and sees that they all arrive, in order.
   *
   * @param count How many.
   */
  async talk(count = 10): Promise<void> {
    for (let i = 0; i < count; i++) this.talker.send(`${this.#sent++}`);
    while (this.#heard < this.#sent) {
      assertEquals(await this.listener.nextMessage(), {
        sender: "talker",
        msg: `${this.#heard++}`,
      });
    }
  }

  /** Closes both sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.talker[Symbol.asyncDispose]();
    await this.listener[Symbol.asyncDispose]();
  }
}
