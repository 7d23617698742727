// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Natter's client: one module without dependencies, for browsers, Deno and Node from 22 on.
 * How to use it: docs/client.md. What goes over the wire: docs/protocol.md.
 *
 * @module
 */

/**
 * A message of a room or of one's inbox.
 *
 * @typedef {object} Message
 * @property {"message"} type
 * @property {string} room the room's name as the server shows it; of an inbox `@` and the username
 * @property {number} offset its place in the room: 1, 2, 3 …
 * @property {string} id
 * @property {string} sender
 * @property {string} [to] of a direct message: to whom it went
 * @property {string} [with] in an inbox: the other party
 * @property {string} body empty where the message has been deleted since
 * @property {number} at ms since 1970
 * @property {true} [deleted]
 */
/**
 * A message is gone.
 *
 * @typedef {object} Deletion
 * @property {"deletion"} type
 * @property {string} room
 * @property {number} offset the deletion's own place in the room
 * @property {number} target the offset of the message that is gone
 * @property {string} by
 */
/**
 * Offsets of a room that were not delivered, both ends included.
 *
 * @typedef {object} Gap
 * @property {"gap"} type
 * @property {string} room
 * @property {number} from
 * @property {number} to
 */
/**
 * A room is being read. `recovered: false`: what follows does not go on from what came before.
 *
 * @typedef {object} Joined
 * @property {"joined"} type
 * @property {string} room
 * @property {string} epoch
 * @property {number} offset where the stream of entries begins
 * @property {number} head the newest offset
 * @property {boolean} recovered
 * @property {string[]} [users]
 * @property {number} [userCount]
 */
/**
 * Who came and went.
 *
 * @typedef {object} Presence
 * @property {"presence"} type
 * @property {string} room
 * @property {string[]} [joins]
 * @property {string[]} [leaves]
 * @property {string[]} [users]
 * @property {number} userCount
 */
/**
 * Somebody types, in a room or to oneself.
 *
 * @typedef {object} Typing
 * @property {"typing"} type
 * @property {string} [room]
 * @property {string} [to]
 * @property {string} username
 */
/**
 * A message is stored.
 *
 * @typedef {object} Ack
 * @property {string} ref
 * @property {string} room
 * @property {number} offset
 * @property {string} id
 * @property {number} at ms since 1970
 * @property {boolean} duplicate it had been stored before, by an attempt whose answer was lost
 */
/**
 * A part of the past, oldest first.
 *
 * @typedef {object} HistoryPage
 * @property {string} [room]
 * @property {string} [with]
 * @property {string} epoch
 * @property {(Message | Deletion)[]} entries
 * @property {boolean} more whether there may be more in the same direction
 * @property {number} from go on with `before: from`
 * @property {number} to go on with `after: to`
 */
/** @typedef {"websocket" | "events" | "poll"} Transport */
/** @typedef {"connecting" | "open" | "waiting" | "offline" | "closed"} State */
/**
 * How the connection stands.
 *
 * @typedef {object} StateChange
 * @property {State} state
 * @property {Transport | undefined} [transport]
 * @property {number} [retryAt] ms since 1970: when the next attempt is due
 * @property {number} [code] the close code of what ended
 * @property {string} [reason]
 */
/**
 * A message or deletion as long as it is not acknowledged. `inDoubt`: it may be stored already.
 *
 * @typedef {object} Unsent
 * @property {string} ref
 * @property {string} [room]
 * @property {string} [to]
 * @property {string} [body]
 * @property {number} [offset] of a deletion: the message's
 * @property {boolean} inDoubt
 */
/**
 * The events by name, each with what its `detail` is.
 *
 * @typedef {object} NatterEvents
 * @property {Message} message
 * @property {Deletion} deletion
 * @property {Ack} ack over a WebSocket before the message itself
 * @property {Gap} gap
 * @property {Joined} joined
 * @property {{ room: string }} left
 * @property {Presence} presence
 * @property {Typing} typing
 * @property {StateChange} state
 * @property {Omit<Unsent, "inDoubt"> & { error: NatterError }} failed it is given back
 * @property {{ code: string, message: string, room?: string }} error what went wrong and belongs to
 *   no promise; with `room`: that it could not be joined
 * @property {{ code: number, reason: string }} closed it is over until `connect` is called
 */
/**
 * @template T
 * @typedef {((event: CustomEvent<T>) => void) | { handleEvent(event: CustomEvent<T>): void }} Listener
 */
/**
 * @typedef {object} NatterOptions
 * @property {string} username
 * @property {string | URL} [url] where the server is; by default where this module came from
 * @property {string[]} [rooms] `["lobby"]` by default
 * @property {string} [key] one's own key in open mode; one is made where there is neither
 * @property {string} [token] a JWT in token mode
 * @property {() => string | Promise<string>} [getToken] asked at every connect and before expiry
 * @property {string} [cursor] where to go on: what `cursor` was in an earlier life
 * @property {"auto" | Transport} [transport] `"auto"` by default
 * @property {number} [queueMax] messages that may wait or be under way; 200
 * @property {number} [bufferMax] entries that an iterator keeps for a slow loop; 1000
 * @property {number} [ackWindowMs] for how long a message is tried; 9 minutes
 * @property {number} [connectTimeoutMs] 10 s
 * @property {number} [pongTimeoutMs] how long a ping may go without an answer; 10 s
 * @property {number} [firstByteMs] how long a stream of events may be silent at first; 5 s
 * @property {number} [pollSeconds] how long the server may hold a poll; 25, at most 55
 * @property {number} [backoffBaseMs] 500 ms
 * @property {number} [backoffCapMs] 30 s
 * @property {number} [webSocketRetryMs] how often a fallback tries to return to WebSocket; 5 min
 * @property {typeof globalThis.WebSocket | null} [WebSocket] `null`: there is none
 * @property {typeof globalThis.fetch} [fetch]
 * @property {() => number} [random] uniform in [0, 1)
 */

/** Commands under way at once. */
const IN_FLIGHT_MAX = 16;
/** Characters of all messages that wait or are under way. */
const QUEUE_CHARS_MAX = 1_048_576;
/** Rooms at once, as many as a cursor may name. */
const ROOMS_MAX = 128;
/** Questions at once. */
const QUESTIONS_MAX = 64;
/** How long a question is asked again before it is given up. */
const QUESTION_MS = 30_000;
/** A connection that lived so long was a good one: the backoff starts anew. */
const STEADY_MS = 5_000;
/** A timer that is later than this slept, with the machine or in a page out of sight. */
const LATE_MS = 5_000;
/** A stream of events carries a comment every 15 s. */
const EVENTS_SILENCE_MS = 40_000;
const POST_MS = 30_000;
/** Before a refused message is sent again. */
const RETRY_MS_MIN = 10;
const EVENT_CHARS_MAX = 4_194_304;
const TYPING_MS = 1_000;
const DRAIN_WAIT_MS_MAX = 60_000;
const TOKEN_LEAD_MS = 60_000;
/** What a timer can count (HTML, "timers": a signed 32-bit number). */
const TIMER_MS_MAX = 2_147_483_647;
/** WebSockets that failed in a row before something else is tried. */
const WEBSOCKET_FAILURES_MAX = 2;

const NORMAL = 1000, ABNORMAL = 1006, TOO_FAR_BEHIND = 4001, SERVER_FULL = 4002;
const UNAUTHORIZED = 4502, ROOM_REFUSED = 4503;
/** What an HTTP refusal would have been as a close code: what only a person or program can change. */
const CODES_OF_PROBLEMS = new Map([
  ["username_invalid", 4500],
  ["username_taken", 4501],
  ["unauthorized", UNAUTHORIZED],
  ["room_name_invalid", ROOM_REFUSED],
  ["forbidden", ROOM_REFUSED],
  ["banned", 4504],
]);
/** Refusals after which the same message is sent again. */
const PASSING = new Set(["rate_limited", "busy", "unavailable"]);

/** Why something that was asked for did not happen. */
export class NatterError extends Error {
  /**
   * @param {string} code docs/client.md lists them
   * @param {string} message
   * @param {ErrorOptions & { retryAfterMs?: number | undefined }} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "NatterError";
    /** @readonly */
    this.code = code;
    /** @readonly */
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** @returns {string} 128 random bits in base64url */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 22);
}

/**
 * Names are the same where their keys are (docs/protocol.md, "Names, keys, tokens").
 *
 * @param {string} name a room's, or an inbox's with its `@`
 * @returns {string}
 */
