/**
 * A server in the same process whose answers a test decides: the wire contract over a log in memory, for what
 * a real server does too seldom to wait for.
 *
 * @module
 */

type Event = Record<string, unknown> & { type: string };

/** How one of its interfaces behaves. */
export type Behaviour =
  | "works"
  /** The network does not reach it. */
  | "fails"
  /** It is accepted, and nothing comes. */
  | "hangs"
  /** It is not there. */
  | "missing";

/** One reader: a socket, a stream or a poll. */
interface Reader {
  readonly positions: Map<string, number>;
  tell(events: Event[]): void;
}

/** The server. */
export class FakeServer {
  epoch = "e1";
  socket: Behaviour = "works";
  events: Behaviour = "works";
  poll: Behaviour = "works";
  /** What becomes of a POST; `deaf`: it is stored, and its answer is lost. */
  post: Behaviour | "deaf" = "works";
  /** A status and problem for the next request over HTTP. */
  refusal: { status: number; code: string; retryAfter?: string } | undefined;
  /** What was asked for, in order: `ws`, `events`, `poll`, `post`. */
  readonly asked: string[] = [];
  /** The keys and tokens that came, in order. */
  readonly secrets: string[] = [];
  /** The cursors that came, in order. */
  readonly cursors: string[] = [];
  /** Every socket that was made. */
  readonly sockets: FakeSocket[] = [];
  /** Commands that came over sockets. */
  readonly commands: Event[] = [];
  readonly #logs = new Map<string, Event[]>();
  readonly #acks = new Map<string, Event>();
  readonly #readers = new Set<Reader>();

  /** The constructor to hand in as `WebSocket`. */
  readonly WebSocket: typeof WebSocket;
  /** The function to hand in as `fetch`. */
  readonly fetch: typeof fetch;

