/**
 * Broken parts of the server, for the variants.
 *
 * @module
 */

import { Presence } from "../../lib/chat/presence.ts";
import { type Frame, RoomTexts } from "../../lib/chat/room_texts.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Claimed, ClaimRequest, Identity } from "../../lib/directory/directory.ts";
import { LocalDirectory, type LocalDirectoryOptions } from "../../lib/directory/local.ts";
import type { Channel, Log } from "../../lib/log/log.ts";
import type { Addressed, Outcome, Store } from "../../lib/log/store.ts";
import type { Name } from "../../lib/protocol/name.ts";

/**
 * Replaces a method of a class.
 *
 * @param prototype The class's prototype.
 * @param name The method's name.
 * @param around Makes the new method of the old one.
 * @returns Takes that back.
 */
export function patch<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  around: (method: T[K]) => T[K],
): () => void {
  const method = prototype[name];
  prototype[name] = around(method);
  return () => void (prototype[name] = method);
}

/**
 * A log of which some parts are others.
 *
 * @param log The log.
 * @param append How it appends.
 * @param change What is different about its channels.
 */
export function wrapLog(
  log: Log,
  append: Log["append"] = (channel, draft) => log.append(channel, draft),
  change: (channel: Channel) => Partial<Channel> = () => ({}),
): Log {
  return {
    append,
    async watch(name, onChange) {
      const channel = await log.watch(name, onChange);
      const changed = change(channel);
      return new Proxy(channel, {
        get(target, key) {
          const value = Reflect.get(changed, key) ?? Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
    find: (query, limit) => log.find(query, limit),
    channels: (after, limit, except) => log.channels(after, limit, except),
    get isAvailable() {
      return log.isAvailable;
    },
    close: () => log.close(),
  };
}

/** A log whose appends resolve some turns after the commit. */
export function lateAcks(log: Log, clock: Clock): Log {
  return wrapLog(log, async (channel, draft) => {
    const appended = await log.append(channel, draft);
    for (let turns = 3; turns > 0; turns--) {
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
    return appended;
  });
}

/** A log that takes the recipient's copy of a direct message, and forgets it. */
export function forgetCopies(log: Log): Log {
  return wrapLog(log, (channel, draft) => {
    const { sender, to, with: party, id, at } = draft;
    const isCopy = party === sender && to?.toLowerCase() !== sender.toLowerCase();
    if (!isCopy) return log.append(channel, draft);
    return Promise.resolve({ offset: 1, id, at, duplicate: false });
  });
}

/** A store that tells first, and commits with the next commit. */
export function writeBehind(store: Store): Store {
  let late: readonly Addressed[] = [];
  return wrapStore(store, (drafts) => {
    const before = late;
    late = drafts;
    if (before.length > 0) store.append(before);
    return foretell(store, drafts);
  });
}

/** A store that says that it has committed when it has not. */
export function swallowFailures(store: Store): Store {
  return wrapStore(store, (drafts) => {
    try {
      return store.append(drafts);
    } catch {
      return foretell(store, drafts);
    }
  });
}

function wrapStore(store: Store, append: Store["append"]): Store {
  return new Proxy(store, {
    get(target, key) {
      if (key === "append") return append;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What would become of drafts, if they were committed. */
function foretell(store: Store, drafts: readonly Addressed[]): Outcome[] {
  const heads = new Map<string, number>();
  return drafts.map(({ channel: name, draft: { ref: _, ...entry } }) => {
    const channel = store.channel(name);
    const offset = (heads.get(name) ?? channel.head) + 1;
    heads.set(name, offset);
    return { type: "stored", entry: { ...entry, offset }, first: channel.first };
  });
}

/** A directory that releases a name a second time, late, and whoever has it by then. */
export class LateDirectory extends LocalDirectory {
  readonly #clock: Clock;
  readonly #latest = new Map<string, Identity>();

  /** @param options See {@linkcode LocalDirectory}. */
  constructor(options: LocalDirectoryOptions) {
    super(options);
    this.#clock = options.clock;
  }

  override async claim(request: ClaimRequest): Promise<Claimed> {
    const claimed = await super.claim(request);
    if ("identity" in claimed) this.#latest.set(request.user.key, claimed.identity);
    return claimed;
  }

  override release(identity: Identity): void {
    super.release(identity);
    this.#clock.after(1000, () => {
      const latest = this.#latest.get(identity.user.key);
      if (latest !== undefined) super.release(latest);
    });
  }
}

/** Makes snapshots of presence tell who is there; returns what takes that back. */
export function snapshotsOfPresent(): () => void {
  const present = new WeakMap<Presence, Map<string, number>>();
  const count = (presence: Presence, name: string, by: number) => {
    const names = present.get(presence) ?? new Map<string, number>();
    present.set(presence, names.set(name, (names.get(name) ?? 0) + by));
  };
  const restores = [
    patch(Presence.prototype, "enter", (enter) =>
      function (this: Presence, user: Name) {
        count(this, user.text, 1);
        enter.call(this, user);
      }),
    patch(
      Presence.prototype,
      "leave",
      (leave) =>
        function (this: Presence, user: Name, graceMs: number) {
          count(this, user.text, -1);
          leave.call(this, user, graceMs);
        },
    ),
    patch(Presence.prototype, "snapshot", () =>
      function (this: Presence) {
        const names = [...present.get(this) ?? []].filter(([, tabs]) => tabs > 0);
        const users = names.map(([name]) => name).sort();
        return { users, userCount: users.length };
      }),
  ];
  return () => restores.forEach((restore) => restore());
}

/** Makes rooms remember every frame for ever; returns what takes that back. */
export function framesForEver(): () => void {
  const frames = new WeakMap<RoomTexts, Map<number, Frame>>();
  return patch(
    RoomTexts.prototype,
    "richFrame",
    (richFrame) =>
      function (this: RoomTexts, after: number) {
        const known = frames.get(this) ?? new Map<number, Frame>();
        frames.set(this, known);
        const frame = known.get(after) ?? richFrame.call(this, after);
        if (frame !== undefined) known.set(after, frame);
        return frame;
      },
  );
}
