/**
 * The store of several processes: Redis, by the scripts of `redis_scripts.ts`.
 *
 * @module
 */

import { DAY_MS } from "../clock.ts";
import { PAGE_BYTES_MAX, TOLL_SLACK_MS } from "../limits.ts";
import { bucketOf } from "../rate_limiter.ts";
import type { Draft, Entry, ListedChannel, MessageQuery, Place, Toll } from "./log.ts";
import type { RedisLink } from "./redis_link.ts";
import type { Reply, Script } from "./redis_script.ts";
import { CHANNELS, FIND } from "./redis_lookup_scripts.ts";
import { APPEND, EPOCHS, EXPIRE, OPEN, READ, STATES } from "./redis_scripts.ts";
import type {
  Batch,
  Known,
  RemoteOutcome,
  RemotePage,
  RemoteStore,
  RemoteStoreUser,
} from "./remote_store.ts";
import { createEntry } from "./rows.ts";
import type { EpochStart, Found, History, StoredChannel } from "./store.ts";
import { shorten } from "./watched_channel.ts";

/** What a {@linkcode RedisStore} is made of. */
export interface RedisStoreOptions {
  /** The connections, not started yet; whoever made them closes them, after what hangs on them. */
  readonly link: RedisLink;
  /** Entries of a channel that are retained. */
  readonly historyMessagesMax: number;
  /** Days for which an entry is retained. */
  readonly historyDays: number;
  /** Messages a second of one bucket, in the long run; 0: no limit. */
  readonly messagesPerSecond: number;
  /** Messages of one bucket at once. */
  readonly messagesBurst: number;
  /** The time, in milliseconds since 1970. */
  readonly now: () => number;
  /** A new random id for an epoch: 1 to 64 of `A-Z a-z 0-9 _ -`, at least 64 bits of randomness. */
  readonly randomId: () => string;
}

/** An entry as it is stored: its place is where it stands. */
type StoredEntry = Draft & { readonly deleted?: boolean };

interface PublishedBatch {
  readonly epoch: string;
  readonly instance: string;
  readonly seq: number;
  readonly first: number;
  readonly offset: number;
  readonly entries: readonly StoredEntry[];
}

/** Before the first answer. */
const NO_HISTORY: History = { epoch: "", ordinal: () => undefined };

/** A store in Redis. */
export class RedisStore implements RemoteStore {
  readonly #options: RedisStoreOptions;
  readonly #link: RedisLink;
  #history = NO_HISTORY;
  #user: RemoteStoreUser | undefined;

