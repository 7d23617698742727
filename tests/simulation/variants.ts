/**
 * The server, broken on purpose in one way at a time: each must be found, and not by chance.
 *
 * @module
 */

import { Flush } from "../../lib/chat/flush.ts";
import { Registry } from "../../lib/chat/registry.ts";
import { Rooms } from "../../lib/chat/rooms.ts";
import { Session } from "../../lib/chat/session.ts";
import type { Connection } from "../../lib/transport/connection.ts";
import {
  forgetCopies,
  framesForEver,
  lateAcks,
  LateDirectory,
  patch,
  snapshotsOfPresent,
  swallowFailures,
  wrapLog,
  writeBehind,
} from "./broken.ts";
import type { Sabotage } from "./server.ts";

/** A way in which the server is broken. */
export interface Variant {
  /** What is wrong, as a sentence. */
  readonly name: string;
  /** The invariants of which one is to find it. */
  readonly foundBy: readonly string[];
  /** What is put around the server's parts. */
  readonly sabotage?: Sabotage;
  /** What is done to its classes; returns what takes that back. */
  readonly patch?: () => () => void;
}

/** All variants. */
export const VARIANTS: readonly Variant[] = [
  {
    name: "messages are delivered before they are committed",
    foundBy: [
      "nothing is delivered before it is committed",
      "what is acknowledged is stored",
      "joined names the head",
    ],
    sabotage: { store: writeBehind },
  },
  {
    name: "who leaves takes the other tabs of its user out of the registry",
    foundBy: ["the registry holds who is connected"],
    patch: () =>
      patch(Registry.prototype, "remove", (remove) =>
        function (this: Registry, session) {
          for (const other of [...this.of(session.identity.user.key)]) remove.call(this, other);
        }),
  },
  {
    name: "a late release of a session ends the claim of those that came after it",
    foundBy: ["a name has one holder"],
    sabotage: { directory: (options) => new LateDirectory(options) },
  },
  {
    name: "a repeat is not known by its ref",
    foundBy: ["nothing is stored twice"],
    sabotage: {
      log: (log) =>
        wrapLog(log, (channel, draft) => log.append(channel, { ...draft, ref: undefined })),
    },
  },
  {
    name: "a cursor goes to the head, whatever was sent",
    foundBy: [
      "no hole without a gap",
      "a gap names what is not retained",
      "readers reach the head",
      "plain readers miss nothing",
      "joining twice tells where the reader stands",
    ],
    patch: () =>
      patch(Flush.prototype, "advance", (advance) =>
        function (this: Flush, reader) {
          advance.call(this, reader);
          if (!reader.isCatchingUp) reader.offset = reader.room.channel.head;
        }),
  },
  {
    name: "the ack comes some turns after the commit",
    foundBy: ["the ack comes before the entry"],
    sabotage: { log: lateAcks },
  },
  {
    name: "a snapshot of presence tells who is there, and not who has been told of",
    foundBy: ["presence is a snapshot and its differences", "presence converges"],
    patch: snapshotsOfPresent,
  },
  {
    name: "a gap is left out",
    foundBy: ["no hole without a gap"],
    patch: () =>
      patch(Session.prototype, "tell", (tell) =>
        function (this: Session, event) {
          if (event.type !== "gap") tell.call(this, event);
        }),
  },
  {
    name: "encoded frames outlive a deletion",
    foundBy: ["a deleted body is not told", "an entry is delivered as it was committed"],
    patch: framesForEver,
  },
  {
    name: "any position that is not past the head is recovered",
    foundBy: ["recovered only where nothing is lost"],
    sabotage: {
      log: (log) =>
        wrapLog(
          log,
          undefined,
          (channel) => ({ canResume: (_epoch, offset) => offset <= channel.head }),
        ),
    },
  },
  {
    name: "a plain sender is not known again in what it reads",
    foundBy: ["a plain sender never hears itself"],
    sabotage: {
      log: (log) =>
        wrapLog(log, undefined, (channel) => ({
          recent: (after, limit) =>
            channel.recent(after, limit)?.map((entry) => ({ ...entry, author: "" })),
        })),
    },
  },
  {
    name: "unsent bytes are not seen",
    foundBy: ["send buffers hold their bounds"],
    sabotage: {
      connection: (connection): Connection => ({
        unsentBytes: 0,
        send: (message) => connection.send(message),
        close: (code, reason) => connection.close(code, reason),
      }),
    },
  },
  {
    name: "a failed commit is acknowledged",
    foundBy: [
      "what is acknowledged is stored",
      "nothing is delivered before it is committed",
      "an entry is delivered as it was committed",
      "plain readers miss nothing",
      "joined names the head",
    ],
    sabotage: { store: swallowFailures },
  },
  {
    name: "a direct message reaches only its sender",
    foundBy: ["a direct message reaches both inboxes before its ack"],
    sabotage: { log: forgetCopies },
  },
  {
    name: "a room stays open when its last reader has left",
    foundBy: ["nothing remains of those who have left"],
    patch: () => patch(Rooms.prototype, "release", () => function () {}),
  },
];
