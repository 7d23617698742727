/**
 * Answers to commands, held against what is stored: acks and pages of history.
 *
 * @module
 */

import { HISTORY_PAGE_DEFAULT, REF_KNOWN_MS_MIN } from "../../lib/limits.ts";
import type { Event } from "../../lib/protocol/event.ts";
import type { Asked, Order } from "./asked.ts";
import { channelOf, checkEntry, type StreamContext } from "./stream.ts";
import type { TrueChannel } from "./truth.ts";

type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;

/**
 * What is acknowledged is stored, once, where the ack says; a direct message in both inboxes.
 *
 * @param context What is known.
 * @param event The ack.
 * @param asked What it answers.
 */
export function checkAck(context: StreamContext, event: EventOf<"ack">, { order }: Asked): void {
  const { trace } = context;
  const { command } = order;
  const channel = channelOf(context, event.room);
  const detail = `${channel.name}: ${JSON.stringify(event)}`;
  const entry = channel.entries[event.offset - 1] ??
    trace.fail("what is acknowledged is stored", detail);
  const isIt = command.type === "delete"
    ? entry.target === command.offset
    : command.type === "message" && entry.body === command.body;
  if (!isIt || entry.id !== event.id || entry.at !== event.at) {
    trace.fail("what is acknowledged is stored", `${detail} is ${JSON.stringify(entry)}`);
  }
  checkRepeat(context, channel, event, order);
  trace.count(event.duplicate ? "acks of repeats" : "acks");
  if (command.type === "message" && command.to !== undefined) {
    trace.count("direct messages");
    checkInboxes(context, event.id, command.to);
  }
}

function checkRepeat(
  { truth, trace }: StreamContext,
  channel: TrueChannel,
  { offset, id, at, duplicate }: EventOf<"ack">,
  order: Order,
): void {
  const { place } = order;
  const known = place && truth.channel(place.channel).entries[place.offset - 1];
  // A place in a history that was lost is none any more, and what is long gone may come again.
  const isKnown = place !== undefined && known?.id === place.id &&
    (place.offset >= channel.first || at - known.at < REF_KNOWN_MS_MIN);
  const isElsewhere = isKnown && (place.offset !== offset || place.id !== id);
  const isFirstTwice = isKnown && place.isOwn && !duplicate;
  if (isElsewhere || isFirstTwice || (duplicate && order.times === 1)) {
    trace.fail("a repeat gets the first one's ack", `${channel.name} ${offset} ${duplicate}`);
  }
  const isOwn = !duplicate || (isKnown && place.isOwn);
  order.place = { channel: channel.name, offset, id, isOwn };
}

function checkInboxes({ truth, trace, facts }: StreamContext, id: string, to: string): void {
  const own = `@${facts.userKey}/`, theirs = `@${to.toLowerCase()}/`;
  const holding = [...truth.channels].filter(({ entries }) => entries.some((it) => it.id === id))
    .map(({ name }) => name);
  if (![own, theirs].every((inbox) => holding.some((name) => name.startsWith(inbox)))) {
    trace.fail("a direct message reaches both inboxes before its ack", holding.join());
  }
  if (!holding.every((name) => name.startsWith(own) || name.startsWith(theirs))) {
    trace.fail("a direct message reaches nobody else", holding.join());
  }
}

/**
 * A page of history is what is stored, without holes, and says when there is more.
 *
 * @param context What is known.
 * @param event The page.
 * @param asked What it answers.
 */
export function checkHistory(
  context: StreamContext,
  event: EventOf<"history">,
  { order: { command } }: Asked,
): void {
  const { truth, facts, trace } = context;
  const channel = channelOf(context, event.room ?? `@${facts.userKey}`);
  const { from, to, entries, more } = event;
  const detail = `${channel.name} ${from}–${to}: ${entries.map(({ offset }) => offset)}`;
  const { after, limit = HISTORY_PAGE_DEFAULT } = command.type === "history"
    ? command
    : trace.fail("an answer is of its command's kind", detail);
  if (entries.length > limit) trace.fail("a page holds its bounds", detail);
  // Some may have been deleted while the answer was on its way.
  for (const entry of entries) checkEntry(context, channel, entry, 2);
  const wanted = channel.entries.slice(from - 1, to).filter((entry) =>
    event.with === undefined || entry.with?.toLowerCase() === event.with.toLowerCase()
  );
  if (wanted.map(({ offset }) => offset).join() !== entries.map(({ offset }) => offset).join()) {
    trace.fail("a page of history has no holes", detail);
  }
  const isAll = after === undefined ? from <= channel.first : !truth.mustKnow(channel, to + 1);
  if (!more && !isAll) trace.fail("a page says that there is more", detail);
  trace.count("pages of history");
}
