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
import { COMMANDS, parseTyped, type Typed } from "./commands.ts";
import {
  formatDay,
  formatMessage,
  formatTime,
  harmless,
  harmlessExcerpt,
  harmlessRows,
  type Painter,
  widthOf,
} from "./format.ts";
import { explainClose } from "./refusals.ts";
import type { Screen } from "./screen.ts";

/** In larger rooms it is not told who comes and goes, or who is there. */
const USERS_TOLD_MAX = 20;
/** Messages that wait are shown up to this many. */
const UNSENT_SHOWN_MAX = 3;
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
  readonly #rooms = new Map<string, Room>();
  #current: string;
  #day = formatDay(Date.now());
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
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.over = promise;
    client.addEventListener("joined", ({ detail }) => this.#joined(detail));
    client.addEventListener("message", ({ detail }) => this.#message(detail));
    client.addEventListener("deletion", ({ detail }) => this.#deletion(detail));
    client.addEventListener("gap", ({ detail: { room, from, to } }) => {
      this.#tell(`${to - from + 1} messages of ${room} came too fast to be shown, or are gone`);
    });
    client.addEventListener("presence", ({ detail }) => this.#presence(detail));
    client.addEventListener("left", ({ detail }) => this.#left(detail.room));
    client.addEventListener("state", ({ detail }) => this.#changed(detail));
    client.addEventListener("error", ({ detail }) => this.#tell(detail.message));
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
        return this.#tell(typed.message);
      default:
        return this.#obey(typed);
    }
  }

  /** Finishes a command, or the name of somebody who is here. */
  complete(line: string): [string[], string] {
    const word = /\S*$/.exec(line)![0];
    const isFirst = word.length === line.length;
    const commands = COMMANDS.map(([command]) => /^\/\w+/.exec(command)?.[0] ?? "");
    const names = this.#client.users(this.#current).users.filter((name) => !name.includes(" "))
      .map(harmless);
    const candidates = isFirst && word.startsWith("/") ? commands : names;
    const key = nameKey(word);
    if (word === "") return [[], word];
    return [
      candidates.filter((text) => nameKey(text).startsWith(key) && text !== "")
        .map((text) => `${text} `),
      word,
    ];
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
        return this.#tell(
          this.#rooms.has(nameKey(this.#current)) ? this.#who(this.#current) : NO_CONNECTION,
        );
      case "history":
        return this.#lookBack(this.#current);
      case "help": {
        const width = Math.max(...COMMANDS.map(([command]) => command.length));
        const rows = COMMANDS.map(([command, meaning]) => `${command.padEnd(width)}  ${meaning}`);
        return this.#screen.print(rows.map((row) => `  ${row}`));
      }
      case "quit":
        return this.quit();
    }
  }

  #send(body: string, target: { room: string } | { to: string }): void {
    this.#client.send(body, target).catch(({ code, message }: NatterError) => {
      const start = code === "perhaps_sent" ? "Perhaps not sent" : "Not sent";
      this.#tell(code === "closed" ? `${start}: ${body}` : `${start} (${message}): ${body}`);
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
    if (!this.#rooms.has(key)) return this.#tell(`You are not in ${room}`);
    if (others.length === 0) return this.#tell("This is your only room: /join another, or /quit");
    this.#client.leave(room);
    this.#left(room);
  }

  #left(room: string): void {
    const key = nameKey(room);
    if (!this.#rooms.delete(key)) return;
    if (nameKey(this.#current) === key) {
      this.#current = [...this.#rooms].findLast(([other]) => other[0] !== "@")?.[1].name ?? "lobby";
    }
    this.#tell(`You left ${room}`);
    this.#drawFoot();
  }

  /** One page after another: where the next one begins, the one before says. */
  #lookBack(room: string): void {
    this.#pages = this.#pages.then(() => this.#history(room));
  }

  async #history(name: string): Promise<void> {
    const room = this.#rooms.get(nameKey(name));
    if (!room) return this.#tell(NO_CONNECTION);
    try {
      const page: HistoryPage = await this.#client.history({
        room: name,
        before: room.oldest,
        limit: HISTORY_PAGE,
      });
      room.oldest = page.from;
      const messages = page.entries.filter((entry) => entry.type === "message");
      if (messages.length === 0) return this.#tell(`There is nothing older in ${name}`);
      this.#rule(`older messages of ${name}`);
      for (const message of messages) this.#show(message);
      this.#rule(page.more ? "/history goes further back" : "that was the beginning");
    } catch (error) {
      this.#tell((error as NatterError).message);
    }
  }

  #joined({ room: name, offset, head, recovered }: Joined): void {
    const known = this.#rooms.get(nameKey(name));
    if (recovered && known) return;
    if (known) this.#tell(`${name}: what was said meanwhile may be missing here`);
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
    this.#rule(isInbox ? "direct messages up to here" : this.#who(room.name));
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
    this.#entry(room, offset, () => isHistory || this.#tell(`${by} deleted a message`));
  }

  #show(message: Message): void {
    const day = formatDay(message.at);
    if (day !== this.#day) this.#rule(day);
    this.#day = day;
    const { room, to } = message;
    const roomCount = [...this.#rooms.keys()].filter((key) => key[0] !== "@").length;
    this.#screen.print(formatMessage(message, {
      self: this.#client.username,
      room: roomCount > 1 && to === undefined ? room : undefined,
      columns: this.#screen.columns,
      paint: this.#paint,
    }));
  }

  #presence({ room, joins = [], leaves = [], userCount }: Presence): void {
    if (userCount > USERS_TOLD_MAX) return;
    const own = nameKey(this.#client.username);
    const others = (names: string[]) => names.filter((name) => nameKey(name) !== own).join(", ");
    const [came, went] = [others(joins), others(leaves)];
    const place = nameKey(room) === nameKey(this.#current) ? "" : ` (${room})`;
    if (came !== "") this.#tell(`${came} came${place}`);
    if (went !== "") this.#tell(`${went} left${place}`);
  }

  #who(room: string): string {
    const { users, userCount } = this.#client.users(room);
    const own = nameKey(this.#client.username);
    const others = users.filter((name) => nameKey(name) !== own);
    if (userCount > USERS_TOLD_MAX) return `${room}: ${userCount} people`;
    return `${room}: ${others.length > 0 ? `you, ${others.join(", ")}` : "you alone"}`;
  }

  #changed(change: StateChange): void {
    this.#state = change;
    if (change.state === "open") {
      const transport = change.transport && TRANSPORTS[change.transport];
      if (this.#isLost || transport !== this.#transport) {
        this.#tell(`connected to ${this.#url} by ${transport}`);
      }
      this.#transport = transport;
      this.#isLost = false;
      for (const room of this.#rooms.values()) {
        if (room.isCatchingUp && room.oldest > room.head) this.#catchUp(room);
      }
    } else if ((change.state === "waiting" || change.state === "offline") && !this.#isLost) {
      this.#isLost = true;
      this.#tell(`no connection to ${this.#url} (${change.reason || "it does not answer"})`);
    }
    this.#drawFoot();
  }

  #tell(text: string): void {
    const rows = harmlessRows(text, this.#screen.columns - 2);
    const marked = rows.map((row, index) => this.#paint.dim(`${index === 0 ? "*" : " "} ${row}`));
    this.#screen.print(marked);
  }

  #rule(text: string): void {
    const label = harmlessExcerpt(text, this.#screen.columns - 8);
    const rest = Math.max(0, Math.min(this.#screen.columns, 72) - 4 - widthOf(label));
    this.#screen.print([this.#paint.dim(`── ${label} ${"─".repeat(rest)}`)]);
  }

  /** The rows of the moment: how the connection stands, and what waits to be sent. */
  #drawFoot(): void {
    const { unsent } = this.#client;
    const width = this.#screen.columns - 12;
    const rows = unsent.slice(-UNSENT_SHOWN_MAX).map(({ body = "" }) => {
      const word = this.#state.state === "open" ? "sending" : "unsent";
      return this.#paint.dim(`  ${word}: ${harmlessExcerpt(body, width)}`);
    });
    const more = unsent.length - rows.length;
    if (more > 0) rows.unshift(this.#paint.dim(`  and ${more} more before it`));
    if (this.#state.state !== "open") rows.unshift(this.#paint.dim(`  ${this.#describeState()}`));
    this.#screen.setFoot(rows, `${harmless(this.#current)}> `);
  }

  #describeState(): string {
    const { state, retryAt } = this.#state;
    const count = this.#client.unsent.length;
    const unsent = count === 0 ? "" : `, ${count} unsent`;
    if (state === "connecting") return `connecting…${unsent}`;
    const seconds = String(new Date(retryAt ?? 0).getSeconds()).padStart(2, "0");
    const time = retryAt === undefined ? "" : `; tried again at ${formatTime(retryAt)}:${seconds}`;
    return `${state === "offline" ? "offline" : "not connected"}${time}${unsent}`;
  }
}
