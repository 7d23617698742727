/**
 * What can be asked and said without a session, one request at a time.
 *
 * @module
 */

import type * as z from "zod";
import type { Principal } from "../auth/principal.ts";
import type { Directory } from "../directory/directory.ts";
import { NO_ROOMS } from "../directory/records.ts";
import { PRESENCE_USERS_MAX } from "../limits.ts";
import type { Log } from "../log/log.ts";
import { look } from "../log/look.ts";
import type { ROOM_SCHEMA } from "../protocol/answer.ts";
import type { HistoryEvent } from "../protocol/event.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import { checkRead, DEFAULT_ROOM, findTarget, PROGRAM, roomTarget, type Target } from "./access.ts";
import { claimName, nameOf, takeWork, visitName } from "./entrance.ts";
import { historyEvent, type HistoryRequest } from "./history.ts";
import type { PresenceSnapshot } from "./presence.ts";
import { noMessagesHere, type Published, type Publisher } from "./publisher.ts";
import type { Rooms } from "./rooms.ts";

/** What {@linkcode Requests} work with. */
export interface RequestContext {
  /** Where messages are stored. */
  readonly log: Log;
  /** Who holds which name. */
  readonly directory: Directory;
  /** The open rooms. */
  readonly rooms: Rooms;
  /** What messages go through. */
  readonly publisher: Publisher;
  /** Joins and pages of history of each address. */
  readonly workLimiter: RateLimiter;
}

/** Something to read, as one request. */
export interface ReadRequest {
  /** Who wants to read. */
  readonly reader: Principal;
  /** Where the request came from. */
  readonly address: string;
  /** The room's name as it came, or `@` and a username. */
  readonly room: string;
}

/** Something to say, as one request. */
export interface PublishRequest {
  /** What the key or token says of whoever says it. */
  readonly principal: Principal;
  /** Under which name, as it came. */
  readonly username: string | undefined;
  /** Where the request came from. */
  readonly address: string;
  /** The room's name as it came; `undefined` and no `to`: {@linkcode DEFAULT_ROOM}. */
  readonly room?: string | undefined;
  /** In place of a room: to whom. */
  readonly to?: string | undefined;
  /** The text. */
  readonly body: string;
  /** The sender's own id of the message. */
  readonly ref?: string | undefined;
}

/**
 * A room in a list.
 *
 * @internal Its types are the schema's own.
 */
export type RoomState = z.infer<typeof ROOM_SCHEMA>;

/** Answers requests. */
export class Requests {
  readonly #context: RequestContext;

  /**
   * Creates it.
   *
   * @param context What it works with.
   */
  constructor(context: RequestContext) {
    this.#context = context;
  }

  /**
   * Says something under a name: a key or token claims it, as on a socket; without one it must be free.
   *
   * @param request Who, what, and where.
   * @throws {Refusal} As a session's opening and its commands.
   * @throws {RefConflictError} If the `ref` stands for another text.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async publish(request: PublishRequest): Promise<Published> {
    const { principal, address, to, body, ref } = request;
    const { directory, publisher } = this.#context;
    const user = nameOf(request.username, principal);
    // All that can be refused is looked at before a name is claimed.
    const room = roomOf(request);
    publisher.checkBody(body);
    const { author } = principal;
    // Without a key it is nobody who could come again: the name need only be free.
    const identity = author === undefined
      ? await visitName(directory, user)
      : await claimName(directory, { user, author, address });
    try {
      // Without a key any number of names costs nothing: then it is the address that has a bucket.
      const bucket = author === undefined ? `ip:${address}` : user.key;
      const sender = { ...identity, bucket };
      return await (room === undefined
        ? publisher.direct(sender, to!, body, ref)
        : publisher.say(sender, room, body, ref));
    } finally {
      directory.release(identity);
    }
  }

  /**
   * Reads a page of a channel's past.
   *
   * @param request Who wants to read what.
   * @param page Which part.
   * @throws {Refusal} `forbidden`, `banned`, `rate_limited` or `room_name_invalid`.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async history(request: ReadRequest, page: HistoryRequest): Promise<HistoryEvent> {
    return await historyEvent(this.#context.log, await this.#readable(request), page);
  }

  /**
   * Who is in a room.
   *
   * @param request Who wants to know, and of which room; in an inbox is nobody.
   * @throws {Refusal} `forbidden`, `banned`, `rate_limited` or `room_name_invalid`.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async users(request: ReadRequest): Promise<PresenceSnapshot & { readonly room: string }> {
    const target = await this.#readable(request);
    const { rooms, directory } = this.#context;
    const room = await rooms.find(target.channel);
    if (target.owner !== undefined) return { room: target.name, users: [], userCount: 0 };
    if (room?.presence !== undefined) return { room: target.name, ...room.presence.snapshot() };
    const users = (await directory.who(target.channel)).map(({ text }) => text).sort();
    return {
      room: target.name,
      users: users.slice(0, PRESENCE_USERS_MAX),
      userCount: users.length,
    };
  }

  async #readable({ reader, address, room }: ReadRequest): Promise<Target> {
    const { directory, workLimiter } = this.#context;
    if (reader !== PROGRAM) takeWork(workLimiter, address);
    if (await directory.isBanned(reader.user?.key, reader.author)) {
      throw new Refusal("banned", "Whoever asks is banned");
    }
    return checkRead(reader, await findTarget(room, directory));
  }

  /**
   * The rooms in which somebody is or something stands, by name.
   *
   * @param after Only names after this one, in the order of their UTF-8.
   * @param limit How many at most.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async rooms(after: string, limit: number): Promise<RoomState[]> {
    const { log, rooms, directory } = this.#context;
    const stored = await log.channels(after, limit, NO_ROOMS);
    const states = new Map<string, RoomState>();
    for (const { name, head, epoch } of stored) {
      states.set(name, { room: name, userCount: 0, head, epoch });
    }
    const last = stored.length === limit ? stored.at(-1)!.name : undefined;
    for (const { channel: room, userCount } of await directory.occupied(after, limit)) {
      if (last !== undefined && byUtf8(room, last) > 0) break;
      const state = states.get(room) ?? await this.#unwritten(room);
      states.set(room, { ...state, userCount });
    }
    for (const { name, channel, presence } of await rooms.all()) {
      if (byUtf8(name, after) <= 0 || (last !== undefined && byUtf8(name, last) > 0)) continue;
      const { head, epoch } = channel;
      states.set(name, { room: name, userCount: presence!.userCount, head, epoch });
    }
    return [...states.values()].sort((a, b) => byUtf8(a.room, b.room)).slice(0, limit);
  }

  /** A room in which somebody is in another process, and nothing stands. */
  async #unwritten(room: string): Promise<RoomState> {
    return await look(
      this.#context.log,
      room,
      ({ head, epoch }) => ({ room, userCount: 0, head, epoch }),
    );
  }
}

/** Where a message goes; `undefined`: to a user. */
function roomOf({ principal, room, to }: PublishRequest): Target | undefined {
  if (to !== undefined && room !== undefined) {
    throw new Refusal("bad_request", "A message goes to a room or to a user");
  }
  if (to !== undefined) return undefined;
  if (room?.startsWith("@")) throw noMessagesHere();
  return checkRead(principal, roomTarget(room ?? DEFAULT_ROOM));
}

/** The order of UTF-8 is that of code points: in it surrogates, which stand for the last, come last. */
function byUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === length) return a.length - b.length;
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

function rank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}
