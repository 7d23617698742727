/**
 * `node:http` on one side, `Request` and `Response` on the other.
 *
 * @module
 */

import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { CLOSE_SECONDS_MAX, SOCKET_WRITE_BYTES_MAX } from "../limits.ts";

/** The lines of a request's head, of which a `Headers` would be made in vain for every handshake. */
export class HeaderLines {
  readonly #raw: readonly string[];

  /**
   * Wraps some.
   *
   * @param raw Names and values by turns.
   */
  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  /**
   * Returns a field's value, repeated ones joined by commas.
   *
   * @param name Its name, in any case.
   */
  get(name: string): string | null {
    const wanted = name.toLowerCase();
    let value: string | null = null;
    for (let i = 0; i < this.#raw.length; i += 2) {
      const known = this.#raw[i]!;
      if (known.length !== wanted.length || known.toLowerCase() !== wanted) continue;
      const part = this.#raw[i + 1]!;
      value = value === null ? part : `${value}, ${part}`;
    }
    return value;
  }
}

/** A host as it may stand in front of a path: nothing in it begins one, or ends it. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-fA-F:.]+\])(?::\d{0,5})?$/;

/**
 * The address that was asked for, as it was sent: `URL` would take `%2e` for a step within the path.
 *
 * @param incoming A request.
 * @returns The address, or `undefined` where it is none.
 */
export function urlOf(incoming: IncomingMessage): string | undefined {
  const { url = "" } = incoming;
  if (/^https?:\/\//i.test(url)) return URL.canParse(url) ? url : undefined;
  const host = incoming.headers.host ?? "";
  return url.startsWith("/") && HOST.test(host) ? `http://${host}${url}` : undefined;
}

/**
 * Makes a `Request` of what has come.
 *
 * @param incoming A request.
 * @param url Its address, from {@linkcode urlOf}.
 * @param signal Aborted when the client goes before it has its answer.
 * @returns The request.
 * @throws {TypeError} If its method or a header cannot be told.
 */
export function requestOf(incoming: IncomingMessage, url: string, signal: AbortSignal): Request {
  const { method = "GET", rawHeaders } = incoming;
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? bodyOf(incoming) : null;
  const request = new Request(url, { method, headers, body, signal });
  return Object.defineProperty(request, "url", { value: url });
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOver = false;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      incoming.pause();
      incoming.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
        if (isOver) return;
        controller.enqueue(chunk);
        incoming.pause();
      });
      incoming.on("end", () => {
        if (!isOver) controller.close();
        isOver = true;
      });
      incoming.on("close", () => {
        if (!isOver) controller.error(new Error("The client has gone"));
        isOver = true;
      });
    },
    pull: () => void incoming.resume(),
    cancel() {
      isOver = true;
      incoming.resume(); // what is still to come must go somewhere
    },
  }, { highWaterMark: 0 });
}

/**
 * Sends an answer.
 *
 * A body is a stream to us, whatever it was made of. That of server-sent events is sent as it comes; every
 * other is in memory, and gets its length.
 *
 * @param outgoing Where to.
 * @param response The answer.
 */
export async function respond(outgoing: ServerResponse, response: Response): Promise<void> {
  const headers = [...response.headers].flat();
  if (response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    outgoing.writeHead(response.status, headers);
    outgoing.flushHeaders();
    if (response.body !== null) await pipe(response.body, outgoing);
    outgoing.end();
    return;
  }
  const isHead = outgoing.req.method === "HEAD";
  const body = isHead || response.body === null ? undefined : await response.bytes();
  const saysLength = response.headers.has("Content-Length") || isHead ||
    response.status === 204 || response.status === 304;
  if (!saysLength) headers.push("Content-Length", `${body?.length ?? 0}`);
  outgoing.writeHead(response.status, headers);
  // Head and body of a short answer go out in one write.
  if (body === undefined || body.length <= SOCKET_WRITE_BYTES_MAX) return void outgoing.end(body);
  await writeAll(outgoing, body);
  outgoing.end();
}

/** Writes in parts: the runtime makes a copy of what the client does not take at once. */
async function writeAll(outgoing: ServerResponse, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length && !outgoing.destroyed; at += SOCKET_WRITE_BYTES_MAX) {
    const isTaken = outgoing.write(bytes.subarray(at, at + SOCKET_WRITE_BYTES_MAX));
    if (!isTaken && !outgoing.destroyed) await drained(outgoing);
  }
}

async function pipe(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  outgoing: ServerResponse,
): Promise<void> {
  const reader = body.getReader();
  const gone = () => void reader.cancel().catch(() => {});
  outgoing.once("close", gone);
  if (outgoing.destroyed) gone();
  // A body that is over is watched by nobody else.
  reader.closed.then(() => endSoon(outgoing), () => {});
  while (true) {
    const { done, value } = await reader.read();
    if (done) break;
    await writeAll(outgoing, value);
  }
  outgoing.off("close", gone);
}

function drained(outgoing: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    outgoing.off("drain", done);
    outgoing.off("close", done);
    resolve();
  };
  outgoing.on("drain", done);
  outgoing.on("close", done);
  return promise;
}

const BUSY = Symbol("busy");

/**
 * Waits until the answers to earlier requests of a connection have gone: a client that asks and asks, and reads
 * nothing, would otherwise have all of them made, and kept.
 *
 * @param socket The connection.
 * @param outgoing The answer to the next one.
 */
export async function inTurn(socket: Socket, outgoing: ServerResponse): Promise<void> {
  const own = socket as Socket & { [BUSY]?: Promise<void> };
  const before = own[BUSY];
  const { promise, resolve } = Promise.withResolvers<void>();
  own[BUSY] = promise;
  outgoing.once("close", resolve);
  await before;
}

/**
 * Answers an upgrade as if it were a request: its socket has left the server, and is ended. It is read from now on,
 * or it would not be seen that its client goes before the answer.
 *
 * @param incoming The request.
 * @param socket Its socket.
 * @param response The answer.
 */
export async function refuse(
  incoming: IncomingMessage,
  socket: Socket,
  response: Response | Promise<Response>,
): Promise<void> {
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  outgoing.assignSocket(socket);
  outgoing.once("finish", () => socket.end());
  socket.on("drain", () => outgoing.emit("drain")); // of its own sockets the server tells that itself
  socket.on("end", () => socket.end());
  socket.resume();
  await respond(outgoing, await response);
  endSoon(socket);
}

/**
 * Gives a few seconds to what no other limit of time ends. Nothing that its peer does, or leaves undone, makes them
 * more.
 *
 * @param stream A socket that has left the server and is being ended, or an answer whose last part is being written.
 */
export function endSoon(stream: Writable): void {
  if (stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), CLOSE_SECONDS_MAX * 1000);
  stream.once("close", () => clearTimeout(timer));
}
