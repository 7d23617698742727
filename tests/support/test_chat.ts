/**
 * A chat over a log in memory and a clock of the test's own.
 *
 * @module
 */

import { createOpenAuthenticator } from "../../lib/auth/open.ts";
import { ANONYMOUS, type Principal } from "../../lib/auth/principal.ts";
import type { JoinRequest } from "../../lib/chat/visitor.ts";
import { Chat, type ChatOptions } from "../../lib/chat/chat.ts";
import { refusalOf } from "../../lib/chat/refusal.ts";
import { LocalDirectory } from "../../lib/directory/local.ts";
import type { LocalLog, LocalLogEvent, LocalLogOptions } from "../../lib/log/local.ts";
import { type Channel, type Log, UnavailableError } from "../../lib/log/log.ts";
import { parseCursor } from "../../lib/protocol/position.ts";
import { FakeClock } from "./fake_clock.ts";
import { changedLog, openMemoryLog } from "./memory_log.ts";
import {
  TestClient,
  type TestJoin,
  TestPoll,
  type TestPolling,
  TestStream,
} from "./test_clients.ts";

/** What was asked of the log. */
export interface LogCounts {
  /** Channels that were opened. */
  watches: number;
  /** Pages that were read, from memory or from the store. */
  reads: number;
  /** Channels that are open. */
  open: number;
}

/** A chat, and what it works with. */
export interface TestChat {
  readonly chat: Chat;
  readonly log: LocalLog;
  readonly directory: LocalDirectory;
  readonly clock: FakeClock;
  readonly errors: unknown[];
  /**
   * Appends fail while it is down, and the chat's reads while it cannot be read; channels that the chat opens
   * wait for the gate.
   */
  readonly store: { isDown: boolean; isUnreadable: boolean; gate?: Promise<void> };
  /** What was asked of the log. */
  readonly counts: LogCounts;
  /** Connects over the plain protocol, and waits until that has settled. */
  plain(username: string | undefined, join?: TestJoin): Promise<TestClient>;
  /** Connects over the rich protocol, and waits until that has settled. */
  rich(username: string | undefined, join?: TestJoin): Promise<TestClient>;
  /** Polls, and waits until that has settled. */
  poll(username: string | undefined, polling?: TestPolling): Promise<TestPoll>;
  /** Opens a stream of server-sent events, and waits until that has settled. */
  stream(username: string | undefined, join?: TestJoin): Promise<TestStream>;
}

/**
 * Creates a chat; nothing happens in it until its clock is told to settle.
 *
 * @param options Settings other than those of the tests.
 * @param logOptions Settings of its log.
 * @param before The chat that used the store until a restart.
 */
export function createTestChat(
  options: Partial<ChatOptions> = {},
  logOptions: Partial<LocalLogOptions> = {},
  before?: TestChat,
): TestChat {
  const clock = before?.clock ?? new FakeClock();
  const errors: unknown[] = [];
  let ids = 0;
  const randomId = () => `${before === undefined ? "id" : "later"}${++ids}`;
  const counts: LogCounts = { watches: 0, reads: 0, open: 0 };
  const store: TestChat["store"] = { isDown: false, isUnreadable: false };
  const report = (event: LocalLogEvent) => void errors.push(event);
  const log = before?.log ?? openMemoryLog(clock, randomId, { report, ...logOptions });
  const appendOrFail: Log["append"] = (channel, draft) =>
    store.isDown
      ? Promise.reject(new UnavailableError("The store is down"))
      : log.append(channel, draft);
  const watch: Log["watch"] = async (channel, onChange) => {
    counts.watches++;
    if (store.isUnreadable) throw new UnavailableError("The store cannot be read");
    return countedChannel(await log.watch(channel, onChange), counts, store);
  };
  const watchThroughGate: Log["watch"] = (channel, onChange) =>
    store.gate === undefined
      ? watch(channel, onChange)
      : store.gate.then(() => watch(channel, onChange));
  const directory = new LocalDirectory({
    log: changedLog(log, { watch }),
    clock,
    randomId,
    nameHoldSeconds: 300,
    claimsPerMinute: options.claimsPerMinute ?? 0,
    historyDays: 365,
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
    log: changedLog(log, { append: appendOrFail, watch: watchThroughGate }),
    directory,
    authenticator: createOpenAuthenticator(),
    clock,
    randomId,
    onError: (error) => void errors.push(error),
    ...options,
  });
  function requestOf(username: string | undefined, asked: TestJoin, isSocket: boolean) {
    return {
      isPlain: false,
      username,
      address: asked.address ?? "192.0.2.1",
      rooms: asked.rooms ?? [],
      cursor: parseCursor(asked.cursor ?? "") ?? new Map(),
      claimsWithoutKey: isSocket,
    };
  }
  const principalOf = ({ principal, key }: TestJoin): Principal =>
    principal ?? (key === undefined ? ANONYMOUS : { author: `k:${key}` });
  async function join(isPlain: boolean, username: string | undefined, asked: TestJoin = {}) {
    const request: JoinRequest = { ...requestOf(username, asked, true), isPlain };
    const client = new TestClient().open((connection) =>
      chat.open(connection, request, Promise.resolve(principalOf(asked)))
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
    counts,
    async poll(username, { wait = 25, leavesAtOnce = false, ...asked } = {}) {
      const poll = new TestPoll(
        chat,
        requestOf(username, asked, false),
        principalOf(asked),
        wait * 1000,
      );
      if (leavesAtOnce) poll.abandon();
      await clock.settle();
      // A short poll waits too, for no time at all.
      if (wait === 0) await clock.advance(0);
      return poll;
    },
    async stream(username, asked = {}) {
      const stream = new TestStream();
      chat.stream(stream, requestOf(username, asked, false), principalOf(asked)).then(
        (handler) => stream.open(() => handler),
        (error) => stream.refusal = refusalOf(error),
      );
      await clock.settle();
      return stream;
    },
  };
}

function countedChannel(
  channel: Channel,
  counts: LogCounts,
  store: { readonly isUnreadable: boolean },
): Channel {
  counts.open++;
  return {
    get name() {
      return channel.name;
    },
    get epoch() {
      return channel.epoch;
    },
    get head() {
      return channel.head;
    },
    get first() {
      return channel.first;
    },
    recent: (after, limit) => store.isUnreadable ? undefined : channel.recent(after, limit),
    canResume: (epoch, offset) => channel.canResume(epoch, offset),
    refresh: () => channel.refresh(),
    read(after, limit) {
      counts.reads++;
      if (store.isUnreadable) return Promise.reject(new UnavailableError("It cannot be read"));
      return channel.read(after, limit);
    },
    close() {
      counts.open--;
      channel.close();
    },
  };
}
