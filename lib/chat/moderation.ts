/**
 * What programs may do to users and to their messages.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { Directory, Outcast } from "../directory/directory.ts";
import { isDirectoryChannel } from "../directory/records.ts";
import { ERASE_PASSES_MAX, ERASE_STEP_MESSAGES, HISTORY_PAGE_MAX } from "../limits.ts";
import type { Log, Place } from "../log/log.ts";
import { look } from "../log/look.ts";
import { CLOSE_CODE } from "../websocket/close_code.ts";
import { findTarget, PROGRAM, roomTarget } from "./access.ts";
import { nameOf } from "./entrance.ts";
import { readEntry } from "./history.ts";
import { notFound, type Published, type Publisher } from "./publisher.ts";
import type { Registry } from "./registry.ts";

/** What {@linkcode Moderation} works with. */
export interface ModerationContext {
  /** Where messages are stored. */
  readonly log: Log;
  /** Who holds which name, and who is banned. */
  readonly directory: Directory;
  /** Who is connected. */
  readonly registry: Registry;
  /** What messages and deletions go through. */
  readonly publisher: Publisher;
  /** Time. */
  readonly clock: Clock;
}

/** Who a deletion by a program is by; no user can have this name. */
const BY_PROGRAM = { author: PROGRAM.author, user: { text: "@program", key: "@program" } };

/** For programs with the `API_KEY`. */
export class Moderation {
  readonly #context: ModerationContext;

  /**
   * Creates it.
   *
   * @param context What it works with.
   */
  constructor(context: ModerationContext) {
    this.#context = context;
  }

  /**
   * Says something in a room under any name, without claiming it.
   *
   * @param room The room's name as it came.
   * @param sender The name as it came.
   * @param body The text.
   * @param ref The program's own id of the message.
   * @throws {Refusal} `room_name_invalid`, `username_invalid`, `body_empty`, `body_too_large`.
   * @throws {RefConflictError} If the `ref` stands for another text.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async say(room: string, sender: string, body: string, ref?: string): Promise<Published> {
    const user = nameOf(sender, PROGRAM);
    const from = { user, author: BY_PROGRAM.author, inbox: undefined, bucket: undefined };
    return await this.#context.publisher.say(from, roomTarget(room), body, ref);
  }

  /**
   * Closes all sockets, streams and polls of a user.
   *
   * @param username The name as it came.
   * @returns How many there were.
   * @throws {Refusal} `username_invalid`.
   * @throws {UnavailableError} If other instances are out of reach.
   */
  async kick(username: string | undefined): Promise<number> {
    const { key } = nameOf(username, PROGRAM);
    return await this.#context.directory.putOut({ key });
  }

  /**
   * Closes all sockets, streams and polls of a user, and keeps the name and its holder out, over restarts too.
   *
   * @param username The name as it came.
   * @param seconds For how long, from now; 0 lifts a ban.
   * @returns How many there were.
   * @throws {Refusal} `username_invalid`.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async ban(username: string | undefined, seconds: number): Promise<number> {
    const { key } = nameOf(username, PROGRAM);
    const { clock, directory } = this.#context;
    const holder = await directory.ban(key, clock.wallNow() + seconds * 1000);
    if (seconds === 0) return 0;
    return await directory.putOut({ key, author: holder?.author });
  }

  /**
   * Closes sockets, streams and polls of this process.
   *
   * @param outcast Whose.
   * @returns How many there were.
   */
  putOut({ key, author }: Outcast): number {
    const sessions = [...this.#context.registry].filter(({ identity }) =>
      identity.user.key === key || (author !== undefined && identity.author === author)
    );
    for (const session of sessions) session.end(CLOSE_CODE.Kicked, "kicked");
    return sessions.length;
  }

  /**
   * Deletes anyone's message; of a direct message, both copies.
   *
   * @param room The room's name as it came, or `@` and a username.
   * @param offset Where it stands.
   * @throws {Refusal} `not_found` or `room_name_invalid`.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async delete(room: string, offset: number): Promise<Published> {
    const { log, directory, publisher } = this.#context;
    const target = await findTarget(room, directory);
    if (target === undefined) throw notFound();
    return await look(log, target.channel, async (channel) => {
      const entry = await readEntry(channel, offset);
      if (entry?.kind !== "message" || entry.deleted === true) throw notFound();
      return await publisher.erase(BY_PROGRAM, target, entry);
    });
  }

  /**
   * Erases a person: everything that the holder of a name has said under any name, everything that was said
   * under this name without a key, and the holder's inbox. What others keep of it in their own inboxes is
   * gone as well.
   *
   * @param username The name as it came.
   * @returns How many messages were deleted.
   * @throws {Refusal} `username_invalid`.
   * @throws {UnavailableError} If the store is out of reach; some may be deleted by then.
   */
  async erase(username: string | undefined): Promise<number> {
    const { key } = nameOf(username, PROGRAM);
    const holder = await this.#context.directory.holder(key);
    let erased = 0;
    for (const author of [`s:${key}`, ...(holder === undefined ? [] : [holder.author])]) {
      erased += await this.#eraseAuthor(author);
    }
    return holder === undefined ? erased : erased + await this.#eraseChannel(holder.inbox);
  }

  /** Once through all that there is, and again for what was said meanwhile. */
  async #eraseAuthor(author: string): Promise<number> {
    let erased = 0;
    for (let pass = 0; pass < ERASE_PASSES_MAX; pass++) {
      const found = await this.#erasePass(author);
      if (found === 0) break;
      erased += found;
    }
    return erased;
  }

  async #erasePass(author: string): Promise<number> {
    const { log } = this.#context;
    let erased = 0;
    let after: Place | undefined;
    while (true) {
      const places = await log.find({ author, after }, ERASE_STEP_MESSAGES);
      if (places.length === 0) return erased;
      // Claims are the author's too: without them the name would be another's after a restart.
      const said = places.filter(({ channel }) => !isDirectoryChannel(channel));
      erased += await this.#deleteAll(said);
      after = places.at(-1);
    }
  }

  async #eraseChannel(name: string): Promise<number> {
    return await look(this.#context.log, name, async (channel) => {
      let erased = 0, after = 0;
      // Not beyond what stood there at the beginning: the deletions come after it.
      for (const end = channel.head; after < end;) {
        const entries = await channel.read(after, HISTORY_PAGE_MAX);
        const messages = entries.filter(({ kind, deleted }) => kind === "message" && !deleted);
        erased += await this.#deleteAll(messages.map(({ offset }) => ({ channel: name, offset })));
        after = entries.at(-1)?.offset ?? end;
      }
      return erased;
    });
  }

  async #deleteAll(places: readonly Place[]): Promise<number> {
    const { publisher } = this.#context;
    await Promise.all(
      places.map(({ channel, offset }) =>
        publisher.append(BY_PROGRAM, channel, { kind: "deletion", body: "", target: offset })
      ),
    );
    return places.length;
  }
}
