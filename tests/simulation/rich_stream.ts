/**
 * What a rich socket is sent: events in frames, each held against what was committed and what was asked.
 *
 * @module
 */

import { FRAME_CHARS_MAX, FRAME_ENTRIES_MAX } from "../../lib/limits.ts";
import type { EntryEvent, Event } from "../../lib/protocol/event.ts";
import { parsePosition, type Position } from "../../lib/protocol/position.ts";
import { checkAck, checkHistory } from "./answers.ts";
import { type Asked, AskedOrders } from "./asked.ts";
import { PresenceView } from "./presence_view.ts";
import { channelOf, checkEntry, type Stream, type StreamContext } from "./stream.ts";
import type { TrueChannel } from "./truth.ts";

/** An event of a rich socket. */
export type AnyEvent = Event | EntryEvent;

type EventOf<T extends AnyEvent["type"]> = Extract<AnyEvent, { type: T }>;

/** What a reader knows of a channel, if it believes what it is told. */
interface View {
  /** The channel's name in the log. */
  readonly name: string;
  readonly epoch: string;
  readonly timeline: number;
  readonly presence: PresenceView;
  offset: number;
}

/** A rich socket's stream. */
export class RichStream implements Stream {
  /** What was said on this socket. */
  readonly asked = new AskedOrders();
  readonly #context: StreamContext;
  readonly #views = new Map<string, View>();
  #isWelcome = false;

  /** @param context What is known. */
  constructor(context: StreamContext) {
    this.#context = context;
  }

  /** The rooms that it reads, and who it believes is there. */
  get rooms(): ReadonlyMap<string, { readonly presence: PresenceView }> {
    return this.#views;
  }

  sent(text: string): void {
    const events: readonly AnyEvent[] = JSON.parse(text);
    const entries = events.filter(({ type }) => type === "message" || type === "deletion").length;
    if (entries > FRAME_ENTRIES_MAX || (events.length > 1 && text.length > FRAME_CHARS_MAX + 2)) {
      this.#fail("frames hold their bounds", `${entries} entries, ${text.length} characters`);
    }
    for (const event of events) this.#event(event);
  }

  get isBehind(): boolean {
    const { truth } = this.#context;
    return [...this.#views.values()].some(({ name, offset }) =>
      offset < truth.channel(name).entries.length
    );
  }

  atRest(): void {
    const { truth } = this.#context;
    for (const { name, offset, timeline } of this.#views.values()) {
      const { entries } = truth.channel(name);
      if (timeline !== truth.timeline || offset !== entries.length) {
        this.#fail("readers reach the head", `${name}: ${offset} of ${entries.length}`);
      }
    }
    const [asked] = this.asked.unanswered();
    if (asked !== undefined) {
      this.#fail("every command is answered", JSON.stringify(asked.order.command));
    }
  }

