/**
 * Publishing: what is said and what is taken back, over whichever transport it comes.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import type { Directory, Identity } from "../directory/directory.ts";
import { COPIES_MAX } from "../limits.ts";
import type { Appended, Draft, Entry, Log, Place, Toll } from "../log/log.ts";
import { parseUsername } from "../protocol/name.ts";
import { exceedsBytes } from "../protocol/text.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import type { Target } from "./access.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Tally } from "./tally.ts";

/** Somebody who publishes. */
export interface Sender extends Pick<Identity, "user" | "author" | "inbox"> {
  /** The bucket from which messages are taken; `undefined`: without a limit. */
  readonly bucket: string | undefined;
}

/** Where a message has been stored: the fields of an `ack`. */
export interface Published extends Appended {
  /** The name of the channel as its sender reads it. */
  readonly room: string;
}

/** What a {@linkcode Publisher} works with. */
export interface PublisherOptions {
  /** A message's body, in bytes of UTF-8. */
  readonly bodyBytesMax: number;
  /** Where messages are stored. */
  readonly log: Log;
  /** Who has which inbox. */
  readonly directory: Directory;
  /** Messages of each user. */
  readonly messageLimiter: RateLimiter;
  /** Time. */
  readonly clock: Clock;
  /** What happens is counted there. */
  readonly tally: Tally;
  /** Makes an id that nobody can guess. */
  readonly randomId: () => string;
}

/** What all messages and deletions go through. */
export class Publisher {
  readonly #options: PublisherOptions;

  /**
   * Creates one.
   *
   * @param options What it works with.
   */
  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /**
   * Says something in a room. What is refused is refused at once, before a promise is given.
   *
   * @param sender Who.
   * @param target The room; an inbox takes direct messages only.
   * @param body The text.
   * @param ref The sender's own id of the message.
   * @throws {Refusal} `forbidden`, `body_empty`, `body_too_large`, `rate_limited`.
   * @throws {RefConflictError} If the `ref` stands for another text.
   * @throws {RateLimitedError} If the sender's bucket, over all instances, is empty.
   * @throws {UnavailableError} If the store is out of reach.
   */
  say(sender: Sender, target: Target, body: string, ref?: string): Promise<Published> {
    if (target.owner !== undefined) throw noMessagesHere();
    this.checkBody(body);
    const toll = this.#checkRate(sender);
    return this.append(sender, target.channel, { body, ref }, toll).then((appended) => {
      if (!appended.duplicate) this.#options.tally.roomMessages++;
      return { room: target.name, ...appended };
    });
  }

