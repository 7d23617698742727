/**
 * Who may read what, said once more and independently of the code: a table of identities, a table of
 * channels in all their spellings, and one function that says what is to happen.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { API_KEY } from "./support.ts";

/** The keys of those who have one. */
export const KEYS = {
  alice: "alice".padEnd(22, "-"),
  bob: "bob".padEnd(22, "-"),
  earlier: "earlier".padEnd(22, "-"),
  mallory: "mallory".padEnd(22, "-"),
  other: "other".padEnd(22, "-"),
};

/** Who asks. */
export interface Who {
  readonly who: string;
  /** The name under which it publishes and connects. */
  readonly name: string;
  readonly credential?: string;
  /** Whose inbox it has. */
  readonly inbox?: string;
  readonly isBanned?: boolean;
  readonly isProgram?: boolean;
  /** Nobody believes its credential. */
  readonly isRefused?: boolean;
  /** The only rooms of a token; `undefined`: all. */
  readonly rooms?: readonly string[];
}

/** Those who ask where keys say who somebody is. */
export const OPEN: readonly Who[] = [
  { who: "nobody", name: "guest" },
  { who: "the key of the name", name: "alice", credential: KEYS.alice, inbox: "alice" },
  { who: "another key", name: "bob", credential: KEYS.bob, inbox: "bob" },
  { who: "the key that had the name", name: "olga", credential: KEYS.earlier, inbox: "olga" },
  { who: "a banned key", name: "mo", credential: KEYS.mallory, isBanned: true },
  { who: "a wrong API_KEY", name: "otto", credential: KEYS.other, inbox: "otto" },
  { who: "an API_KEY that is too short", name: "otto", credential: "short", isRefused: true },
  { who: "a program", name: "bot", credential: API_KEY, isProgram: true },
];

interface Place {
  /** As it stands in a path: percent-encoded. */
  readonly path: string;
  readonly room?: string;
  /** Whose inbox it is; empty: nobody's who could read it. */
  readonly inbox?: string;
}

/** All of them. */
export const PLACES: readonly Place[] = [
  ...["lobby", "LOBBY", "%6Cobby", "%EF%BD%8Cobby"].map((path) => ({ path, room: "lobby" })),
  { path: "vault", room: "vault" },
  { path: "lobby.", room: "lobby." },
  ...["@alice", "@ALICE", "%40alice", "%40%61lice", "@%EF%BD%81lice"].map(
    (path) => ({ path, inbox: "alice" }),
  ),
  { path: "@bob", inbox: "bob" },
  { path: "@olga", inbox: "olga" },
  ...["@nobody", "@alice.", "@alice%20", "@%20alice", "@alice%00", "@", "@@alice", "@alice%2F"].map(
    (path) => ({ path, inbox: "" }),
  ),
  { path: `@alice%2Fk:${"A".repeat(43)}`, inbox: "" },
  { path: "@program", inbox: "" },
  ...["lobby%20", "lobby%00", "%20lobby", "%2540alice", "%EF%BC%A0alice", "lobby%2Fa", "%ff"].map(
    (path) => ({ path }),
  ),
  ...["~alice", "%7Ealice", "!name%2Falice", "!author%2Fk:", "!"].map((path) => ({ path })),
];

/** What somebody does there. */
export type Act =
  | "read"
  | "poll"
  | "publish"
  | "program says"
  | "program deletes"
  | "join"
  | "say"
  | "delete";

/** The rule. */
export function expected(who: Who, { room, inbox }: Place, act: Act): string {
  if (act.startsWith("program")) {
    if (who.isProgram !== true) return "unauthorized";
    if (act === "program says") return room === undefined ? "room_name_invalid" : "ok";
    // Nothing stands at the offset that is asked for.
    return room === undefined && inbox === undefined ? "room_name_invalid" : "not_found";
  }
  if (who.isRefused === true) return "unauthorized";
  // To publish, the room is looked at before the name is claimed, and with it whether that is banned.
  if (who.isBanned === true && act !== "publish" && act !== "poll") return "banned";
  if (who.isProgram === true && (act === "publish" || act === "poll")) return "forbidden";
  // The own inbox is polled by itself; no other has a name there.
  if (act === "poll" && room === undefined) return "room_name_invalid";
  if (room === undefined && inbox === undefined) return "room_name_invalid";
  if (room !== undefined && who.rooms?.includes(room) === false) return "forbidden";
  if (room !== undefined) return who.isBanned === true ? "banned" : "ok";
  if (act === "publish" || act === "say") return "forbidden";
  return who.inbox !== undefined && who.inbox === inbox ? "ok" : "forbidden";
}

/** The texts that somebody may see. */
function visible(who: Who): string[] {
  if (who.isRefused === true || who.isBanned === true) return [];
  const rooms = ["lobby", "vault"].filter((room) => who.rooms?.includes(room) !== false);
  return [...rooms, ...who.inbox === undefined ? [] : [`inbox of ${who.inbox}`]].map(secretOf);
}

/** What is hidden at a place. */
export const secretOf = (place: string) => `<secret of ${place}>`;

const SECRETS = ["lobby", "vault", "inbox of alice", "inbox of bob", "inbox of earlier"].map(
  secretOf,
);

/** Fails where a text has something that its reader may not see. */
export function assertNoLeak(text: string, who: Who, where: string): void {
  const seen = SECRETS.filter((secret) => text.includes(secret));
  assertEquals(seen.filter((secret) => !visible(who).includes(secret)), [], `${where} leaks`);
}
