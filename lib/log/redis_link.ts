/**
 * The connections to Redis: one for commands, one for what is published. Both are up, or the link is down; it
 * comes up again by itself.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { createClient, ErrorReply } from "redis";
import type { Clock } from "../clock.ts";
import {
  REDIS_ANSWER_MS,
  REDIS_CONNECT_MS,
  REDIS_PULSE_MS,
  REDIS_RETRY_MS_MAX,
  REDIS_RETRY_MS_MIN,
} from "../limits.ts";
import { UnavailableError } from "./log.ts";
import type { Reply, Script } from "./redis_script.ts";
import { TimeoutError, within } from "./within.ts";

/** What a link is made of. */
export interface RedisLinkOptions {
  /** Where Redis is: `redis://` or `rediss://`, with user, password and database as needed. */
  readonly url: string;
  /** What all keys and topics begin with. */
  readonly prefix: string;
  /** Time. */
  readonly clock: Clock;
  /** Makes an id that nobody else has. */
  readonly randomId: () => string;
  /** Told when the link goes down, once, and why. */
  readonly onDown: (error: unknown) => void;
  /** Told when the link is up, everything that hangs on it too. */
  readonly onUp: () => void;
}

/** Something that hangs on a link. */
export interface LinkUser {
  /**
   * The link is about to be up: commands are taken, and all topics are subscribed. It is up when all users are
   * done; what one of them throws takes the link down again.
   */
  up(): Promise<void>;
  /** The link is down; commands fail. */
  down(): void;
}

type Client = ReturnType<typeof createClient>;

/** Two connections to one Redis. */
export class RedisLink {
  /** What all keys and topics begin with. */
  readonly prefix: string;
  /** The name of this process among those that share the Redis. */
  readonly instance: string;
  readonly #options: RedisLinkOptions;
  readonly #users: LinkUser[] = [];
  readonly #topics = new Map<string, (message: string) => void>();
  #commands: Client | undefined;
  #feed: Client | undefined;
  #life = "";
  #isUp = false;
  #isClosed = false;
  #isTold = false;
  #retryMs = REDIS_RETRY_MS_MIN;
  #pulse = 0;
  /** Waits no longer for the pulse that is under way. */
  #endPulse: (() => void) | undefined;
  #cancel: (() => void) | undefined;

