/**
 * A chat over a log in memory and a clock of the test's own.
 *
 * @module
 */

import { createOpenAuthenticator } from "../../lib/auth/open.ts";
import { ANONYMOUS, type Principal } from "../../lib/auth/principal.ts";
import { Chat, type ChatOptions, type JoinRequest } from "../../lib/chat/chat.ts";
import { LocalDirectory } from "../../lib/directory/local.ts";
import { type LocalLogOptions, openLocalLog } from "../../lib/log/local.ts";
import { type Log, UnavailableError } from "../../lib/log/log.ts";
import type { Event } from "../../lib/protocol/event.ts";
import { parseCursor } from "../../lib/protocol/position.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeConnection } from "./fake_connection.ts";

/** What a client of the test asks for. */
export interface TestJoin {
  readonly rooms?: readonly string[];
  readonly key?: string;
  /** In place of a key. */
  readonly principal?: Principal;
  readonly address?: string;
  readonly cursor?: string;
}

// deno-lint-ignore no-explicit-any
type AnyEvent = Event | { readonly type: "message" | "deletion"; readonly [key: string]: any };

/** A client of a chat without sockets. */
export class TestClient extends FakeConnection {
  #read = 0;

  /** The events of all frames that came since the last call. */
  // deno-lint-ignore no-explicit-any
  events(): any[] {
    const frames = this.sent.slice(this.#read);
    this.#read = this.sent.length;
    return frames.flatMap((frame) => JSON.parse(frame as string) as AnyEvent[]);
  }

  /** The events of one type among those that came since the last call. */
  // deno-lint-ignore no-explicit-any
  eventsOf(type: string): any[] {
    return this.events().filter((event) => event.type === type);
  }

  /** What plain readers get, as `sender: msg`, of all that came. */
  messages(): string[] {
    return this.sent.map((text) => {
      const { sender, msg } = JSON.parse(text as string);
      return `${sender}: ${msg}`;
    });
  }

  /** Sends a command. */
  command(command: Record<string, unknown>): void {
    this.receive(JSON.stringify(command));
  }
}

/** A chat, and what it works with. */
export interface TestChat {
  readonly chat: Chat;
  readonly log: Log;
  readonly directory: LocalDirectory;
  readonly clock: FakeClock;
  readonly errors: unknown[];
  /** Appends fail while it is down. */
  readonly store: { isDown: boolean };
  /** Connects over the plain protocol, and waits until that has settled. */
  plain(username: string | undefined, join?: TestJoin): Promise<TestClient>;
  /** Connects over the rich protocol, and waits until that has settled. */
  rich(username: string | undefined, join?: TestJoin): Promise<TestClient>;
}

/** Creates a chat; nothing happens in it until its clock is told to settle. */
export function createTestChat(
  options: Partial<ChatOptions> = {},
  logOptions: Partial<LocalLogOptions> = {},
): TestChat {
  const clock = new FakeClock();
  const errors: unknown[] = [];
  let ids = 0;
  const randomId = () => `id${++ids}`;
  const log = openLocalLog({
    database: ":memory:",
    durability: "process",
    historyMessagesMax: 1000,
    historyDays: 365,
    now: () => clock.wallNow(),
    soon: (call) => clock.soon(call),
    after: (ms, call) => clock.after(ms, call),
    randomId,
    report: (event) => void errors.push(event),
    ...logOptions,
  });
  const appendOrFail: Log["append"] = (channel, draft) =>
    store.isDown
      ? Promise.reject(new UnavailableError("The store is down"))
      : log.append(channel, draft);
  const store = { isDown: false };
  const directory = new LocalDirectory({
    log,
    clock,
    randomId,
    nameHoldSeconds: 300,
    claimsPerMinute: options.claimsPerMinute ?? 0,
  });
  const chat = new Chat({
    bodyBytesMax: 100,
    messagesPerSecond: 0,
    messagesBurst: 1,
    claimsPerMinute: 0,
    sendBufferBytesMax: 1000,
    sendBuffersTotalBytesMax: 1_000_000,
    stallSeconds: 20,
    historyOnJoin: 50,
    roomsPerConnectionMax: 3,
    roomsMax: 100,
    historyDays: 365,
    pingSeconds: 25,
    log: {
      isAvailable: true,
      append: appendOrFail,
      watch: (channel, onChange) => log.watch(channel, onChange),
      find: (query, limit) => log.find(query, limit),
      channels: (after, limit, except) => log.channels(after, limit, except),
      close: () => log.close(),
    },
    directory,
    authenticator: createOpenAuthenticator(),
    clock,
    randomId,
    onError: (error) => void errors.push(error),
    ...options,
  });
  async function join(isPlain: boolean, username: string | undefined, asked: TestJoin = {}) {
    const request: JoinRequest = {
      isPlain,
      username,
      address: asked.address ?? "192.0.2.1",
      rooms: asked.rooms ?? [],
      cursor: parseCursor(asked.cursor ?? "") ?? new Map(),
      claimsWithoutKey: true,
    };
    const principal = asked.principal ??
      (asked.key === undefined ? ANONYMOUS : { author: `k:${asked.key}` });
    const client = new TestClient().open((connection) =>
      chat.open(connection, request, Promise.resolve(principal))
    );
    await clock.settle();
    return client;
  }
  return {
    chat,
    log,
    directory,
    clock,
    store,
    errors,
    plain: (username, asked) => join(true, username, asked),
    rich: (username, asked) => join(false, username, asked),
  };
}