export function nameKey(name) {
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/**
 * Exponential backoff with full jitter: the clients of a server that comes back spread out.
 *
 * @param {number} attempt 0 before the first retry
 * @param {number} baseMs
 * @param {number} capMs
 * @param {() => number} random
 * @returns {number}
 */
export function backoffMs(attempt, baseMs, capMs, random) {
  return Math.floor(random() * Math.min(capMs, baseMs * 2 ** attempt));
}

/**
 * Whether to come back after a close without asking anyone (docs/protocol.md, "Close codes").
 *
 * @param {number} code
 * @returns {boolean}
 */
export function mayReconnect(code) {
  if (code === 1002 || code === 1003 || (code >= 1007 && code <= 1010)) return false;
  return code < 4500 || code > 4999;
}

/** @typedef {{ epoch: string, offset: number }} Position */

/**
 * @param {string} text
 * @returns {Position | undefined}
 */
function parsePosition(text) {
  const match = /^([\w-]{1,64}):(0|[1-9]\d{0,14})$/.exec(text);
  return match ? { epoch: match[1] ?? "", offset: Number(match[2]) } : undefined;
}

/**
 * @param {string} text as the server or {@link formatCursor} wrote it
 * @returns {Map<string, Position>} by the rooms' keys; what cannot be read is left out
 */
export function parseCursor(text) {
  /** @type {Map<string, Position>} */
  const positions = new Map();
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const position = parsePosition(part.slice(equals + 1));
    if (!position || equals < 1 || positions.size > ROOMS_MAX) continue;
    try {
      positions.set(nameKey(decodeURIComponent(part.slice(0, equals))), position);
    } catch {
      // Not percent-encoded UTF-8: not from us.
    }
  }
  return positions;
}

/**
 * @param {Iterable<readonly [string, Position]>} positions
 * @returns {string}
 */
export function formatCursor(positions) {
  return Array.from(positions, ([name, { epoch, offset }]) => {
    return `${encodeURIComponent(name).replace(/^%40/, "@")}=${epoch}:${offset}`;
  }).join(",");
}

/**
 * When a JWT ends; it is not checked, only looked into.
 *
 * @param {string} token
 * @returns {number | undefined} ms since 1970
 */
export function tokenExpiresAt(token) {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const { exp } = JSON.parse(atob(payload));
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} secret
 * @returns {string} the same
 */
function checkSecret(secret) {
  // A subprotocol is a token (RFC 9110, section 5.6.2): anything else would fail as a syntax error.
  if (typeof secret === "string" && /^[\w.~+-]{1,8192}$/.test(secret)) return secret;
  throw new TypeError("A key or token may have letters, digits, and - _ . ~ + only");
}

/**
 * Reads the data of server-sent events (HTML, section 9.2.6), wherever the text is split. Natter's
 * say their type in it too.
 */
export class EventStreamParser {
  #rest = "";
  #endsInReturn = false;
  #data = "";
  #hasData = false;

  /**
   * @param {string} text the next part of the stream
   * @returns {string[]} the data of the events that are complete with it
   * @throws {RangeError} if an event is longer than any of Natter's
   */
  feed(text) {
    /** @type {string[]} */
    const events = [];
    // What ended in CR may have been the first half of CRLF.
    let from = this.#endsInReturn && text[0] === "\n" ? 1 : 0;
    if (text !== "") this.#endsInReturn = text.endsWith("\r");
    const lineEnd = /\r\n|\r|\n/g;
    lineEnd.lastIndex = from;
    for (let match; (match = lineEnd.exec(text)); from = lineEnd.lastIndex) {
      this.#takeLine(this.#rest + text.slice(from, match.index), events);
      this.#rest = "";
    }
    this.#rest += text.slice(from);
    if (this.#rest.length + this.#data.length > EVENT_CHARS_MAX) {
      throw new RangeError("An event is too long");
    }
    return events;
  }

  /**
   * @param {string} line
   * @param {string[]} events
   */
  #takeLine(line, events) {
    if (line === "") {
      if (this.#hasData) events.push(this.#data);
      this.#data = "";
      this.#hasData = false;
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field !== "data") return;
    this.#data = this.#hasData ? `${this.#data}\n${value}` : value;
    this.#hasData = true;
  }
}

/**
 * How a link ended. `isUnusable`: this transport will not do here, so the next one is tried.
 *
 * @typedef {object} End
 * @property {number} code
 * @property {string} reason
 * @property {number | undefined} [retryAfterMs]
 * @property {boolean} [isUnusable]
 * @property {string} [problem] what an HTTP refusal called it
 */
/**
 * What a link tells, and what it asks.
 *
 * @typedef {object} Host
 * @property {(link: Link, events: any[]) => void} received
 * @property {(link: Link, end: End) => void} ended
 * @property {() => number} overdueMs how long the oldest command has been without an answer
 */

/** One attempt to be connected, over one transport. Once closed or ended it tells nothing more. */
class Link {
  isEnded = false;
  /** When the first event came; 0: none yet. */
  openedAt = 0;
  heardAt = Date.now();
  /** What the server asked to wait before the next link. */
  afterMs = 0;
  /** @type {Set<string>} the keys of the rooms that it asked for, and that are not joined yet */
  pending = new Set();
  /** All of them are. */
  isReady = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Transport} transport
   * @param {Host} host
   */
  constructor(transport, host) {
    /** @readonly */
    this.transport = transport;
    /** @readonly */
    this.host = host;
  }

  /**
   * Sets the link's only timer.
   *
   * @param {number} ms
   * @param {(isLate: boolean) => void} run
   */
  arm(ms, run) {
    clearTimeout(this.#timer);
    if (this.isEnded) return;
    const due = Date.now() + ms;
    this.#timer = setTimeout(() => run(Date.now() - due > LATE_MS), ms);
  }

  /** @param {any[]} events */
  tell(events) {
    this.heardAt = Date.now();
    if (this.isEnded) return;
    if (this.openedAt === 0) this.opened();
    this.host.received(this, events);
  }

  opened() {
    this.openedAt = Date.now();
  }

  /** @param {End} end */
  end(end) {
    if (this.isEnded) return;
    this.close();
    this.host.ended(this, end);
  }

  close() {
    this.isEnded = true;
    clearTimeout(this.#timer);
  }

  /** Whoever has slept, or changed the network, looks whether the link is alive. */
  check() {
    const isQuiet = Date.now() - this.heardAt > EVENTS_SILENCE_MS / 2;
    if (isQuiet) this.end({ code: ABNORMAL, reason: "nothing was heard for long" });
  }
}

class SocketLink extends Link {
  /** How long nothing may be heard before a ping; `welcome` says. */
  pingMs = 25_000;
  pongedAt = 0;
  #socket;
  #pongMs;

  /**
   * @param {Host} host
   * @param {typeof WebSocket} Socket
   * @param {string} address
   * @param {string} secret
   * @param {{ connectTimeoutMs: number, pongTimeoutMs: number }} options
   */
  constructor(host, Socket, address, secret, { connectTimeoutMs, pongTimeoutMs }) {
    super("websocket", host);
    this.#pongMs = pongTimeoutMs;
    const socket = new Socket(address, ["natter.v1", `natter.auth.${secret}`]);
    this.#socket = socket;
    this.arm(connectTimeoutMs, () => this.end({ code: ABNORMAL, reason: "no welcome in time" }));
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = ({ code, reason }) => this.end({ code, reason });
    socket.onerror = (event) => {
      event.preventDefault();
      // `close` follows with the code; in Node not always, where a connection was never made.
      this.arm(100, () => this.end({ code: ABNORMAL, reason: "the connection failed" }));
    };
  }

  /** @param {Record<string, unknown>} command */
  send(command) {
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(command));
  }

  /** @override */
  opened() {
    super.opened();
    this.#watch();
  }

  /** A dead peer answers no close either: the socket is let go of at once. @override */
  close() {
    super.close();
    const socket = this.#socket;
    socket.onmessage = socket.onclose = null;
    socket.onerror = (event) => event.preventDefault();
    socket.close(NORMAL);
  }

  /** @override */
  check() {
    if (this.openedAt !== 0) this.#ping();
  }

  /** @param {unknown} data */
  #take(data) {
    let events;
    try {
      events = JSON.parse(String(data));
    } catch {
      // Falls through: no frame of Natter's.
    }
    if (Array.isArray(events)) this.tell(events);
    else this.end({ code: ABNORMAL, reason: "not a frame of Natter's" });
  }

  #watch() {
    const quietMs = Date.now() - this.heardAt;
    // Where only the way to the server is broken, much may be heard and nothing is answered.
    if (quietMs >= this.pingMs || this.host.overdueMs() >= this.#pongMs) return this.#ping();
    this.arm(Math.min(this.pingMs - quietMs, this.#pongMs), () => this.#watch());
  }

  #ping() {
    const pingedAt = Date.now();
    this.send({ type: "ping" });
    /** @param {number} round */
    const wait = (round) =>
      this.arm(this.#pongMs, (isLate) => {
        if (this.pongedAt >= pingedAt) return this.#watch();
        // The pong may be behind much else; and who has slept has not had the time to hear it.
        if (round < 3 && (isLate || this.heardAt > pingedAt)) return wait(round + 1);
        this.end({ code: ABNORMAL, reason: "a ping was not answered" });
      });
    wait(1);
  }
}

class HttpLink extends Link {
  #abort = new AbortController();

