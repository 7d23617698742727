/**
 * Events of the rich protocol: what a client is told (docs/protocol.md, "Rich protocol").
 *
 * @module
 */

import type { ErrorCode } from "./refusal.ts";

/** The subprotocol's name. */
export const RICH_SUBPROTOCOL = "natter.v1";

/** A message as a reader of its channel sees it. */
export interface MessageEvent {
  /** Which event. */
  readonly type: "message";
  /** The channel's name as shown. */
  readonly room: string;
  /** Its place in the channel. */
  readonly offset: number;
  /** The id of the message. */
  readonly id: string;
  /** The name of whose it is. */
  readonly sender: string;
  /** Of a direct message: the name to which it went. */
  readonly to?: string | undefined;
  /** In an inbox: the other party. */
  readonly with?: string | undefined;
  /** The text; empty where the message has been deleted. */
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The message has been deleted. */
  readonly deleted?: true | undefined;
}

/** A message is gone. */
export interface DeletionEvent {
  /** Which event. */
  readonly type: "deletion";
  /** The channel's name as shown. */
  readonly room: string;
  /** Its place in the channel. */
  readonly offset: number;
  /** The offset of the message that is gone. */
  readonly target: number;
  /** Who deleted it. */
  readonly by: string;
}

/** An entry as a reader sees it. */
export type EntryEvent = MessageEvent | DeletionEvent;

/** What the server accepts, told in `welcome`. */
export interface WelcomeLimits {
  /** A message's body, in bytes of UTF-8. */
  readonly bodyBytesMax: number;
  /** Messages a second of one user, in the long run; 0: no limit. */
  readonly messagesPerSecond: number;
  /** Messages of one user at once. */
  readonly messagesBurst: number;
  /** Rooms of one connection. */
  readonly roomsPerConnectionMax: number;
}

/** A page of the past. */
export interface HistoryEvent {
  /** Which event. */
  readonly type: "history";
  /** The channel's name as shown. */
  readonly room?: string;
  /** In place of `room`: the other party of the direct messages. */
  readonly with?: string;
  /** The channel's epoch. */
  readonly epoch: string;
  /** The entries, oldest first. */
  readonly entries: readonly EntryEvent[];
  /** Whether there may be more in the same direction. */
  readonly more: boolean;
  /** The lowest offset that was looked at: go on with `before` from here. */
  readonly from: number;
  /** The highest offset that was looked at: go on with `after` from here. */
  readonly to: number;
  /** The command's `ref`. */
  readonly ref?: string | undefined;
}

/** An event that is for one reader alone. */
export type Event =
  | {
    readonly type: "welcome";
    readonly protocol: typeof RICH_SUBPROTOCOL;
    readonly username: string;
    readonly limits: WelcomeLimits;
    readonly pingSeconds: number;
  }
  | {
    readonly type: "joined";
    readonly room: string;
    readonly epoch: string;
    /** Where this reader's stream begins. */
    readonly offset: number;
    readonly head: number;
    readonly recovered: boolean;
    /** In a room: the first users by name. */
    readonly users?: readonly string[];
    readonly userCount?: number;
    readonly ref?: string | undefined;
  }
  | {
    readonly type: "ack";
    readonly ref: string;
    readonly room: string;
    readonly offset: number;
    readonly id: string;
    readonly at: number;
    readonly duplicate: boolean;
  }
  | { readonly type: "left"; readonly room: string; readonly ref?: string | undefined }
  | { readonly type: "pong"; readonly ref?: string | undefined }
  | {
    readonly type: "token";
    /** When the new token expires, in milliseconds since 1970; absent: never. */
    readonly expiresAt?: number | undefined;
    readonly ref?: string | undefined;
  }
  | {
    readonly type: "presence";
    readonly room: string;
    readonly joins?: readonly string[];
    readonly leaves?: readonly string[];
    /** A snapshot: all users, in place of what the reader knew. */
    readonly users?: readonly string[];
    readonly userCount: number;
  }
  | {
    readonly type: "typing";
    readonly room?: string;
    readonly to?: string;
    readonly username: string;
  }
  | HistoryEvent
  | {
    readonly type: "gap";
    readonly room: string;
    /** The first offset that the reader will not get. */
    readonly from: number;
    /** The last one. */
    readonly to: number;
  }
  | {
    readonly type: "error";
    readonly code: ErrorCode;
    readonly message: string;
    readonly retryAfterMs?: number;
    readonly ref?: string | undefined;
  }
  | {
    readonly type: "reconnect";
    /** Milliseconds after which to come back. */
    readonly afterMs: number;
  };

/** An entry of a log, as far as its readers are told of it. */
export interface ReadableEntry {
  /** Its place in the channel. */
  readonly offset: number;
  /** What it tells. */
  readonly kind: "message" | "deletion";
  /** The id of the message. */
  readonly id: string;
  /** The name of whose it is. */
  readonly sender: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The text. */
  readonly body: string;
  /** Of a direct message: the name to which it went. */
  readonly to?: string | undefined;
  /** In an inbox: the other party. */
  readonly with?: string | undefined;
  /** Of a deletion: the offset of the message that is gone. */
  readonly target?: number | undefined;
  /** The message has been deleted. */
  readonly deleted?: boolean | undefined;
}

/**
 * An entry as the readers of its channel see it.
 *
 * @param room The channel's name as shown.
 * @param entry The entry.
 */
export function entryEvent(room: string, entry: ReadableEntry): EntryEvent {
  const { offset, id, sender, to, body, at } = entry;
  if (entry.kind === "deletion") {
    return { type: "deletion", room, offset, target: entry.target ?? 0, by: sender };
  }
  const deleted = entry.deleted === true ? true : undefined;
  return { type: "message", room, offset, id, sender, to, with: entry.with, body, at, deleted };
}

/**
 * The same as JSON.
 *
 * @param room The channel's name as shown.
 * @param entry The entry.
 */
export function encodeEntry(room: string, entry: ReadableEntry): string {
  return JSON.stringify(entryEvent(room, entry));
}
