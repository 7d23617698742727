/**
 * A person at a terminal: what the client tells is shown, what is typed is done.
 *
 * @module
 */

import type {
  Deletion,
  HistoryPage,
  Joined,
  Message,
  Natter,
  NatterError,
  Presence,
  StateChange,
} from "../../static/natter.js";
import { nameKey } from "../../static/natter.js";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { completeTyped, formatCommands, parseTyped, type Typed } from "./commands.ts";
import { formatFoot } from "./foot.ts";
import { harmless, type Painter } from "./format.ts";
import { describeChange, describePeople } from "./people.ts";
import { explainClose } from "./refusals.ts";
import type { Screen } from "./screen.ts";
import { Transcript } from "./transcript.ts";

/** How long the last messages may take before it ends without them. */
const LAST_WORDS_MS_MAX = 3000;
const HISTORY_PAGE = 20;
const NO_CONNECTION = "There is no connection yet";
const TRANSPORTS = { websocket: "WebSocket", events: "server-sent events", poll: "polling" };

/** What a conversation needs beside the client. */
export interface ConversationOptions {
  /** The room to begin in. */
  readonly room: string;
  /** The server. */
  readonly url: string;
  /** How texts are marked. */
  readonly paint: Painter;
  /** The terminal. */
  readonly screen: Screen;
}

interface Room {
  readonly name: string;
  /** The newest entry when it was joined: what comes up to it is history. */
  head: number;
  /** Whether the line under the history is still to be drawn. */
  isCatchingUp: boolean;
  /** Where older history goes on. */
  oldest: number;
}

/** A conversation from the first connection to its end. */
export class Conversation {
  /** Fulfilled at the end: with the reason in words, where the server ended it. */
  readonly over: Promise<string | undefined>;
  readonly #client: Natter;
  readonly #url: string;
  readonly #paint: Painter;
  readonly #screen: Screen;
  readonly #shown: Transcript;
  readonly #rooms = new Map<string, Room>();
  #current: string;
  #pages: Promise<void> = Promise.resolve();
  #isLost = false;
  #isQuitting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #transport: string | undefined;
  #state: StateChange = { state: "connecting" };