  constructor() {
    const accept = (socket: FakeSocket) => this.#accept(socket);
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        accept(this);
      }
    } as unknown as typeof WebSocket;
    this.fetch = (url, init) => this.#fetch(new URL(String(url)), init ?? {});
  }

  /** The bodies of a room. */
  bodies(room: string): unknown[] {
    return this.#log(room).map(({ body }) => body);
  }

  /** Stores a message, as if somebody had sent it, and tells it. */
  say(room: string, body: string, ref: string = crypto.randomUUID()): Event {
    const known = this.#acks.get(ref);
    if (known) return { ...known, duplicate: true };
    const log = this.#log(room);
    const entry = { room, offset: log.length + 1, id: ref, at: 0 };
    log.push({ type: "message", sender: "x", body, ...entry });
    const ack = { type: "ack", ref, duplicate: false, ...entry };
    this.#acks.set(ref, ack);
    this.flush();
    return ack;
  }

  /** Tells every reader what it has not had. */
  flush(): void {
    for (const reader of [...this.#readers]) {
      const events: Event[] = [];
      for (const [room, offset] of reader.positions) {
        events.push(...this.#log(room).slice(offset));
        reader.positions.set(room, this.#log(room).length);
      }
      if (events.length > 0) reader.tell(events);
    }
  }

  #log(room: string): Event[] {
    if (!this.#logs.has(room)) this.#logs.set(room, []);
    return this.#logs.get(room)!;
  }

  /** What `joined` says of each room, and where a reader begins. */
  #join(url: URL): { joined: Event[]; positions: Map<string, number> } {
    const cursor = url.searchParams.get("cursor") ?? "";
    this.cursors.push(cursor);
    const positions = new Map<string, number>();
    const joined = url.searchParams.getAll("room").map((room) => {
      const [, epoch, offset] = new RegExp(`(?:^|,)${room}=(\\w+):(\\d+)`).exec(cursor) ?? [];
      const recovered = epoch === this.epoch;
      positions.set(room, recovered ? Number(offset) : 0);
      const head = this.#log(room).length;
      return {
        type: "joined",
        room,
        epoch: this.epoch,
        offset: positions.get(room),
        head,
        recovered,
      };
    });
    return { joined, positions };
  }

  #accept(socket: FakeSocket): void {
    this.asked.push("ws");
    this.secrets.push(socket.protocols[1]!.slice("natter.auth.".length));
    this.sockets.push(socket);
    socket.onCommand = (command) => {
      this.commands.push(command);
      if (command.type === "ping") socket.tell([{ type: "pong" }]);
      if (command.type !== "message") return;
      const { room, body, ref } = command as { room?: string; body?: string; ref?: string };
      const ack = this.say(room!, body!, ref);
      socket.tell([ack]);
    };
    const { socket: behaviour } = this;
    // Not a microtask: Deno may run those while it loads something for the client's constructor.
    setTimeout(() => {
      if (socket.readyState !== 0 || behaviour === "hangs") return;
      if (behaviour !== "works") return socket.end(1006);
      socket.readyState = 1;
      const { joined, positions } = this.#join(new URL(socket.url));
      const limits = { bodyBytesMax: 8192, messagesPerSecond: 0, messagesBurst: 0 };
      socket.tell([{ type: "welcome", username: "ann", limits, pingSeconds: 25 }, ...joined]);
      const reader = { positions, tell: (events: Event[]) => socket.tell(events) };
      this.#readers.add(reader);
      socket.onEnd = () => this.#readers.delete(reader);
      this.flush();
    });
  }

  async #fetch(url: URL, init: RequestInit): Promise<Response> {
    const what = url.pathname.split("/")[1]! as "events" | "poll" | "messages";
    this.asked.push(what === "messages" ? "post" : what);
    const headers = new Headers(init.headers);
    this.secrets.push(headers.get("Authorization")!.slice("Bearer ".length));
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) {
      const { status, code, retryAfter } = refusal;
      const more: Record<string, string> = retryAfter ? { "Retry-After": retryAfter } : {};
      return Response.json({ code, detail: code }, { status, headers: more });
    }
    const behaviour = what === "messages" ? this.post : this[what];
    if (behaviour === "fails") throw new TypeError("The network is down");
    if (behaviour === "missing") return new Response("not here", { status: 404 });
    if (behaviour === "hangs") return await hang(init.signal!);
    if (what === "messages") {
      const { body, ref } = JSON.parse(String(init.body));
      const ack = this.say(url.searchParams.get("room")!, body, ref);
      if (behaviour === "deaf") throw new TypeError("The answer is lost");
      return Response.json(ack, { status: ack["duplicate"] ? 200 : 201 });
    }
    const { joined, positions } = this.#join(url);
    return what === "events"
      ? this.#stream(joined, positions, init.signal!)
      : await this.#answer(joined, positions, url, init.signal!);
  }

  #stream(joined: Event[], positions: Map<string, number>, signal: AbortSignal): Response {
    const encoder = new TextEncoder();
    const reader: Reader = { positions, tell: () => {} };
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        reader.tell = (events) => {
          const text = events.map((event) =>
            `event: ${event.type}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`
          );
          controller.enqueue(encoder.encode(text.join("")));
        };
        const leave = (act: () => void) => () => {
          this.#readers.delete(reader);
          act();
        };
        signal.addEventListener("abort", leave(() => controller.error(signal.reason)));
        this.endStreams = leave(() => controller.close());
        reader.tell(joined);
        this.#readers.add(reader);
        this.flush();
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  /** Ends the newest stream of events. */
  endStreams: () => void = () => {};

  async #answer(
    joined: Event[],
    positions: Map<string, number>,
    url: URL,
    signal: AbortSignal,
  ): Promise<Response> {
    // Whoever goes on is not told again where it is.
    const events = joined.filter((event) => !event["recovered"]);
    const { promise, resolve } = Promise.withResolvers<void>();
    const reader = { positions, tell: (more: Event[]) => resolve(void events.push(...more)) };
    this.#readers.add(reader);
    this.flush();
    const isHeld = events.length === 0 && url.searchParams.get("wait") !== "0";
    if (isHeld) {
      await Promise.race([promise, hang(signal)]).finally(() => this.#readers.delete(reader));
    }
    this.#readers.delete(reader);
    const cursor = Array.from(positions, ([room, at]) => `${room}=${this.epoch}:${at}`).join(",");
    return Response.json({ cursor, more: false, events });
  }
}

/** The end of a socket that is the server's. */
class FakeSocket {
  readyState = 0;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  onCommand: (command: Event) => void = () => {};
  onEnd: () => void = () => {};
  constructor(readonly url: string, readonly protocols: string[]) {}

  /** As the client calls it. */
  send(text: string): void {
    this.onCommand(JSON.parse(text));
  }

  /** As the client calls it. */
  close(): void {
    this.readyState = 3;
    this.onEnd();
  }

  /** Tells the client something. */
  tell(events: Event[]): void {
    if (this.readyState === 1) this.onmessage?.({ data: JSON.stringify(events) });
  }

  /** Ends it from the server's side. */
  end(code: number, reason = ""): void {
    this.readyState = 3;
    this.onEnd();
    if (code === 1006) this.onerror?.({ preventDefault() {} });
    this.onclose?.({ code, reason });
  }
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
