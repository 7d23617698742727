/**
 * What the streams of both protocols have in common: what they know, and what they hold entries to.
 *
 * @module
 */

import type { EntryEvent } from "../../lib/protocol/event.ts";
import type { Cursor } from "../../lib/protocol/position.ts";
import type { Trace } from "./trace.ts";
import type { TrueChannel, TrueEntry, Truth } from "./truth.ts";

/** Who is at the other end of a socket, and what for. */
export interface StreamFacts {
  readonly isPlain: boolean;
  /** The key of the user's name. */
  readonly userKey: string;
  /** Whose the messages are, for programs; `undefined` without a key: the server makes one. */
  readonly author: string | undefined;
  /** The rooms that were asked for. */
  readonly rooms: readonly string[];
  /** Where to go on. */
  readonly cursor: Cursor;
  /** Entries before the head at which a reader without a position begins. */
  readonly historyOnJoin: number;
}

/** What a stream is checked against. */
export interface StreamContext {
  readonly trace: Trace;
  readonly truth: Truth;
  readonly facts: StreamFacts;
}

/** Looks at what one socket is sent, when it is sent. */
export interface Stream {
  /**
   * One message.
   *
   * @param text What is sent.
   */
  sent(text: string): void;
  /** Whether there is something that it has not been sent. */
  readonly isBehind: boolean;
  /** Nothing is under way any more: it must have got everything. */
  atRest(): void;
}

/**
 * The entry that a reader is told of, as it was committed.
 *
 * @param context What is known.
 * @param channel Where it stands.
 * @param event What the reader is told.
 * @param turnsLate For how many turns a body may be told that has been deleted.
 */
export function checkEntry(
  { trace, truth }: StreamContext,
  channel: TrueChannel,
  event: EntryEvent,
  turnsLate = 0,
): TrueEntry {
  const where = `${channel.name} ${event.offset}`;
  const entry = channel.entries[event.offset - 1] ??
    trace.fail("nothing is delivered before it is committed", where);
  if (event.type === "deletion") {
    const { kind, target, sender } = entry;
    if (kind !== "deletion" || target !== event.target || sender !== event.by) {
      trace.fail("an entry is delivered as it was committed", where);
    }
    return entry;
  }
  const { kind, id, sender, at, to, with: party } = entry;
  if (
    kind !== "message" || id !== event.id || sender !== event.sender || at !== event.at ||
    to !== event.to || party !== event.with
  ) trace.fail("an entry is delivered as it was committed", where);
  if (event.deleted === true) {
    if (entry.deletedAt === undefined || event.body !== "") {
      trace.fail("an entry is delivered as it was committed", `${where}, deleted`);
    }
  } else {
    if (event.body !== entry.body) {
      trace.fail("an entry is delivered as it was committed", `${where}: ${event.body}`);
    }
    if (isGone(truth, channel, entry, turnsLate)) {
      trace.fail("a deleted body is not told", `${where}: ${event.body}`);
    }
  }
  return entry;
}

/** Whether a body has been deleted so long ago that the log must know it. */
export function isGone(
  truth: Truth,
  channel: TrueChannel,
  { deletedAt }: TrueEntry,
  turnsLate = 0,
): boolean {
  if (deletedAt === undefined || channel.doubtfulAfter !== undefined) return false;
  return truth.turn - deletedAt > turnsLate;
}

/**
 * What a channel's name stands for on one socket.
 *
 * @param context What is known.
 * @param room The name as it is shown.
 */
export function channelOf({ truth, trace, facts }: StreamContext, room: string): TrueChannel {
  const { userKey, author } = facts;
  if (!room.startsWith("@")) return truth.channel(room);
  if (author === undefined || room.slice(1).toLowerCase() !== userKey) {
    trace.fail("an inbox is read by its owner alone", room);
  }
  return truth.channel(`@${userKey}/${author}`);
}
