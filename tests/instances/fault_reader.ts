/**
 * A reader who keeps its socket as long as that lives, and holds what it is told against every promise.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ROOMS } from "../support/cursor_walker.ts";
import { Client } from "../support/client.ts";
import { type Instances, keyOf } from "./support.ts";

/** What a reader knows of a room. */
interface View {
  epoch: string;
  offset: number;
  /** Where it began, at first or after a loss. */
  from: number;
  /** `offset id body` of each entry since then. */
  entries: string[];
}

/** What stands at a place, as readers were told; of all readers of a run of the program. */
const told = new Map<string, string>();

/** A reader on one instance after the other. */
export class FaultReader {
  /** Its name. */
  readonly name: string;
  /** How often it was told that its history was lost. */
  lost = 0;
  readonly #instances: Instances;
  readonly #excused: ReadonlySet<string>;
  readonly #views = new Map<string, View>();
  #instance: number;
  #client: Client | undefined;
  #isDone = false;

  /**
   * @param instances Where it reads.
   * @param name Its name.
   * @param instance Where it begins.
   * @param excused The addresses of instances that may close its socket.
   */
  constructor(
    instances: Instances,
    name: string,
    instance: number,
    excused: ReadonlySet<string>,
  ) {
    this.#instances = instances;
    this.name = name;
    this.#instance = instance;
    this.#excused = excused;
  }

  /** The offset up to which it has read. */
  offset(room: string): number {
    return this.#views.get(room)?.offset ?? 0;
  }

  /** The offset after which it began. */
  from(room: string): number {
    return this.#views.get(room)!.from;
  }

  /** What it has read since then. */
  entries(room: string): readonly string[] {
    return this.#views.get(room)!.entries;
  }

  /** Reads until it is stopped. */
  async read(): Promise<void> {
    while (!this.#isDone) {
      try {
        await this.#readSocket();
      } catch (error) {
        if ((error as Error).name === "AssertionError") throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Ends reading. */
  stop(): void {
    this.#isDone = true;
    this.#client?.socket.close();
  }

  async #readSocket(): Promise<void> {
    const { url } = this.#instances.at(this.#instance++);
    const query = new URLSearchParams(ROOMS.map((room) => ["room", room]));
    const cursor = [...this.#views].map(([room, { epoch, offset }]) =>
      `${room}=${epoch}:${offset}`
    );
    query.set("cursor", cursor.join(","));
    const subprotocols = ["natter.v1", `natter.auth.${keyOf(this.name)}`];
    const client = await Client.open(url, `/ws/${this.name}?${query}`, subprotocols);
    this.#client = client;
    const joined = new Set<string>();
    try {
      while (true) {
        const message = await Promise.race([client.next(), client.closed]);
        if (typeof message !== "string") break;
        for (const event of JSON.parse(message)) this.#take(event, joined);
      }
    } finally {
      client.socket.close();
      const { code } = await client.closed;
      // Before it has joined, the store may have been out of reach.
      const mayClose = this.#isDone || this.#excused.has(url) || joined.size <= ROOMS.length;
      assert(mayClose, `${this.name}'s socket was closed with ${code}, though its instance lives`);
    }
  }

  // deno-lint-ignore no-explicit-any
  #take(event: any, joined: Set<string>): void {
    if (event.type === "joined") joined.add(event.room);
    if (!ROOMS.includes(event.room)) return;
    const view = this.#views.get(event.room);
    if (event.type === "joined") return this.#joined(event, view);
    if (event.type !== "message") return assert(event.type === "presence", event.type);
    const { room, offset, id, body } = event;
    assert(view !== undefined, "joined comes first");
    assertEquals(offset, view.offset + 1, `${this.name} in ${room}`);
    view.offset = offset;
    view.entries.push(`${offset} ${id} ${body}`);
    const place = `${room} ${view.epoch} ${offset}`;
    assertEquals(told.get(place) ?? id, id, `one epoch has one history: ${place}`);
    told.set(place, id);
  }

  // deno-lint-ignore no-explicit-any
  #joined({ room, epoch, offset, recovered }: any, view: View | undefined): void {
    if (view === undefined || !recovered) {
      if (view !== undefined) this.lost++;
      this.#views.set(room, { epoch, offset, from: offset, entries: [] });
      return;
    }
    assertEquals(offset, view.offset, `${this.name} goes on in ${room}`);
    view.epoch = epoch;
  }
}