  #event(event: AnyEvent): void {
    if (this.#isWelcome === (event.type === "welcome")) {
      this.#fail("the first event is welcome", event.type);
    }
    const asked = "ref" in event ? this.#answered(event) : undefined;
    switch (event.type) {
      case "welcome":
        this.#isWelcome = true;
        return;
      case "joined":
        return this.#joined(event, asked);
      case "message":
      case "deletion":
        return this.#entry(event);
      case "gap":
        return this.#gap(event);
      case "ack":
        if (!this.#context.truth.mayTellOfLost) checkAck(this.#context, event, asked!);
        return;
      case "history":
        if (!this.#context.truth.mayTellOfLost) checkHistory(this.#context, event, asked!);
        return;
      case "left":
        if (!this.#views.delete(event.room)) this.#fail("only who has joined leaves", event.room);
        return;
      case "presence":
        return this.#view(event.room).presence.change(event);
      case "typing":
        return this.#typing(event);
      case "error":
        return this.#error(event);
    }
  }

  #answered(event: AnyEvent & { readonly ref?: string | undefined }): Asked | undefined {
    if (event.ref === undefined) return undefined;
    const asked = this.asked.get(event.ref) ??
      this.#fail("only commands are answered", `${event.type} ${event.ref}`);
    if (++asked.answers > asked.times) {
      this.#fail("a command is answered once", JSON.stringify(asked.order.command));
    }
    return asked;
  }

  #joined(event: EventOf<"joined">, asked: Asked | undefined): void {
    const { truth, trace } = this.#context;
    const channel = channelOf(this.#context, event.room);
    const known = this.#views.get(event.room);
    const detail = `${channel.name}: ${JSON.stringify(event)}`;
    const isOfLost = event.epoch !== truth.epoch;
    if (isOfLost && !truth.mayTellOfLost) this.#fail("a channel has the store's epoch", detail);
    if (isOfLost) trace.count("told of a lost history");
    else if (known === undefined) this.#checkBeginning(channel, event, asked);
    else if (asked !== undefined) {
      if (!event.recovered || event.offset !== known.offset || event.epoch !== known.epoch) {
        this.#fail("joining twice tells where the reader stands", `${detail} at ${known.offset}`);
      }
    } else {
      const goesOn = truth.canResume(channel.name, known);
      if (event.epoch === known.epoch || event.recovered !== goesOn) {
        this.#fail("a reader begins anew only with another history", detail);
      }
      if (goesOn && event.offset !== known.offset) {
        this.#fail("who goes on goes on where it stands", `${detail} at ${known.offset}`);
      }
      trace.count(goesOn ? "joined again after a loss" : "joined anew after a loss");
    }
    const presence = new PresenceView(event.room, trace);
    if (!event.room.startsWith("@")) presence.snapshot(event.users ?? [], event.userCount ?? -1);
    const { epoch, offset } = event;
    const timeline = isOfLost ? truth.timeline - 1 : truth.timeline;
    const { name } = channel;
    this.#views.set(event.room, { name, epoch, offset, presence, timeline });
  }

  #checkBeginning(channel: TrueChannel, event: EventOf<"joined">, asked: Asked | undefined): void {
    const { truth, trace, facts } = this.#context;
    const { name, entries, first, doubtfulAfter } = channel;
    const position: Position | undefined = asked === undefined
      ? facts.cursor.get(event.room.toLowerCase())
      : parsePosition((asked.order.command as { position?: string }).position ?? "");
    const can = position !== undefined && truth.canResume(name, position);
    const detail = `${name}: ${JSON.stringify(event)} from ${JSON.stringify(position)}`;
    if (event.recovered && (!can || event.offset !== position.offset)) {
      this.#fail("recovered only where nothing is lost", detail);
    }
    if (position !== undefined) trace.count(event.recovered ? "recovered" : "not recovered");
    if (doubtfulAfter !== undefined) return;
    if (event.head !== entries.length) this.#fail("joined names the head", detail);
    if (event.recovered) return;
    if (can) this.#fail("recovered wherever nothing is lost", detail);
    if (event.offset !== Math.max(first - 1, event.head - facts.historyOnJoin)) {
      this.#fail("a stream begins a little before the head", detail);
    }
  }

  #entry(event: EntryEvent): void {
    const view = this.#view(event.room);
    const channel = this.#context.truth.channel(view.name);
    this.#checkHistory(view, `${view.name} ${event.offset}`);
    if (event.offset !== view.offset + 1) {
      const isTwice = event.offset <= view.offset;
      const invariant = isTwice ? "nothing comes twice" : "no hole without a gap";
      this.#fail(invariant, `${view.name} ${event.offset} after ${view.offset}`);
    }
    const entry = checkEntry(this.#context, channel, event);
    const asked = this.asked.get(entry.ref);
    // What was said on two sockets may have been heard on the other one first.
    if (asked?.order.sockets === 1 && asked.answers === 0) {
      this.#fail("the ack comes before the entry", `${view.name} ${event.offset}`);
    }
    view.offset = event.offset;
  }

  #gap(event: EventOf<"gap">): void {
    const view = this.#view(event.room);
    const { first } = this.#context.truth.channel(view.name);
    const detail = `${view.name} ${event.from}–${event.to} after ${view.offset}`;
    this.#checkHistory(view, detail);
    const isExact = event.from === view.offset + 1 && event.to >= event.from;
    if (!isExact || event.to >= first) {
      this.#fail("a gap names what is not retained", detail);
    }
    view.offset = event.to;
    this.#context.trace.count("gaps");
  }

  /** After a loss of the store's tail nothing is told of the new history before `joined`. */
  #checkHistory(view: View, detail: string): void {
    if (view.timeline !== this.#context.truth.timeline) {
      this.#fail("another history begins with joined", detail);
    }
  }

  #typing({ room, to, username }: EventOf<"typing">): void {
    const { userKey } = this.#context.facts;
    if (room !== undefined) this.#view(room);
    const isForMe = room === undefined
      ? to?.toLowerCase() === userKey
      : username.toLowerCase() !== userKey;
    if (!isForMe) this.#fail("typing is told to the others", `${username} in ${room ?? to}`);
  }

  #error({ code, message, ref }: EventOf<"error">): void {
    this.#context.trace.count(`error ${code}`);
    if (code === "internal") this.#fail("nothing fails inside", message);
    if (code === "ref_conflict") this.#fail("a repeat is no conflict", ref ?? "");
  }

  #view(room: string): View {
    return this.#views.get(room) ?? this.#fail("only rooms that were joined are told of", room);
  }

  #fail(invariant: string, detail: string): never {
    this.#context.trace.fail(invariant, detail);
  }
}
