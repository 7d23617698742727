/**
 * Who is connected to a chat of the test's own: over the protocols, by polls, and by server-sent events.
 *
 * @module
 */

import type { Principal } from "../../lib/auth/principal.ts";
import type { Chat } from "../../lib/chat/chat.ts";
import { type RefusalFields, refusalOf } from "../../lib/chat/refusal.ts";
import type { JoinRequest } from "../../lib/chat/visitor.ts";
import type { Event } from "../../lib/protocol/event.ts";
import { described } from "./described.ts";
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
    return frames.flatMap((frame) =>
      (JSON.parse(frame as string) as AnyEvent[]).map((event) => described(event))
    );
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

/** What a poll of the test asks for. */
export interface TestPolling extends TestJoin {
  /** Seconds; by default 25. */
  readonly wait?: number;
  /** Its client goes before it is held. */
  readonly leavesAtOnce?: boolean;
}

/** A poll, held or answered. */
export class TestPoll {
  /** What it is answered with; `undefined`: it is held, or refused. */
  // deno-lint-ignore no-explicit-any
  answer: { readonly cursor: string; readonly more: boolean; readonly events: any[] } | undefined;
  /** Why it is told nothing. */
  refusal: RefusalFields | undefined;
  readonly #abort = new AbortController();

  /** Begins it. */
  constructor(chat: Chat, request: JoinRequest, principal: Principal, waitMs: number) {
    chat.poll(request, principal, waitMs, this.#abort.signal).then(
      ({ cursor, more, events }) =>
        this.answer = { cursor, more, events: events.map((json) => JSON.parse(json)) },
      (error) => this.refusal = refusalOf(error),
    );
  }

  /** Whether it waits still. */
  get isHeld(): boolean {
    return this.answer === undefined && this.refusal === undefined;
  }

  /** The client goes. */
  abandon(): void {
    this.#abort.abort();
  }

  /** The bodies of the messages in its answer. */
  get bodies(): string[] {
    return (this.answer?.events ?? []).filter(({ type }) => type === "message")
      .map(({ body }) => body);
  }
}

/** A server-sent event. */
export interface StreamedEvent {
  /** Its `event:`. */
  readonly type: string;
  /** Its `id:`. */
  readonly id: string;
  /** Its `data:`. */
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** A client of server-sent events without a socket. */
export class TestStream extends FakeConnection {
  /** Why it was not opened. */
  refusal: RefusalFields | undefined;
  #read = 0;

  /** The events that came since the last call. */
  events(): StreamedEvent[] {
    const text = this.sent.slice(this.#read).join("");
    this.#read = this.sent.length;
    return text.split("\n\n").filter((block) => block !== "").map(parseStreamedEvent);
  }
}

/** Reads one server-sent event of those that the server writes. */
export function parseStreamedEvent(block: string): StreamedEvent {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
  return { type: field("event"), id: field("id"), data: JSON.parse(field("data")) };
}
