/**
 * What the tests of the directory in Redis share: instances, and what their chats are asked for.
 *
 * @module
 */

import type { Attendance, Identity, Outcast } from "../../lib/directory/directory.ts";
import { RedisDirectory, type RedisDirectoryOptions } from "../../lib/directory/redis.ts";
import { RedisLink } from "../../lib/log/redis_link.ts";
import { systemClock } from "../../lib/system_clock.ts";
import { within } from "../support/deadline.ts";
import { TestRedis, testWithRedis } from "../support/redis.ts";
import { name } from "./support.ts";

/** A directory, and what its chat was asked for. */
class Instance {
  readonly link: RedisLink;
  readonly directory: RedisDirectory;
  readonly lost: string[] = [];
  readonly putOut: Outcast[] = [];
  /** How many sockets it says it has closed. */
  closes = 0;

  constructor(url: string, options: Partial<RedisDirectoryOptions> = {}) {
    const randomId = () => crypto.randomUUID();
    const clock = systemClock;
    this.link = new RedisLink({
      url,
      prefix: "test:",
      clock,
      randomId,
      onDown: () => {},
      onUp: () => {},
    });
    this.directory = new RedisDirectory({
      link: this.link,
      clock,
      randomId,
      nameHoldSeconds: 300,
      claimsPerMinute: 0,
      historyDays: 365,
      ...options,
    });
    this.directory.listen({
      lost: ({ user }) => void this.lost.push(user.text),
      putOut: (outcast) => {
        this.putOut.push(outcast);
        return this.closes;
      },
    });
  }

  /** Claims a name: who it is then, or why not. */
  async claim(text: string, author?: string, address = "192.0.2.1"): Promise<Identity | string> {
    const asked = this.directory.claim({ user: name(text), author, address });
    const claimed = await within(asked, `a claim of ${text}`);
    return "identity" in claimed ? claimed.identity : claimed.refused;
  }

  /** What becomes of a claim; what is in stays. */
  async fares(text: string, author?: string, address?: string): Promise<string> {
    const claimed = await this.claim(text, author, address);
    return typeof claimed === "string" ? claimed : `in as ${claimed.user.text}`;
  }

  /** Who is in a room, as this instance sees the others'. */
  attend(room: string): { readonly attendance: Attendance; readonly elsewhere: string[] } {
    const elsewhere: string[] = [];
    const attendance = this.directory.attend(room, {
      entered: ({ text }) => void elsewhere.push(text),
      left: ({ text }) => void elsewhere.splice(elsewhere.indexOf(text), 1),
      typing: ({ text }) => void elsewhere.push(`${text} types`),
    });
    return { attendance, elsewhere };
  }
}

/** Some instances of one Redis, which go with the test. */
class Instances implements AsyncDisposable {
  readonly #all: Instance[] = [];
  constructor(readonly redis: TestRedis) {}

  async open(options?: Partial<RedisDirectoryOptions>, url = this.redis.url): Promise<Instance> {
    const instance = new Instance(url, options);
    this.#all.push(instance);
    await instance.link.start();
    return instance;
  }

  async three(options?: Partial<RedisDirectoryOptions>): Promise<[Instance, Instance, Instance]> {
    return [await this.open(options), await this.open(options), await this.open(options)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { directory, link } of this.#all) {
      await directory.close();
      link.close();
    }
  }
}

/** A test of instances over a Redis of its own. */
export function test(sentence: string, run: (instances: Instances) => Promise<void>): void {
  testWithRedis(`directory in Redis: ${sentence}`, async () => {
    await using redis = await TestRedis.start();
    await using instances = new Instances(redis);
    await run(instances);
  });
}