  /**
   * Creates one, which is in reach with its link.
   *
   * @param options What it is made of.
   */
  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#link = options.link;
    this.#link.use({
      up: async () => {
        const [epoch, epochs] = await this.#run(OPEN) as [string, readonly string[]];
        this.#history = historyOf(epoch, epochs);
        await this.#user?.up();
      },
      down: () => this.#user?.down(),
    });
  }

  get history(): History {
    return this.#history;
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  listen(user: RemoteStoreUser): void {
    this.#user = user;
  }

  async append(batch: Batch, known: readonly Known[]): Promise<readonly RemoteOutcome[]> {
    const { messagesPerSecond, messagesBurst } = this.#options;
    const { intervalMs, toleranceMs } = bucketOf(messagesPerSecond, messagesBurst);
    const args = [
      this.#link.instance,
      `${batch.seq}`,
      this.#history.epoch,
      `${intervalMs}`,
      // What an instance has let pass must not be refused because it came a little earlier than the one before.
      `${toleranceMs + TOLL_SLACK_MS}`,
      `${known.length}`,
      ...known.flatMap(({ name, head }) => [name, `${head}`]),
    ];
    const indices = new Map(known.map(({ name }, index) => [name, `${index + 1}`]));
    const tolls = new Map<Toll, string>();
    for (const { channel, draft, toll } of batch.entries) {
      if (toll !== undefined && !tolls.has(toll)) tolls.set(toll, `${tolls.size + 1}`);
      args.push(
        indices.get(channel)!,
        draft.author,
        draft.ref ?? "",
        toll?.bucket ?? "",
        toll === undefined ? "" : tolls.get(toll)!,
        JSON.stringify(draft),
      );
    }
    const [epoch, outcomes] = await this.#write(APPEND, args) as [string, string];
    await this.#learn(epoch);
    return JSON.parse(outcomes).map(outcomeOf);
  }

  async channels(known: readonly Known[]): Promise<readonly StoredChannel[]> {
    const args = known.flatMap(({ name, head }) => [name, `${head}`]);
    const [epoch, ...fields] = await this.#run(STATES, this.#history.epoch, ...args) as string[];
    await this.#learn(epoch!);
    return known.map((_, index) => {
      const [head, first, starts] = fields.slice(3 * index, 3 * index + 3);
      return { head: Number(head), first: Number(first), starts: startsOf(starts!) };
    });
  }

  async read(channel: string, after: number, limit: number): Promise<RemotePage> {
    // Bodies are counted below; escaped in JSON they are longer, at most by as much as this in any usual text.
    const args = [channel, `${after}`, `${limit}`, `${4 * PAGE_BYTES_MAX}`];
    const [epoch, head, offset, ...raws] = await this.#run(READ, ...args) as string[];
    await this.#learn(epoch!);
    const entries = raws.map((raw, index) => entryOf(Number(offset) + index, JSON.parse(raw)));
    return { epoch: epoch!, head: Number(head), entries: shorten(entries) };
  }

  async find({ author, copiesOf, after }: MessageQuery, limit: number): Promise<Found> {
    const [name, offset, ...places] = await this.#run(
      FIND,
      author,
      `${copiesOf?.at ?? ""}`,
      copiesOf?.id ?? "",
      `${limit}`,
      after?.channel ?? "",
      `${after?.offset ?? ""}`,
    ) as string[];
    const found: Place[] = [];
    for (let i = 0; i < places.length; i += 2) {
      found.push({ channel: places[i]!, offset: Number(places[i + 1]) });
    }
    return {
      places: found,
      next: name === "" ? undefined : { channel: name!, offset: Number(offset) },
    };
  }

  async list(after: string, limit: number, except: string): Promise<readonly ListedChannel[]> {
    const marks = [...new Set(except)].sort();
    const starts = ["", ...marks.map((mark) => String.fromCharCode(mark.charCodeAt(0) + 1))];
    const stretches = starts.flatMap((start, index) => [start, marks[index] ?? ""]);
    const reply = await this.#run(CHANNELS, after, `${limit}`, ...stretches) as string[];
    const [epoch, ...fields] = reply;
    await this.#learn(epoch!);
    const listed: ListedChannel[] = [];
    for (let i = 0; i < fields.length; i += 3) {
      const [name, head, first] = fields.slice(i, i + 3);
      listed.push({ name: name!, epoch: epoch!, head: Number(head), first: Number(first) });
    }
    return listed;
  }

  async expire(): Promise<boolean> {
    const [found] = await this.#run(EXPIRE) as [number];
    return found === 1;
  }

  async watch(channel: string): Promise<void> {
    await this.#link.subscribe(`t:${channel}`, (message) => {
      const { epoch, instance, seq, first, offset, entries }: PublishedBatch = JSON.parse(message);
      this.#user?.published(channel, {
        epoch,
        ownSeq: instance === this.#link.instance ? seq : undefined,
        first,
        entries: entries.map((entry, index) => entryOf(offset + index, entry)),
      });
    });
  }

  unwatch(channel: string): void {
    this.#link.unsubscribe(`t:${channel}`);
  }

  async #run(script: Script, ...args: readonly string[]): Promise<Reply> {
    const { historyMessagesMax, historyDays, now, randomId } = this.#options;
    return await this.#link.run(script, [
      this.#link.life,
      randomId(),
      `${historyMessagesMax}`,
      `${now()}`,
      `${historyDays * DAY_MS}`,
      ...args,
    ]);
  }

  /** Redis without memory, or one that only reads, answers, and is out of reach all the same. */
  async #write(script: Script, args: readonly string[]): Promise<Reply> {
    try {
      return await this.#run(script, ...args);
    } catch (error) {
      this.#link.suspect(error);
      throw error;
    }
  }

  /** Answers come in the order of the questions: those of an epoch before the first one of the next. */
  async #learn(epoch: string): Promise<void> {
    if (epoch === this.#history.epoch) return;
    const history = historyOf(epoch, await this.#link.run(EPOCHS, []) as readonly string[]);
    if (history.ordinal(epoch) !== undefined) this.#history = history;
  }
}

function historyOf(epoch: string, epochs: readonly string[]): History {
  const ordinals = new Map<string, number>();
  for (let i = 0; i < epochs.length; i += 2) ordinals.set(epochs[i]!, Number(epochs[i + 1]));
  return { epoch, ordinal: (epoch) => ordinals.get(epoch) };
}

function startsOf(text: string): EpochStart[] {
  if (text === "") return [];
  return text.split(",").map((start) => {
    const [ordinal, offset] = start.split(":");
    return { ordinal: Number(ordinal), offset: Number(offset) };
  });
}

function entryOf(offset: number, { deleted, ...draft }: StoredEntry): Entry {
  const entry = createEntry(offset, draft);
  return deleted === true ? { ...entry, deleted } : entry;
}

type OutcomeFields = ["s", number, number] | ["d", number, string, number] | ["c"] | ["l", number];

function outcomeOf(fields: OutcomeFields): RemoteOutcome {
  switch (fields[0]) {
    case "s":
      return { type: "stored", offset: fields[1], first: fields[2] };
    case "d":
      return { type: "duplicate", offset: fields[1], id: fields[2], at: fields[3] };
    case "c":
      return { type: "conflict" };
    case "l":
      return { type: "limited", retryAfterMs: fields[1] };
  }
}