  /**
   * Says something to one user: the sender's own copy is stored, and the recipient's; a repeat by `ref`
   * goes to nobody.
   *
   * @param sender Who.
   * @param to The recipient's name as it came.
   * @param body The text.
   * @param ref The sender's own id of the message.
   * @throws {Refusal} `forbidden`, `user_not_found`, `body_empty`, `body_too_large`, `rate_limited`.
   * @throws {RefConflictError} If the `ref` stands for another text.
   * @throws {RateLimitedError} If the sender's bucket, over all instances, is empty.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async direct(sender: Sender, to: string, body: string, ref?: string): Promise<Published> {
    const { user, inbox } = sender;
    if (inbox === undefined) {
      throw new Refusal("forbidden", "Direct messages need a key: without one there is no inbox");
    }
    this.checkBody(body);
    // Also of a name that nobody has: looking it up is work, too.
    const toll = this.#checkRate(sender);
    const recipient = parseUsername(to);
    const holder = recipient && await this.#options.directory.holder(recipient.key);
    if (recipient === undefined || holder === undefined) {
      throw new Refusal("user_not_found", "Nobody has an inbox of this name");
    }
    const { clock, randomId } = this.#options;
    // As the sender spells the name: a repeat says the same, whoever holds it by then.
    const message = { body, ref, to: recipient.text, id: randomId(), at: clock.wallNow() };
    // Both at once, in this order: so the ack comes before the own copy, and where that is not stored, because its
    // ref is known, the recipient's is not either.
    const own = this.append(sender, inbox, { ...message, with: holder.user.text }, toll);
    const copy = holder.inbox === inbox
      ? undefined
      : this.append(sender, holder.inbox, { ...message, with: user.text }, toll);
    const [appended] = await Promise.all([own, copy]);
    if (!appended.duplicate) this.#options.tally.directMessages++;
    return { room: `@${user.text}`, ...appended };
  }

  /**
   * Takes back an own message: its body is gone from memory and store. Of a direct message, both copies.
   *
   * @param sender Who.
   * @param target Where it stands.
   * @param entry The entry, if there is one.
   * @param ref The sender's own id of the deletion.
   * @throws {Refusal} `not_found`, `forbidden`, `rate_limited`.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async takeBack(
    sender: Sender,
    target: Target,
    entry: Entry | undefined,
    ref?: string,
  ): Promise<Published> {
    const toll = this.#checkRate(sender);
    if (entry?.kind !== "message") throw notFound();
    if (entry.author !== sender.author) {
      throw new Refusal("forbidden", "This message is somebody else's");
    }
    return await this.erase(sender, target, entry, ref, toll);
  }

  /**
   * Deletes a message, whoever wrote it.
   *
   * @param by Who deletes it.
   * @param target Where it stands.
   * @param entry The message.
   * @param ref The deleter's own id of the deletion.
   * @param toll What it costs; none by default.
   * @throws {RateLimitedError} If the deleter's bucket is empty.
   * @throws {UnavailableError} If the store is out of reach.
   */
  async erase(
    by: Pick<Sender, "author" | "user">,
    target: Target,
    entry: Entry,
    ref?: string,
    toll?: Toll,
  ): Promise<Published> {
    // The other copy is found by what both have in common; the repeat of a deletion finds nothing any more.
    const isDirect = entry.with !== undefined && entry.deleted !== true;
    const copies = isDirect ? await this.#copiesOf(entry) : [];
    // One id: where the own one is not stored, because its ref stands for something else, the others are not either.
    const deletion = { kind: "deletion", body: "", id: this.#options.randomId() } as const;
    const own = this.append(by, target.channel, { ...deletion, target: entry.offset, ref }, toll);
    const others = copies.filter(({ channel }) => channel !== target.channel).map(
      ({ channel, offset }) => this.append(by, channel, { ...deletion, target: offset }, toll),
    );
    const [appended] = await Promise.all([own, ...others]);
    if (!appended.duplicate) this.#options.tally.deletions++;
    return { room: target.name, ...appended };
  }

  async #copiesOf({ author, id, at }: Entry): Promise<Place[]> {
    const copies: Place[] = [];
    while (true) {
      const query = { author, copiesOf: { id, at }, after: copies.at(-1) };
      const page = await this.#options.log.find(query, COPIES_MAX);
      if (page.length === 0) return copies;
      copies.push(...page);
    }
  }

  /**
   * Appends an entry, with what every entry has.
   *
   * @param sender Whose it is.
   * @param channel The log's channel.
   * @param draft What is its own; by default a message.
   * @param toll What it costs; none by default.
   * @throws {RefConflictError} If the `ref` stands for something else.
   * @throws {RateLimitedError} If the bucket is empty.
   * @throws {UnavailableError} If the store is out of reach.
   */
  append(
    sender: Pick<Sender, "author" | "user">,
    channel: string,
    draft: Pick<Draft, "body"> & Partial<Draft>,
    toll?: Toll,
  ): Promise<Appended> {
    const { log, clock, randomId } = this.#options;
    return log.append(channel, {
      kind: "message",
      id: randomId(),
      author: sender.author,
      sender: sender.user.text,
      at: clock.wallNow(),
      ...draft,
    }, toll);
  }

  /**
   * Refuses a text that cannot be one.
   *
   * @param body The text.
   * @throws {Refusal} `body_empty` or `body_too_large`.
   */
  checkBody(body: string): void {
    const { bodyBytesMax } = this.#options;
    if (body === "") throw new Refusal("body_empty", "There is no text");
    if (exceedsBytes(body, bodyBytesMax)) {
      throw new Refusal("body_too_large", `A text may have ${bodyBytesMax} bytes`);
    }
  }

  /** What this process knows refuses at once; the rest is counted by the log, where that is shared. */
  #checkRate({ bucket }: Sender): Toll | undefined {
    if (bucket === undefined) return undefined;
    const waitMs = this.#options.messageLimiter.take(bucket);
    if (waitMs > 0) throw rateLimited("Too many messages", waitMs);
    return { bucket };
  }
}

/**
 * A refusal for want of tokens.
 *
 * @param message For people.
 * @param waitMs Milliseconds until there is one.
 */
export function rateLimited(message: string, waitMs: number): Refusal {
  return new Refusal("rate_limited", message, Math.ceil(waitMs));
}

/** A refusal where an inbox is named as the room of a message. */
export function noMessagesHere(): Refusal {
  return new Refusal("forbidden", "An inbox takes direct messages: name the user in `to`");
}

/** A refusal where no message stands. */
export function notFound(): Refusal {
  return new Refusal("not_found", "There is no message at this offset");
}