  /**
   * Creates a link that is down.
   *
   * @param options Where Redis is.
   */
  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.prefix = options.prefix;
    this.instance = options.randomId();
  }

  /** Whether commands are answered, as far as is known. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /**
   * The id of the process that answers: another one after a restart, and another one of a replica that has
   * taken over. A connection reaches one process all its life.
   */
  get life(): string {
    return this.#life;
  }

  /**
   * Adds a user, before the link is started.
   *
   * @param user Is told when the link goes up and down.
   */
  use(user: LinkUser): void {
    this.#users.push(user);
  }

  /**
   * Connects, now and again whenever the connections are lost.
   *
   * @returns When this attempt has ended, whether it has succeeded or not.
   */
  async start(): Promise<void> {
    const commands = this.#create(), feed = this.#create();
    let life: string;
    try {
      life = await within(this.#options.clock, REDIS_CONNECT_MS, this.#handshake(commands, feed));
    } catch (error) {
      for (const client of [commands, feed]) if (client.isOpen) client.destroy();
      return this.#failed(error);
    }
    if (this.#isClosed) return [commands, feed].forEach((client) => client.destroy());
    this.#life = life;
    this.#commands = commands;
    this.#feed = feed;
    for (const client of [commands, feed]) {
      client.on("end", () => this.#broken(client, new Error("Redis closed the connection")));
    }
    try {
      for (const user of this.#users) await user.up();
    } catch (error) {
      return this.#broken(commands, error);
    }
    if (this.#commands !== commands) return;
    this.#isUp = true;
    this.#isTold = false;
    this.#retryMs = REDIS_RETRY_MS_MIN;
    this.#options.onUp();
    this.#listenToPulse();
  }

  /**
   * Sends a command.
   *
   * @param args The command and its arguments.
   * @throws {UnavailableError} If it is not known to have been done.
   */
  async call(...args: string[]): Promise<Reply> {
    const client = this.#commands;
    if (client === undefined) throw new UnavailableError("Redis is out of reach");
    try {
      return await this.#answer(client, client.sendCommand(args) as Promise<Reply>);
    } catch (error) {
      if (error instanceof ErrorReply && error.message.startsWith("NOSCRIPT")) throw error;
      throw new UnavailableError("Redis is out of reach", { cause: error });
    }
  }

  /**
   * Runs a script. Its only key is the prefix: it makes the names of keys itself, so that a cluster of Redis is
   * not supported.
   *
   * @param script The script.
   * @param args Its arguments.
   * @throws {UnavailableError} If it is not known to have run.
   */
  async run(script: Script, args: readonly string[]): Promise<Reply> {
    const rest = ["1", this.prefix, ...args];
    if (script.sha !== undefined) {
      try {
        return await this.call("EVALSHA", script.sha, ...rest);
      } catch (error) {
        if (!(error instanceof ErrorReply)) throw error;
      }
    }
    script.sha = createHash("sha1").update(script.text).digest("hex");
    return await this.call("EVAL", script.text, ...rest);
  }

  /**
   * Subscribes a topic until it is unsubscribed, over all connections to come.
   *
   * @param topic What comes after the prefix.
   * @param listener Is given each message.
   * @throws {UnavailableError} If that cannot be done now.
   */
  async subscribe(topic: string, listener: (message: string) => void): Promise<void> {
    const client = this.#feed;
    if (client === undefined) throw new UnavailableError("Redis is out of reach");
    const name = this.prefix + topic;
    this.#topics.set(name, listener);
    try {
      await this.#answer(client, client.subscribe(name, this.#hear));
    } catch (error) {
      if (this.#topics.get(name) === listener) this.#topics.delete(name);
      throw new UnavailableError("Redis is out of reach", { cause: error });
    }
  }

  /**
   * Takes a subscription back.
   *
   * @param topic What comes after the prefix.
   */
  unsubscribe(topic: string): void {
    const name = this.prefix + topic;
    if (!this.#topics.delete(name)) return;
    // With the listener: else the client takes a topic that is subscribed before the answer for one that still is.
    this.#feed?.unsubscribe(name, this.#hear).catch(() => {});
  }

  /**
   * Gives the connections up, though they answer: what they answer is that nothing can be done.
   *
   * @param error The answer.
   */
  suspect(error: unknown): void {
    if (this.#commands !== undefined) this.#broken(this.#commands, error);
  }

  /** Ends the link for good. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#destroy();
  }

  readonly #hear = (message: string, topic: string): void => this.#topics.get(topic)?.(message);

  async #handshake(commands: Client, feed: Client): Promise<string> {
    await Promise.all([commands.connect(), feed.connect()]);
    const info = String(await commands.sendCommand(["INFO", "server"]));
    // All that is heard from now on comes after what is read from now on.
    const topics = [...this.#topics.keys(), `${this.prefix}pulse:${this.instance}`];
    await feed.subscribe(topics, this.#hear);
    return /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
  }

  #create(): Client {
    const client = createClient({
      url: this.#options.url,
      // What waited for a connection could be said twice, or long after anybody waits for it.
      disableOfflineQueue: true,
      maintNotifications: "disabled",
      socket: { reconnectStrategy: false, connectTimeout: REDIS_CONNECT_MS },
    });
    client.on("error", (error) => this.#broken(client as Client, error));
    return client as Client;
  }

  /** A message through both connections: either may be dead, and look alive. */
  #listenToPulse(): void {
    const beat = `${++this.#pulse}`;
    const client = this.#commands;
    const topic = `${this.prefix}pulse:${this.instance}`;
    if (client === undefined) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#topics.set(topic, (message) => message === beat ? resolve() : undefined);
    this.#endPulse = () => reject(new Error("The link is down"));
    const beats = Promise.all([client.sendCommand(["PUBLISH", topic, beat]), promise]);
    this.#answer(client, beats).then(() => {
      if (client !== this.#commands) return;
      this.#cancel = this.#options.clock.after(REDIS_PULSE_MS, () => this.#listenToPulse());
    }, (error) => this.#broken(client, error));
  }

  /** What does not answer in time is given up: the connection, and with it all that was asked over it. */
  async #answer<T>(client: Client, reply: Promise<T>): Promise<T> {
    try {
      return await within(this.#options.clock, REDIS_ANSWER_MS, reply);
    } catch (error) {
      if (error instanceof TimeoutError) this.#broken(client, error);
      throw error;
    }
  }

  #broken(client: Client, error: unknown): void {
    if (client !== this.#commands && client !== this.#feed) return;
    this.#destroy();
    this.#failed(error);
  }

  #destroy(): void {
    const clients = [this.#commands, this.#feed];
    this.#commands = this.#feed = undefined;
    this.#isUp = false;
    this.#endPulse?.();
    for (const client of clients) if (client?.isOpen) client.destroy();
    if (clients[0] !== undefined) this.#users.forEach((user) => user.down());
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    if (!this.#isTold) this.#options.onDown(error);
    this.#isTold = true;
    this.#cancel?.();
    this.#cancel = this.#options.clock.after(this.#retryMs, () => void this.start());
    this.#retryMs = Math.min(2 * this.#retryMs, REDIS_RETRY_MS_MAX);
  }
}