  /** Shows what a client tells from now on. */
  constructor(client: Natter, { room, url, paint, screen }: ConversationOptions) {
    this.#client = client;
    this.#current = room;
    this.#url = url;
    this.#paint = paint;
    this.#screen = screen;
    this.#shown = new Transcript(screen, paint);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.over = promise;
    client.addEventListener("joined", ({ detail }) => this.#joined(detail));
    client.addEventListener("message", ({ detail }) => this.#message(detail));
    client.addEventListener("deletion", ({ detail }) => this.#deletion(detail));
    client.addEventListener("gap", ({ detail: { room, from, to } }) => {
      this.#shown.note(
        `${to - from + 1} messages of ${room} came too fast to be shown, or are gone`,
      );
    });
    client.addEventListener("presence", ({ detail }) => this.#presence(detail));
    client.addEventListener("left", ({ detail }) => this.#left(detail.room));
    client.addEventListener("state", ({ detail }) => this.#changed(detail));
    client.addEventListener("error", ({ detail }) => this.#shown.note(detail.message));
    client.addEventListener("closed", ({ detail: { code, reason } }) => {
      clearTimeout(this.#timer);
      screen.close();
      resolve(code === CLOSE_CODE.Normal ? undefined : explainClose(code, reason));
    });
    this.#drawFoot();
  }

  /** Does what a typed line asks for. */
  take(line: string): void {
    const typed = parseTyped(line);
    switch (typed.type) {
      case "nothing":
        return;
      case "say":
        return this.#send(typed.body, { room: this.#current });
      case "message":
        return this.#send(typed.body, { to: typed.to });
      case "mistake":
        return this.#shown.note(typed.message);
      default:
        return this.#obey(typed);
    }
  }

  /** Finishes a command, or the name of somebody who is here. */
  complete(line: string): [string[], string] {
    return completeTyped(line, this.#client.users(this.#current).users);
  }

  /** Ends it: at once, or where something entered before is still on its way, soon. */
  quit(): void {
    const isSending = this.#client.state === "open" && this.#client.unsent.length > 0;
    if (this.#isQuitting || !isSending) return this.#client.close();
    this.#isQuitting = true;
    this.#timer = setTimeout(() => this.#client.close(), LAST_WORDS_MS_MAX);
  }

  #obey(typed: Extract<Typed, { type: "join" | "leave" | "who" | "history" | "help" | "quit" }>) {
    switch (typed.type) {
      case "join":
        return void this.#join(typed.room);
      case "leave":
        return this.#leave(typed.room ?? this.#current);
      case "who":
        return this.#shown.note(
          this.#rooms.has(nameKey(this.#current)) ? this.#who(this.#current) : NO_CONNECTION,
        );
      case "history":
        return this.#lookBack(this.#current);
      case "help":
        return this.#screen.print(formatCommands());
      case "quit":
        return this.quit();
    }
  }

  #send(body: string, target: { room: string } | { to: string }): void {
    this.#client.send(body, target).catch(({ code, message }: NatterError) => {
      const start = code === "perhaps_sent" ? "Perhaps not sent" : "Not sent";
      this.#shown.note(code === "closed" ? `${start}: ${body}` : `${start} (${message}): ${body}`);
    }).finally(() => {
      this.#drawFoot();
      if (this.#isQuitting && this.#client.unsent.length === 0) this.#client.close();
    });
    this.#drawFoot();
  }

  async #join(room: string): Promise<void> {
    try {
      const joined = await this.#client.join(room);
      this.#current = joined.room;
    } catch {
      // Told as an `error`.
    }
    this.#drawFoot();
  }

  #leave(room: string): void {
    const key = nameKey(room);
    const others = [...this.#rooms.keys()].filter((other) => other !== key && other[0] !== "@");
    if (!this.#rooms.has(key)) return this.#shown.note(`You are not in ${room}`);
    if (others.length === 0) {
      return this.#shown.note("This is your only room: /join another, or /quit");
    }
    this.#client.leave(room);
    this.#left(room);
  }

  #left(room: string): void {
    const key = nameKey(room);
    if (!this.#rooms.delete(key)) return;
    if (nameKey(this.#current) === key) {
      this.#current = [...this.#rooms].findLast(([other]) => other[0] !== "@")?.[1].name ?? "lobby";
    }
    this.#shown.note(`You left ${room}`);
    this.#drawFoot();
  }

  /** One page after another: where the next one begins, the one before says. */
  #lookBack(room: string): void {
    this.#pages = this.#pages.then(() => this.#history(room));
  }

  async #history(name: string): Promise<void> {
    const room = this.#rooms.get(nameKey(name));
    if (!room) return this.#shown.note(NO_CONNECTION);
    try {
      const page: HistoryPage = await this.#client.history({
        room: name,
        before: room.oldest,
        limit: HISTORY_PAGE,
      });
      room.oldest = page.from;
      const messages = page.entries.filter((entry) => entry.type === "message");
      if (messages.length === 0) return this.#shown.note(`There is nothing older in ${name}`);
      this.#shown.rule(`older messages of ${name}`);
      for (const message of messages) this.#show(message);
      this.#shown.rule(page.more ? "/history goes further back" : "that was the beginning");
    } catch (error) {
      this.#shown.note((error as NatterError).message);
    }
  }

  #joined({ room: name, offset, head, recovered }: Joined): void {
    const known = this.#rooms.get(nameKey(name));
    if (recovered && known) return;
    if (known) this.#shown.note(`${name}: what was said meanwhile may be missing here`);
    const room = { name, head, isCatchingUp: true, oldest: offset + 1 };
    this.#rooms.set(nameKey(name), room);
    if (nameKey(name) === nameKey(this.#current)) this.#current = name;
    if (offset >= head && this.#state.state === "open") this.#catchUp(room);
    this.#drawFoot();
  }

  /** What follows is new. */
  #catchUp(room: Room): void {
    room.isCatchingUp = false;
    const isInbox = room.name.startsWith("@");
    if (isInbox && room.head < room.oldest) return;
    this.#shown.rule(isInbox ? "direct messages up to here" : this.#who(room.name));
  }

  #entry(name: string, offset: number, show: () => void): void {
    const room = this.#rooms.get(nameKey(name));
    if (room?.isCatchingUp && offset > room.head) this.#catchUp(room);
    show();
    if (room?.isCatchingUp && offset === room.head) this.#catchUp(room);
  }

  #message(message: Message): void {
    this.#entry(message.room, message.offset, () => this.#show(message));
    // Its acknowledgement has come just before it.
    this.#drawFoot();
  }

  #deletion({ room, offset, by }: Deletion): void {
    const isHistory = offset <= (this.#rooms.get(nameKey(room))?.head ?? 0);
    this.#entry(room, offset, () => isHistory || this.#shown.note(`${by} deleted a message`));
  }

  #show(message: Message): void {
    const { room, to } = message;
    const roomCount = [...this.#rooms.keys()].filter((key) => key[0] !== "@").length;
    const told = roomCount > 1 && to === undefined ? room : undefined;
    this.#shown.message(message, this.#client.username, told);
  }

  #presence(presence: Presence): void {
    const { room } = presence;
    const place = nameKey(room) === nameKey(this.#current) ? "" : ` (${room})`;
    for (const told of describeChange(presence, this.#client.username)) {
      this.#shown.note(`${told}${place}`);
    }
  }

  #who(room: string): string {
    return describePeople(room, this.#client.users(room), this.#client.username);
  }

  #changed(change: StateChange): void {
    this.#state = change;
    if (change.state === "open") {
      const transport = change.transport && TRANSPORTS[change.transport];
      if (this.#isLost || transport !== this.#transport) {
        this.#shown.note(`connected to ${this.#url} by ${transport}`);
      }
      this.#transport = transport;
      this.#isLost = false;
      for (const room of this.#rooms.values()) {
        if (room.isCatchingUp && room.oldest > room.head) this.#catchUp(room);
      }
    } else if ((change.state === "waiting" || change.state === "offline") && !this.#isLost) {
      this.#isLost = true;
      this.#shown.note(`no connection to ${this.#url} (${change.reason || "it does not answer"})`);
    }
    this.#drawFoot();
  }

  #drawFoot(): void {
    const rows = formatFoot(this.#state, this.#client.unsent, this.#screen.columns, this.#paint);
    this.#screen.setFoot(rows, `${harmless(this.#current)}> `);
  }
}
