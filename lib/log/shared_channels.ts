/**
 * The channels of a shared log that are in memory: each is opened for who comes first, and stays subscribed for a
 * while after who goes last.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { RINGS_TOTAL_BYTES_MAX, UNWATCH_MS } from "../limits.ts";
import type { RemoteStore } from "./remote_store.ts";
import { RingBudget } from "./ring.ts";
import { SharedChannel } from "./shared_channel.ts";

/** What {@linkcode SharedChannels} are made of. */
export interface SharedChannelsOptions {
  /** Where the entries are. */
  readonly store: RemoteStore;
  /** Time. */
  readonly clock: Clock;
  /** Whether own entries of a channel may be stored, though their callers do not know it. */
  readonly isInDoubt: (name: string) => boolean;
  /** Has the store asked where a channel stands. */
  readonly refresh: (channel: SharedChannel) => void;
  /** Is given what a watcher threw. The other watchers were told nevertheless. */
  readonly onError: (error: unknown) => void;
}

/** Channels by their names. */
export class SharedChannels {
  /** The bound of all rings. */
  readonly budget: RingBudget = new RingBudget(RINGS_TOTAL_BYTES_MAX);
  readonly #options: SharedChannelsOptions;
  readonly #channels = new Map<string, SharedChannel>();
  /** Those that nobody watches, and what takes back the end of their subscription. */
  readonly #lingering = new Map<string, () => void>();
  /** Whose watchers have to be told. */
  readonly #changed = new Set<SharedChannel>();
  #isClosed = false;

  /**
   * Creates it with no channel.
   *
   * @param options What they are made of.
   */
  constructor(options: SharedChannelsOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#channels.size;
  }

  /** Whether they are closed for good. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** All of them. */
  all(): SharedChannel[] {
    return [...this.#channels.values()];
  }

  /**
   * A channel, if it is in memory.
   *
   * @param name Its name.
   */
  get(name: string): SharedChannel | undefined {
    return this.#channels.get(name);
  }

  /**
   * A channel, in memory from now on. Whoever asks counts itself in `comers` in the same turn.
   *
   * @param name Its name.
   */
  open(name: string): SharedChannel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const { store, clock, isInDoubt, refresh } = this.#options;
    const cancel = this.#lingering.get(name);
    this.#lingering.delete(name);
    cancel?.();
    const channel: SharedChannel = new SharedChannel({
      name,
      store,
      clock,
      budget: this.budget,
      isSubscribed: cancel !== undefined,
      isInDoubt: () => isInDoubt(name),
      onChange: () => this.#tellSoon(channel),
      refresh: () => refresh(channel),
    });
    this.#channels.set(name, channel);
    return channel;
  }

  /**
   * Lets a channel go that nobody watches, or is about to.
   *
   * @param channel The channel.
   */
  closeUnused(channel: SharedChannel): void {
    const { name } = channel;
    if (channel.isWatched || channel.comers > 0 || this.#channels.get(name) !== channel) return;
    channel.close();
    this.#channels.delete(name);
    this.#changed.delete(channel);
    if (this.#isClosed || !channel.isSubscribed) return;
    const { store, clock } = this.#options;
    // Pages of history open a channel each.
    const cancel = clock.after(UNWATCH_MS, () => {
      this.#lingering.delete(name);
      store.unwatch(name);
    });
    this.#lingering.set(name, cancel);
  }

  /** Ends what is under way, and all subscriptions. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#lingering.values()) cancel();
    for (const name of [...this.#channels.keys(), ...this.#lingering.keys()]) {
      this.#channels.get(name)?.close();
      this.#options.store.unwatch(name);
    }
  }

  #tellSoon(channel: SharedChannel): void {
    this.#changed.add(channel);
    if (this.#changed.size > 1) return;
    this.#options.clock.soon(() => {
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const { watched } of changed) watched.tell(this.#options.onError);
    });
  }
}
