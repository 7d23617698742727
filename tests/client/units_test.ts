import { assertEquals, assertThrows } from "@std/assert";
import { mayReconnect as mayReconnectByServer } from "../../lib/websocket/close_code.ts";
import { parseRoomName, parseUsername } from "../../lib/protocol/name.ts";
import {
  formatCursor as formatCursorByServer,
  parseCursor as parseCursorByServer,
} from "../../lib/protocol/position.ts";
import {
  backoffMs,
  EventStreamParser,
  formatCursor,
  mayReconnect,
  nameKey,
  Natter,
  parseCursor,
  tokenExpiresAt,
} from "../../static/natter.js";

Deno.test("backoff: uniform below a bound that doubles up to the cap", () => {
  const almostOne = () => 1 - Number.EPSILON;
  assertEquals(backoffMs(0, 500, 30_000, () => 0), 0);
  assertEquals(backoffMs(0, 500, 30_000, almostOne), 499);
  assertEquals(backoffMs(3, 500, 30_000, () => 0.5), 2000);
  assertEquals(backoffMs(6, 500, 30_000, almostOne), 29_999);
  assertEquals(backoffMs(5000, 500, 30_000, almostOne), 29_999);
});

Deno.test("after every code client and server agree whether to come back", () => {
  for (let code = 0; code < 5100; code++) {
    assertEquals(mayReconnect(code), mayReconnectByServer(code), `${code}`);
  }
});

Deno.test("names that are one to the server are one to the client", () => {
  for (
    const name of [
      "Kitchen",
      "STRASSE",
      "straße",
      "ſ",
      "İstanbul",
      "K",
      "ﬁ",
      "é",
      "e\u0301",
      "東京",
      "🦊",
    ]
  ) {
    assertEquals(nameKey(name), parseRoomName(name)?.key, name);
    assertEquals(nameKey(name), parseUsername(name)?.key, name);
  }
});

Deno.test("a cursor that one writes the other reads", () => {
  const positions = new Map([
    ["lobby", { epoch: "k3f9", offset: 120 }],
    ["@éva b", { epoch: "p0-a_", offset: 0 }],
    ["東京,=", { epoch: "x", offset: 9 }],
  ]);
  assertEquals(parseCursorByServer(formatCursor(positions)), positions);
  assertEquals(parseCursor(formatCursorByServer(positions)), positions);
  assertEquals(formatCursor(positions), formatCursorByServer(positions));
});

Deno.test("what cannot be read of a cursor is left out", () => {
  for (const text of ["", ",", "=a:1", "lobby", "lobby=", "lobby=a", "lobby=a:-1", "%ff=a:1"]) {
    assertEquals(parseCursor(text), new Map(), text);
  }
  assertEquals([...parseCursor("bad,Tea=a:1").keys()], ["tea"]);
});

Deno.test("a token's end is read, and that of what is none is not", () => {
  const token = (payload: string) =>
    `h.${btoa(payload).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "")}.s`;
  assertEquals(tokenExpiresAt(token('{"exp":1795327200,"sub":"ÿþ"}')), 1795327200_000);
  for (const none of ["", "a.b", "a.!.c", token("{}"), token('{"exp":"soon"}'), token("null")]) {
    assertEquals(tokenExpiresAt(none), undefined, none);
  }
});

const STREAMS: readonly [string, string, data: string[]][] = [
  ["LF", "event: a\ndata: 1\n\ndata: 2\n\n", ["1", "2"]],
  ["CRLF", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", ["1", "2"]],
  ["CR", "event: a\rdata: 1\r\rdata: 2\r\r", ["1", "2"]],
  ["a mixture", "data: 1\r\n\ndata: 2\r\rdata: 3\n\r\n", ["1", "2", "3"]],
  ["several lines", "data: 1\ndata:2\ndata:  3\ndata\n\n", ["1\n2\n 3\n"]],
  ["comments and other fields", ": hi\nid: x\nretry: 5\nfoo: 1\ndata: 1\n:\n\n", ["1"]],
  ["no data", "event: a\n\ndata: 1\n\n", ["1"]],
  ["empty data", "data:\n\n", [""]],
  ["an event that breaks off", "data: 1\n\ndata: 2\n", ["1"]],
  ["letters outside ASCII", "data: é東🦊\n\n", ["é東🦊"]],
];

for (const [name, stream, events] of STREAMS) {
  Deno.test(`a stream of events is the same however it is split: ${name}`, () => {
    for (let a = 0; a <= stream.length; a++) {
      for (let b = a; b <= stream.length; b++) {
        const parser = new EventStreamParser();
        const parts = [stream.slice(0, a), stream.slice(a, b), stream.slice(b)];
        assertEquals(parts.flatMap((part) => parser.feed(part)), events, JSON.stringify(parts));
      }
    }
    const parser = new EventStreamParser();
    assertEquals([...stream].flatMap((part) => parser.feed(part)), events);
  });
}

Deno.test("an event without end is refused before it fills the memory", () => {
  const parser = new EventStreamParser();
  const megabyte = "x".repeat(1024 * 1024);
  for (let i = 0; i < 4; i++) parser.feed(megabyte);
  assertThrows(() => parser.feed("x"), RangeError);
});

Deno.test("options that cannot work are refused at once", () => {
  const url = "http://localhost/";
  const options = [
    { url, username: "" },
    { url, username: ".." },
    { url, username: "\ud800" },
    { url, username: "a", rooms: ["lobby", "@a"] },
    { url, username: "a", key: "spaces are no key" },
    { url, username: "a", token: "" },
    { url: "ftp://localhost/", username: "a" },
    { username: "a" },
    { url, username: "a", transport: "websocket" as const, WebSocket: null },
    { url, username: "a", transport: "sse" as "events" },
  ];
  for (const option of options) {
    assertThrows(() => new Natter(option), TypeError, undefined, JSON.stringify(option));
  }
});

Deno.test("a key has 128 bits that a server takes", () => {
  const keys = Array.from({ length: 100 }, () => Natter.createKey());
  assertEquals(new Set(keys).size, 100);
  assertEquals(keys.filter((key) => !/^[\w-]{22}$/.test(key)), []);
});
