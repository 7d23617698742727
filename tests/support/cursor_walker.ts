/**
 * A reader that walks from transport to transport with its cursor, and writers who say everything until it is stored.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { formatCursor, parseCursor, type Position } from "../../lib/protocol/position.ts";
import type { Random } from "../simulation/random.ts";
import { Client } from "./client.ts";
import { until, within } from "./deadline.ts";
import { EventStreamClient } from "./event_stream_client.ts";

/** The rooms that are read and written to. */
export const ROOMS = ["a", "b"];

/** These, and the reader's inbox. */
export const CHANNELS = [...ROOMS, "@reader"];

/** Where the servers are. */
export interface Addressed {
  /** The address of one that is there now, with a slash at its end; another one each time, perhaps. */
  readonly url: string;
}

/** A reader that goes from one transport to another with its cursor, and remembers what it was told. */
export class Walker {
  /** The entries of each channel, as `offset id body`. */
  readonly seen = new Map<string, string[]>(CHANNELS.map((channel) => [channel, []]));
  /** How often each transport was used. */
  readonly hops: Record<string, number> = {};
  readonly #servers: Addressed;
  readonly #credential: string;
  readonly #random: Random;
  readonly #messages: number;
  readonly #leaving: Promise<unknown>[] = [];
  #positions = new Map<string, Position>();
  #left = 0;

  /**
   * @param servers Where they are.
   * @param credential Its key or token.
   * @param random Chance.
   * @param messages How many there will be.
   */
  constructor(servers: Addressed, credential: string, random: Random, messages: number) {
    this.#servers = servers;
    this.#credential = credential;
    this.#random = random;
    this.#messages = messages;
  }

  /** How many entries it has. */
  get count(): number {
    return [...this.seen.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Reads some dozen entries over a transport, and leaves it wherever that is. */
  async hop(transport: "short poll" | "long poll" | "events" | "socket"): Promise<void> {
    this.#left = Math.min(20 + this.#random.below(40), this.#messages - this.count);
    this.hops[transport] = (this.hops[transport] ?? 0) + 1;
    switch (transport) {
      case "short poll":
        return await this.#poll(0);
      case "long poll":
        return await this.#poll(1);
      case "events":
        return await this.#readEvents();
      case "socket":
        return await this.#readSocket();
    }
  }

  /** Waits until everything that it has left has gone. */
  async gone(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  /** Polls once; returns whether there was nothing. */
  async pollOnce(wait: number): Promise<boolean> {
    const url = new URL(`poll/reader?${this.#query}&wait=${wait}`, this.#servers.url);
    const response = await within(fetch(url, { headers: this.#headers }), "a poll's answer");
    const { cursor, more, events } = await response.json();
    assertReady(response);
    // All or nothing: the cursor is that after the last one.
    for (const event of events) this.#take(event);
    this.#goOn(cursor);
    return events.length === 0 && !more;
  }

  async #poll(wait: number): Promise<void> {
    for (let polls = 0; polls < 10 && this.#left > 0; polls++) await this.pollOnce(wait);
  }

  async #readEvents(): Promise<void> {
    // By the header or by the query, as EventSource does it when it comes back or when it is new.
    const isBack = this.#positions.size > 0 && this.#random.chance(0.5);
    const headers = isBack
      ? { ...this.#headers, "Last-Event-ID": formatCursor(this.#positions) }
      : this.#headers;
    const query = isBack ? "room=a&room=b&cursor=a%3Dnone:1" : this.#query;
    using stream = await EventStreamClient.open(
      this.#servers.url,
      `/events/reader?${query}`,
      headers,
    );
    assertReady(stream.response);
    while (this.#left > 0) {
      const event = await stream.next();
      if (event === undefined) throw new Error("The stream ended");
      this.#take(event.data);
      if (event.id !== "") this.#goOn(event.id);
    }
  }

  async #readSocket(): Promise<void> {
    const subprotocols = ["natter.v1", `natter.auth.${this.#credential}`];
    const path = `/ws/reader?${this.#query}`;
    const client = await Client.open(this.#servers.url, path, subprotocols);
    try {
      while (this.#left > 0) {
        for (const event of JSON.parse(await client.next() as string)) {
          this.#take(event);
          if (event.type === "joined") this.#positions.set(event.room, event);
          if (event.offset !== undefined && event.type !== "joined") {
            const { epoch } = this.#positions.get(event.room)!;
            this.#positions.set(event.room, { epoch, offset: event.offset });
          }
          // Also in the midst of a frame: what is left of it was never read.
          if (this.#left <= 0) break;
        }
      }
    } finally {
      client.socket.close();
      this.#leaving.push(within(client.closed, "a socket closes"));
    }
  }

  // deno-lint-ignore no-explicit-any
  #take(event: any): void {
    assert(event.type !== "gap", "a gap");
    if (event.type === "joined") {
      const isNew = !this.#positions.has(event.room);
      assertEquals(event.recovered, !isNew, `${event.room} after ${this.count} entries`);
    }
    if (event.type !== "message") return;
    this.seen.get(event.room)!.push(`${event.offset} ${event.id} ${event.body}`);
    this.#left--;
  }

  #goOn(cursor: string): void {
    this.#positions = new Map(parseCursor(cursor)!);
  }

  get #headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.#credential}` };
  }

  get #query(): string {
    const query = new URLSearchParams(ROOMS.map((room) => ["room", room]));
    query.set("cursor", formatCursor(this.#positions));
    return query.toString();
  }
}

/** Throws for a server that is about to end, as for one that has: its store is closed before its listener. */
function assertReady({ status }: Response): void {
  if (status === 503) throw new Error("The server is ending");
  assertEquals(status, 200);
}

/** Says one thing after another, each until it is acknowledged; returns the ids. */
export async function write(
  servers: Addressed,
  credential: string,
  random: Random,
  refs: readonly string[],
  onAck: () => void,
): Promise<string[]> {
  const ids: string[] = [];
  for (const ref of refs) {
    const channel = random.pick(CHANNELS);
    const [query, to] = channel.startsWith("@") ? ["", "reader"] : [`?room=${channel}`, undefined];
    // The same at every try: with another body the ref would be a conflict.
    const body = `${ref} ${"x".repeat(random.below(200))}`;
    await until(async () => {
      try {
        const response = await fetch(new URL(`messages/writer${query}`, servers.url), {
          method: "POST",
          headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
          body: JSON.stringify({ body, to, ref }),
        });
        const { id } = await response.json();
        if (!response.ok) return false;
        ids.push(id);
        onAck();
        return true;
      } catch {
        return false; // The server has gone; the outcome is unknown, and the same ref asks again.
      }
    }, `${ref} is stored`);
  }
  return ids;
}

/** What is stored of a channel, as `offset id body`. */
export async function stored(
  servers: Addressed,
  credential: string,
  channel: string,
): Promise<string[]> {
  const entries: string[] = [];
  for (let after = 0, more = true; more;) {
    const path = `api/rooms/${encodeURIComponent(channel)}/messages?limit=200&after=${after}`;
    const headers = { Authorization: `Bearer ${credential}` };
    const page = await (await fetch(new URL(path, servers.url), { headers })).json();
    for (const { offset, id, body } of page.entries) entries.push(`${offset} ${id} ${body}`);
    ({ to: after, more } = page);
  }
  return entries;
}
