/** A server that the browser tests play themselves, in the place of the real one. */

import type { BrowserContextOptions, WebSocketRoute } from "playwright-core";
import type { Stage } from "./browser.ts";
import type { Visitor } from "./visitor.ts";

/** What a played server tells, as the rich protocol has it. */
type Event = Readonly<Record<string, unknown>>;

/** A server of the rich protocol that does what the test says. */
export interface PlayedServer {
  /** Tells a page something. */
  tell(...events: Event[]): void;
  /** Closes the newest socket. */
  close(code: number, reason?: string): void;
  /** How many sockets there have been. */
  readonly count: number;
}

/** What a played server begins with, and how it answers. */
export interface Play {
  /** The newest offset of the lobby. */
  readonly head?: number;
  /** Where the stream of the lobby begins. */
  readonly offset?: number;
  /** Answers a command; without it, messages get an `ack`, and come back. */
  answer?(command: Event & { readonly type: string }, server: PlayedServer): void;
  /** Says something else at a connection. */
  greet?(server: PlayedServer, number: number): boolean;
}

const AT = Date.UTC(2026, 4, 9, 10, 8);

/** An entry of the lobby. */
export function entry(offset: number, parts: Event = {}): Event {
  return {
    type: "message",
    room: "lobby",
    offset,
    id: `id-${offset}`,
    sender: "Ben",
    body: `message ${offset}`,
    at: AT + offset * 7_000,
    ...parts,
  };
}

/** Takes the place of the server for the sockets of one page. */
export async function playServer(visitor: Visitor, play: Play = {}): Promise<PlayedServer> {
  const { head = 0, offset = head } = play;
  let newest = head;
  let count = 0;
  let socket: WebSocketRoute | undefined;
  const server: PlayedServer = {
    tell: (...events) => socket?.send(JSON.stringify(events)),
    close: (code, reason = "") => void socket?.close({ code, reason }),
    get count() {
      return count;
    },
  };
  const answer = play.answer ?? (({ type, room, body, ref }) => {
    if (type === "ping") server.tell({ type: "pong" });
    if (type !== "message") return;
    const { id, at, ...rest } = entry(++newest, { sender: "Ann", body });
    server.tell({ type: "ack", ref, room, offset: newest, id, at, duplicate: false });
    server.tell({ ...rest, id, at });
  });
  await visitor.page.routeWebSocket(/\/ws\//, (opened) => {
    socket = opened;
    opened.onMessage((text) => answer(JSON.parse(String(text)), server));
    if (play.greet?.(server, count++)) return;
    const joined = { type: "joined", epoch: "e", recovered: false };
    server.tell(
      {
        type: "welcome",
        protocol: "natter.v1",
        username: "Ann",
        limits: { bodyBytesMax: 8192, messagesPerSecond: 0, messagesBurst: 0 },
        pingSeconds: 25,
      },
      { ...joined, room: "@Ann", offset: 0, head: 0 },
      { ...joined, room: "lobby", offset, head, users: ["Ann", "Ben"], userCount: 2 },
    );
    for (let at = offset + 1; at <= head; at += 200) {
      const length = Math.min(200, head - at + 1);
      server.tell(...Array.from({ length }, (_, index) => entry(at + index)));
    }
  });
  // The routes take hold of a page as it loads.
  await visitor.page.reload();
  return server;
}

/** Opens the page with the test in the place of the server, and joins. */
export async function joinPlayedServer(
  stage: Stage,
  play: Play = {},
  options: BrowserContextOptions = {},
): Promise<[Visitor, PlayedServer]> {
  const visitor = await stage.open(options);
  const server = await playServer(visitor, play);
  await visitor.join("Ann");
  return [visitor, server];
}