  /** Ends every request of the link. */
  get signal() {
    return this.#abort.signal;
  }

  /** @override */
  close() {
    super.close();
    this.#abort.abort();
  }

  /** @param {() => Promise<void>} run */
  start(run) {
    run().catch((error) => this.end({ code: ABNORMAL, reason: String(error) }));
  }
}

class EventsLink extends HttpLink {
  /**
   * @param {Host} host
   * @param {(signal: AbortSignal) => Promise<Response>} request
   * @param {number} firstByteMs
   */
  constructor(host, request, firstByteMs) {
    super("events", host);
    this.arm(
      firstByteMs,
      () => this.end({ code: ABNORMAL, reason: "a silent stream", isUnusable: true }),
    );
    this.start(async () => {
      const response = await request(this.signal);
      if (!response.ok) return this.end(await readRefusal(response));
      const type = response.headers.get("Content-Type") ?? "";
      if (!response.body || !type.startsWith("text/event-stream")) {
        await response.body?.cancel();
        return this.end({ code: ABNORMAL, reason: "no stream of events", isUnusable: true });
      }
      await this.#read(response.body.getReader());
    });
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
  async #read(reader) {
    const decoder = new TextDecoder();
    const parser = new EventStreamParser();
    try {
      while (!this.isEnded) {
        const { value, done } = await reader.read();
        if (done) return this.end({ code: ABNORMAL, reason: "the stream ended" });
        const events = parser.feed(decoder.decode(value, { stream: true }));
        this.arm(EVENTS_SILENCE_MS, () => this.end({ code: ABNORMAL, reason: "a silent stream" }));
        this.tell(events.map((data) => JSON.parse(data)));
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }
}

class PollLink extends HttpLink {
  #request;
  #options;

  /**
   * @param {Host} host
   * @param {(signal: AbortSignal, waitSeconds: number) => Promise<Response>} request
   * @param {{ pollSeconds: number, connectTimeoutMs: number }} options
   */
  constructor(host, request, options) {
    super("poll", host);
    this.#request = request;
    this.#options = options;
    this.start(async () => {
      // The first one is answered at once, and shows that it can be done.
      for (let wait = 0; !this.isEnded; wait = options.pollSeconds) await this.#poll(wait);
    });
  }

  /** @param {number} wait */
  async #poll(wait) {
    const end = { code: ABNORMAL, reason: "a poll was not answered" };
    this.arm(wait * 1000 + this.#options.connectTimeoutMs, () => this.end(end));
    const startedAt = Date.now();
    const response = await this.#request(this.signal, wait);
    if (!response.ok) return this.end(await readRefusal(response));
    const { events, cursor, more } = await response.json();
    if (!Array.isArray(events)) throw new TypeError("This is no answer to a poll");
    this.tell([...events, { type: "cursor", cursor }]);
    // Empty and at once: something between answers in the server's place, and is not to be hurried.
    const isHasty = wait > 0 && events.length === 0 && !more && Date.now() - startedAt < 1000;
    if (isHasty && !this.isEnded) await new Promise((resolve) => this.arm(1000, resolve));
  }
}

/**
 * @param {Response} response an HTTP answer that is no success
 * @returns {Promise<End & { problem: string }>}
 */
async function readRefusal(response) {
  const { status, headers } = response;
  const body = await response.json().catch(() => undefined);
  const problem = typeof body?.code === "string" ? body.code : "";
  const seconds = parseInt(headers.get("Retry-After") ?? "", 10);
  const known = CODES_OF_PROBLEMS.get(problem) ?? (status === 401 ? UNAUTHORIZED : undefined);
  return {
    code: known ?? (status === 429 || status === 503 ? SERVER_FULL : ABNORMAL),
    reason: typeof body?.detail === "string" ? body.detail : `HTTP ${status}`,
    retryAfterMs: seconds >= 0 ? seconds * 1000 : undefined,
    isUnusable: known === undefined && status < 500 && status !== 429 || status === 501,
    problem,
  };
}

/**
 * @typedef {{ type: "message" | "delete", room?: string, to?: string, body?: string,
 *   offset?: number }} Command
 * @typedef {object} Item
 * @property {string} ref
 * @property {Command} command
 * @property {number} createdAt ms since 1970
 * @property {number} sentAt ms since 1970: for the first time; 0: never
 * @property {number} attemptAt ms since 1970: for the last time
 * @property {boolean} isUnderWay
 * @property {boolean} inDoubt an attempt went out, and nobody knows what became of it
 * @property {number} refusals
 * @property {(ack: Ack) => void} resolve
 * @property {(error: NatterError) => void} reject
 */
/**
 * What takes items away: an open link.
 *
 * @typedef {object} Carrier
 * @property {number} inFlightMax
 * @property {(item: Item) => boolean} takes
 * @property {(item: Item) => void} send
 */

/** Messages and deletions in the order of sending, each until it is answered or given back. */
class Outbox {
  /** What the server accepts; zero: not known, or no limit. */
  limits = { bodyBytesMax: 0, messagesPerSecond: 0, messagesBurst: 0 };
  /** @type {Map<string, Item>} */
  #items = new Map();
  #chars = 0;
  /** @type {Carrier | undefined} */
  #carrier;
  #pausedUntil = 0;
  /** After a refusal one at a time, so that none overtakes the one that was refused. */
  #isCautious = false;
  #tokens = Infinity;
  #tokensAt = Date.now();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #options;

  /**
   * @param {{ queueMax: number, ackWindowMs: number, backoff: (attempt: number) => number,
   *   acked: (ack: Ack) => void }} options
   */
  constructor(options) {
    this.#options = options;
  }

  /** @returns {Unsent[]} */
  get unsent() {
    return Array.from(this.#items.values(), toUnsent);
  }

  /** For how long the oldest command under way has been without an answer, in ms. */
  get overdueMs() {
    for (const { isUnderWay, attemptAt } of this.#items.values()) {
      if (isUnderWay) return Date.now() - attemptAt;
    }
    return 0;
  }

  /**
   * @param {Command} command
   * @param {string} ref
   * @returns {Promise<Ack>}
   */
  add(command, ref) {
    const chars = charsOf(command);
    if (this.#items.size >= this.#options.queueMax || this.#chars + chars > QUEUE_CHARS_MAX) {
      return Promise.reject(new NatterError("queue_full", "Too many messages wait to be sent"));
    }
    if (this.#items.has(ref)) {
      return Promise.reject(new NatterError("ref_conflict", "This ref is already being sent"));
    }
    this.#chars += chars;
    return new Promise((resolve, reject) => {
      this.#items.set(ref, {
        ref,
        command,
        createdAt: Date.now(),
        sentAt: 0,
        attemptAt: 0,
        isUnderWay: false,
        inDoubt: false,
        refusals: 0,
        resolve,
        reject,
      });
      this.pump();
    });
  }

  /**
   * A link is open: what waits goes out.
   *
   * @param {Carrier} carrier
   */
  start(carrier) {
    this.stop();
    this.#carrier = carrier;
    this.pump();
  }

  /** The link is gone: what was under way is in doubt. */
  stop() {
    this.#carrier = undefined;
    for (const item of this.#items.values()) {
      if (item.isUnderWay) item.inDoubt = true;
      item.isUnderWay = false;
    }
    this.pump();
  }

  /** @param {Ack} event */
  acked({ ref, room, offset, id, at, duplicate }) {
    const item = this.#items.get(ref);
    if (!item) return;
    const ack = { ref, room, offset, id, at, duplicate };
    this.#isCautious = false;
    this.#remove(item);
    item.resolve(ack);
    // The promise is heard only after the rest of the frame.
    this.#options.acked(ack);
    this.pump();
  }

  /**
   * @param {string} ref
   * @param {{ code: string, message: string, retryAfterMs?: number | undefined }} refusal
   * @returns {boolean} whether the ref is of a message here
   */
  refused(ref, { code, message, retryAfterMs }) {
    const item = this.#items.get(ref);
    if (!item) return false;
    item.isUnderWay = false;
    // The outcome of these is unknown.
    if (code === "unavailable" || code === "internal") item.inDoubt = true;
    if (PASSING.has(code)) {
      this.#isCautious = true;
      const waitMs = Math.max(RETRY_MS_MIN, retryAfterMs ?? this.#options.backoff(item.refusals));
      item.refusals++;
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + waitMs);
    } else this.#giveBack(item, new NatterError(code, message));
    this.pump();
    return true;
  }

  /**
   * Gives everything back.
   *
   * @param {string} reason
   */
  end(reason) {
    this.stop();
    for (const item of [...this.#items.values()]) {
      this.#giveBack(item, new NatterError("closed", reason));
    }
    clearTimeout(this.#timer);
  }

  /** Sends what may be sent now, gives back what is too old, and sets the timer for the rest. */
  pump() {
    clearTimeout(this.#timer);
    const now = Date.now();
    let wakeAt = this.#expire(now);
    let underWay = 0;
    for (const item of this.#items.values()) if (item.isUnderWay) underWay++;
    for (const item of [...this.#items.values()]) {
      const carrier = this.#carrier;
      if (!carrier || underWay >= (this.#isCautious ? 1 : carrier.inFlightMax)) break;
      if (item.isUnderWay || !this.#items.has(item.ref) || !carrier.takes(item)) continue;
      const { bodyBytesMax } = this.limits;
      if (bodyBytesMax > 0 && bytesOf(item.command.body ?? "") > bodyBytesMax) {
        const message = `A text may have ${bodyBytesMax} bytes`;
        this.#giveBack(item, new NatterError("body_too_large", message));
        continue;
      }
      const waitMs = Math.max(this.#pausedUntil - now, this.#paceMs(now));
      if (waitMs > 0) {
        wakeAt = Math.min(wakeAt, now + waitMs);
        break;
      }
      this.#tokens--;
      underWay++;
      item.isUnderWay = true;
      item.attemptAt = now;
      item.sentAt ||= now;
      carrier.send(item);
    }
    if (this.#items.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.pump(), Math.min(Math.max(wakeAt - now, 1), TIMER_MS_MAX));
  }

  /**
   * @param {number} now
   * @returns {number} when the next one will be too old
   */
  #expire(now) {
    let next = Infinity;
    for (const item of [...this.#items.values()]) {
      const since = item.inDoubt || item.isUnderWay ? item.sentAt : item.createdAt;
      const expiresAt = since + this.#options.ackWindowMs;
      if (expiresAt > now) next = Math.min(next, expiresAt);
      else this.#giveBack(item, new NatterError("expired", "It could not be sent in time"));
    }
    return next;
  }

  /**
   * How long the rate that the server told of makes the next message wait, in ms.
   *
   * @param {number} now
   */
  #paceMs(now) {
    const { messagesPerSecond, messagesBurst } = this.limits;
    if (messagesPerSecond === 0) return 0;
    const gained = Math.max(0, now - this.#tokensAt) / 1000 * messagesPerSecond;
    this.#tokens = Math.min(messagesBurst, this.#tokens + gained);
    this.#tokensAt = now;
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / messagesPerSecond * 1000);
  }

  /**
   * After `perhaps_sent` alone the message may be there.
   *
   * @param {Item} item
   * @param {NatterError} error
   */
  #giveBack(item, error) {
    this.#remove(item);
    if (!item.inDoubt && !item.isUnderWay) return item.reject(error);
    const message = `It may have been sent: ${error.message}`;
    item.reject(new NatterError("perhaps_sent", message, { cause: error }));
  }

  /** @param {Item} item */
  #remove(item) {
    this.#items.delete(item.ref);
    this.#chars -= charsOf(item.command);
  }
}

/**
 * @param {Item} item
 * @returns {Unsent}
 */
function toUnsent({ ref, command: { type: _type, ...rest }, inDoubt, isUnderWay }) {
  return { ref, ...rest, inDoubt: inDoubt || isUnderWay };
}

/** @param {Command} command */
function charsOf({ room = "", to = "", body = "" }) {
  return room.length + to.length + body.length;
}

/**
 * @param {string} text
 * @returns {number} its length in UTF-8, as the server counts it
 */
export function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * What one loop over a client has still to see. Where the loop is too slow, entries are counted in
 * place of being kept: one gap for each room, which ends once the loop has seen all before it.
 */
class Feed {
  /** @type {(Message | Deletion | Gap | Joined)[]} */
  #events = [];
  /** @type {Map<string, { joined?: Joined, gap?: Gap }>} */
  #overflow = new Map();
  /** @type {(() => void) | undefined} */
  #wake;
  #isOver = false;
  /** @type {NatterError | undefined} */
  #error;
  #bufferMax;

  /** @param {number} bufferMax */
  constructor(bufferMax) {
    this.#bufferMax = bufferMax;
  }

  /** @param {Message | Deletion | Gap | Joined} event */
  push(event) {
    if (this.#overflow.size === 0 && this.#events.length < this.#bufferMax) {
      this.#events.push(event);
    } else if (event.type === "joined") this.#overflow.set(event.room, { joined: event });
    else {
      const from = event.type === "gap" ? event.from : event.offset;
      const to = event.type === "gap" ? event.to : event.offset;
      const missed = this.#overflow.get(event.room) ?? {};
      const gap = { type: /** @type {const} */ ("gap"), room: event.room, from, to };
      if (missed.gap) gap.from = missed.gap.from;
      this.#overflow.set(event.room, { ...missed, gap });
    }
    this.#wake?.();
  }

  /** @param {NatterError} [error] */
  end(error) {
    this.#isOver = true;
    this.#error = error;
    this.#wake?.();
  }

  /** @returns {Promise<IteratorResult<Message | Deletion | Gap | Joined, undefined>>} */
  async next() {
    while (true) {
      if (this.#events.length === 0) this.#takeOverflow();
      const value = this.#events.shift();
      if (value) return { value, done: false };
      if (this.#isOver) break;
      await new Promise((resolve) => this.#wake = () => resolve(undefined));
    }
    const error = this.#error;
    this.#error = undefined;
    if (error) throw error;
    return { value: undefined, done: true };
  }

  #takeOverflow() {
    for (const { joined, gap } of this.#overflow.values()) {
      if (joined) this.#events.push(joined);
      if (gap) this.#events.push(gap);
    }
    this.#overflow.clear();
  }
}

/**
 * @typedef {object} Room
 * @property {string} name as the app or the server spells it
 * @property {Position | undefined} position
 * @property {Link | undefined} link the link that reads it
 * @property {Joined | undefined} joined what was told of it last
 * @property {string} joinRef of the `join` under way; empty: none
 * @property {Set<string>} users
 * @property {number} userCount
 * @property {{ resolve: (joined: Joined) => void, reject: (error: NatterError) => void }[]} waiters
 */

/**
 * @typedef {object} Waiter
 * @property {(value: any) => void} resolve
 * @property {(error: NatterError) => void} reject
 * @property {Link | "open" | undefined} on the link whose answer it waits for; `"open"`: any link
 */

/** @returns {NatterError} */
function closedError() {
  return new NatterError("closed", "The connection has been closed");
}

/**
 * A user's connection to a Natter server, kept alive. It connects by itself, comes back after a
 * loss where it was, and sends what was not acknowledged again, without ever sending it twice.
 */
export class Natter extends EventTarget {
  #options;
  #base;
  #username;
  #secret = "";
  /** @type {Map<string, Room>} by the rooms' keys; one's inbox too, once it is joined */
  #rooms = new Map();
  /** @type {State} */
  #state = "closed";
  /** @type {Link | undefined} */
  #link;
  /** A WebSocket that is tried while a fallback goes on. @type {SocketLink | undefined} */
  #candidate;
  /** Whatever began before its last change, and comes back later, is void. */
  #turn = 0;
  #failures = 0;
  #webSocketFailures = 0;
  #refusedTokens = 0;
  /** A new room was refused: since then they are asked for one at a time. */
  #isWary = false;
  /** @type {Transport} */
  #fallback = "events";
  /** Before this the server does not want to be asked again. */
  #notBefore = 0;
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  /** @type {Map<string, Waiter>} answers of a link, an open link, or a time */
  #waiters = new Map();
  /** @type {Set<Feed>} */
  #feeds = new Set();
  #listening = new AbortController();
  #typedAt = 0;
  #outbox;
  /** @type {Host} */
  #host = {
    received: (link, events) => this.#received(link, events),
    ended: (link, end) => this.#ended(link, end),
    overdueMs: () => this.#outbox.overdueMs,
  };

  /**
   * Connects at once.
   *
   * @param {NatterOptions} options
   * @throws {TypeError} if they cannot be used
   */
  constructor(options) {
    super();
    const { username, rooms = ["lobby"], url = new URL(".", import.meta.url) } = options;
    if (typeof username !== "string" || /^\.*$/.test(username) || !username.isWellFormed()) {
      throw new TypeError(`"${username}" cannot be a username`);
    }
    if (rooms.some((room) => room.startsWith("@"))) {
      throw new TypeError("One's inbox is joined by itself, and no other can be");
    }
    this.#username = username;
    const base = new URL(url, globalThis.location?.href);
    if (!/^(https?|wss?):$/.test(base.protocol)) throw new TypeError(`Cannot connect to ${base}`);
    base.protocol = base.protocol.replace("ws", "http");
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    base.search = base.hash = "";
    this.#base = base;
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.#options = {
      transport: /** @type {"auto" | Transport} */ ("auto"),
      queueMax: 200,
      bufferMax: 1000,
      ackWindowMs: 540_000,
      connectTimeoutMs: 10_000,
      pongTimeoutMs: 10_000,
      firstByteMs: 5_000,
      pollSeconds: 25,
      backoffBaseMs: 500,
      backoffCapMs: 30_000,
      webSocketRetryMs: 300_000,
      random: Math.random,
      WebSocket: globalThis.WebSocket,
      fetch: globalThis.fetch.bind(globalThis),
      .../** @type {NatterOptions} */ (Object.fromEntries(given)),
    };
    const { transport, WebSocket } = this.#options;
    if (!["auto", "websocket", "events", "poll"].includes(transport)) {
      throw new TypeError(`"${transport}" is no transport`);
    }
    if (transport === "websocket" && !WebSocket) throw new TypeError("There is no WebSocket here");
    if (!options.getToken) {
      this.#secret = checkSecret(options.key ?? options.token ?? Natter.createKey());
    }
    const positions = parseCursor(options.cursor ?? "");
    for (const room of rooms) this.#addRoom(room, positions.get(nameKey(room)));
    for (const [key, position] of positions) if (key.startsWith("@")) this.#addRoom(key, position);
    this.#outbox = new Outbox({
      ...this.#options,
      backoff: (attempt) => this.#backoff(attempt),
      acked: (ack) => this.#emit("ack", ack),
    });
    this.connect();
  }

  /**
   * Makes a key for a new user: 128 random bits. Whoever has it is that user; keeping it is up to
   * the app.
   *
   * @returns {string}
   */
  static createKey() {
    return randomId();
  }

  /** The username, as the server spells it once it has said so. */
  get username() {
    return this.#username;
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** What the connection goes over, or would. @returns {Transport | undefined} */
  get transport() {
    return this.#link?.transport;
  }

  /** Where it stands in every room: the option `cursor` of a later life. @returns {string} */
  get cursor() {
    /** @type {[string, Position][]} */
    const positions = [];
    for (const [key, { position }] of this.#rooms) if (position) positions.push([key, position]);
    return formatCursor(positions);
  }

  /**
   * What the server takes, as it said last: bytes of a body in UTF-8, and messages a second and at once (0: no
   * limit). `undefined` as long as it has said nothing: over polling it never does.
   *
   * @returns {{ bodyBytesMax: number, messagesPerSecond: number, messagesBurst: number } | undefined}
   */
  get limits() {
    const { bodyBytesMax, messagesPerSecond, messagesBurst } = this.#outbox.limits;
    return bodyBytesMax === 0 ? undefined : { bodyBytesMax, messagesPerSecond, messagesBurst };
  }

  /** What is not acknowledged yet, oldest first. @returns {Unsent[]} */
  get unsent() {
    return this.#outbox.unsent;
  }

  /**
   * Who is in a room, as far as it is known: above 200 users the server tells only their number.
   *
   * @param {string} room
   * @returns {{ users: string[], userCount: number }}
   */
  users(room) {
    const { users = new Set(), userCount = 0 } = this.#rooms.get(nameKey(room)) ?? {};
    return { users: [...users].sort(), userCount };
  }

  /** Connects: at once where it waits for its next attempt, and anew where it was closed. */
  connect() {
    if (this.#state === "closed") this.#listen();
    else if (this.#state !== "waiting" && this.#state !== "offline") return;
    this.#dial();
  }

  /** Closes for good: whatever waits to be sent is given back. */
  close() {
    if (this.#state !== "closed") this.#finish(NORMAL, "closed by the app");
  }

  /** The same, for `using`; where a platform has no such symbol, nobody can call this. */
  [Symbol.dispose]() {
    this.close();
  }

  /**
   * Sends a message; offline it waits its turn.
   *
   * @param {string} body
   * @param {{ room?: string, to?: string, ref?: string }} [target] a room, or a username; by
   *   default the first room. `ref`: an id for this message that the app chooses
   * @returns {Promise<Ack>} once it is stored
   */
  send(body, { room, to, ref = randomId() } = {}) {
    const target = to === undefined ? { room: room ?? this.#firstRoom() } : { to };
    return this.#put({ type: "message", ...target, body: String(body).toWellFormed() }, ref);
  }

  /**
   * Deletes an own message.
   *
   * @param {string} room
   * @param {number} offset the message's
   * @returns {Promise<Ack>} once it is gone
   */
  delete(room, offset) {
    return this.#put({ type: "delete", room, offset }, randomId());
  }

  /**
   * Reads one more room, from now on and after every reconnect.
   *
   * @param {string} room
   * @param {string} [position] `epoch:offset`: where to go on
   * @returns {Promise<Joined>}
   */
  join(room, position) {
    const joined = this.#join(room, position);
    // So that a room that nobody waits for ends no process, and is still heard of.
    joined.catch(({ code, message }) => {
      if (this.#state === "closed" || code === "left") return;
      this.#emit("error", { code, message: `${room}: ${message}`, room });
    });
    return joined;
  }

  /**
   * Reads a room no more.
   *
   * @param {string} room
   */
  leave(room) {
    const key = nameKey(room);
    const entry = this.#rooms.get(key);
    if (!entry) return;
    this.#forgetRoom(key, new NatterError("left", "The room was left"));
    const link = this.#link;
    if (link instanceof SocketLink) {
      if (entry.link === link) link.send({ type: "leave", room });
      // It may be the one that others wait for.
      else this.#askForRooms();
    } else if (link && (entry.link === link || link.pending.has(key))) this.#dial();
  }

  /**
   * Reads a page of the past: without `before` and `after` the newest entries.
   *
   * @param {{ room?: string, with?: string, before?: number, after?: number, limit?: number }} query
   *   `with`: the direct messages with that user
   * @returns {Promise<HistoryPage>}
   */
  async history(query) {
    const deadline = Date.now() + QUESTION_MS;
    for (let attempt = 0;; attempt++) {
      const link = await this.#whenOpen(deadline);
      try {
        return link instanceof SocketLink
          ? await this.#ask(link, { type: "history", ...query }, deadline)
          : await this.#fetchHistory(link, query);
      } catch (error) {
        const { code, retryAfterMs = this.#backoff(attempt) } = /** @type {NatterError} */ (error);
        const isPassing = code === "disconnected" || PASSING.has(code);
        if (!isPassing || Date.now() + retryAfterMs >= deadline) throw error;
        await this.#pause(retryAfterMs);
      }
    }
  }

  /**
   * Tells the others that one types, at most once a second; lost where it cannot be told at once.
   *
   * @param {{ room?: string, to?: string }} [target] by default the first room
   */
  typing({ room, to } = {}) {
    const now = Date.now();
    if (this.#state !== "open" || now - this.#typedAt < TYPING_MS) return;
    if (!(this.#link instanceof SocketLink)) return;
    this.#typedAt = now;
    const target = to === undefined ? { room: room ?? this.#firstRoom() } : { to };
    this.#link.send({ type: "typing", ...target });
  }

  /**
   * @template {keyof NatterEvents} T
   * @param {T} type
   * @param {Listener<NatterEvents[T]> | null} listener
   * @param {boolean | AddEventListenerOptions} [options]
   * @override
   */
  addEventListener(type, listener, options) {
    super.addEventListener(type, /** @type {EventListener | null} */ (listener), options);
  }

  /**
   * @template {keyof NatterEvents} T
   * @param {T} type
   * @param {Listener<NatterEvents[T]> | null} listener
   * @param {boolean | EventListenerOptions} [options]
   * @override
   */
  removeEventListener(type, listener, options) {
    super.removeEventListener(type, /** @type {EventListener | null} */ (listener), options);
  }

  /**
   * Messages, deletions and gaps of all rooms, in order, from now on; and `joined` where what
   * follows does not go on from what came before. Ends with `close`, and throws what ended it else.
   *
   * @returns {AsyncIterableIterator<Message | Deletion | Gap | Joined, undefined>}
   */
  [Symbol.asyncIterator]() {
    const feed = new Feed(this.#options.bufferMax);
    if (this.#state === "closed") feed.end();
    else this.#feeds.add(feed);
    return {
      next: () => feed.next(),
      return: () => {
        this.#feeds.delete(feed);
        feed.end();
        return Promise.resolve({ value: undefined, done: true });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  // ---- The state

  /**
   * @template {keyof NatterEvents} T
   * @param {T} type
   * @param {NatterEvents[T]} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param {Omit<StateChange, "transport">} change */
  #become(change) {
    this.#state = change.state;
    this.#emit("state", { ...change, transport: this.transport });
  }

  /**
   * @param {string} name one timer each
   * @param {number} ms
   * @param {() => void} run
   */
  #arm(name, ms, run) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(run, Math.min(ms, TIMER_MS_MAX)));
  }

  /** @param {number} attempt */
  #backoff(attempt) {
    const { backoffBaseMs, backoffCapMs, random } = this.#options;
    return backoffMs(attempt, backoffBaseMs, backoffCapMs, random);
  }

  /** What a page is told of the network and of being looked at; elsewhere nothing is. */
  #listen() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const { document } = globalThis;
    /** @type {[EventTarget | undefined, string, (event: Event) => void][]} */
    const listeners = [
      [globalThis, "online", () => this.#wake(true)],
      [globalThis, "offline", () => this.#sleep()],
      [document, "visibilitychange", () => document.visibilityState === "visible" && this.#wake()],
      // An open socket would keep the page out of the back/forward cache.
      [globalThis, "pagehide", () => this.#hide()],
      [globalThis, "pageshow", () => this.#wake()],
    ];
    for (const [target, type, run] of listeners) target?.addEventListener?.(type, run, { signal });
  }

  /** The network is back, or somebody looks again. @param {boolean} [isNetworkNew] */
  #wake(isNetworkNew = false) {
    const isWaiting = this.#state === "waiting" || this.#state === "offline";
    // An attempt from before may hang for long.
    const isStuck = this.#state === "connecting" && this.#link !== undefined &&
      Date.now() - this.#link.heardAt > LATE_MS / 2;
    if (isWaiting || isStuck) {
      const waitMs = this.#notBefore - Date.now();
      if (waitMs <= 0) this.#dial();
      // A page that was hidden has no timer any more.
      else if (isWaiting) this.#arm("dial", waitMs, () => this.#dial());
      return;
    }
    this.#link?.check();
    if (isNetworkNew) this.#probe();
  }

  #sleep() {
    if (this.#state === "waiting") this.#become({ state: "offline" });
    else this.#link?.check();
  }

  #hide() {
    if (this.#state === "closed") return;
    this.#turn++;
    this.#drop();
    this.#become({ state: "waiting", reason: "the page is hidden" });
  }

  // ---- Connecting

  async #dial() {
    const turn = ++this.#turn;
    this.#drop();
    this.#become({ state: "connecting" });
    const { getToken } = this.#options;
    let hasSecret = false;
    try {
      if (turn === this.#turn && getToken) {
        const token = await this.#inTime(getToken);
        if (turn === this.#turn) this.#secret = checkSecret(token);
      }
      hasSecret = true;
      if (turn === this.#turn) this.#link = this.#open(this.#nextTransport());
    } catch (error) {
      if (turn !== this.#turn) return;
      // No token, or a WebSocket that cannot even be made, as from a page with other rules.
      if (hasSecret) this.#webSocketFailures++;
      const message = error instanceof Error ? error.message : String(error);
      this.#emit("error", { code: "connect_failed", message });
      if (turn === this.#turn) this.#wait(this.#backoff(this.#failures++), ABNORMAL, message);
    }
  }

  /** @returns {Transport} */
  #nextTransport() {
    const { transport, WebSocket } = this.#options;
    if (transport !== "auto") return transport;
    return WebSocket && this.#webSocketFailures < WEBSOCKET_FAILURES_MAX
      ? "websocket"
      : this.#fallback;
  }

  /**
   * @param {Transport} transport
   * @returns {Link}
   */
  #open(transport) {
    const names = new URLSearchParams();
    let keys = [...this.#rooms.keys()].filter((key) => !key.startsWith("@"));
    if (this.#isWary) {
      const [, ...later] = keys.filter((key) => this.#rooms.get(key)?.waiters.length);
      keys = keys.filter((key) => !later.includes(key));
    }
    for (const key of keys) names.append("room", this.#rooms.get(key)?.name ?? key);
    /** @param {Record<string, string>} [more] */
    const query = (more) =>
      new URLSearchParams([...names, ["cursor", this.cursor], ...Object.entries(more ?? {})]);
    const user = encodeURIComponent(this.#username);
    let link;
    if (transport === "websocket") {
      const url = new URL(`ws/${user}?${query()}`, this.#base);
      url.protocol = url.protocol.replace("http", "ws");
      const Socket = /** @type {typeof WebSocket} */ (this.#options.WebSocket);
      link = new SocketLink(this.#host, Socket, url.href, this.#secret, this.#options);
    } else if (transport === "events") {
      link = new EventsLink(
        this.#host,
        (signal) => this.#fetch(`events/${user}?${query()}`, { signal }),
        this.#options.firstByteMs,
      );
    } else {
      link = new PollLink(
        this.#host,
        (signal, wait) => this.#fetch(`poll/${user}?${query({ wait: String(wait) })}`, { signal }),
        this.#options,
      );
    }
    link.pending = new Set(keys);
    // A poll that goes on is not told `joined` again.
    if (transport !== "poll") return link;
    for (const [key, room] of this.#rooms) {
      if (!room.position) continue;
      room.link = link;
      if (room.joined) link.pending.delete(key);
    }
    return link;
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   */
  #fetch(path, init) {
    return this.#options.fetch(new URL(path, this.#base), {
      ...init,
      cache: "no-store",
      headers: { ...init.headers, Authorization: `Bearer ${this.#secret}` },
    });
  }

  /** Lets go of the link, and of all that belongs to it. */
  #drop() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#candidate?.close();
    this.#candidate = undefined;
    this.#leaveLink();
  }

  #leaveLink() {
    const link = this.#link;
    this.#link = undefined;
    if (!link) return;
    link.close();
    this.#outbox.stop();
    for (const room of this.#rooms.values()) room.joinRef = "";
    const error = new NatterError("disconnected", "The connection was lost");
    for (const { on, reject } of [...this.#waiters.values()]) if (on === link) reject(error);
  }

  /**
   * @param {Link} link
   * @param {End} end
   */
  #ended(link, end) {
    if (link === this.#candidate) {
      this.#candidate = undefined;
      return this.#armProbe();
    }
    if (link !== this.#link) return;
    const isSteady = link.openedAt !== 0 && Date.now() - link.openedAt >= STEADY_MS;
    if (isSteady) this.#failures = this.#refusedTokens = 0;
    const { code, reason, retryAfterMs = 0 } = end;
    if (code === ROOM_REFUSED && this.#dropsRoom(link, end)) return void this.#dial();
    const isSwitching = this.#changesTransport(link, end);
    this.#turn++;
    this.#drop();
    const wantsToken = code === UNAUTHORIZED && this.#options.getToken !== undefined;
    if (!mayReconnect(code) && !wantsToken) return this.#finish(code, reason);
    const askedMs = Math.min(Math.max(link.afterMs, retryAfterMs), DRAIN_WAIT_MS_MAX);
    const isAtOnce = isSwitching || (isSteady && (code === TOO_FAR_BEHIND || link.afterMs > 0)) ||
      (wantsToken && this.#refusedTokens++ === 0);
    this.#notBefore = Date.now() + askedMs;
    this.#wait(askedMs + (isAtOnce ? 0 : this.#backoff(this.#failures++)), code, reason);
  }

  /**
   * A link was refused for a room, it is not said which: what `join` asked for, and did not get yet,
   * is not to be the end of the others.
   *
   * @param {Link} link
   * @param {End} end
   * @returns {boolean} whether it is worth another attempt
   */
  #dropsRoom({ pending }, { reason, problem }) {
    const asked = [...pending].filter((key) => this.#rooms.get(key)?.waiters.length);
    this.#isWary = true;
    const [key = ""] = asked;
    const error = new NatterError(problem || "room_name_invalid", reason);
    if (asked.length === 1) this.#forgetRoom(key, error);
    return asked.length > 0;
  }

  /**
   * Judges a link that never opened: whether another transport is to be tried at once.
   *
   * @param {Link} link
   * @param {End} end
   */
  #changesTransport({ openedAt, transport }, { code, isUnusable }) {
    if (this.#options.transport !== "auto" || openedAt !== 0) return false;
    if (transport === "websocket") {
      // With any other code a server has spoken over it.
      if (code !== ABNORMAL && code !== 1005 && code !== 0) return false;
      return ++this.#webSocketFailures === WEBSOCKET_FAILURES_MAX;
    }
    if (transport === "events" && isUnusable) {
      this.#fallback = "poll";
      return true;
    }
    // It is not the transport, it is the server or the network.
    this.#fallback = "events";
    this.#webSocketFailures = WEBSOCKET_FAILURES_MAX - 1;
    return false;
  }

  /**
   * @param {number} ms
   * @param {number} code
   * @param {string} reason
   */
  #wait(ms, code, reason) {
    this.#arm("dial", ms, () => this.#dial());
    const state = globalThis.navigator?.onLine === false ? "offline" : "waiting";
    this.#become({ state, retryAt: Date.now() + ms, code, reason });
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #finish(code, reason) {
    this.#turn++;
    this.#drop();
    this.#listening.abort();
    this.#state = "closed";
    this.#failures =
      this.#webSocketFailures =
      this.#refusedTokens =
      this.#notBefore =
        0;
    this.#outbox.end(reason);
    const error = closedError();
    for (const { reject } of [...this.#waiters.values()]) reject(error);
    for (const { waiters } of this.#rooms.values()) {
      for (const { reject } of waiters.splice(0)) reject(error);
    }
    const cause = code === NORMAL ? undefined : new NatterError("closed", `${reason} (${code})`);
    for (const feed of this.#feeds) feed.end(cause);
    this.#feeds.clear();
    this.#become({ state: "closed", code, reason });
    this.#emit("closed", { code, reason });
  }

  #armProbe() {
    const { transport, WebSocket, webSocketRetryMs } = this.#options;
    if (transport !== "auto" || !WebSocket || this.#link instanceof SocketLink) return;
    this.#arm("probe", webSocketRetryMs, () => this.#probe());
  }

  /** Tries to return to WebSocket while the fallback goes on. */
  #probe() {
    const { transport, WebSocket } = this.#options;
    if (transport !== "auto" || !WebSocket || this.#candidate || !this.#link?.isReady) return;
    if (this.#link instanceof SocketLink) return;
    try {
      this.#candidate = /** @type {SocketLink} */ (this.#open("websocket"));
    } catch {
      this.#armProbe();
    }
  }

  /** The candidate works: it takes over, and what both have told of is told once. */
  #promote() {
    const link = this.#candidate;
    this.#candidate = undefined;
    this.#leaveLink();
    this.#link = link;
  }

  // ---- Tokens

  /**
   * @param {() => string | Promise<string>} getToken
   * @returns {Promise<string>}
   */
  #inTime(getToken) {
    const { connectTimeoutMs } = this.#options;
    const ref = randomId();
    const late = this.#promise(undefined, connectTimeoutMs, (_resolve, reject) => {
      reject(new NatterError("timeout", "No token came in time"));
    }, ref);
    return Promise.race([Promise.resolve().then(getToken), late])
      .finally(() => this.#waiters.get(ref)?.resolve(undefined));
  }

  /** @param {number | undefined} expiresAt */
  #armRenewal(expiresAt) {
    if (!this.#options.getToken || expiresAt === undefined) return;
    const leftMs = expiresAt - Date.now();
    if (leftMs <= 0) return;
    const leadMs = Math.min(TOKEN_LEAD_MS, leftMs / 5);
    this.#arm("renew", Math.max(1000, leftMs - leadMs), () => this.#renew());
  }

  async #renew() {
    const { getToken } = this.#options;
    const turn = this.#turn;
    try {
      const token = checkSecret(await this.#inTime(/** @type {any} */ (getToken)));
      if (turn !== this.#turn) return;
      this.#secret = token;
      this.#armRenewal(tokenExpiresAt(token));
      if (this.#link instanceof SocketLink) {
        this.#link.send({ type: "token", token, ref: randomId() });
      }
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#arm("renew", 5000, () => this.#renew());
      const message = error instanceof Error ? error.message : String(error);
      this.#emit("error", { code: "connect_failed", message });
    }
  }

  // ---- What the server tells

  /**
   * @param {Link} link
   * @param {any[]} events
   */
  #received(link, events) {
    if (link === this.#candidate) this.#promote();
    for (const event of events) {
      // A handler may have closed it all.
      if (link !== this.#link) return;
      if (typeof event === "object" && event !== null) this.#take(link, event);
    }
  }

  /**
   * @param {Link} link
   * @param {any} event
   */
  #take(link, event) {
    switch (event.type) {
      case "welcome":
        this.#username = event.username;
        this.#outbox.limits = { ...this.#outbox.limits, ...event.limits };
        if (link instanceof SocketLink) link.pingMs = event.pingSeconds * 1000;
        return;
      case "joined":
        return this.#joined(link, event);
      case "cursor":
        return this.#adopt(link, String(event.cursor));
      case "gap":
        return this.#gap(link, event);
      case "presence":
        return this.#presence(event);
      case "typing":
        return this.#emit("typing", event);
      case "ack":
        return this.#outbox.acked(event);
      case "history":
        return this.#answered(event);
      case "pong":
        if (link instanceof SocketLink) link.pongedAt = Date.now();
        return;
      case "left":
        return this.#left(link, event.room);
      case "close":
        return link.end({ code: Number(event.code), reason: String(event.reason) });
      case "reconnect":
        link.afterMs = Math.max(0, Number(event.afterMs) || 0);
        return;
      case "token":
        return this.#armRenewal(event.expiresAt);
      case "error":
        return this.#refused(event);
      default:
        // Also an entry of a kind that is not known here takes its place in the room.
        if (typeof event.offset === "number") this.#entry(link, event);
    }
  }

  /**
   * @param {Link} link
   * @param {Joined} event
   */
  #joined(link, event) {
    const key = nameKey(event.room);
    if (!this.#rooms.has(key) && key.startsWith("@")) this.#addRoom(event.room);
    const room = this.#rooms.get(key);
    link.pending.delete(key);
    if (!room) {
      // Left meanwhile; or the server's default, where all were left.
      if (link instanceof SocketLink) link.send({ type: "leave", room: event.room });
      return this.#becomeReady(link);
    }
    const { epoch, offset, recovered } = event;
    const isKnown = recovered && room.link === link && room.joined?.epoch === epoch;
    const before = recovered ? room.position : undefined;
    if (before && before.epoch !== epoch && before.offset > offset) {
      // What came meanwhile over the former link may not be of this history: ask with all of it.
      return link.end({ code: ABNORMAL, reason: "the history changed meanwhile" });
    }
    room.position = { epoch, offset: before?.offset ?? offset };
    room.link = link;
    room.joined = event;
    room.joinRef = "";
    if (event.userCount !== undefined) this.#presence(event);
    for (const { resolve } of room.waiters.splice(0)) resolve(event);
    if (!isKnown) this.#emit("joined", event);
    if (!recovered) { for (const feed of this.#feeds) feed.push(event); }
    if (link.isReady) this.#askForRooms();
    else this.#becomeReady(link);
  }

  /**
   * Also unasked, where a new token does not allow the room.
   *
   * @param {Link} link
   * @param {string} room
   */
  #left(link, room) {
    const known = this.#room(room);
    // It has been joined again meanwhile: this is about the time before.
    if (known && known.link !== link) return;
    this.#rooms.delete(nameKey(room));
    this.#emit("left", { room });
  }

  /**
   * A poll's own word on where it stands, with the epochs of now. Of a room that goes on there was no
   * `joined`.
   *
   * @param {Link} link
   * @param {string} cursor
   */
  #adopt(link, cursor) {
    for (const [key, { epoch, offset }] of parseCursor(cursor)) {
      const room = this.#rooms.get(key);
      if (!room?.position || room.link !== link || offset < room.position.offset) continue;
      if (offset > room.position.offset) this.#gap(link, { room: key, from: 0, to: offset });
      if (link !== this.#link) return;
      if (room.joined?.epoch !== epoch) {
        const at = { room: room.joined?.room ?? key, epoch, offset, head: offset };
        this.#joined(link, { type: "joined", ...at, recovered: true });
      }
      room.position = { epoch, offset };
    }
    this.#becomeReady(link);
  }

  /** @param {Link} link */
  #becomeReady(link) {
    if (link !== this.#link || link.isReady || link.pending.size > 0) return;
    link.isReady = true;
    const isSocket = link instanceof SocketLink;
    if (isSocket) this.#webSocketFailures = 0;
    this.#outbox.start({
      inFlightMax: isSocket ? IN_FLIGHT_MAX : 1,
      takes: ({ command: { room } }) => {
        const entry = room === undefined ? undefined : this.#rooms.get(nameKey(room));
        return entry === undefined || entry.link === link;
      },
      send: ({ command, ref }) => {
        if (isSocket) link.send({ ...command, ref });
        else this.#post(link, command, ref);
      },
    });
    for (const { on, resolve } of [...this.#waiters.values()]) if (on === "open") resolve(link);
    this.#armProbe();
    this.#armRenewal(tokenExpiresAt(this.#secret));
    this.#askForRooms();
    if (link === this.#link) this.#become({ state: "open" });
  }

  /**
   * @param {Link} link
   * @param {any} event
   */
  #entry(link, event) {
    const room = this.#room(event.room);
    if (!room?.position || room.link !== link || event.offset <= room.position.offset) return;
    // The server tells of what is missing; an entry that skips some is not taken on trust.
    const from = room.position.offset + 1;
    if (event.offset > from) this.#gap(link, { room: event.room, from, to: event.offset - 1 });
    if (link !== this.#link || event.offset !== room.position.offset + 1) return;
    room.position.offset = event.offset;
    if (event.type !== "message" && event.type !== "deletion") return;
    for (const feed of this.#feeds) feed.push(event);
    this.#emit(event.type, event);
  }

  /**
   * @param {Link} link
   * @param {{ room: string, from: number, to: number }} event
   */
  #gap(link, { room: name, from, to }) {
    const room = this.#room(name);
    if (!room?.position || room.link !== link || to <= room.position.offset) return;
    const gap = { type: /** @type {const} */ ("gap"), room: name, from, to };
    gap.from = Math.max(from, room.position.offset + 1);
    room.position.offset = to;
    for (const feed of this.#feeds) feed.push(gap);
    this.#emit("gap", gap);
  }

  /** @param {{ type: string } & Omit<Presence, "type" | "userCount"> & { userCount?: number }} event */
  #presence(event) {
    const room = this.#room(event.room);
    if (!room) return;
    if (event.users) room.users = new Set(event.users);
    for (const name of event.joins ?? []) room.users.add(name);
    for (const name of event.leaves ?? []) room.users.delete(name);
    room.userCount = event.userCount ?? room.users.size;
    if (event.type === "presence") this.#emit("presence", /** @type {Presence} */ (event));
  }

  /** @param {{ code: string, message: string, retryAfterMs?: number, ref?: string }} event */
  #refused({ code, message, retryAfterMs, ref = "" }) {
    if (this.#outbox.refused(ref, { code, message, retryAfterMs })) return;
    const error = new NatterError(code, message, { retryAfterMs });
    const waiter = this.#waiters.get(ref);
    if (waiter) return waiter.reject(error);
    const [key, room] = [...this.#rooms].find(([, { joinRef }]) => joinRef === ref && ref) ?? [];
    if (key === undefined || !room) return this.#emit("error", { code, message });
    room.joinRef = "";
    if (PASSING.has(code)) {
      return this.#arm("join", retryAfterMs ?? this.#backoff(2), () => this.#askForRooms());
    }
    this.#forgetRoom(key, error);
    this.#askForRooms();
  }

  /** @param {HistoryPage & { type: string, ref: string }} event */
  #answered({ type: _type, ref, ...page }) {
    this.#waiters.get(ref)?.resolve(page);
  }

  // ---- Rooms

  /**
   * @param {string} room
   * @param {string} [position]
   * @returns {Promise<Joined>}
   */
  #join(room, position) {
    if (this.#state === "closed") return Promise.reject(closedError());
    if (room.startsWith("@")) {
      return Promise.reject(new NatterError("forbidden", "One's inbox is joined by itself"));
    }
    const known = this.#rooms.get(nameKey(room));
    if (!known && this.#rooms.size >= ROOMS_MAX) {
      return Promise.reject(new NatterError("rooms_full", `There may be ${ROOMS_MAX} rooms`));
    }
    if (known?.joined && known.link && known.link === this.#link) {
      return Promise.resolve(known.joined);
    }
    const entry = known ?? this.#addRoom(room, parsePosition(position ?? ""));
    return new Promise((resolve, reject) => {
      entry.waiters.push({ resolve, reject });
      this.#askForRooms();
    });
  }

  #firstRoom() {
    for (const [key, { name }] of this.#rooms) if (!key.startsWith("@")) return name;
    throw new TypeError("There is no room to send to: name one");
  }

  /** @param {string} name as the server shows it */
  #room(name) {
    return this.#rooms.get(name) ?? this.#rooms.get(nameKey(name));
  }

  /**
   * @param {string} name
   * @param {Position} [position]
   * @returns {Room}
   */
  #addRoom(name, position) {
    /** @type {Room} */
    const room = {
      name,
      position,
      link: undefined,
      joined: undefined,
      joinRef: "",
      users: new Set(),
      userCount: 0,
      waiters: [],
    };
    this.#rooms.set(nameKey(name), room);
    return room;
  }

  /**
   * @param {string} key
   * @param {NatterError} error why who waits for it will not get it
   */
  #forgetRoom(key, error) {
    const { waiters = [] } = this.#rooms.get(key) ?? {};
    this.#rooms.delete(key);
    for (const { reject } of waiters) reject(error);
  }

  /** Joins what was added since the link began: one at a time, since the server bounds them. */
  #askForRooms() {
    const link = this.#link;
    if (!link?.isReady) return;
    const missing = [...this.#rooms].filter(([key, room]) => {
      return room.link !== link && !key.startsWith("@");
    }).map(([, room]) => room);
    const [first] = missing;
    if (!first) return this.#outbox.pump();
    // Over HTTP the rooms are part of the request.
    if (!(link instanceof SocketLink)) return void this.#dial();
    if (missing.some(({ joinRef }) => joinRef !== "")) return;
    first.joinRef = randomId();
    const { name, position, joinRef: ref } = first;
    const at = position ? { position: `${position.epoch}:${position.offset}` } : {};
    link.send({ type: "join", room: name, ...at, ref });
  }

  // ---- Sending and asking

  /**
   * @param {Command} command
   * @param {string} ref
   * @returns {Promise<Ack>}
   */
  #put(command, ref) {
    const ack = this.#state === "closed"
      ? Promise.reject(closedError())
      : this.#outbox.add(command, ref);
    // So that a message that nobody waits for ends no process, and is still heard of.
    const { type: _type, ...unsent } = command;
    ack.catch((error) => this.#emit("failed", { ref, ...unsent, error }));
    return ack;
  }

  /**
   * @param {Link} link
   * @param {Command} command
   * @param {string} ref
   */
  async #post(link, { type, room, to, body }, ref) {
    const request = new AbortController();
    const timer = setTimeout(() => request.abort(), POST_MS);
    try {
      const path = `messages/${encodeURIComponent(this.#username)}?`;
      const query = new URLSearchParams(room === undefined ? {} : { room });
      if (type !== "message") throw new NatterError("unsupported", "Only a WebSocket can do this");
      const response = await this.#fetch(path + query, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ body, to, ref }),
        signal: request.signal,
      });
      if (response.ok) {
        const ack = await response.json();
        if (!Number.isInteger(ack.offset)) throw new TypeError("This is no ack");
        return this.#outbox.acked({ ...ack, ref });
      }
      const { problem, ...end } = await readRefusal(response);
      if (link !== this.#link) return;
      // Of a gateway that answers in the server's place nothing is known.
      const code = problem || (response.status === 401 ? "unauthorized" : "unavailable");
      const { reason: message, retryAfterMs } = end;
      if (code === "unauthorized") link.end({ ...end, code: UNAUTHORIZED });
      else this.#outbox.refused(ref, { code, message, retryAfterMs });
    } catch (error) {
      const message = String(error);
      if (link !== this.#link) return;
      if (error instanceof NatterError) this.#outbox.refused(ref, error);
      else this.#outbox.refused(ref, { code: "unavailable", message });
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @param {Waiter["on"]} on
   * @param {number} ms
   * @param {(resolve: (value: any) => void, reject: (error: NatterError) => void) => void} whenOver
   * @param {string} [ref]
   * @returns {Promise<any>}
   */
  #promise(on, ms, whenOver, ref = randomId()) {
    return new Promise((resolve, reject) => {
      const over = () => {
        clearTimeout(timer);
        this.#waiters.delete(ref);
      };
      const timer = setTimeout(() => {
        over();
        whenOver(resolve, reject);
      }, ms);
      this.#waiters.set(ref, {
        on,
        resolve: (value) => {
          over();
          resolve(value);
        },
        reject: (error) => {
          over();
          reject(error);
        },
      });
    });
  }

  /** @param {number} ms */
  #pause(ms) {
    return this.#promise(undefined, ms, (resolve) => resolve(undefined));
  }

  /**
   * @param {number} deadline ms since 1970
   * @returns {Promise<Link>}
   */
  #whenOpen(deadline) {
    if (this.#state === "closed") return Promise.reject(closedError());
    if (this.#waiters.size >= QUESTIONS_MAX) {
      return Promise.reject(new NatterError("queue_full", "Too many questions are open"));
    }
    if (this.#link?.isReady) return Promise.resolve(this.#link);
    return this.#promise("open", deadline - Date.now(), (_resolve, reject) => {
      reject(new NatterError("timeout", "There is no connection"));
    });
  }

  /**
   * @param {SocketLink} link
   * @param {Record<string, unknown>} question
   * @param {number} deadline ms since 1970
   * @returns {Promise<any>}
   */
  #ask(link, question, deadline) {
    // Closed in the very turn in which it was waited for.
    if (link.isEnded) return Promise.reject(new NatterError("disconnected", "The link has ended"));
    const ref = randomId();
    link.send({ ...question, ref });
    return this.#promise(link, deadline - Date.now(), (_resolve, reject) => {
      link.check();
      reject(new NatterError("timeout", "The server did not answer"));
    }, ref);
  }

  /**
   * @param {Link} link
   * @param {{ room?: string, with?: string, before?: number, after?: number, limit?: number }} query
   * @returns {Promise<HistoryPage>}
   */
  async #fetchHistory(link, { room, before, after, limit }) {
    if (room === undefined) throw new NatterError("unsupported", "Only a WebSocket can do this");
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ before, after, limit })) {
      if (value !== undefined) query.set(name, String(value));
    }
    const { signal } = /** @type {HttpLink} */ (link);
    const path = `api/rooms/${encodeURIComponent(room)}/messages?${query}`;
    const failed = (/** @type {unknown} */ cause) => {
      throw new NatterError("disconnected", "The request failed", { cause });
    };
    const response = await this.#fetch(path, { signal }).catch(failed);
    if (response.ok) return response.json().catch(failed);
    const { problem, reason, retryAfterMs } = await readRefusal(response);
    throw new NatterError(problem || "disconnected", reason, { retryAfterMs });
  }
}
